#include "operator/expr/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/timeparse/duration.h"

namespace otelpipe::expr {

Value MakeTagged(Value v, uint8_t tag) {
  v.set_tag(tag);
  return v;
}

Value MakeTime(timeparse::Timestamp t, Arena& arena) {
  char bytes[12];
  std::memcpy(bytes, &t.seconds, 8);
  std::memcpy(bytes + 8, &t.nanos, 4);
  return MakeTagged(Value::Bytes(arena.Copy(std::string_view(bytes, sizeof bytes))), kTagTime);
}

timeparse::Timestamp TimeOf(const Value& v) {
  timeparse::Timestamp t;
  std::memcpy(&t.seconds, v.string().data(), 8);
  std::memcpy(&t.nanos, v.string().data() + 8, 4);
  return t;
}

Value MakeDuration(int64_t nanos) { return MakeTagged(Value::Int(nanos), kTagDuration); }

std::string_view ExprTypeName(const Value& v) {
  switch (v.kind()) {
    case ValueKind::kEmpty:
      return "<nil>";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return v.tag() == kTagDuration ? "time.Duration" : v.tag() == kTagInt64 ? "int64" : "int";
    case ValueKind::kDouble:
      return "float64";
    case ValueKind::kBytes:
      return v.tag() == kTagTime ? "time.Time" : "[]uint8";
    case ValueKind::kList:
      return v.tag() == kTagStringList ? "[]string"
             : v.tag() == kTagIntList  ? "[]int"
             : v.tag() == kTagAnyMap   ? "map[interface {}]interface {}"
                                       : "[]interface {}";
    case ValueKind::kMap:
      return "map[string]interface {}";
  }
  return "";
}

std::string_view TypeWord(const Value& v) {
  switch (v.kind()) {
    case ValueKind::kEmpty:
      return "nil";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return v.tag() == kTagDuration ? "time.Duration" : "int";
    case ValueKind::kDouble:
      return "float";
    case ValueKind::kBytes:
      return v.tag() == kTagTime ? "time.Time" : "array";
    case ValueKind::kList:
      return v.tag() == kTagAnyMap ? "map" : "array";
    case ValueKind::kMap:
      return "map";
  }
  return "";
}

std::string_view GoKind(const Value& v) {
  switch (v.kind()) {
    case ValueKind::kEmpty:
      return "invalid";
    case ValueKind::kString:
      return "string";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return v.tag() == kTagNone ? "int" : "int64";
    case ValueKind::kDouble:
      return "float64";
    case ValueKind::kBytes:
      return v.tag() == kTagTime ? "struct" : "slice";
    case ValueKind::kList:
      return v.tag() == kTagAnyMap ? "map" : "slice";
    case ValueKind::kMap:
      return "map";
  }
  return "";
}

bool ElementAt(const Value& sequence, int64_t index, Value& out) {
  const int64_t size = SequenceSize(sequence);
  if (index < 0) index += size;
  if (index < 0 || index >= size) return false;
  const auto at = static_cast<size_t>(index);
  out = IsList(sequence) ? sequence.list()[at] : Value::Int(static_cast<unsigned char>(sequence.string()[at]));
  return true;
}

double GoPower(double x, double y) {
  constexpr double kHuge = 9.2e18;
  if (y == 0 || x == 1) return 1;
  if (std::isnan(x) || std::isnan(y) || std::isinf(x) || std::isinf(y) || x == 0 || std::fabs(y) >= kHuge)
    return std::pow(x, y);
  double whole = 0;
  double part = std::modf(std::fabs(y), &whole);
  if (part != 0 && x < 0) return std::nan("");
  // The answer is result * 2^exponent; the whole part of y goes bit by bit through repeated squares of x.
  double result = 1;
  int64_t exponent = 0;
  if (part != 0) {
    if (part > 0.5) {
      part -= 1;
      whole += 1;
    }
    result = std::exp(part * std::log(x));
  }
  int e = 0;
  double square = std::frexp(x, &e);
  int64_t square_exponent = e;
  for (auto i = static_cast<int64_t>(whole); i != 0; i >>= 1) {
    if (square_exponent < -(1 << 12) || square_exponent > (1 << 12)) {
      exponent += square_exponent;  // out of range whatever follows
      break;
    }
    if ((i & 1) != 0) {
      result *= square;
      exponent += square_exponent;
    }
    square *= square;
    square_exponent *= 2;
    if (square < 0.5) {
      square += square;
      --square_exponent;
    }
  }
  if (y < 0) {
    result = 1 / result;
    exponent = -exponent;
  }
  return std::ldexp(result, static_cast<int>(std::clamp<int64_t>(exponent, -100000, 100000)));
}

std::string GoFloat(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  char buffer[64];
  // Shortest digits that read back the same; %v uses exponents below -4 and from 21 on.
  auto end = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::scientific).ptr;
  const std::string_view scientific(buffer, static_cast<size_t>(end - buffer));
  const size_t e = scientific.find('e');
  const int exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
  if (d != 0 && (exponent < -4 || exponent >= 21)) return std::string(scientific);
  end = std::to_chars(buffer, buffer + sizeof buffer, d, std::chars_format::fixed).ptr;
  return std::string(buffer, static_cast<size_t>(end - buffer));
}

