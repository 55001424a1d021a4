// What an expression must give: a second, straightforward evaluator of the operators' language, for tests.
//
//   Evaluator evaluator(entry);
//   std::optional<RefValue> wanted = evaluator.Of(tree);   // nothing: evaluating fails
//   // Expression::Compile(Render(tree)) evaluated on the entry must give the same.
//
// It shares nothing with the evaluator under test: no lexer, parser or values. The text is written with as few parentheses as the table of
// precedences allows, so a mistake of the parser shows too. Messages are not compared.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/expr/random_expression.h"

namespace otelpipe::expr::testing {

// --- The text of a tree.

inline std::string RenderText(const std::string& text, char quote) {
  std::string out(1, quote);
  for (char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == quote || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + quote;
}

class Renderer {
 public:
  // Text that may stand where an operator of `outer` precedence wants an operand.
  std::string Of(const RefTree& t, int outer = 0) {
    const auto [text, precedence] = Write(t);
    return precedence < outer ? "(" + text + ")" : text;
  }

 private:
  static constexpr int kPrimary = 1000;

  static int Precedence(const std::string& op) {
    if (op == "or") return 10;
    if (op == "and") return 15;
    if (op == "..") return 25;
    if (op == "+" || op == "-") return 30;
    if (op == "*" || op == "/" || op == "%") return 60;
    if (op == "**") return 100;
    return 20;
  }

  static std::string Literal(const RefTree& t) {
    const RefValue& v = t.value;
    switch (v.kind) {
      case RefValue::kNil:
        return "nil";
      case RefValue::kBool:
        return v.boolean ? "true" : "false";
      case RefValue::kDouble: {
        char buffer[40];
        auto end = std::to_chars(buffer, buffer + sizeof(buffer), v.number, std::chars_format::fixed).ptr;
        std::string out(buffer, end);
        return out.find('.') == std::string::npos ? out + ".0" : out;
      }
      case RefValue::kText:
        return RenderText(v.text, v.text.size() % 2 == 0 ? '"' : '\'');
      default:
        return std::to_string(v.integer);
    }
  }

  std::pair<std::string, int> Write(const RefTree& t) {
    switch (t.kind) {
      case RefTree::kLiteral:
        return {Literal(t), kPrimary};
      case RefTree::kVariable:
        return {t.index == kVariables ? "body" : "attributes.v" + std::to_string(t.index), kPrimary};
      case RefTree::kElement:
        return {"#", kPrimary};
      case RefTree::kIndex:
        return {"#index", kPrimary};
      case RefTree::kAcc:
        return {"#acc", kPrimary};
      case RefTree::kLocal:
        return {t.name, kPrimary};
      case RefTree::kUnary: {
        const int own = t.name == "not" ? 50 : 90;
        std::string sign = t.name == "not" && !t.style ? "not " : t.name == "not" ? "!" : t.name;
        // Two signs in a row are written apart.
        std::string operand = Of(t.kids[0], own);
        if (operand[0] == sign[0]) sign += ' ';
        return {sign + operand, own};
      }
      case RefTree::kBinary:
        return Binary(t);
      case RefTree::kConditional:
        if (t.style) return {"if " + Of(t.kids[0], 1) + " {" + Of(t.kids[1]) + "} else {" + Of(t.kids[2]) + "}", -1};
        return {Of(t.kids[0], 10) + " ? " + Of(t.kids[1]) + " : " + Of(t.kids[2]), -1};
      case RefTree::kLet:
        return {"let " + t.name + " = " + Of(t.kids[0]) + "; " + Of(t.kids[1], -1), -1};
      case RefTree::kList:
        return {"[" + List(t, 0) + "]", kPrimary};
      case RefTree::kMap: {
        std::string out = "{";
        for (size_t i = 0; i < t.kids.size(); ++i) out += (i > 0 ? ", " : "") + t.names[i] + ": " + Of(t.kids[i]);
        return {out + "}", kPrimary};
      }
      case RefTree::kMember:
        return {Of(t.kids[0], kPrimary) + (t.style ? (t.optional ? "?.[\"" : "[\"") + t.name + "\"]" : (t.optional ? "?." : ".") + t.name), kPrimary};
      case RefTree::kAt:
        return {Of(t.kids[0], kPrimary) + "[" + Of(t.kids[1]) + "]", kPrimary};
      case RefTree::kSlice:
        // A conditional has a colon of its own.
        return {Of(t.kids[0], kPrimary) + "[" + Of(t.kids[1], 1) + ":" + Of(t.kids[2], 1) + "]", kPrimary};
      case RefTree::kCall:
        if (t.style) return {Of(t.kids[0], 1) + " | " + t.name + "(" + List(t, 1) + ")", 0};
        return {t.name + "(" + List(t, 0) + ")", kPrimary};
      case RefTree::kPredicate:
        return {t.name + "(" + Of(t.kids[0]) + ", " + (t.style ? "{" + Of(t.kids[1]) + "}" : Of(t.kids[1])) + ")", kPrimary};
    }
    return {"", kPrimary};
  }

  std::pair<std::string, int> Binary(const RefTree& t) {
    if (t.name == "??") return {Of(t.kids[0], kPrimary) + " ?? " + Of(t.kids[1], kPrimary), 1};
    const int own = Precedence(t.name);
    const bool right = t.name == "**";
    std::string sign = t.name;
    if (t.style) sign = sign == "and" ? "&&" : sign == "or" ? "||" : sign == "**" ? "^" : sign;
    // Comparisons in a row mean a chain, so they are parted.
    std::string left_text = Of(t.kids[0], own == 20 || right ? own + 1 : own);
    return {left_text + " " + sign + " " + Of(t.kids[1], right ? own : own + 1), own};
  }

  std::string List(const RefTree& t, size_t from) {
    std::string out;
    for (size_t i = from; i < t.kids.size(); ++i) out += (i > from ? ", " : "") + Of(t.kids[i]);
    return out;
  }
};

inline std::string Render(const RefTree& tree) { return Renderer().Of(tree, -1); }

// --- What it gives.

inline bool Identical(const RefValue& a, const RefValue& b) {
  if (a.kind != b.kind || a.items.size() != b.items.size() || a.members.size() != b.members.size()) return false;
  if (a.kind == RefValue::kDouble) {
    if (std::isnan(a.number) || std::isnan(b.number)) return std::isnan(a.number) && std::isnan(b.number);
    return a.number == b.number && std::signbit(a.number) == std::signbit(b.number);
  }
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (!Identical(a.items[i], b.items[i])) return false;
  }
  for (auto i = a.members.begin(), j = b.members.begin(); i != a.members.end(); ++i, ++j) {
    if (i->first != j->first || !Identical(i->second, j->second)) return false;
  }
  return a.boolean == b.boolean && a.integer == b.integer && a.text == b.text;
}

class Evaluator {
 public:
  explicit Evaluator(const RefEntry& entry) : entry_(entry) {}

