#include "extension/basicauth/htpasswd.h"

#include <crypt.h>

#include <catch2/catch.hpp>
#include <memory>

namespace otelpipe {
namespace {

TEST_CASE("Every form of htpasswd takes the right password and no other", "[extension][basicauth]") {
  // "secret", as htpasswd -nb with -p, -s, -m, -B and openssl passwd -1 write it; SSHA made with the salt "salt".
  auto data = std::make_unique<crypt_data>();
  const std::string bcrypt = crypt_r("secret", "$2y$05$abcdefghijklmnopqrstuu", data.get());
  const std::pair<const char*, std::string> entries[] = {{"plain", "secret"},
                                                         {"sha", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="},
                                                         {"ssha", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0"},
                                                         {"apr1", Md5Crypt("secret", "$apr1$", "saltsalt")},
                                                         {"md5", Md5Crypt("secret", "$1$", "saltsalt")},
                                                         {"bcrypt", bcrypt}};
  Htpasswd users;
  for (const auto& [user, encoded] : entries) {
    CHECK(users.Add(std::string(user) + ":" + encoded + "\r\n").empty());
  }
  for (const auto& [user, encoded] : entries) {
    CAPTURE(user, encoded);
    CHECK(users.Matches(user, "secret"));
    CHECK(users.Matches(user, "secret"));
    CHECK_FALSE(users.Matches(user, "Secret"));
    CHECK_FALSE(users.Matches(user, ""));
  }
  CHECK_FALSE(users.Matches("nobody", "secret"));
  CHECK_FALSE(users.Matches("bcrypt", "wrong"));
}

TEST_CASE("MD5-crypt equals the system's for passwords of every length", "[extension][basicauth]") {
  auto data = std::make_unique<crypt_data>();
  std::string password;
  for (int length = 0; length < 70; ++length) {
    CAPTURE(password);
    const std::string salt = std::string("aB3./xyz").substr(0, static_cast<size_t>(1 + length % 8));
    CHECK(Md5Crypt(password, "$1$", salt) == crypt_r(password.c_str(), ("$1$" + salt).c_str(), data.get()));
    password += static_cast<char>('!' + length);
  }
}

TEST_CASE("The apr1 form is the one Apache's tools write", "[extension][basicauth]") {
  CHECK(Md5Crypt("myPassword", "$apr1$", "r31.....") == "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/");
}

TEST_CASE("Lines that are no entries are named and left out, later entries win", "[extension][basicauth]") {
  Htpasswd users;
  CHECK(users.Add("# users\n\nann:one\nno colon\nbob:{SHA}short\ncid:$2y$05$short\nann:two") ==
        std::vector<int>{4, 5, 6});
  CHECK(users.size() == 1);
  CHECK(users.Matches("ann", "two"));
  CHECK_FALSE(users.Matches("ann", "one"));
}

}  // namespace
}  // namespace otelpipe
