#include "shared/ottl/glob.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::ottl {
namespace {

void AppendLiteral(std::string& out, char c) {
  if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) out += '\\';
  out += c;
}

}  // namespace

absl::StatusOr<Glob> Glob::Compile(std::string_view s) {
  std::string out = "(?s)^";
  int braces = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    switch (s[i]) {
      case '\\':
        if (++i == s.size()) return absl::InvalidArgumentError("nothing behind a backslash");
        AppendLiteral(out, s[i]);
        break;
      case '*':
        if (!out.ends_with(".*")) out += ".*";
        break;
      case '?': out += '.'; break;
      case '{':
        ++braces;
        out += "(?:";
        break;
      case '}':
        if (braces == 0) {
          AppendLiteral(out, '}');
          break;
        }
        --braces;
        out += ')';
        break;
      case ',':
        out += braces > 0 ? '|' : ',';
        break;
      case '[': {
        const size_t end = s.find(']', i + 2);
        if (end == std::string_view::npos) return absl::InvalidArgumentError("a bracket is not closed");
        out += '[';
        for (size_t j = i + 1; j < end; ++j) {
          if (s[j] == '!' && j == i + 1) {
            out += '^';
          } else if (s[j] == '-' && j > i + 1 && j + 1 < end) {
            out += '-';
          } else {
            if (s[j] == '-' || s[j] == '^' || s[j] == '\\' || s[j] == '[') out += '\\';
            out += s[j];
          }
        }
        out += ']';
        i = end;
        break;
      }
      default: AppendLiteral(out, s[i]);
    }
  }
  if (braces > 0) return absl::InvalidArgumentError("a brace is not closed");
  Glob glob;
  OTELPIPE_ASSIGN_OR_RETURN(glob.pattern_, regex::Pattern::Compile(out + "$"));
  return glob;
}

}  // namespace otelpipe::ottl
