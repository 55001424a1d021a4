// Functions on texts, and conversions to and from them.
#include <cctype>
#include <charconv>
#include <cmath>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/json_value.h"
#include "operator/expr/unicode.h"
#include "operator/expr/values.h"
#include "otelpipe/base/strings.h"

namespace otelpipe::expr {
namespace {

using Args = std::vector<Value>;

bool Len(Evaluation& e, const Node& node, const Args& args, Value& out) {
  const Value& v = args[0];
  if (IsText(v)) {
    int64_t n = 0;
    for (unsigned char c : v.string()) n += (c & 0xC0) != 0x80;
    out = Value::Int(n);
  } else if (v.kind() == ValueKind::kList) {
    out = Value::Int(v.list().size());
  } else if (v.is_map()) {
    out = Value::Int(v.map().size());
  } else if (v.kind() == ValueKind::kBytes && !IsTime(v)) {
    out = Value::Int(static_cast<int64_t>(v.string().size()));
  } else {
    return e.Fail(node, absl::StrCat("invalid argument for len (type ", A(ExprTypeName(v)), ")"));
  }
  return true;
}

bool Type(Evaluation&, const Node&, const Args& args, Value& out) {
  out = Value::Str(TypeWord(args[0]));
  return true;
}

bool Int(Evaluation& e, const Node& node, const Args& args, Value& out) {
  const Value& v = args[0];
  if (v.kind() == ValueKind::kInt) {
    out = Value::Int(v.integer());
    return true;
  }
  if (v.kind() == ValueKind::kDouble) {
    out = Value::Int(GoInt(v.number()));
    return true;
  }
  if (IsText(v)) {
    std::string_view t = v.string();
    if (!t.empty() && t[0] == '+') t.remove_prefix(1);
    int64_t n = 0;
    const auto [end, error] = std::from_chars(t.data(), t.data() + t.size(), n);
    if (!t.empty() && error == std::errc() && end == t.data() + t.size() && !(t[0] == '-' && v.string()[0] == '+')) {
      out = Value::Int(n);
      return true;
    }
    return e.Fail(node, absl::StrCat("invalid operation: int(", A(v.string()), ")"));
  }
  return e.Fail(node, absl::StrCat("invalid operation: int(", A(ExprTypeName(v)), ")"));
}

bool Float(Evaluation& e, const Node& node, const Args& args, Value& out) {
  const Value& v = args[0];
  if (IsNumber(v)) {
    out = Value::Double(AsDouble(v));
    return true;
  }
  double d = 0;
  if (IsText(v) && !v.string().empty() && !std::isspace(static_cast<unsigned char>(v.string().front())) &&
      !std::isspace(static_cast<unsigned char>(v.string().back())) && absl::SimpleAtod(A(v.string()), &d)) {
    out = Value::Double(d);
    return true;
  }
  return e.Fail(node, absl::StrCat("invalid operation: float(", IsText(v) ? A(v.string()) : A(ExprTypeName(v)), ")"));
}

bool String(Evaluation& e, const Node&, const Args& args, Value& out) {
  out = IsText(args[0]) ? args[0] : e.NewText(GoText(args[0]));
  return true;
}

// --- trimming and case
bool Trim(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, cut = " \t\n\v\f\r";
  if (!WantText(e, node, args[0], s) || (args.size() > 1 && !WantText(e, node, args[1], cut))) return false;
  while (!s.empty() && cut.find(s.front()) != std::string_view::npos) s.remove_prefix(1);
  while (!s.empty() && cut.find(s.back()) != std::string_view::npos) s.remove_suffix(1);
  out = Value::Str(s);
  return true;
}
bool TrimPrefix(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, cut = " ";
  if (!WantText(e, node, args[0], s) || (args.size() > 1 && !WantText(e, node, args[1], cut))) return false;
  out = Value::Str(s.starts_with(cut) ? s.substr(cut.size()) : s);
  return true;
}
bool TrimSuffix(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, cut = " ";
  if (!WantText(e, node, args[0], s) || (args.size() > 1 && !WantText(e, node, args[1], cut))) return false;
  out = Value::Str(s.ends_with(cut) ? s.substr(0, s.size() - cut.size()) : s);
  return true;
}
bool Upper(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  if (!WantText(e, node, args[0], s)) return false;
  out = e.NewText(ChangeCase(s, true));
  return true;
}
bool Lower(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  if (!WantText(e, node, args[0], s)) return false;
  out = e.NewText(ChangeCase(s, false));
  return true;
}

// --- taking apart and putting together
size_t CharacterSize(std::string_view s) {
  size_t n = 1;
  while (n < s.size() && (static_cast<unsigned char>(s[n]) & 0xC0) == 0x80) ++n;
  return n;
}

bool SplitInto(Evaluation& e, const Node& node, const Args& args, bool keep, Value& out) {
  std::string_view s, sep;
  int64_t n = -1;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], sep)) return false;
  if (args.size() > 2 && !WantInt(e, node, args[2], n)) return false;
  std::vector<Value> parts;
  if (n != 0) {
    while (n < 0 || static_cast<int64_t>(parts.size()) + 1 < n) {
      if (sep.empty()) {
        if (s.size() <= CharacterSize(s)) break;
        parts.push_back(Value::Str(s.substr(0, CharacterSize(s))));
        s.remove_prefix(CharacterSize(s));
        continue;
      }
      const size_t at = s.find(sep);
      if (at == std::string_view::npos) break;
      parts.push_back(Value::Str(s.substr(0, at + (keep ? sep.size() : 0))));
      s.remove_prefix(at + sep.size());
    }
    if (!(sep.empty() && s.empty())) parts.push_back(Value::Str(s));
  }
  if (!e.Spend(node, static_cast<int64_t>(parts.size()))) return false;
  out = e.NewList(parts, kTagStringList);
  return true;
}
bool Split(Evaluation& e, const Node& node, const Args& args, Value& out) {
  return SplitInto(e, node, args, false, out);
}
bool SplitAfter(Evaluation& e, const Node& node, const Args& args, Value& out) {
  return SplitInto(e, node, args, true, out);
}