namespace {

std::vector<const KeyValue*> SortedByKey(const Map& map) {
  std::vector<const KeyValue*> out;
  for (const KeyValue& kv : map) out.push_back(&kv);
  std::sort(out.begin(), out.end(), [](auto* a, auto* b) { return a->key < b->key; });
  return out;
}

// Go's printing order of map keys: numbers before texts here, each by value.
bool AnyKeyLess(const Value& a, const Value& b) {
  if (IsNumber(a) && IsNumber(b)) return AsDouble(a) < AsDouble(b);
  if (IsText(a) && IsText(b)) return a.string() < b.string();
  if (a.kind() == ValueKind::kBool && b.kind() == ValueKind::kBool) return !a.boolean() && b.boolean();
  return a.kind() < b.kind();
}

void AppendGoText(std::string& out, const Value& v) {
  switch (v.kind()) {
    case ValueKind::kEmpty:
      out += "<nil>";
      break;
    case ValueKind::kString:
      out += v.string();
      break;
    case ValueKind::kBool:
      out += v.boolean() ? "true" : "false";
      break;
    case ValueKind::kInt:
      if (v.tag() == kTagDuration) {
        out += timeparse::FormatGoDuration(v.integer());
      } else {
        absl::StrAppend(&out, v.integer());
      }
      break;
    case ValueKind::kDouble:
      out += GoFloat(v.number());
      break;
    case ValueKind::kBytes:
      if (v.tag() == kTagTime) {
        out += timeparse::FormatGoTime(TimeOf(v));
      } else {
        out += '[';
        for (size_t i = 0; i < v.string().size(); ++i) {
          absl::StrAppend(&out, i > 0 ? " " : "", static_cast<int>(static_cast<unsigned char>(v.string()[i])));
        }
        out += ']';
      }
      break;
    case ValueKind::kList:
      if (v.tag() == kTagAnyMap) {
        std::vector<const Value*> pairs;
        for (const Value& pair : v.list()) pairs.push_back(&pair);
        std::sort(pairs.begin(), pairs.end(), [](auto* a, auto* b) { return AnyKeyLess(a->list()[0], b->list()[0]); });
        out += "map[";
        for (size_t i = 0; i < pairs.size(); ++i) {
          if (i > 0) out += ' ';
          AppendGoText(out, pairs[i]->list()[0]);
          out += ':';
          AppendGoText(out, pairs[i]->list()[1]);
        }
        out += ']';
      } else {
        out += '[';
        for (size_t i = 0; i < v.list().size(); ++i) {
          if (i > 0) out += ' ';
          AppendGoText(out, v.list()[i]);
        }
        out += ']';
      }
      break;
    case ValueKind::kMap: {
      out += "map[";
      bool first = true;
      for (const KeyValue* kv : SortedByKey(v.map())) {
        if (!first) out += ' ';
        first = false;
        out += kv->key;
        out += ':';
        AppendGoText(out, kv->value);
      }
      out += ']';
      break;
    }
  }
}

void AppendJsonText(std::string& out, std::string_view text) {
  out += '"';
  for (unsigned char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (c < 0x20 || c == '<' || c == '>' || c == '&') {
          char buffer[8];
          std::snprintf(buffer, sizeof buffer, "\\u%04x", c);
          out += buffer;
        } else {
          out += static_cast<char>(c);
        }
    }
  }
  out += '"';
}

