#include "otelpipe/component/fields.h"

#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "config/scalar.h"
#include "config/text.h"
#include "otelpipe/base/strings.h"

namespace otelpipe {
namespace {

using Kind = ConfigNode::Kind;

// The name of the kind where the reference prints Go kinds instead of types.
std::string_view GoKind(const ConfigNode& node) {
  if (node.is_map()) return "map";
  if (node.is_list()) return "slice";
  if (node.kind == Kind::kTimestamp) return "struct";
  if (node.is_null()) return "invalid";
  return node.TypeName();
}

// What the user should write instead, for the commonest mistakes.
std::string_view TypeHint(const ConfigNode& node, std::string_view expected) {
  if (expected == "string" && node.is_scalar()) return "put the value in quotes";
  if (node.kind == Kind::kString && node.quoted && expected != "string") return "remove the quotes";
  return "";
}

void Overflow(const ConfigNode& node, std::string_view type, std::string_view limit, DecodeContext& context) {
  std::string value = node.text;
  if (node.kind == Kind::kInt) {
    value = node.is_unsigned ? std::to_string(static_cast<uint64_t>(node.integer)) : std::to_string(node.integer);
  }
  context.Error(node, absl::StrCat("cannot parse value as '", A(type), "': ", value, " overflows ", A(limit)));
}

template <typename T>
void DecodeInteger(const ConfigNode& node, T& out, std::string_view type, DecodeContext& context) {
  constexpr bool kUnsigned = std::is_unsigned_v<T>;
  if (node.is_null()) {
    out = 0;
    return;
  }
  if (node.kind == Kind::kInt) {
    const bool negative = !node.is_unsigned && node.integer < 0;
    if (kUnsigned && negative) return Overflow(node, type, "uint", context);
    if (negative ? node.integer < static_cast<int64_t>(std::numeric_limits<T>::min())
                 : static_cast<uint64_t>(node.integer) > static_cast<uint64_t>(std::numeric_limits<T>::max())) {
      return Overflow(node, type, type, context);
    }
    out = static_cast<T>(node.integer);
    return;
  }
  if (node.kind == Kind::kFloat) {
    if (kUnsigned && node.number < 0) return Overflow(node, type, "uint", context);
    // The bounds are powers of two, so they are exact as doubles.
    const double top = std::ldexp(1.0, std::numeric_limits<T>::digits);
    if (!(node.number < top) || node.number < (kUnsigned ? 0.0 : -top)) return Overflow(node, type, type, context);
    out = static_cast<T>(node.number);
    if (static_cast<double>(out) != node.number) {
      context.Warn(node.location, absl::StrCat("the fraction of ", node.text, " is cut off"), "write an integer");
    }
    return;
  }
  internal::ReportWrongType(node, type, context);
}

}  // namespace

// --- DecodeContext

std::string DecodeContext::colon_path() const {
  std::string out = base_path_;
  for (const Element& e : path_) {
    if (!out.empty()) out += "::";
    out += e.name;
  }
  return out;
}

std::string DecodeContext::dotted_path() const {
  std::string out;
  for (const Element& e : path_) {
    if (e.style == Element::kIndex) {
      out += "[" + e.name + "]";
    } else {
      if (!out.empty()) out += '.';
      out += e.name;
    }
  }
  return out;
}

size_t DecodeContext::error_count() const {
  size_t n = 0;
  for (const ConfigError& e : *errors_) n += e.warning ? 0 : 1;
  return n;
}

std::string DecodeContext::Subject() const { return subject_.empty() ? "" : subject_ + ": "; }

void DecodeContext::Error(const ConfigNode& node, std::string_view what, std::string_view hint) {
  ErrorAt(node.location, what, hint);
}

void DecodeContext::ErrorAt(const Location& location, std::string_view what, std::string_view hint) {
  const std::string dotted = dotted_path();
  errors_->push_back({location, colon_path(),
                      absl::StrCat(Subject(), dotted.empty() ? "" : absl::StrCat("'", dotted, "' "), A(what)),
                      std::string(hint), false});
}

void DecodeContext::Warn(const Location& location, std::string_view what, std::string_view hint) {
  ErrorAt(location, what, hint);
  errors_->back().warning = true;
}

void DecodeContext::Invalid(const Location& location, const absl::Status& status) {
  for (ConfigError& e : ConfigErrorsFromStatus(status)) {
    if (e.location.file.empty() && e.location.line == 0) e.location = location;
    const std::string base = colon_path();
    e.path = base.empty() ? e.path : e.path.empty() ? base : base + "::" + e.path;
    e.message = Subject() + e.message;
    errors_->push_back(std::move(e));
  }
}

// --- scalars

void DecodeField(const ConfigNode& node, bool& out, DecodeContext& context) {
  if (node.is_null()) {
    out = false;
  } else if (node.kind == Kind::kBool) {
    out = node.boolean;
  } else {
    internal::ReportWrongType(node, "bool", context);
  }
}

void DecodeField(const ConfigNode& node, int32_t& out, DecodeContext& context) {
  DecodeInteger(node, out, "int", context);
}
void DecodeField(const ConfigNode& node, int64_t& out, DecodeContext& context) {
  DecodeInteger(node, out, "int", context);
}
void DecodeField(const ConfigNode& node, uint16_t& out, DecodeContext& context) {
  DecodeInteger(node, out, "uint16", context);
}
void DecodeField(const ConfigNode& node, uint32_t& out, DecodeContext& context) {
  DecodeInteger(node, out, "uint32", context);
}
void DecodeField(const ConfigNode& node, uint64_t& out, DecodeContext& context) {
  DecodeInteger(node, out, "uint64", context);
}

void DecodeField(const ConfigNode& node, double& out, DecodeContext& context) {
  if (node.is_null()) {
    out = 0;
  } else if (node.kind == Kind::kFloat || node.kind == Kind::kInt) {
    out = node.number;
  } else {
    internal::ReportWrongType(node, "float64", context);
  }
}

void DecodeField(const ConfigNode& node, std::string& out, DecodeContext& context) {
  if (node.from_expansion || node.kind == Kind::kString) {
    out = node.text;
  } else if (node.is_null()) {
    out.clear();
  } else {
    internal::ReportWrongType(node, "string", context);
  }
}

void DecodeField(const ConfigNode& node, absl::Duration& out, DecodeContext& context) {
  switch (node.kind) {
    case Kind::kNull: out = absl::ZeroDuration(); return;
    case Kind::kInt:
      if (node.is_unsigned) return Overflow(node, "time.Duration", "int64", context);
      out = absl::Nanoseconds(node.integer);
      return;
    case Kind::kFloat:
      if (!(std::abs(node.number) < 9223372036854775808.0)) return Overflow(node, "time.Duration", "int64", context);
      out = absl::Nanoseconds(static_cast<int64_t>(node.number));
      return;
    case Kind::kString: {
      auto nanos = internal::ParseGoDuration(node.text);
      if (nanos.ok()) {
        out = absl::Nanoseconds(*nanos);
      } else {
        context.Error(node, S(nanos.status().message()), "write a number and a unit, as in 200ms or 1m30s");
      }
      return;
    }
    default: internal::ReportWrongType(node, "time.Duration", context);
  }
}

void DecodeField(const ConfigNode& node, ByteSize& out, DecodeContext& context) {
  switch (node.kind) {
    case Kind::kNull: out.bytes = 0; return;
    case Kind::kInt:
      if (node.is_unsigned) return Overflow(node, "helper.ByteSize", "int64", context);
      out.bytes = node.integer;
      return;
    case Kind::kFloat:
      if (!(std::abs(node.number) < 9223372036854775808.0)) return Overflow(node, "helper.ByteSize", "int64", context);
      out.bytes = static_cast<int64_t>(node.number);
      return;
    case Kind::kString: break;
    default: return internal::ReportWrongType(node, "helper.ByteSize", context);
  }
  auto bytes = internal::ParseByteSize(node.text);
  if (bytes.ok()) {
    out.bytes = *bytes;
  } else {
    context.Error(node, S(bytes.status().message()), "write a number and a unit such as KiB, MiB, kb or mb");
  }
}

void DecodeField(const ConfigNode& node, ComponentId& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (node.kind != Kind::kString) return internal::ReportWrongType(node, "a map", context);
  auto id = ComponentId::Parse(node.text);
  if (id.ok()) {
    out = *std::move(id);
  } else {
    context.Error(node, S(id.status().message()));
  }
}

void DecodeField(const ConfigNode& node, ConfigNode& out, DecodeContext&) { out = node; }

void DecodeField(const ConfigNode& node, std::vector<std::string>& out, DecodeContext& context) {
  if (node.is_null()) return;
  if (node.kind == Kind::kString) {
    out.clear();
    if (node.text.empty()) return;
    std::string_view rest = node.text;
    for (size_t comma; (comma = rest.find(',')) != std::string_view::npos; rest.remove_prefix(comma + 1)) {
      out.emplace_back(rest.substr(0, comma));
    }
    out.emplace_back(rest);
    return;
  }
  if (!node.is_list()) {
    context.Error(node, absl::StrCat("source data must be an array or slice, got ", A(GoKind(node))));
    return;
  }
  out.clear();
  for (size_t i = 0; i < node.items.size(); ++i) {
    DecodeContext::In in(context, i);
    out.emplace_back();
    DecodeField(node.items[i], out.back(), context);
  }
}

namespace internal {

// --- blocks

void ReportWrongType(const ConfigNode& node, std::string_view expected, DecodeContext& context) {
  if (expected == "a map") {
    context.Error(node, absl::StrCat("expected a map or struct, got \"", A(GoKind(node)), "\""));
    return;
  }
  context.Error(node,
                absl::StrCat("expected type '", A(expected), "', got unconvertible type '", A(node.TypeName()), "'"),
                TypeHint(node, expected));
}

void DecodeTable(const ConfigNode& node, const FieldTable& table, void* out, DecodeContext& context) {
  if (!node.is_null() && !node.is_map()) {
    if (context.dotted_path().empty()) {
      ReportWrongType(node, "map[string]interface {}", context);
    } else {
      ReportWrongType(node, "a map", context);
    }
    return;
  }
  const size_t errors_before = context.error_count();
  auto row_of = [&table](std::string_view key) -> const FieldRow* {
    for (const FieldRow& row : table.rows) {
      if (row.info.key == key) return &row;
    }
    return nullptr;
  };
  // Old spellings go first, so that the present name wins where both are given.
  for (const bool aliases : {true, false}) {
    for (const ConfigNode::Entry& entry : node.entries) {
      const FieldRow* row = row_of(entry.key);
      if (row == nullptr || row->info.replaced_by.empty() == aliases) continue;
      DecodeContext::In in(context, entry.key);
      if (aliases) {
        context.Warn(entry.key_location, "is an older name of this setting",
                     absl::StrCat("write \"", row->info.replaced_by, "\""));
      }
      if (row->decode) {
        row->decode(entry.value, out, context);
      } else if (!entry.value.is_null()) {
        context.ErrorAt(entry.key_location, "is not supported: " + row->info.unsupported);
      }
    }
  }
  if (!table.allow_unknown) {
    for (const ConfigNode::Entry& entry : node.entries) {
      if (row_of(entry.key) != nullptr) continue;
      std::vector<std::string> known;
      for (const FieldRow& row : table.rows) {
        if (row.info.unsupported.empty() && row.info.replaced_by.empty()) known.push_back(row.info.key);
      }
      const std::string near = Nearest(entry.key, known);
      std::string hint;
      if (!near.empty()) {
        hint = "did you mean " + GoQuote(near) + "?";
      } else if (!known.empty() && known.size() <= 12) {
        hint = "known keys:";
        for (const std::string& key : known) hint += " " + key;
      }
      const std::string what = "has invalid keys: " + entry.key;
      if (context.tolerate_unknown_keys) {
        context.Warn(entry.key_location, what, hint);
      } else {
        context.ErrorAt(entry.key_location, what, hint);
      }
    }
  }
  for (const FieldRow& row : table.rows) {
    if (!row.info.required) continue;
    const ConfigNode* value = node.Find(row.info.key);
    bool given = value != nullptr && !value->is_null();
    for (const FieldRow& alias : table.rows) {
      if (alias.info.replaced_by != row.info.key) continue;
      const ConfigNode* old = node.Find(alias.info.key);
      given = given || (old != nullptr && !old->is_null());
    }
    if (!given) context.ErrorAt(node.location, "missing required field '" + row.info.key + "'");
  }
  if (context.error_count() != errors_before) return;
  for (const auto& validate : table.validators) {
    absl::Status status = validate(out);
    if (!status.ok()) context.Invalid(node.location, status);
  }
}

std::string DescribeValue(bool v) { return v ? "true" : "false"; }
std::string DescribeValue(int64_t v) { return std::to_string(v); }
std::string DescribeValue(double v) { return FormatFloat(v); }
std::string DescribeValue(const std::string& v) { return YamlString(v); }
std::string DescribeValue(absl::Duration v) { return FormatGoDuration(absl::ToInt64Nanoseconds(v)); }

}  // namespace internal
}  // namespace otelpipe
