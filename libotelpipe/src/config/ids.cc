#include "otelpipe/component/ids.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"
#include "re2/re2.h"

namespace otelpipe {
namespace {

constexpr size_t kLongestType = 63;
constexpr size_t kLongestName = 1024;

std::string_view Trim(std::string_view s) {
  constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const size_t from = s.find_first_not_of(kBlanks);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kBlanks) - from + 1);
}

bool IsType(std::string_view s) {
  if (s.empty() || s.size() > kLongestType) return false;
  for (size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '_'))) return false;
  }
  return true;
}

// No white space, control characters or symbols of any script.
bool IsName(std::string_view s) {
  static const RE2* const pattern = new RE2("[^\\pZ\\pC\\pS]+");
  return RE2::FullMatch(s, *pattern);
}

absl::Status Bad(std::string_view id, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("in ", internal::GoQuote(id), " id: ", A(what)));
}

}  // namespace

std::string_view KindName(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver: return "receiver";
    case ComponentKind::kProcessor: return "processor";
    case ComponentKind::kExporter: return "exporter";
    case ComponentKind::kExtension: return "extension";
    case ComponentKind::kConnector: return "connector";
    case ComponentKind::kOperator: return "operator";
  }
  return "component";
}

std::string_view KindSection(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver: return "receivers";
    case ComponentKind::kProcessor: return "processors";
    case ComponentKind::kExporter: return "exporters";
    case ComponentKind::kExtension: return "extensions";
    case ComponentKind::kConnector: return "connectors";
    case ComponentKind::kOperator: return "operators";
  }
  return "components";
}

absl::StatusOr<ComponentId> ComponentId::Parse(std::string_view text) {
  const size_t slash = text.find('/');
  ComponentId id;
  id.type = std::string(Trim(text.substr(0, slash)));
  if (slash == std::string_view::npos) {
    if (id.type.empty()) return absl::InvalidArgumentError("id must not be empty");
  } else {
    if (id.type.empty()) return Bad(text, "the part before / should not be empty");
    id.name = std::string(Trim(text.substr(slash + 1)));
    if (id.name.empty()) return Bad(text, "the part after / should not be empty");
    if (id.name.size() > kLongestName) {
      return Bad(id.name, absl::StrCat("name ", internal::GoQuote(id.name), " is longer than 1024 characters (",
                                       id.name.size(), " characters)"));
    }
    if (!IsName(id.name)) return Bad(id.name, "invalid character(s) in name " + internal::GoQuote(id.name));
  }
  if (!IsType(id.type)) return Bad(text, "invalid character(s) in type " + internal::GoQuote(id.type));
  return id;
}

}  // namespace otelpipe
