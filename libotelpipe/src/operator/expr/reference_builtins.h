// The builtins of reference_evaluator.h, which includes this.
#pragma once

#include "operator/expr/reference_evaluator.h"

namespace otelpipe::expr::testing {

inline Evaluator::Result Evaluator::Predicate(const RefTree& t) {
  Result source = Of(t.kids[0]);
  if (!source) return std::nullopt;
  std::vector<RefValue> items = source->items;
  if (IsText(*source)) {
    for (unsigned char c : source->text) items.push_back(RefValue::Int(c));
  } else if (source->kind != RefValue::kList && !(source->kind == RefValue::kMap && source->members.empty())) {
    return std::nullopt;
  }
  const std::string& name = t.name;
  const bool backwards = name == "findLastIndex";
  const bool wants_bool = name != "map" && name != "sum";
  RefValue out = RefValue::List({});
  RefValue sum = RefValue::Int(0);
  int64_t hits = 0;
  for (size_t n = 0; n < items.size(); ++n) {
    const size_t i = backwards ? items.size() - 1 - n : n;
    elements_.emplace_back(items[i], static_cast<int64_t>(i));
    Result v = Of(t.kids[1]);
    elements_.pop_back();
    if (!v || (wants_bool && v->kind != RefValue::kBool)) return std::nullopt;
    const bool hit = v->boolean;
    hits += hit ? 1 : 0;
    if (name == "all" && !hit) return RefValue::Bool(false);
    if (name == "any" && hit) return RefValue::Bool(true);
    if (name == "none" && hit) return RefValue::Bool(false);
    if ((name == "findIndex" || backwards) && hit) return RefValue::Int(static_cast<int64_t>(i));
    if (name == "filter" && hit) out.items.push_back(items[i]);
    if (name == "map") out.items.push_back(*v);
    if (name == "sum") {
      Result more = Arithmetic("+", sum, *v);
      if (!more) return std::nullopt;
      sum = *more;
    }
  }
  if (name == "all" || name == "none") return RefValue::Bool(true);
  if (name == "any") return RefValue::Bool(false);
  if (name == "one") return RefValue::Bool(hits == 1);
  if (name == "count") return RefValue::Int(hits);
  if (name == "sum") return sum;
  if (name == "findIndex" || backwards) return RefValue();
  return out;
}

// Go's %v.
inline std::string RefGoText(const RefValue& v) {
  switch (v.kind) {
    case RefValue::kNil:
      return "<nil>";
    case RefValue::kBool:
      return v.boolean ? "true" : "false";
    case RefValue::kInt:
    case RefValue::kInt64:
      return std::to_string(v.integer);
    case RefValue::kDouble: {
      if (std::isnan(v.number)) return "NaN";
      if (std::isinf(v.number)) return v.number > 0 ? "+Inf" : "-Inf";
      char buffer[64];
      char* end = std::to_chars(buffer, buffer + sizeof(buffer), v.number, std::chars_format::scientific).ptr;
      std::string text(buffer, end);
      const int exponent = std::stoi(text.substr(text.find('e') + 1));
      if (exponent >= -4 && exponent < 21) {
        end = std::to_chars(buffer, buffer + sizeof(buffer), v.number, std::chars_format::fixed).ptr;
        text.assign(buffer, end);
      }
      return text;
    }
    case RefValue::kText:
      return v.text;
    case RefValue::kList: {
      std::string out = "[";
      for (size_t i = 0; i < v.items.size(); ++i) out += (i > 0 ? " " : "") + RefGoText(v.items[i]);
      return out + "]";
    }
    case RefValue::kMap: {
      std::string out = "map[";
      for (const auto& [key, value] : v.members) out += (out.size() > 4 ? " " : "") + key + ":" + RefGoText(value);
      return out + "]";
    }
  }
  return "";
}

inline Evaluator::Result Evaluator::CallNumbers(const std::string& name, const std::vector<RefValue>& args) {
  const RefValue& v = args[0];
  if (name == "int") {
    if (v.IsNumber()) return RefValue::Int(Whole(v));
    if (!IsText(v)) return std::nullopt;
    const char* begin = v.text.data();
    const char* end = begin + v.text.size();
    if (end - begin > 1 && *begin == '+' && begin[1] != '-') ++begin;
    int64_t out = 0;
    const auto [at, error] = std::from_chars(begin, end, out);
    if (error != std::errc() || at != end) return std::nullopt;
    return RefValue::Int(out);
  }
  if (name == "max" || name == "min") {
    // Of nested lists the largest number counts; one without numbers has none.
    std::optional<RefValue> best;
    std::function<bool(const RefValue&)> take = [&](const RefValue& x) {
      if (x.IsNumber()) {
        const Result better = best ? Order(name == "max" ? ">" : "<", x, *best) : std::nullopt;
        if (!best || better->boolean) best = x;
        return true;
      }
      if (x.kind != RefValue::kList) return false;
      for (const RefValue& item : x.items) {
        if (item.kind == RefValue::kList && item.items.empty()) return false;
        if (!take(item)) return false;
      }
      return true;
    };
    for (const RefValue& x : args) {
      if (!take(x)) return std::nullopt;
    }
    return best ? best : RefValue();
  }
  if (!v.IsNumber()) return std::nullopt;
  if (name == "abs") {
    if (v.kind == RefValue::kDouble) return RefValue::Double(v.number < 0 ? -v.number : v.number);
    return RefValue::Int(v.integer < 0 ? static_cast<int64_t>(0 - static_cast<uint64_t>(v.integer)) : v.integer, v.kind);
  }
  const double d = v.AsDouble();
  return RefValue::Double(name == "ceil" ? std::ceil(d) : name == "floor" ? std::floor(d) : std::round(d));
}

// The code points of valid text.
inline std::vector<std::string> RefRunes(const std::string& text) {
  std::vector<std::string> out;
  for (char c : text) {
    if (out.empty() || (c & 0xC0) != 0x80) out.emplace_back();
    out.back() += c;
  }
  return out;
}

inline Evaluator::Result Evaluator::CallTexts(const std::string& name, const std::vector<RefValue>& args) {
  for (size_t i = 0; i < args.size() && !(name == "repeat" && i == 1); ++i) {
    if (!IsText(args[i])) return std::nullopt;
  }
  std::string text = args[0].text;
  const std::string other = args.size() > 1 ? args[1].text : "";
  if (name == "hasPrefix") return RefValue::Bool(text.rfind(other, 0) == 0);
  if (name == "hasSuffix") return RefValue::Bool(EndsWith(text, other));
  if (name == "indexOf" || name == "lastIndexOf") {
    const size_t at = name == "indexOf" ? text.find(other) : text.rfind(other);
    return RefValue::Int(at == std::string::npos ? -1 : static_cast<int64_t>(at));
  }
  if (name == "trimPrefix") return RefValue::Text(text.rfind(other, 0) == 0 ? text.substr(other.size()) : text);
  if (name == "trimSuffix") return RefValue::Text(EndsWith(text, other) ? text.substr(0, text.size() - other.size()) : text);
  if (name == "trim") {
    const char* const blanks = " \t\n\v\f\r";
    const size_t begin = text.find_first_not_of(blanks);
    if (begin == std::string::npos) return RefValue::Text("");
    return RefValue::Text(text.substr(begin, text.find_last_not_of(blanks) + 1 - begin));
  }
  if (name == "upper" || name == "lower") {
    const bool up = name == "upper";
    std::string out;
    for (const std::string& rune : RefRunes(text)) {
      if (rune.size() == 1) {
        const char c = rune[0];
        out += up && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : !up && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      } else {  // e with an accent is the only other letter of RandomText
        out += rune == "\xC3\xA9" && up ? "\xC3\x89" : rune == "\xC3\x89" && !up ? "\xC3\xA9" : rune;
      }
    }
    return RefValue::Text(out);
  }
  if (name == "repeat") {
    std::string out;
    for (int64_t i = 0; i < args[1].integer; ++i) out += text;
    return RefValue::Text(out);
  }
  // replace
  const std::string& with = args[2].text;
  std::string out;
  if (other.empty()) {
    out = with;
    for (const std::string& rune : RefRunes(text)) out += rune + with;
    return RefValue::Text(out);
  }
  for (size_t at = 0; at < text.size();) {
    if (text.compare(at, other.size(), other) == 0) {
      out += with;
      at += other.size();
    } else {
      out += text[at++];
    }
  }
  return RefValue::Text(out);
}

inline Evaluator::Result Evaluator::CallLists(const std::string& name, const std::vector<RefValue>& args) {
  for (const RefValue& v : args) {
    if (v.kind != RefValue::kList && !(name == "join" && IsText(v)) && !(name == "take" && v.IsInt())) return std::nullopt;
  }
  if (args[0].kind != RefValue::kList) return std::nullopt;
  std::vector<RefValue> items = args[0].items;
  if (name == "join") {
    if (!IsText(args[1])) return std::nullopt;
    std::string out;
    for (size_t i = 0; i < items.size(); ++i) {
      if (!IsText(items[i])) return std::nullopt;
      out += (i > 0 ? args[1].text : "") + items[i].text;
    }
    return RefValue::Text(out);
  }
  if (name == "concat") items.insert(items.end(), args[1].items.begin(), args[1].items.end());
  if (name == "reverse") std::reverse(items.begin(), items.end());
  if (name == "take" && static_cast<size_t>(args[1].integer) < items.size()) items.resize(static_cast<size_t>(args[1].integer));
  if (name == "uniq") {
    std::vector<RefValue> kept;
    for (const RefValue& v : items) {
      const bool seen = std::any_of(kept.begin(), kept.end(), [&](const RefValue& k) { return Equal(k, v); });
      if (!seen) kept.push_back(v);
    }
    items = std::move(kept);
  }
  return RefValue::List(std::move(items));
}

inline Evaluator::Result Evaluator::Call(const RefTree& t) {
  std::vector<RefValue> args;
  for (const RefTree& kid : t.kids) {
    Result v = Of(kid);
    if (!v) return std::nullopt;
    args.push_back(*std::move(v));
  }
  const std::string& name = t.name;
  if (name == "string") return RefValue::Text(RefGoText(args[0]));
  if (name == "len") {
    switch (args[0].kind) {
      case RefValue::kText:
        return RefValue::Int(static_cast<int64_t>(RefRunes(args[0].text).size()));
      case RefValue::kList:
        return RefValue::Int(static_cast<int64_t>(args[0].items.size()));
      case RefValue::kMap:
        return RefValue::Int(static_cast<int64_t>(args[0].members.size()));
      default:
        return std::nullopt;
    }
  }
  for (const char* number : {"int", "max", "min", "abs", "ceil", "floor", "round"}) {
    if (name == number) return CallNumbers(name, args);
  }
  for (const char* list : {"join", "concat", "reverse", "uniq", "take"}) {
    if (name == list) return CallLists(name, args);
  }
  return CallTexts(name, args);
}

}  // namespace otelpipe::expr::testing
