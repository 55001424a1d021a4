// Htpasswd: users and passwords in the forms of Apache's htpasswd files.
//
//   Htpasswd users;
//   users.Add("ann:{SHA}...\nbob:$2y$10$...\n");
//   if (users.Matches("ann", "secret")) ...
//
// Forms: plain text, bcrypt ($2a$ $2b$ $2y$), SHA ({SHA}), salted SHA ({SSHA}), MD5-crypt ($1$ and $apr1$).
// Threads: Matches may be called from several at once, Add not beside it.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace otelpipe {

class Htpasswd {
 public:
  Htpasswd();
  // Adds the entries of `text`, one a line; empty lines and those that begin with '#' are skipped. Of two entries of
  // one user the later counts. Returns the numbers (from 1) of the lines that are no entries; they are left out.
  std::vector<int> Add(std::string_view text);
  // Takes as long as the user's form asks for: bcrypt some tens of milliseconds at the first call, nothing for a
  // password that was right before.
  bool Matches(const std::string& user, const std::string& password) const;
  size_t size() const { return users_.size(); }

 private:
  using Digest = std::array<unsigned char, 32>;
  Digest Fingerprint(const std::string& user, const std::string& password) const;

  std::map<std::string, std::string> users_;
  std::array<unsigned char, 16> secret_;  // makes fingerprints useless elsewhere
  mutable std::mutex mutex_;
  mutable std::set<Digest> right_;  // pairs that matched a slow form
};

// MD5-crypt with `magic` "$1$" or "$apr1$": magic + salt (at most 8 characters) + "$" + 22 characters.
std::string Md5Crypt(std::string_view password, std::string_view magic, std::string_view salt);

}  // namespace otelpipe