void AppendJson(std::string& out, const Value& v, bool indent, int depth) {
  auto line = [&](int level) {
    if (!indent) return;
    out += '\n';
    out.append(static_cast<size_t>(level) * 2, ' ');
  };
  switch (v.kind()) {
    case ValueKind::kEmpty:
      out += "null";
      break;
    case ValueKind::kString:
      AppendJsonText(out, v.string());
      break;
    case ValueKind::kBool:
      out += v.boolean() ? "true" : "false";
      break;
    case ValueKind::kInt:
      absl::StrAppend(&out, v.integer());
      break;
    case ValueKind::kDouble:
      out += GoFloat(v.number());
      break;
    case ValueKind::kBytes:
      if (v.tag() == kTagTime) {
        AppendJsonText(out, timeparse::FormatRfc3339(TimeOf(v)));
      } else {
        AppendJsonText(out, S(absl::Base64Escape(A(v.string()))));
      }
      break;
    case ValueKind::kList: {
      if (v.list().empty()) {
        out += "[]";
        break;
      }
      out += '[';
      for (size_t i = 0; i < v.list().size(); ++i) {
        if (i > 0) out += ',';
        line(depth + 1);
        AppendJson(out, v.list()[i], indent, depth + 1);
      }
      line(depth);
      out += ']';
      break;
    }
    case ValueKind::kMap: {
      if (v.map().empty()) {
        out += "{}";
        break;
      }
      out += '{';
      bool first = true;
      for (const KeyValue* kv : SortedByKey(v.map())) {
        if (!first) out += ',';
        first = false;
        line(depth + 1);
        AppendJsonText(out, kv->key);
        out += indent ? ": " : ":";
        AppendJson(out, kv->value, indent, depth + 1);
      }
      line(depth);
      out += '}';
      break;
    }
  }
}

// Inside maps the reference compares with kinds: 1 and 1.0 differ there.
bool DeepEqual(const Value& a, const Value& b) {
  if (ExprTypeName(a) != ExprTypeName(b)) return false;
  switch (a.kind()) {
    case ValueKind::kList:
      if (a.list().size() != b.list().size()) return false;
      for (size_t i = 0; i < a.list().size(); ++i) {
        if (!DeepEqual(a.list()[i], b.list()[i])) return false;
      }
      return true;
    case ValueKind::kMap:
      if (a.map().size() != b.map().size()) return false;
      for (const KeyValue& kv : a.map()) {
        const Value* other = b.map().Find(kv.key);
        if (other == nullptr || !DeepEqual(kv.value, *other)) return false;
      }
      return true;
    default:
      return ExprEqual(a, b);
  }
}

}  // namespace

std::string GoText(const Value& v) {
  std::string out;
  AppendGoText(out, v);
  return out;
}

std::string ToJson(const Value& v, bool indent) {
  std::string out;
  AppendJson(out, v, indent, 0);
  return out;
}

bool ExprEqual(const Value& a, const Value& b) {
  if (IsInt(a) && IsInt(b)) return a.integer() == b.integer();
  if (IsNumber(a) && IsNumber(b)) return AsDouble(a) == AsDouble(b);
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::kEmpty:
      return true;
    case ValueKind::kString:
      return a.string() == b.string();
    case ValueKind::kBool:
      return a.boolean() == b.boolean();
    case ValueKind::kInt:
      return a.tag() == b.tag() && a.integer() == b.integer();
    case ValueKind::kDouble:
      return a.number() == b.number();
    case ValueKind::kBytes:
      return a.tag() == b.tag() && a.string() == b.string();
    case ValueKind::kList:
      if (a.list().size() != b.list().size()) return false;
      for (size_t i = 0; i < a.list().size(); ++i) {
        if (!ExprEqual(a.list()[i], b.list()[i])) return false;
      }
      return true;
    case ValueKind::kMap:
      return DeepEqual(a, b);
  }
  return false;
}

}  // namespace otelpipe::expr
