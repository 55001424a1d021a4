// Paths, enums and converters of conditions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "processor/filter/condition.h"

namespace otelpipe::filter {

// `attributes["a"][0]`: names between dots, and the keys behind the last of them.
struct Path {
  struct Key {
    bool is_index = false;
    std::string text;
    int64_t index = 0;
  };
  std::vector<std::string> names;
  std::vector<Key> keys;
  std::string text;  // as written
};
// InvalidArgument in the reference's words for unknown ones.
absl::StatusOr<Getter> ResolvePath(const Path& path, ItemKind kind);

// The number of SEVERITY_NUMBER_WARN and the like, if the kind of item knows it.
std::optional<int64_t> FindEnum(std::string_view name, ItemKind kind);

// One argument of a converter.
struct Argument {
  Getter get;                         // empty for a list
  std::optional<Value> literal;       // set for literals; texts live as long as the condition
  std::vector<Getter> list;
  bool is_list = false;
};
absl::StatusOr<Getter> ResolveConverter(const std::string& name, std::vector<Argument> arguments, ItemKind kind);

// How the reference names the kind of a value in messages.
std::string_view KindName(const Value& value);

}  // namespace otelpipe::filter
