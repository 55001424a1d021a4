#include "shared/attraction/actions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "shared/attraction/convert.h"
#include "shared/attraction/literal.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe::attraction {
namespace {

enum class Kind : uint8_t { kInsert, kUpdate, kUpsert, kDelete, kHash, kExtract, kConvert };
enum class Source : uint8_t { kNone, kLiteral, kAttribute, kContext };
enum class Target : uint8_t { kInt, kDouble, kString };

struct Action {
  Kind kind = Kind::kInsert;
  Source source = Source::kNone;
  Target target = Target::kString;
  std::string key;
  std::string from;  // attribute or context name
  Value literal;
  std::shared_ptr<const regex::Pattern> pattern;
};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

// Compiles one entry; the message of an error is complete.
absl::StatusOr<Action> CompileOne(const ActionConfig& c, size_t index, Arena& arena) {
  const std::string n = std::to_string(index);
  const std::string name = Lower(c.action);
  auto fail = [](const std::string& text) { return absl::InvalidArgumentError(text); };
  auto not_used = [&](std::string_view what) {
    return fail("error creating AttrProc. Action \"" + name + "\" does not use " + std::string(what) + " for " + n +
                "-th action");
  };

  Action out;
  const bool delete_or_hash = name == "delete" || name == "hash";
  if (delete_or_hash && c.key.empty() && c.pattern.empty()) {
    return fail("error creating AttrProc due to missing required field (at least one of \"key\" and \"pattern\" have to be "
                "used) at the " + n + "-th actions");
  }
  if (!delete_or_hash && c.key.empty()) {
    return fail("error creating AttrProc due to missing required field \"key\" at the " + n + "-th actions");
  }
  out.key = c.key;
  const int sources = (c.value.is_null() ? 0 : 1) + (c.from_attribute.empty() ? 0 : 1) + (c.from_context.empty() ? 0 : 1);
  constexpr std::string_view kNoConvertedType = "the \"converted_type\" field. This must not be specified";

  if (name == "insert" || name == "update" || name == "upsert") {
    out.kind = name == "insert" ? Kind::kInsert : name == "update" ? Kind::kUpdate : Kind::kUpsert;
    if (sources == 0) {
      return fail("error creating AttrProc. Either field \"value\", \"from_attribute\" or \"from_context\" setting must be "
                  "specified for " + n + "-th action");
    }
    if (sources > 1) {
      return fail("error creating AttrProc due to multiple value sources being set at the " + n + "-th actions");
    }
    if (!c.pattern.empty()) return not_used("the \"pattern\" field. This must not be specified");
    if (!c.converted_type.empty()) return not_used(kNoConvertedType);
    if (!c.value.is_null()) {
      out.source = Source::kLiteral;
      OTELPIPE_ASSIGN_OR_RETURN(out.literal, ToValue(c.value, arena));
    } else {
      out.source = c.from_context.empty() ? Source::kAttribute : Source::kContext;
      out.from = c.from_context.empty() ? c.from_attribute : c.from_context;
    }
  } else if (delete_or_hash) {
    out.kind = name == "delete" ? Kind::kDelete : Kind::kHash;
    if (!c.value.is_null() || !c.from_attribute.empty()) {
      return not_used("\"value\" or \"from_attribute\" field. These must not be specified");
    }
    if (!c.converted_type.empty()) return not_used(kNoConvertedType);
  } else if (name == "extract") {
    out.kind = Kind::kExtract;
    if (sources > 0) return not_used("a value source field. These must not be specified");
    if (c.pattern.empty()) {
      return fail("error creating AttrProc due to missing required field \"pattern\" for action \"extract\" at the " + n +
                  "-th action");
    }
    if (!c.converted_type.empty()) return not_used(kNoConvertedType);
  } else if (name == "convert") {
    out.kind = Kind::kConvert;
    if (sources > 0 || !c.pattern.empty()) {
      return not_used("value sources or \"pattern\" field. These must not be specified");
    }
    if (c.converted_type == "int") {
      out.target = Target::kInt;
    } else if (c.converted_type == "double") {
      out.target = Target::kDouble;
    } else if (c.converted_type == "string") {
      out.target = Target::kString;
    } else if (c.converted_type.empty()) {
      return fail("error creating AttrProc due to missing required field \"converted_type\" for action \"convert\" at the " +
                  n + "-th action");
    } else {
      return fail("error creating AttrProc due to invalid value \"" + c.converted_type +
                  "\" in field \"converted_type\" for action \"convert\" at the " + n + "-th action");
    }
  } else {
    return fail("error creating AttrProc due to unsupported action \"" + name + "\" at the " + n + "-th actions");
  }

  if (!c.pattern.empty()) {
    auto pattern = regex::Pattern::Compile(c.pattern);
    if (!pattern.ok()) {
      return fail("error creating AttrProc. Field \"pattern\" has invalid pattern: \"" + c.pattern + "\" to be set at the " +
                  n + "-th actions");
    }
    out.pattern = *std::move(pattern);
  }
  if (out.kind == Kind::kExtract) {
    if (out.pattern->group_count() == 0) {
      return fail("error creating AttrProc. Field \"pattern\" contains no named matcher groups at the " + n + "-th actions");
    }
    for (size_t i = 1; i < out.pattern->capture_count(); ++i) {
      if (out.pattern->group_names()[i].empty()) {
        return fail("error creating AttrProc. Field \"pattern\" contains at least one unnamed matcher group at the " + n +
                    "-th actions");
      }
    }
  }
  return out;
}

std::string_view KindText(ValueKind kind) {
  switch (kind) {
    case ValueKind::kEmpty: return "Empty";
    case ValueKind::kString: return "Str";
    case ValueKind::kBool: return "Bool";
    case ValueKind::kInt: return "Int";
    case ValueKind::kDouble: return "Double";
    case ValueKind::kBytes: return "Bytes";
    case ValueKind::kList: return "Slice";
    case ValueKind::kMap: return "Map";
  }
  return "";
}

void Convert(Value& value, const Action& action, Arena& arena, const Logger& log) {
  std::optional<Value> converted;
  switch (action.target) {
    case Target::kInt:
      if (value.kind() == ValueKind::kInt) return;
      converted = ConvertToInt(value);
      break;
    case Target::kDouble:
      if (value.kind() == ValueKind::kDouble) return;
      converted = ConvertToDouble(value);
      break;
    case Target::kString:
      if (value.is_string()) return;
      converted = ConvertToString(value, arena);
      break;
  }
  if (converted) {
    value = *converted;
    return;
  }
  if (!log.Enabled(LogLevel::kDebug)) return;
  const std::string_view target = action.target == Target::kInt ? "int" : "double";
  if (value.is_string()) {
    log.Debug("String could not be converted to " + std::string(target), {{"key", action.key}, {"value", value.string()}});
  } else {
    log.Debug("Unable to convert type", {{"key", action.key}, {"from", KindText(value.kind())}, {"to", target}});
  }
}

// Removes as the reference does: the last entry takes the place of the removed one.
void RemoveBySwap(Map& attributes, size_t i) {
  attributes.items()[i] = attributes.items().back();
  attributes.items().Truncate(attributes.size() - 1);
}

void RemoveKey(Map& attributes, std::string_view key) {
  for (size_t i = 0; i < attributes.size(); ++i) {
    const std::string_view name = attributes.items()[i].key;
    if (name.size() != key.size() || !SameBytes(name.data(), key.data(), key.size())) continue;
    RemoveBySwap(attributes, i);
    return;
  }
}

// Removes the keys that match `pattern`. They are collected first and removed one by one, so that the order of the rest is the
// reference's.
void RemoveMatching(Map& attributes, const regex::Pattern& pattern) {
  constexpr size_t kOnStack = 64;
  std::string_view fixed[kOnStack];
  std::vector<std::string_view> more;
  size_t n = 0;
  for (const KeyValue& kv : attributes) {
    if (!pattern.PartialMatch(kv.key)) continue;
    if (n < kOnStack) {
      fixed[n] = kv.key;
    } else {
      more.push_back(kv.key);
    }
    ++n;
  }
  for (size_t i = 0; i < n; ++i) RemoveKey(attributes, i < kOnStack ? fixed[i] : more[i - kOnStack]);
}

// Without the port: "127.0.0.1:4711", "[::1]:4711"; a path of a socket stays.
std::string HostOf(const std::string& address) {
  if (address.starts_with('[')) return address.substr(1, address.find(']') - 1);
  const size_t colon = address.find(':');
  return colon == address.rfind(':') ? address.substr(0, colon) : address;
}

// `from_context`. Nothing when the request does not have it.
std::optional<std::string> ContextText(const ClientInfo* client, std::string_view name) {
  if (name == "client.address") return client != nullptr ? HostOf(client->address) : std::string();
  if (client == nullptr) return std::nullopt;
  if (name.starts_with("auth.")) {
    auto found = client->auth.find(std::string(name.substr(5)));
    if (found == client->auth.end()) return std::nullopt;
    return found->second;
  }
  if (name.starts_with("metadata.")) name.remove_prefix(9);
  auto found = client->metadata.find(Lower(name));
  if (found == client->metadata.end() || found->second.empty()) return std::nullopt;
  std::string joined = found->second[0];
  for (size_t i = 1; i < found->second.size(); ++i) joined += ";" + found->second[i];
  return joined;
}

}  // namespace

