#include "extension/basicauth/htpasswd.h"

#include <crypt.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "otelpipe/pdata/text.h"

namespace otelpipe {
namespace {

constexpr size_t kRemembered = 4096;

std::string Hash(const EVP_MD* kind, std::string_view text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), out, &size, kind, nullptr);
  return std::string(reinterpret_cast<char*>(out), size);
}

bool SameSecret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool IsBcrypt(std::string_view s) {
  return s.starts_with("$2a$") || s.starts_with("$2b$") || s.starts_with("$2x$") || s.starts_with("$2y$");
}
std::string_view Md5Magic(std::string_view s) {
  return s.starts_with("$apr1$") ? "$apr1$" : s.starts_with("$1$") ? "$1$" : "";
}

// The digest and the salt of {SHA} and {SSHA}; false when the text is no base64 or too short.
bool DecodeSha(std::string_view encoded, std::string& digest, std::string& salt) {
  const bool salted = encoded.starts_with("{SSHA}");
  std::string bytes;
  if (!DecodeBase64(encoded.substr(salted ? 6 : 5), bytes) || bytes.size() < 20 || (!salted && bytes.size() != 20))
    return false;
  digest = bytes.substr(0, 20);
  salt = bytes.substr(20);
  return true;
}

bool IsSha(std::string_view s) { return s.starts_with("{SHA}") || s.starts_with("{SSHA}"); }

bool IsEntry(std::string_view encoded) {
  std::string digest, salt;
  if (IsSha(encoded)) return DecodeSha(encoded, digest, salt);
  if (IsBcrypt(encoded)) return encoded.size() == 60;
  if (const std::string_view magic = Md5Magic(encoded); !magic.empty()) {
    return encoded.substr(magic.size()).find('$') != encoded.npos;
  }
  return true;
}

bool MatchesEncoded(const std::string& encoded, const std::string& password) {
  if (IsSha(encoded)) {
    std::string digest, salt;
    return DecodeSha(encoded, digest, salt) && SameSecret(Hash(EVP_sha1(), password + salt), digest);
  }
  if (IsBcrypt(encoded)) {
    auto data = std::make_unique<crypt_data>();
    const char* made = crypt_r(password.c_str(), encoded.c_str(), data.get());
    // A failure comes back as a text that begins with '*' and equals nothing.
    return made != nullptr && SameSecret(made, encoded);
  }
  if (const std::string_view magic = Md5Magic(encoded); !magic.empty()) {
    std::string_view salt = std::string_view(encoded).substr(magic.size());
    salt = salt.substr(0, salt.find('$'));
    return SameSecret(Md5Crypt(password, magic, salt), encoded);
  }
  return SameSecret(password, encoded);
}

bool IsSlow(std::string_view encoded) { return IsBcrypt(encoded) || !Md5Magic(encoded).empty(); }

}  // namespace

std::string Md5Crypt(std::string_view password, std::string_view magic, std::string_view salt) {
  salt = salt.substr(0, 8);
  auto concat = [](std::initializer_list<std::string_view> parts) {
    std::string out;
    for (std::string_view p : parts) out += p;
    return out;
  };
  std::string inner = Hash(EVP_md5(), concat({password, salt, password}));
  std::string first = concat({password, magic, salt});
  for (size_t left = password.size(); left > 0; left -= left < 16 ? left : 16)
    first.append(inner, 0, left < 16 ? left : 16);
  for (size_t bits = password.size(); bits != 0; bits >>= 1) first += (bits & 1) != 0 ? '\0' : password[0];
  std::string digest = Hash(EVP_md5(), first);
  // A thousand rounds, each over a different mixture, as the scheme has it.
  for (int round = 0; round < 1000; ++round) {
    const bool odd = (round & 1) != 0;
    std::string next(odd ? password : std::string_view(digest));
    if (round % 3 != 0) next += salt;
    if (round % 7 != 0) next += password;
    next += odd ? std::string_view(digest) : password;
    digest = Hash(EVP_md5(), next);
  }
  static constexpr char kDigits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr int kOrder[5][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
  std::string out = concat({magic, salt, "$"});
  auto put = [&out](uint32_t value, int digits) {
    for (; digits > 0; --digits, value >>= 6) out += kDigits[value & 63];
  };
  auto byte = [&digest](int i) {
    return static_cast<uint32_t>(static_cast<unsigned char>(digest[static_cast<size_t>(i)]));
  };
  for (const auto& o : kOrder) put(byte(o[0]) << 16 | byte(o[1]) << 8 | byte(o[2]), 4);
  put(byte(11), 2);
  return out;
}

Htpasswd::Htpasswd() { RAND_bytes(secret_.data(), static_cast<int>(secret_.size())); }

std::vector<int> Htpasswd::Add(std::string_view text) {
  std::vector<int> bad;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t')) line.remove_suffix(1);
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
    if (line.empty() || line.front() == '#') continue;
    const size_t colon = line.find(':');
    if (colon == line.npos || !IsEntry(line.substr(colon + 1))) {
      bad.push_back(number);
      continue;
    }
    users_[std::string(line.substr(0, colon))] = std::string(line.substr(colon + 1));
  }
  return bad;
}

Htpasswd::Digest Htpasswd::Fingerprint(const std::string& user, const std::string& password) const {
  std::string text(secret_.begin(), secret_.end());
  text.append(std::to_string(user.size())).append(":").append(user).append(password);
  Digest out;
  EVP_Digest(text.data(), text.size(), out.data(), nullptr, EVP_sha256(), nullptr);
  OPENSSL_cleanse(text.data(), text.size());
  return out;
}

bool Htpasswd::Matches(const std::string& user, const std::string& password) const {
  auto it = users_.find(user);
  if (it == users_.end()) return false;
  if (!IsSlow(it->second)) return MatchesEncoded(it->second, password);
  const Digest fingerprint = Fingerprint(user, password);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (right_.count(fingerprint) > 0) return true;
  }
  if (!MatchesEncoded(it->second, password)) return false;
  std::lock_guard<std::mutex> lock(mutex_);
  if (right_.size() >= kRemembered) right_.clear();
  right_.insert(fingerprint);
  return true;
}

}  // namespace otelpipe
