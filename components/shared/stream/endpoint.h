// Where socket receivers listen, and who is on the other side.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe::stream {

struct ListenAddress {
  std::string host;  // "" = all interfaces
  uint16_t port = 0;
};
// `missing required parameter 'listen_address'`, `failed to resolve listen_address: address x: missing port in address`.
absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text);

// An address in the way attributes show it: IPv4 addresses mapped into IPv6 appear as IPv4.
struct PeerAddress {
  std::string ip;
  uint16_t port = 0;
};

// The texts of the `net.*` attributes of one pair of addresses.
struct NetNames {
  std::string_view transport;  // "IP.TCP"
  std::string peer_ip, peer_port, peer_name;
  std::string host_ip, host_port, host_name;
  // Sets the attributes, whose texts are views into this object. `host_first` is the order of the reference's UDP input.
  void AddTo(Entry& entry, bool host_first) const;
};

// The names of a sender that was only said to have sent something (FeedTarget): addresses stand for names, nothing is looked up. InvalidArgument when `source` is no
// address; empty is a local one.
absl::StatusOr<std::shared_ptr<const NetNames>> FedNames(std::string_view transport, std::string_view source, const ListenAddress& host);

// Names of addresses by reverse lookup, remembered for five minutes. An address without a name is its own name. Loop thread only.
class HostNames {
 public:
  explicit HostNames(Loop* loop) : loop_(loop), alive_(std::make_shared<bool>(true)) {}
  // The name when it is known, else null.
  const std::string* Find(const std::string& ip);
  // Looks all of them up and calls `then` on the loop; not after this object is gone.
  void Lookup(std::vector<std::string> ips, std::function<void()> then);

 private:
  struct Known {
    std::string name;
    int64_t until;
  };
  Loop* loop_;
  std::shared_ptr<bool> alive_;
  std::map<std::string, Known> known_;
};

}  // namespace otelpipe::stream