struct Actions::Compiled {
  Arena literals;
  std::vector<Action> actions;
};

void ActionConfig::Describe(Fields<ActionConfig>& f) {
  f.Optional("key", &ActionConfig::key, "The attribute to act on.");
  f.Optional("action", &ActionConfig::action,
             "insert, update, upsert, delete, hash, extract or convert; upper and lower case are the same.");
  f.Optional("value", &ActionConfig::value, "The new value; its YAML type is the attribute's type.");
  f.Optional("from_attribute", &ActionConfig::from_attribute, "The attribute of the same set to take the value from.");
  f.Optional("from_context", &ActionConfig::from_context,
             "Where in the request the value is: metadata.NAME, auth.NAME or client.address.");
  f.Optional("pattern", &ActionConfig::pattern,
             "Regular expression: with named groups for extract, over keys for delete and hash.");
  f.Optional("converted_type", &ActionConfig::converted_type, "For convert: int, double or string.");
}

void DecodeField(const ConfigNode& node, ActionConfig& out, DecodeContext& context) {
  out.location = node.location;
  internal::DecodeTable(node, TableOf<ActionConfig>(), &out, context);
}

absl::StatusOr<Actions> Actions::Compile(const std::vector<ActionConfig>& configs, std::string_view list_key) {
  auto compiled = std::make_shared<Compiled>();
  std::vector<ConfigError> errors;
  size_t captures = 0;
  for (size_t i = 0; i < configs.size(); ++i) {
    auto action = CompileOne(configs[i], i, compiled->literals);
    if (!action.ok()) {
      ConfigError error;
      error.location = configs[i].location;
      error.path = std::string(list_key) + "::" + std::to_string(i);
      error.message = std::string(S(action.status().message()));
      errors.push_back(std::move(error));
      continue;
    }
    if (action->pattern) captures = std::max(captures, action->pattern->capture_count());
    compiled->actions.push_back(*std::move(action));
  }
  if (!errors.empty()) return ConfigErrorsToStatus(errors);
  Actions out(compiled);
  out.captures_.resize(captures);
  out.context_values_.resize(compiled->actions.size());
  out.context_found_.resize(compiled->actions.size());
  return out;
}