bool Replace(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, from, to;
  int64_t n = -1;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], from) || !WantText(e, node, args[2], to))
    return false;
  if (args.size() > 3 && !WantInt(e, node, args[3], n)) return false;
  std::string result;
  while (n != 0) {
    const size_t at = s.find(from);
    if (at == std::string_view::npos) break;
    if (from.empty()) {  // before every character, and at the end
      result += to;
      --n;
      if (s.empty()) break;
      result += s.substr(0, CharacterSize(s));
      s.remove_prefix(CharacterSize(s));
      continue;
    }
    result += s.substr(0, at);
    result += to;
    s.remove_prefix(at + from.size());
    --n;
  }
  result += s;
  out = e.NewText(result);
  return true;
}

bool Repeat(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  int64_t n = 0;
  if (!WantText(e, node, args[0], s) || !WantInt(e, node, args[1], n)) return false;
  if (n < 0) return e.Fail(node, absl::StrCat("invalid argument for repeat (expected positive integer, got ", n, ")"));
  if (n > 1000000 || static_cast<int64_t>(s.size()) * n > (int64_t{1} << 24))
    return e.Fail(node, "memory budget exceeded");
  std::string result;
  for (int64_t i = 0; i < n; ++i) result += s;
  out = e.NewText(result);
  return true;
}

bool Join(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view glue;
  if (args.size() > 1 && !WantText(e, node, args[1], glue)) return false;
  if (!IsList(args[0]))
    return e.Fail(node, absl::StrCat("invalid argument for join (type ", A(ExprTypeName(args[0])), ")"));
  std::string result;
  bool first = true;
  for (const Value& v : args[0].list()) {
    std::string_view part;
    if (!WantText(e, node, v, part)) return false;
    if (!first) result += glue;
    first = false;
    result += part;
  }
  out = e.NewText(result);
  return true;
}

bool IndexOf(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, sub;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], sub)) return false;
  const size_t at = s.find(sub);
  out = Value::Int(at == std::string_view::npos ? -1 : static_cast<int64_t>(at));
  return true;
}
bool LastIndexOf(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, sub;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], sub)) return false;
  const size_t at = s.rfind(sub);
  out = Value::Int(at == std::string_view::npos ? -1 : static_cast<int64_t>(at));
  return true;
}
bool HasPrefix(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, sub;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], sub)) return false;
  out = Value::Bool(s.starts_with(sub));
  return true;
}
bool HasSuffix(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s, sub;
  if (!WantText(e, node, args[0], s) || !WantText(e, node, args[1], sub)) return false;
  out = Value::Bool(s.ends_with(sub));
  return true;
}

// --- encodings
bool ToJSON(Evaluation& e, const Node&, const Args& args, Value& out) {
  out = e.NewText(ToJson(args[0], true));
  return true;
}
bool FromJSON(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  if (!WantText(e, node, args[0], s)) return false;
  absl::Status status = JsonToValue(s, e.arena(), out);
  return status.ok() || e.Fail(node, std::string(status.message()));
}
bool ToBase64(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  if (!WantText(e, node, args[0], s)) return false;
  out = e.NewText(absl::Base64Escape(A(s)));
  return true;
}
bool FromBase64(Evaluation& e, const Node& node, const Args& args, Value& out) {
  std::string_view s;
  std::string bytes;
  if (!WantText(e, node, args[0], s)) return false;
  if (!absl::Base64Unescape(A(s), &bytes)) {
    const size_t at = s.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/\r\n");
    return e.Fail(
        node, absl::StrCat("illegal base64 data at input byte ", at == std::string_view::npos ? s.size() / 4 * 4 : at));
  }
  out = e.NewText(bytes);
  return true;
}

}  // namespace

std::vector<Builtin> TextBuiltins() {
  const StaticType text = StaticType::kString, boolean = StaticType::kBool, integer = StaticType::kInt;
  return {{"len", 1, 1, integer, Len},
          {"type", 1, 1, text, Type},
          {"int", 1, 1, integer, Int},
          {"float", 1, 1, StaticType::kFloat, Float},
          {"string", 1, 1, text, String},
          {"trim", 1, 2, text, Trim},
          {"trimPrefix", 1, 2, text, TrimPrefix},
          {"trimSuffix", 1, 2, text, TrimSuffix},
          {"upper", 1, 1, text, Upper},
          {"lower", 1, 1, text, Lower},
          {"split", 2, 3, StaticType::kArray, Split},
          {"splitAfter", 2, 3, StaticType::kArray, SplitAfter},
          {"replace", 3, 4, text, Replace},
          {"repeat", 2, 2, text, Repeat},
          {"join", 1, 2, text, Join},
          {"indexOf", 2, 2, integer, IndexOf},
          {"lastIndexOf", 2, 2, integer, LastIndexOf},
          {"hasPrefix", 2, 2, boolean, HasPrefix},
          {"hasSuffix", 2, 2, boolean, HasSuffix},
          {"toJSON", 1, 1, text, ToJSON},
          {"fromJSON", 1, 1, StaticType::kUnknown, FromJSON},
          {"toBase64", 1, 1, text, ToBase64},
          {"fromBase64", 1, 1, text, FromBase64}};
}

}  // namespace otelpipe::expr
