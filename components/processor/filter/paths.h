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

// The number of SEVERITY_NUMBER_WARN and the like, if the kind of item knows it.
std::optional<int64_t> FindEnum(std::string_view name, ItemKind kind);

// Times and durations are integers (nanoseconds) that do not compare with plain ones.
enum class Quantity { kPlain, kTime, kDuration };

// An operand, or one argument of a converter.
struct Argument {
  Getter get;
  std::optional<Value> literal;       // set for literals; texts live as long as the condition
  std::vector<Getter> list;           // the items of a list literal; `get` makes the list
  bool is_list = false;
  Quantity quantity = Quantity::kPlain;
};

// InvalidArgument in the reference's words for unknown ones.
absl::StatusOr<Argument> ResolvePath(const Path& path, ItemKind kind);

// The value with `keys` applied. Errors: an index out of bounds, a value that cannot be indexed.
absl::StatusOr<Value> Index(Value value, const std::vector<Path::Key>& keys);

absl::StatusOr<Argument> ResolveConverter(const std::string& name, std::vector<Argument> arguments, ItemKind kind);

// A converter of texts, lists and times (functions.cc); null for other names.
struct Function {
  std::string_view name;
  size_t least;  // arguments
  size_t most;
  absl::StatusOr<Argument> (*make)(std::vector<Argument> arguments);
};
const Function* FindFunction(std::string_view name);

// The text form that converters work on; nothing for nil.
std::optional<std::string_view> TextOf(const Value& value, Arena& arena);

// How the reference names the kind of a value in messages.
std::string_view KindName(const Value& value);

}  // namespace otelpipe::filter
