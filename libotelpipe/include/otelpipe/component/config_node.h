// ConfigNode: one value of the configuration, with the place where it was written.
//
// Nodes are what remains of YAML after loading, merging and expansion of ${...}; each still knows its file, line and column. Components do not usually
// see nodes: their fields are filled by the table in fields.h. A field of type ConfigNode keeps the raw value (for
// "any" values such as the `value` of an attributes action).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe {

// Where a value was written. Lines and columns count from 1; 0 = unknown (a --set flag, the environment).
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  std::string ToString() const;  // "agent.yaml:14:7"
};

class ConfigNode {
 public:
  enum class Kind { kNull, kBool, kInt, kFloat, kTimestamp, kString, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  Location location;
  // The scalar as it was written (after expansion), also for numbers and booleans: `0123` stays "0123".
  std::string text;
  bool boolean = false;
  int64_t integer = 0;
  bool is_unsigned = false;  // an integer above the signed range: the value is static_cast<uint64_t>(integer)
  double number = 0;         // kFloat; also set for kInt
  bool from_expansion = false;  // the whole value came from one ${...}: a text field takes `text` whatever the kind
  bool quoted = false;
  std::vector<ConfigNode> items;  // kList
  std::vector<Entry> entries;     // kMap, in order of writing

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  bool is_scalar() const { return !is_null() && !is_map() && !is_list(); }
  const ConfigNode* Find(std::string_view key) const;
  ConfigNode* Find(std::string_view key);
  // The name of the kind in messages, as the reference prints it: "string", "int", "bool", "float64", "map[string]interface {}", "[]interface {}", "<nil>".
  std::string_view TypeName() const;
  // YAML text, keys sorted, for print-config and messages.
  std::string ToYaml() const;
};

struct ConfigNode::Entry {
  std::string key;
  Location key_location;
  ConfigNode value;
};

// One mistake in a configuration.
struct ConfigError {
  Location location;
  std::string path;     // "receivers::otlp::protocols::http"
  std::string message;  // what is wrong, in the reference's words where it has any
  std::string hint;     // what to do: `did you mean "tls"?`; may be empty
  bool warning = false;  // accepted by the reference in silence; an error under `validate --strict`

  // `agent.yaml:14:7: receivers::otlp::protocols::http: "otlp" receiver: 'protocols.http' has invalid keys: tsl; did you mean "tls"?`
  std::string ToString() const;
};

// Errors of a component's construction keep their places: a Status made here shows all messages, and the service gets the list back.
// `path` is relative to the component ("operators::2::regex") and may be empty.
absl::Status ConfigErrorsToStatus(const std::vector<ConfigError>& errors);
inline absl::Status ConfigErrorAt(const Location& location, std::string path, std::string message, std::string hint = "") {
  return ConfigErrorsToStatus({ConfigError{location, std::move(path), std::move(message), std::move(hint)}});
}
// The list inside `status`; for any other error one entry with its message and no place.
std::vector<ConfigError> ConfigErrorsFromStatus(const absl::Status& status);

}  // namespace otelpipe
