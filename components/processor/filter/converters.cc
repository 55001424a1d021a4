#include <charconv>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "processor/filter/paths.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe::filter {
namespace {

absl::Status Wrong(std::string_view name, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("invalid arguments of converter ", A(name), ": ", A(what)));
}

absl::Status NeedsText(const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat("expected string but got ", A(KindName(value))));
}

// A converter of one value.
template <typename F>
Getter Of(Getter get, F f) {
  return [get = std::move(get), f](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
    return f(value, arena);
  };
}
Getter IsKind(Getter get, ValueKind kind) {
  return Of(std::move(get), [kind](const Value& v, Arena&) -> absl::StatusOr<Value> { return Value::Bool(v.kind() == kind); });
}

absl::StatusOr<Getter> IsMatch(std::vector<Argument> arguments) {
  if (!arguments[1].literal || !arguments[1].literal->is_string()) return Wrong("IsMatch", "the pattern must be a literal text");
  const std::string_view text = arguments[1].literal->string();
  auto pattern = regex::Pattern::Compile(text);
  if (!pattern.ok()) {
    return Annotate(pattern.status(), "the regex pattern supplied to IsMatch is not a valid pattern: ");
  }
  return Of(std::move(arguments[0].get), [pattern = *std::move(pattern)](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    const auto subject = TextOf(v, arena);
    return Value::Bool(subject && pattern->PartialMatch(*subject));
  });
}

absl::StatusOr<Getter> Affix(std::vector<Argument> arguments, bool prefix) {
  if (!arguments[1].literal || !arguments[1].literal->is_string()) {
    return Wrong(prefix ? "HasPrefix" : "HasSuffix", "the second argument must be a literal text");
  }
  return Of(std::move(arguments[0].get),
            [affix = std::string(arguments[1].literal->string()), prefix](const Value& v, Arena&) -> absl::StatusOr<Value> {
              if (!v.is_string()) return NeedsText(v);
              return Value::Bool(prefix ? v.string().starts_with(affix) : v.string().ends_with(affix));
            });
}

absl::StatusOr<Getter> Concat(std::vector<Argument> arguments) {
  if (!arguments[0].is_list || !arguments[1].literal || !arguments[1].literal->is_string()) {
    return Wrong("Concat", "a list and a literal text are needed");
  }
  return Getter([list = std::move(arguments[0].list), between = std::string(arguments[1].literal->string())](
                    const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    std::string out;
    for (size_t i = 0; i < list.size(); ++i) {
      OTELPIPE_ASSIGN_OR_RETURN(Value value, list[i](item, arena));
      if (i > 0) out += between;
      out += TextOf(value, arena).value_or("<nil>");
    }
    return Value::Str(arena.Copy(out));
  });
}

absl::StatusOr<Value> ToInt(const Value& v, Arena&) {
  switch (v.kind()) {
    case ValueKind::kInt: return v;
    case ValueKind::kBool: return Value::Int(v.boolean() ? 1 : 0);
    case ValueKind::kDouble:
      return std::abs(v.number()) < 9.2e18 ? Value::Int(static_cast<int64_t>(v.number())) : Value::Int(INT64_MIN);
    case ValueKind::kString: {
      std::string_view s = v.string();
      if (s.starts_with('+')) s.remove_prefix(1);
      int64_t out = 0;
      const auto read = std::from_chars(s.data(), s.data() + s.size(), out);
      return read.ec == std::errc() && read.ptr == s.data() + s.size() ? Value::Int(out) : Value();
    }
    default: return Value();
  }
}
absl::StatusOr<Value> ToDouble(const Value& v, Arena&) {
  switch (v.kind()) {
    case ValueKind::kInt: return Value::Double(static_cast<double>(v.integer()));
    case ValueKind::kBool: return Value::Double(v.boolean() ? 1 : 0);
    case ValueKind::kDouble: return v;
    case ValueKind::kString: {
      std::string_view s = v.string();
      if (s.starts_with('+')) s.remove_prefix(1);
      double out = 0;
      const auto read = std::from_chars(s.data(), s.data() + s.size(), out);
      return read.ec == std::errc() && read.ptr == s.data() + s.size() ? Value::Double(out) : Value();
    }
    default: return Value();
  }
}
absl::StatusOr<Value> ToText(const Value& v, Arena& arena) {
  const auto text = TextOf(v, arena);
  return text ? Value::Str(*text) : Value();
}
absl::StatusOr<Value> Length(const Value& v, Arena&) {
  switch (v.kind()) {
    case ValueKind::kString:
    case ValueKind::kBytes: return Value::Int(static_cast<int64_t>(v.string().size()));
    case ValueKind::kList: return Value::Int(v.list().size());
    case ValueKind::kMap: return Value::Int(v.map().size());
    default: return absl::InvalidArgumentError(absl::StrCat("target arg must be of type string, list or map but got ", A(KindName(v))));
  }
}

template <size_t N>
absl::StatusOr<Getter> Id(std::string_view name, std::vector<Argument> arguments) {
  if (!arguments[0].literal || arguments[0].literal->kind() != ValueKind::kBytes || arguments[0].literal->string().size() != N) {
    return Wrong(name, absl::StrCat("needs ", N, " bytes, such as 0x00"));
  }
  return std::move(arguments[0].get);
}