  using Result = std::optional<RefValue>;
  // A slice cut a character into pieces: what text functions make of those is not told here.
  bool unsure() const { return unsure_; }

  Result Of(const RefTree& t) {
    switch (t.kind) {
      case RefTree::kLiteral:
        return t.value;
      case RefTree::kVariable:
        return t.index == kVariables ? entry_.body : entry_.variables[t.index];
      case RefTree::kElement:
        return elements_.back().first;
      case RefTree::kIndex:
        return RefValue::Int(elements_.back().second);
      case RefTree::kLocal:
        for (size_t i = locals_.size(); i-- > 0;) {
          if (locals_[i].first == t.name) return locals_[i].second;
        }
        return std::nullopt;
      case RefTree::kUnary:
        return Unary(t);
      case RefTree::kBinary:
        return Binary(t);
      case RefTree::kConditional: {
        const Result condition = Of(t.kids[0]);
        if (!condition || condition->kind != RefValue::kBool) return std::nullopt;
        return Of(t.kids[condition->boolean ? 1 : 2]);
      }
      case RefTree::kLet: {
        Result value = Of(t.kids[0]);
        if (!value) return std::nullopt;
        locals_.emplace_back(t.name, *value);
        Result out = Of(t.kids[1]);
        locals_.pop_back();
        return out;
      }
      case RefTree::kList: {
        RefValue out = RefValue::List({});
        for (const RefTree& kid : t.kids) {
          Result v = Of(kid);
          if (!v) return std::nullopt;
          out.items.push_back(*std::move(v));
        }
        return out;
      }
      case RefTree::kMap: {
        RefValue out;
        out.kind = RefValue::kMap;
        for (size_t i = 0; i < t.kids.size(); ++i) {
          Result v = Of(t.kids[i]);
          if (!v) return std::nullopt;
          out.members.emplace(t.names[i], *std::move(v));  // of equal keys the first wins
        }
        return out;
      }
      case RefTree::kMember:
        return Member(t);
      case RefTree::kAt: {
        const Result object = Of(t.kids[0]), index = object ? Of(t.kids[1]) : std::nullopt;
        if (!index) return std::nullopt;
        if (object->kind == RefValue::kMap) {
          if (index->kind == RefValue::kText || index->kind == RefValue::kNil) return Lookup(*object, index->text);
          return std::nullopt;
        }
        return index->IsNumber() ? At(*object, Whole(*index)) : std::nullopt;
      }
      case RefTree::kSlice:
        return Slice(t);
      case RefTree::kCall:
        return Call(t);
      case RefTree::kPredicate:
        return Predicate(t);
      case RefTree::kAcc:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  static int64_t Whole(const RefValue& v) {
    if (v.kind != RefValue::kDouble) return v.integer;
    const bool fits = v.number >= -0x1p63 && v.number < 0x1p63;
    return fits ? static_cast<int64_t>(v.number) : std::numeric_limits<int64_t>::min();
  }
  static bool IsText(const RefValue& v) { return v.kind == RefValue::kText; }
  static RefValue Lookup(const RefValue& map, const std::string& key) {
    auto found = map.members.find(key);
    return found == map.members.end() ? RefValue() : found->second;
  }
  static Result At(const RefValue& v, int64_t i) {
    if (v.kind != RefValue::kList && !IsText(v)) return std::nullopt;
    const int64_t size = static_cast<int64_t>(IsText(v) ? v.text.size() : v.items.size());
    if (i < 0) i += size;
    if (i < 0 || i >= size) return std::nullopt;
    if (IsText(v)) return RefValue::Int(static_cast<unsigned char>(v.text[static_cast<size_t>(i)]));
    return v.items[static_cast<size_t>(i)];
  }

  static bool Equal(const RefValue& a, const RefValue& b) {
    if (a.IsInt() && b.IsInt()) return a.integer == b.integer;
    if (a.IsNumber() && b.IsNumber()) return a.AsDouble() == b.AsDouble();
    if (a.kind != b.kind) return false;
    if (a.kind == RefValue::kList) {
      return a.items.size() == b.items.size() && std::equal(a.items.begin(), a.items.end(), b.items.begin(), Equal);
    }
    return DeepEqual(a, b);
  }
  // With kinds.
  static bool DeepEqual(const RefValue& a, const RefValue& b) {
    if (a.kind != b.kind || a.items.size() != b.items.size() || a.members.size() != b.members.size()) return false;
    if (a.kind == RefValue::kDouble) return a.number == b.number;
    for (size_t i = 0; i < a.items.size(); ++i) {
      if (!DeepEqual(a.items[i], b.items[i])) return false;
    }
    for (const auto& [key, value] : a.members) {
      auto other = b.members.find(key);
      if (other == b.members.end() || !DeepEqual(value, other->second)) return false;
    }
    return a.boolean == b.boolean && a.integer == b.integer && a.text == b.text;
  }

  Result Member(const RefTree& t) {
    bool ended = false;
    Result out = Link(t, ended);
    return ended ? Result(RefValue()) : out;
  }
  // One link of a chain; a nil before `?.` ends all of it.
  Result Link(const RefTree& t, bool& ended) {
    // An index in brackets ends the chain before it.
    const bool goes_on = t.kids[0].kind == RefTree::kMember && (!t.style || t.optional);
    Result object = goes_on ? Link(t.kids[0], ended) : Of(t.kids[0]);
    if (ended || !object) return std::nullopt;
    if (object->kind == RefValue::kNil && t.optional) {
      ended = true;
      return std::nullopt;
    }
    if (object->kind != RefValue::kMap) return std::nullopt;
    return Lookup(*object, t.name);
  }

  Result Slice(const RefTree& t) {
    const Result object = Of(t.kids[0]);
    // The end is evaluated before the beginning; that shows only in messages.
    const Result from = object ? Of(t.kids[1]) : std::nullopt, to = from ? Of(t.kids[2]) : std::nullopt;
    if (!to || !from->IsNumber() || !to->IsNumber()) return std::nullopt;
    if (!IsText(*object) && object->kind != RefValue::kList) return std::nullopt;
    const int64_t size = static_cast<int64_t>(IsText(*object) ? object->text.size() : object->items.size());
    auto bound = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + size : i, 0, size); };
    const auto end = bound(Whole(*to)), begin = std::min(bound(Whole(*from)), end);
    if (IsText(*object)) {
      for (int64_t at : {begin, end}) unsure_ |= at < size && (object->text[static_cast<size_t>(at)] & 0xC0) == 0x80;
      return RefValue::Text(object->text.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
    }
    return RefValue::List(std::vector<RefValue>(object->items.begin() + begin, object->items.begin() + end));
  }

  Result Unary(const RefTree& t) {
    Result v = Of(t.kids[0]);
    if (!v || t.name == "+") return v;
    if (t.name == "not") return v->kind == RefValue::kBool ? Result(RefValue::Bool(!v->boolean)) : std::nullopt;
    if (v->IsInt()) return RefValue::Int(static_cast<int64_t>(0 - static_cast<uint64_t>(v->integer)), v->kind);
    if (v->kind == RefValue::kDouble) return RefValue::Double(-v->number);
    return std::nullopt;
  }

  // A bool that is known before evaluation: the reference computes with those first.
  static std::optional<bool> Known(const RefTree& t) {
    if (t.kind == RefTree::kLiteral && t.value.kind == RefValue::kBool) return t.value.boolean;
    if (t.kind == RefTree::kUnary && t.name == "not") {
      const std::optional<bool> v = Known(t.kids[0]);
      return v ? std::optional<bool>(!*v) : std::nullopt;
    }
    if (t.kind == RefTree::kBinary && (t.name == "and" || t.name == "or")) {
      const bool stop = t.name == "or";
      const std::optional<bool> left = Known(t.kids[0]), right = Known(t.kids[1]);
      if (left == stop || right == stop) return stop;
      return left && right ? std::optional<bool>(!stop) : std::nullopt;
    }
    if (t.kind == RefTree::kBinary && t.name == "==") {
      const std::optional<bool> left = Known(t.kids[0]), right = Known(t.kids[1]);
      if (left && right) return *left == *right;
      const RefTree &a = t.kids[0], &b = t.kids[1];
      if (a.kind == RefTree::kLiteral && b.kind == RefTree::kLiteral && a.value.kind == b.value.kind &&
          (a.value.kind == RefValue::kInt || a.value.kind == RefValue::kText)) {
        return Equal(a.value, b.value);
      }
    }
    return std::nullopt;
  }

  Result Binary(const RefTree& t) {
    const std::string& op = t.name;
    if (op == "and" || op == "or") {
      const bool stop = op == "or";
      const std::optional<bool> known[] = {Known(t.kids[0]), Known(t.kids[1])};
      for (size_t i : {0u, 1u}) {
        if (known[i] == stop) return RefValue::Bool(stop);
      }
      for (size_t i : {0u, 1u}) {
        if (known[i] == !stop) return Of(t.kids[1 - i]);
      }
      Result left = Of(t.kids[0]);
      if (!left || left->kind != RefValue::kBool) return std::nullopt;
      return left->boolean == stop ? left : Of(t.kids[1]);
    }
    Result left = Of(t.kids[0]);
    if (!left) return std::nullopt;
    if (op == "??") return left->kind == RefValue::kNil ? Of(t.kids[1]) : left;
    Result right = Of(t.kids[1]);
    if (!right) return std::nullopt;
    if (op == "==") return RefValue::Bool(Equal(*left, *right));
    if (op == "!=") return RefValue::Bool(!Equal(*left, *right));
    if (op == "in" || op == "not in") return In(t, *left, *right);
    if (op == "<" || op == ">" || op == "<=" || op == ">=") return Order(op, *left, *right);
    if (op.find("contains") != std::string::npos || op == "startsWith" || op == "endsWith") {
      const bool negated = op == "not contains";
      if (left->kind == RefValue::kNil || right->kind == RefValue::kNil) return RefValue::Bool(negated);
      if (!IsText(*left) || !IsText(*right)) return std::nullopt;
      if (op == "startsWith") return RefValue::Bool(left->text.rfind(right->text, 0) == 0);
      if (op == "endsWith") return RefValue::Bool(EndsWith(left->text, right->text));
      return RefValue::Bool((left->text.find(right->text) != std::string::npos) != negated);
    }
    if (op == "..") {
      if (!left->IsInt() || !right->IsInt()) return std::nullopt;
      RefValue out = RefValue::List({});
      for (int64_t i = left->integer; i <= right->integer; ++i) out.items.push_back(RefValue::Int(i));
      return out;
    }
    return Arithmetic(op, *left, *right);
  }

  static bool EndsWith(const std::string& text, const std::string& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
  }

  static Result In(const RefTree& t, const RefValue& left, const RefValue& right) {
    bool found = false;
    const RefTree& list = t.kids[1];
    bool set = list.kind == RefTree::kList && !list.kids.empty();
    for (const RefTree& kid : list.kids) set = set && kid.kind == RefTree::kLiteral && IsText(kid.value);
    const bool key = IsText(left) || left.kind == RefValue::kNil;
    if (right.kind == RefValue::kList && !set) {
      for (const RefValue& v : right.items) found = found || Equal(left, v);
    } else if (right.kind == RefValue::kList || right.kind == RefValue::kMap) {
      if (!key) return std::nullopt;
      found = right.members.count(left.text) > 0;
      for (const RefValue& v : right.items) found = found || v.text == left.text;
    } else if (right.kind != RefValue::kNil) {
      return std::nullopt;
    }
    return RefValue::Bool(found == (t.name == "in"));
  }

  template <typename T>
  static bool Holds(const std::string& op, const T& a, const T& b) {
    return op == "<" ? a < b : op == ">" ? a > b : op == "<=" ? a <= b : a >= b;
  }
  static Result Order(const std::string& op, const RefValue& a, const RefValue& b) {
    if (a.IsInt() && b.IsInt()) return RefValue::Bool(Holds(op, a.integer, b.integer));
    if (a.IsNumber() && b.IsNumber()) return RefValue::Bool(Holds(op, a.AsDouble(), b.AsDouble()));
    if (IsText(a) && IsText(b)) return RefValue::Bool(Holds(op, a.text, b.text));
    return std::nullopt;
  }

  static Result Arithmetic(const std::string& op, const RefValue& a, const RefValue& b) {
    if (op == "+" && IsText(a) && IsText(b)) return RefValue::Text(a.text + b.text);
    if (!a.IsNumber() || !b.IsNumber()) return std::nullopt;
    if (op == "/") return RefValue::Double(a.AsDouble() / b.AsDouble());
    if (op == "**") return RefValue::Double(std::pow(a.AsDouble(), b.AsDouble()));
    if (op == "%") {
      if (!a.IsInt() || !b.IsInt() || b.integer == 0) return std::nullopt;
      return RefValue::Int(b.integer == -1 ? 0 : a.integer % b.integer);
    }
    if (a.IsInt() && b.IsInt()) {
      const uint64_t x = static_cast<uint64_t>(a.integer), y = static_cast<uint64_t>(b.integer);
      return RefValue::Int(static_cast<int64_t>(op == "+" ? x + y : op == "-" ? x - y : x * y));
    }
    const double x = a.AsDouble(), y = b.AsDouble();
    return RefValue::Double(op == "+" ? x + y : op == "-" ? x - y : x * y);
  }

  Result Predicate(const RefTree& t);
  Result Call(const RefTree& t);
  static Result CallNumbers(const std::string& name, const std::vector<RefValue>& args);
  static Result CallTexts(const std::string& name, const std::vector<RefValue>& args);
  static Result CallLists(const std::string& name, const std::vector<RefValue>& args);

  const RefEntry& entry_;
  bool unsure_ = false;
  std::vector<std::pair<RefValue, int64_t>> elements_;
  std::vector<std::pair<std::string, RefValue>> locals_;
};

}  // namespace otelpipe::expr::testing

#include "operator/expr/reference_builtins.h"
