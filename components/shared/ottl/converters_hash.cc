// Hashes, hex and random ids.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <bit>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using Result = absl::StatusOr<Getter>;

// The digest of the text in lower hex.
template <const EVP_MD* (*kMethod)()>
Result Digest(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(s.data(), s.size(), digest, &size, kMethod(), nullptr) != 1) {
      return absl::InternalError("the digest is not available in this OpenSSL");
    }
    std::string hex;
    AppendHex(hex, std::string_view(reinterpret_cast<const char*>(digest), size));
    return Value::Str(arena.Copy(hex));
  });
}

// FNV-1a of 64 bits.
Result Fnv(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    uint64_t hash = 14695981039346656037u;
    for (char c : s) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
    return Value::Int(static_cast<int64_t>(hash));
  });
}

// MurmurHash3, 32 bits, as hex of its little-endian bytes.
Result Murmur3(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    constexpr uint32_t c1 = 0xcc9e2d51, c2 = 0x1b873593;
    uint32_t h = 0;
    const size_t blocks = s.size() / 4;
    for (size_t i = 0; i < blocks; ++i) {
      uint32_t k;
      std::memcpy(&k, s.data() + 4 * i, 4);
      h = std::rotl(h ^ (std::rotl(k * c1, 15) * c2), 13) * 5 + 0xe6546b64;
    }
    uint32_t k = 0;
    for (size_t i = s.size(); i > 4 * blocks; --i) k = (k << 8) | static_cast<unsigned char>(s[i - 1]);
    if (s.size() > 4 * blocks) h ^= std::rotl(k * c1, 15) * c2;
    h ^= static_cast<uint32_t>(s.size());
    h = (h ^ (h >> 16)) * 0x85ebca6b;
    h = (h ^ (h >> 13)) * 0xc2b2ae35;
    h ^= h >> 16;
    std::string hex;
    char bytes[4];
    std::memcpy(bytes, &h, 4);
    AppendHex(hex, std::string_view(bytes, 4));
    return Value::Str(arena.Copy(hex));
  });
}

Result Hex(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    std::string bytes;
    auto big_endian = [&](uint64_t n) {
      for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift);
    };
    if (!IsPlain(v)) return absl::InvalidArgumentError(absl::StrCat("unsupported type: ", A(TypeName(v))));
    switch (v.kind()) {
      case ValueKind::kEmpty: break;
      case ValueKind::kString:
      case ValueKind::kBytes: bytes = std::string(v.string()); break;
      case ValueKind::kBool: bytes = v.boolean() ? '\1' : '\0'; break;
      case ValueKind::kInt: big_endian(static_cast<uint64_t>(v.integer())); break;
      case ValueKind::kDouble: big_endian(std::bit_cast<uint64_t>(v.number())); break;
      default: return absl::InvalidArgumentError(absl::StrCat("unsupported type: ", A(TypeName(v))));
    }
    std::string hex;
    AppendHex(hex, bytes);
    return Value::Str(arena.Copy(hex));
  });
}

// A random UUID, version 4.
Result Uuid(Args) {
  return Getter([](Item&, Arena& arena) -> absl::StatusOr<Value> {
    unsigned char b[16];
    if (RAND_bytes(b, sizeof b) != 1) return absl::InternalError("no random numbers");
    b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
    b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
    std::string hex;
    AppendHex(hex, std::string_view(reinterpret_cast<const char*>(b), sizeof b));
    for (size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
    return Value::Str(arena.Copy(hex));
  });
}

}  // namespace

const std::vector<Function>& HashConverters() {
  static const auto* const table = new std::vector<Function>{
      {"SHA1", {{"target"}}, Digest<EVP_sha1>},       {"SHA256", {{"target"}}, Digest<EVP_sha256>},
      {"SHA512", {{"target"}}, Digest<EVP_sha512>},   {"MD5", {{"target"}}, Digest<EVP_md5>},
      {"FNV", {{"target"}}, Fnv},                     {"Murmur3Hash", {{"target"}}, Murmur3},
      {"Hex", {{"target"}}, Hex},                     {"UUID", {}, Uuid},
  };
  return *table;
}

}  // namespace otelpipe::ottl
