#include "shared/stream/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/net/address.h"

namespace otelpipe::stream {
namespace {

constexpr int64_t kRemember = int64_t{300} * 1'000'000'000;
constexpr size_t kMostKnown = 4096;

// Blocks. The address itself when it has no name.
std::string NameOf(const std::string& ip) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
  if (inet_pton(AF_INET, ip.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    size = sizeof(*v4);
  } else if (inet_pton(AF_INET6, ip.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    size = sizeof(*v6);
  } else {
    return ip;
  }
  std::array<char, NI_MAXHOST> name{};
  if (getnameinfo(reinterpret_cast<sockaddr*>(&storage), size, name.data(), name.size(), nullptr, 0, NI_NAMEREQD) != 0) return ip;
  std::string out(name.data());
  if (!out.empty() && out.back() == '.') out.pop_back();
  return out;
}

}  // namespace

absl::StatusOr<ListenAddress> ParseListenAddress(std::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("missing required parameter 'listen_address'");
  absl::StatusOr<HostPort> where = SplitHostPort(text);
  if (!where.ok()) return absl::InvalidArgumentError(absl::StrCat("failed to resolve listen_address: ", where.status().message()));
  absl::StatusOr<uint16_t> port = ParsePort(where->port);
  if (!port.ok()) return absl::InvalidArgumentError(absl::StrCat("failed to resolve listen_address: ", port.status().message()));
  return ListenAddress{where->host, *port};
}

void NetNames::AddTo(Entry& entry, bool host_first) const {
  Arena& arena = *entry.arena;
  entry.has_attributes = true;
  auto set = [&](std::string_view key, std::string_view value) { entry.attributes.Set(arena, key, Value::Str(value)); };
  set("net.transport", transport);
  for (int turn = 0; turn < 2; ++turn) {
    if ((turn == 0) == host_first) {
      set("net.host.ip", host_ip);
      set("net.host.port", host_port);
      set("net.host.name", host_name);
    } else {
      set("net.peer.ip", peer_ip);
      set("net.peer.port", peer_port);
      set("net.peer.name", peer_name);
    }
  }
}

absl::StatusOr<std::shared_ptr<const NetNames>> FedNames(std::string_view transport, std::string_view source, const ListenAddress& host) {
  absl::StatusOr<HostPort> peer = source.empty() ? HostPort{"127.0.0.1", "50000"} : SplitHostPort(source);
  if (!peer.ok()) return absl::InvalidArgumentError(absl::StrCat("the sender of the input: ", peer.status().message()));
  auto names = std::make_shared<NetNames>();
  names->transport = transport;
  names->peer_ip = names->peer_name = peer->host;
  names->peer_port = peer->port;
  names->host_ip = names->host_name = host.host.empty() ? "127.0.0.1" : host.host;
  names->host_port = std::to_string(host.port);
  return names;
}

const std::string* HostNames::Find(const std::string& ip) {
  auto found = known_.find(ip);
  return found != known_.end() && found->second.until > loop_->MonotonicNanos() ? &found->second.name : nullptr;
}

void HostNames::Lookup(std::vector<std::string> ips, std::function<void()> then) {
  auto found = std::make_shared<std::map<std::string, std::string>>();
  loop_->RunBlocking(
      [found, ips = std::move(ips)] {
        for (const std::string& ip : ips) (*found)[ip] = NameOf(ip);
      },
      [this, found, then = std::move(then), weak = std::weak_ptr<bool>(alive_)] {
        if (weak.expired()) return;
        if (known_.size() > kMostKnown) known_.clear();
        for (auto& [ip, name] : *found) known_[ip] = Known{name, loop_->MonotonicNanos() + kRemember};
        then();
      });
}

}  // namespace otelpipe::stream
