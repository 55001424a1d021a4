#include "queue/request_context.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

namespace otelpipe {
namespace {

constexpr std::string_view kVersion1("\x0d\x01\x00\x00\x00", 5);
enum : char { kMetadata = 0x12, kIpAddress = 0x1A, kTcpAddress = 0x22, kUdpAddress = 0x2A, kUnixAddress = 0x32 };

void AppendVarint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}
void AppendField(std::string& out, char tag, std::string_view bytes) {
  out += tag;
  AppendVarint(out, bytes.size());
  out += bytes;
}

// The fields of a message, one after the other; broken framing ends it with good() false.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}
  bool Next() {
    if (rest_.empty()) return false;
    const std::optional<uint64_t> key = Varint();
    if (!key || *key > 0x7F) return Fail();
    tag_ = static_cast<char>(*key);
    size_t size = 0;
    switch (*key & 7) {
      case 0: {
        const std::optional<uint64_t> value = Varint();
        if (!value) return Fail();
        number_ = *value;
        return true;
      }
      case 1: size = 8; break;
      case 5: size = 4; break;
      case 2: {
        const std::optional<uint64_t> length = Varint();
        if (!length || *length > rest_.size()) return Fail();
        size = static_cast<size_t>(*length);
        break;
      }
      default: return Fail();
    }
    if (size > rest_.size()) return Fail();
    bytes_ = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }
  char tag() const { return tag_; }
  std::string_view bytes() const { return bytes_; }
  uint64_t number() const { return number_; }
  bool good() const { return good_; }

 private:
  bool Fail() {
    good_ = false;
    return false;
  }
  std::optional<uint64_t> Varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    return std::nullopt;
  }
  std::string_view rest_, bytes_;
  uint64_t number_ = 0;
  char tag_ = 0;
  bool good_ = true;
};

// "127.0.0.1:4711" and "[fe80::1%eth0]:4711" are addresses of TCP; anything else is the name of a socket.
void AppendAddress(std::string& out, std::string_view address) {
  const size_t colon = address.rfind(':');
  std::string host(address.substr(0, colon == std::string_view::npos ? 0 : colon));
  std::string zone;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (const size_t percent = host.find('%'); percent != std::string::npos) {
      zone = host.substr(percent + 1);
      host.resize(percent);
    }
  }
  unsigned char ip[16];
  const size_t size = inet_pton(AF_INET, host.c_str(), ip) == 1 ? 4 : inet_pton(AF_INET6, host.c_str(), ip) == 1 ? 16 : 0;
  uint32_t port = 0;
  const char* const end = address.data() + address.size();
  const bool numbered = size > 0 && std::from_chars(address.data() + colon + 1, end, port).ptr == end && port <= 0xFFFF;
  std::string message;
  if (!numbered) {
    AppendField(message, 0x0A, address);
    AppendField(message, 0x12, "unix");
    AppendField(out, kUnixAddress, message);
    return;
  }
  AppendField(message, 0x0A, std::string_view(reinterpret_cast<const char*>(ip), size));
  if (port != 0) {
    message += 0x10;
    AppendVarint(message, port);
  }
  if (!zone.empty()) AppendField(message, 0x1A, zone);
  AppendField(out, kTcpAddress, message);
}

std::string ReadAddress(char kind, std::string_view bytes) {
  std::string_view first, zone;
  uint64_t port = 0;
  for (Fields f(bytes); f.Next();) {
    if (f.tag() == 0x0A) first = f.bytes();
    if (f.tag() == 0x10) port = f.number();
    if (f.tag() == (kind == kIpAddress ? 0x12 : 0x1A)) zone = f.bytes();
  }
  if (kind == kUnixAddress) return std::string(first);
  char text[INET6_ADDRSTRLEN] = "";
  if (first.size() != 4 && first.size() != 16) return "";
  inet_ntop(first.size() == 4 ? AF_INET : AF_INET6, first.data(), text, sizeof(text));
  std::string host = text;
  if (!zone.empty()) host.append("%").append(zone);
  if (kind == kIpAddress) return host;
  return (first.size() == 4 ? host : "[" + host + "]") + ":" + std::to_string(port);
}

// KeyValue whose value is a list of texts, or one text.
void ReadMetadata(std::string_view bytes, ClientInfo& client) {
  std::string_view key, value;
  for (Fields f(bytes); f.Next();) {
    if (f.tag() == 0x0A) key = f.bytes();
    if (f.tag() == 0x12) value = f.bytes();
  }
  std::vector<std::string>& out = client.metadata[std::string(key)];
  for (Fields any(value); any.Next();) {
    if (any.tag() == 0x0A) out.emplace_back(any.bytes());
    if (any.tag() != 0x2A) continue;
    for (Fields list(any.bytes()); list.Next();) {
      if (list.tag() != 0x0A) continue;
      std::string_view text;
      for (Fields element(list.bytes()); element.Next();) {
        if (element.tag() == 0x0A) text = element.bytes();
      }
      out.emplace_back(text);
    }
  }
}

}  // namespace

std::string RequestHead(const ClientInfo* client, size_t data_size) {
  std::string context;
  if (client != nullptr) {
    for (const auto& [key, values] : client->metadata) {
      std::string list;
      for (const std::string& value : values) {
        std::string any;
        AppendField(any, 0x0A, value);
        AppendField(list, 0x0A, any);
      }
      std::string any, pair;
      AppendField(any, 0x2A, list);
      AppendField(pair, 0x0A, key);
      AppendField(pair, 0x12, any);
      AppendField(context, kMetadata, pair);
    }
    if (!client->address.empty()) AppendAddress(context, client->address);
  }
  std::string head(kVersion1);
  AppendField(head, 0x12, context);
  head += 0x1A;
  AppendVarint(head, data_size);
  return head;
}

StoredRequest ParseStoredRequest(std::string_view bytes) {
  if (bytes.substr(0, kVersion1.size()) != kVersion1) return {bytes, nullptr};
  StoredRequest out;
  auto client = std::make_shared<ClientInfo>();
  bool any = false;
  Fields request(bytes.substr(kVersion1.size()));
  while (request.Next()) {
    if (request.tag() == 0x1A) out.data = request.bytes();
    if (request.tag() != 0x12) continue;
    for (Fields f(request.bytes()); f.Next();) {
      if (f.tag() == kMetadata) {
        ReadMetadata(f.bytes(), *client);
        any = true;
      } else if (f.tag() == kIpAddress || f.tag() == kTcpAddress || f.tag() == kUdpAddress || f.tag() == kUnixAddress) {
        client->address = ReadAddress(f.tag(), f.bytes());
        any = true;
      }
    }
  }
  if (!request.good()) return {bytes, nullptr};
  if (any) out.client = std::move(client);
  return out;
}

}  // namespace otelpipe