// The attributes of all points of the item's metric; stops when `visit` returns true.
template <typename F>
bool AnyPoint(const Metric& metric, F visit) {
  auto any = [&](const auto& points) {
    for (const auto& point : points) {
      if (visit(point.attributes)) return true;
    }
    return false;
  };
  return any(metric.number_points) || any(metric.histogram_points) || any(metric.exponential_points) || any(metric.summary_points);
}

absl::StatusOr<Getter> OnDatapoint(std::string_view name, std::vector<Argument> arguments) {
  for (const Argument& argument : arguments) {
    if (!argument.literal || !argument.literal->is_string()) return Wrong(name, "needs literal texts");
  }
  std::string key(arguments[0].literal->string());
  std::optional<std::string> wanted;
  if (arguments.size() > 1) wanted = std::string(arguments[1].literal->string());
  return Getter([key = std::move(key), wanted = std::move(wanted)](const Item& item, Arena&) -> absl::StatusOr<Value> {
    bool result = false;
    // The first point that has the key decides.
    AnyPoint(*item.metric, [&](const Map& attributes) {
      const Value* found = attributes.Find(key);
      if (found == nullptr) return false;
      result = !wanted || (found->is_string() ? found->string() : std::string_view()) == *wanted;
      return true;
    });
    return Value::Bool(result);
  });
}

}  // namespace

std::optional<std::string_view> TextOf(const Value& value, Arena& arena) {
  if (value.is_empty()) return std::nullopt;
  if (value.is_string()) return value.string();
  std::string text;
  if (value.kind() == ValueKind::kBytes) {
    AppendHex(text, value.string());
  } else {
    value.AppendString(text);
  }
  return arena.Copy(text);
}

static absl::StatusOr<Getter> ResolveOwn(const std::string& name, std::vector<Argument> arguments, ItemKind kind) {
  struct Known {
    std::string_view name;
    size_t arguments;
  };
  static constexpr Known kKnown[] = {
      {"IsMatch", 2},  {"IsString", 1}, {"IsInt", 1},  {"IsDouble", 1}, {"IsBool", 1},     {"IsMap", 1},
      {"IsList", 1},   {"Concat", 2},   {"Len", 1},    {"HasPrefix", 2}, {"HasSuffix", 2}, {"Int", 1},
      {"Double", 1},   {"String", 1},   {"TraceID", 1}, {"SpanID", 1},   {"IsRootSpan", 0}, {"HasAttrKeyOnDatapoint", 1},
      {"HasAttrOnDatapoint", 2}};
  const Known* known = nullptr;
  for (const Known& row : kKnown) {
    if (row.name == name) known = &row;
  }
  const bool fits = (name != "IsRootSpan" || kind == ItemKind::kSpan) && (!name.starts_with("HasAttr") || kind == ItemKind::kMetric);
  if (known == nullptr || !fits) return absl::InvalidArgumentError(absl::StrCat("undefined or unsupported function \"", name, "\""));
  if (arguments.size() != known->arguments) {
    return Wrong(name, absl::StrCat("incorrect number of arguments. Expected: ", known->arguments, " Received: ", arguments.size()));
  }
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].is_list && !(name == "Concat" && i == 0)) return Wrong(name, "a list is not expected");
  }
  if (name == "IsMatch") return IsMatch(std::move(arguments));
  if (name == "HasPrefix" || name == "HasSuffix") return Affix(std::move(arguments), name == "HasPrefix");
  if (name == "Concat") return Concat(std::move(arguments));
  if (name == "TraceID") return Id<16>(name, std::move(arguments));
  if (name == "SpanID") return Id<8>(name, std::move(arguments));
  if (name.starts_with("HasAttr")) return OnDatapoint(name, std::move(arguments));
  if (name == "IsRootSpan") {
    return Getter([](const Item& item, Arena&) -> absl::StatusOr<Value> { return Value::Bool(item.span->parent_span_id.empty()); });
  }
  Getter get = std::move(arguments[0].get);
  if (name == "IsString") return IsKind(std::move(get), ValueKind::kString);
  if (name == "IsInt") return IsKind(std::move(get), ValueKind::kInt);
  if (name == "IsDouble") return IsKind(std::move(get), ValueKind::kDouble);
  if (name == "IsBool") return IsKind(std::move(get), ValueKind::kBool);
  if (name == "IsMap") return IsKind(std::move(get), ValueKind::kMap);
  if (name == "IsList") return IsKind(std::move(get), ValueKind::kList);
  if (name == "Int") return Of(std::move(get), ToInt);
  if (name == "Double") return Of(std::move(get), ToDouble);
  if (name == "String") return Of(std::move(get), ToText);
  return Of(std::move(get), Length);
}

absl::StatusOr<Argument> ResolveConverter(const std::string& name, std::vector<Argument> arguments, ItemKind kind) {
  if (const Function* function = FindFunction(name)) {
    if (arguments.size() < function->least || arguments.size() > function->most) {
      return Wrong(name, absl::StrCat("incorrect number of arguments. Expected: ", function->least, " Received: ", arguments.size()));
    }
    absl::StatusOr<Argument> made = function->make(std::move(arguments));
    if (!made.ok()) return Wrong(name, std::string(made.status().message()));
    return made;
  }
  Argument out;
  OTELPIPE_ASSIGN_OR_RETURN(out.get, ResolveOwn(name, std::move(arguments), kind));
  return out;
}

}  // namespace otelpipe::filter
