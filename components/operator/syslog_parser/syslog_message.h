// Syslog messages of RFC 3164 and RFC 5424, taken apart as the reference does.
//
//   Message m;
//   absl::Status s = ParseRfc5424("<34>1 2024-05-06T07:08:09Z host app - - - text", m);
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe::syslog {

// Texts are views into the input (or into `owned`); a member without data is absent.
struct Message {
  int priority = -1;
  int version = -1;
  std::string_view stamp;  // as written; empty for the nil time
  std::string_view hostname, appname, proc_id, msg_id;
  std::string_view message;
  bool has_message = false;
  struct Param {
    std::string_view name;
    std::string value;
  };
  struct Element {
    std::string_view id;
    std::vector<Param> params;
  };
  bool has_data = false;
  std::vector<Element> data;
};

// Errors: InvalidArgument with the reference's words and the place: `expecting a Stamp timestamp [col 4]`.
absl::Status ParseRfc3164(std::string_view text, Message& out);
absl::Status ParseRfc5424(std::string_view text, Message& out);

}  // namespace otelpipe::syslog