void Actions::BeginBatch(Arena& arena, const ClientInfo* client) {
  arena_ = &arena;
  arena.KeepAlive(compiled_);
  for (size_t i = 0; i < compiled_->actions.size(); ++i) {
    const Action& action = compiled_->actions[i];
    if (action.source != Source::kContext) continue;
    std::optional<std::string> text = ContextText(client, action.from);
    context_found_[i] = text.has_value();
    if (text) context_values_[i] = Value::Str(arena.Copy(*text));
  }
}

void Actions::Apply(Map& attributes, const Logger& log) {
  for (size_t i = 0; i < compiled_->actions.size(); ++i) {
    const Action& action = compiled_->actions[i];
    switch (action.kind) {
      case Kind::kInsert:
      case Kind::kUpdate:
      case Kind::kUpsert: {
        Value* present = attributes.Find(action.key);
        if (action.kind == Kind::kInsert && present != nullptr) break;
        if (action.kind == Kind::kUpdate && present == nullptr) break;
        Value value;
        if (action.source == Source::kLiteral) {
          value = action.literal;
        } else if (action.source == Source::kContext) {
          if (!context_found_[i]) break;
          value = context_values_[i];
        } else {
          const Value* from = attributes.Find(action.from);
          if (from == nullptr) break;
          value = *from;
        }
        // Nested values are shared by nobody: later edits of one attribute must not show in another.
        if (value.is_map() || value.is_list()) value = Clone(value, *arena_, false);
        if (present != nullptr) {
          *present = value;
        } else {
          attributes.Append(*arena_, action.key, value);
        }
        break;
      }
      case Kind::kDelete:
        if (!action.key.empty()) RemoveKey(attributes, action.key);
        if (action.pattern) RemoveMatching(attributes, *action.pattern);
        break;
      case Kind::kHash:
        if (!action.key.empty()) {
          if (Value* value = attributes.Find(action.key)) *value = Hash(*value, *arena_);
        }
        if (action.pattern) {
          for (KeyValue& kv : attributes) {
            if (action.pattern->PartialMatch(kv.key)) kv.value = Hash(kv.value, *arena_);
          }
        }
        break;
      case Kind::kExtract: {
        const Value* source = attributes.Find(action.key);
        if (source == nullptr || !source->is_string()) break;
        std::string_view* captures = captures_.data();
        if (!action.pattern->Match(source->string(), captures)) break;
        for (size_t g = 1; g < action.pattern->capture_count(); ++g) {
          attributes.Set(*arena_, action.pattern->group_names()[g], Value::Str(captures[g]));
        }
        break;
      }
      case Kind::kConvert:
        if (Value* value = attributes.Find(action.key)) Convert(*value, action, *arena_, log);
        break;
    }
  }
}

}  // namespace otelpipe::attraction
