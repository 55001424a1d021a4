#include "processor/filter/condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "processor/filter/paths.h"

namespace otelpipe::filter {
namespace {

constexpr int kDeepest = 100;

struct Token {
  enum Kind { kEnd, kName, kString, kInt, kDouble, kBytes, kPunct } kind = kEnd;
  std::string text;  // decoded for strings and bytes
  int64_t integer = 0;
  double number = 0;
  size_t at = 0;
};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

absl::Status Wrong(std::string_view what, size_t at) {
  return absl::InvalidArgumentError(absl::StrCat("condition has invalid syntax: 1:", at + 1, ": ", A(what)));
}

absl::StatusOr<std::vector<Token>> Scan(std::string_view s) {
  std::vector<Token> out;
  size_t i = 0;
  while (i < s.size()) {
    const char c = s[i];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++i;
      continue;
    }
    Token t;
    t.at = i;
    if (IsLetter(c)) {
      t.kind = Token::kName;
      while (i < s.size() && (IsLetter(s[i]) || IsDigit(s[i]))) t.text += s[i++];
    } else if (c == '"') {
      t.kind = Token::kString;
      for (++i; i < s.size() && s[i] != '"'; ++i) {
        if (s[i] != '\\') {
          t.text += s[i];
          continue;
        }
        if (++i == s.size()) break;
        switch (s[i]) {
          case 'n': t.text += '\n'; break;
          case 't': t.text += '\t'; break;
          case 'r': t.text += '\r'; break;
          case '"': case '\\': case '\'': t.text += s[i]; break;
          default: return Wrong(absl::StrCat("unknown escape \\", std::string(1, s[i]), " in a text"), i - 1);
        }
      }
      if (i >= s.size()) return Wrong("the text is not terminated", t.at);
      ++i;
    } else if (c == '0' && i + 1 < s.size() && s[i + 1] == 'x') {
      t.kind = Token::kBytes;
      std::string digits;
      for (i += 2; i < s.size() && (IsDigit(s[i]) || IsLetter(s[i])); ++i) digits += s[i];
      t.text.resize(digits.size() / 2);
      if (digits.size() % 2 != 0 || !DecodeHex(digits, reinterpret_cast<uint8_t*>(t.text.data()), t.text.size())) {
        return Wrong("bytes need an even number of hex digits", t.at);
      }
    } else if (IsDigit(c) || ((c == '-' || c == '+' || c == '.') && i + 1 < s.size() && (IsDigit(s[i + 1]) || s[i + 1] == '.'))) {
      size_t end = i + 1;
      bool real = c == '.';
      while (end < s.size() && (IsDigit(s[end]) || s[end] == '.' || s[end] == 'e' || s[end] == 'E' ||
                                ((s[end] == '-' || s[end] == '+') && (s[end - 1] == 'e' || s[end - 1] == 'E')))) {
        real |= !IsDigit(s[end]);
        ++end;
      }
      const char* begin = s.data() + i + (c == '+' ? 1 : 0);
      const char* stop = s.data() + end;
      std::from_chars_result read = real ? std::from_chars(begin, stop, t.number) : std::from_chars(begin, stop, t.integer);
      if (read.ec != std::errc() || read.ptr != stop) return Wrong("bad number", i);
      t.kind = real ? Token::kDouble : Token::kInt;
      i = end;
    } else {
      t.kind = Token::kPunct;
      t.text = c;
      const bool two = i + 1 < s.size() && s[i + 1] == '=' && std::string_view("=!<>").find(c) != std::string_view::npos;
      if (two) t.text += '=';
      if (!two && std::string_view("<>()[],.{}:+-*/").find(c) == std::string_view::npos) {
        return Wrong(absl::StrCat("unexpected token \"", std::string(1, c), "\""), i);
      }
      i += t.text.size();
    }
    out.push_back(std::move(t));
  }
  Token end;
  end.at = s.size();
  out.push_back(std::move(end));
  return out;
}

enum class Op { kEq, kNe, kLt, kLe, kGt, kGe };

template <typename T>
bool Ordered(const T& a, const T& b, Op op) {
  switch (op) {
    case Op::kEq: return a == b;
    case Op::kNe: return a != b;
    case Op::kLt: return a < b;
    case Op::kLe: return a <= b;
    case Op::kGt: return a > b;
    case Op::kGe: return a >= b;
  }
  return false;
}

// Values of different kinds are not equal, and neither is smaller.
bool Compare(const Value& a, const Value& b, Op op) {
  const ValueKind ka = a.kind(), kb = b.kind();
  if (ka == kb) {
    switch (ka) {
      case ValueKind::kEmpty: return op == Op::kEq;
      case ValueKind::kString:
      case ValueKind::kBytes: return Ordered(a.string(), b.string(), op);
      case ValueKind::kBool: return Ordered(a.boolean(), b.boolean(), op);
      case ValueKind::kInt: return Ordered(a.integer(), b.integer(), op);
      case ValueKind::kDouble: return Ordered(a.number(), b.number(), op);
      case ValueKind::kList:
      case ValueKind::kMap: return op == Op::kEq ? Equal(a, b) : op == Op::kNe && !Equal(a, b);
    }
  }
  if (ka == ValueKind::kInt && kb == ValueKind::kDouble) return Ordered(static_cast<double>(a.integer()), b.number(), op);
  if (ka == ValueKind::kDouble && kb == ValueKind::kInt) return Ordered(a.number(), static_cast<double>(b.integer()), op);
  return op == Op::kNe;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, ItemKind kind) : tokens_(std::move(tokens)), kind_(kind) {}

  absl::StatusOr<Test> Parse() {
    OTELPIPE_ASSIGN_OR_RETURN(Test test, Or());
    if (Peek().kind != Token::kEnd) return Unexpected("an operator or the end");
    return test;
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  const Token& Ahead() const { return tokens_[std::min(next_ + 1, tokens_.size() - 1)]; }
  bool IsPunct(std::string_view text) const { return Peek().kind == Token::kPunct && Peek().text == text; }
  bool IsWord(std::string_view text) const { return Peek().kind == Token::kName && Peek().text == text; }
  bool Eat(std::string_view punct) {
    if (!IsPunct(punct)) return false;
    ++next_;
    return true;
  }
  bool EatWord(std::string_view word) {
    if (!IsWord(word)) return false;
    ++next_;
    return true;
  }
  absl::Status Unexpected(std::string_view expected) const {
    const Token& t = Peek();
    return Wrong(absl::StrCat("unexpected token \"", t.kind == Token::kEnd ? "<EOF>" : t.text, "\" (expected ", A(expected), ")"), t.at);
  }

  absl::StatusOr<Test> Or() {
    OTELPIPE_ASSIGN_OR_RETURN(Test first, And());
    std::vector<Test> tests;
    tests.push_back(std::move(first));
    while (EatWord("or")) {
      OTELPIPE_ASSIGN_OR_RETURN(Test more, And());
      tests.push_back(std::move(more));
    }
    return Joined(std::move(tests), true);
  }

  absl::StatusOr<Test> And() {
    OTELPIPE_ASSIGN_OR_RETURN(Test first, Not());
    std::vector<Test> tests;
    tests.push_back(std::move(first));
    while (EatWord("and")) {
      OTELPIPE_ASSIGN_OR_RETURN(Test more, Not());
      tests.push_back(std::move(more));
    }
    return Joined(std::move(tests), false);
  }

  // Stops at the first test whose result is `decisive`.
  static Test Joined(std::vector<Test> tests, bool decisive) {
    if (tests.size() == 1) return std::move(tests[0]);
    return [tests = std::move(tests), decisive](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
      for (const Test& test : tests) {
        absl::StatusOr<bool> result = test(item, arena);
        if (!result.ok() || *result == decisive) return result;
      }
      return !decisive;
    };
  }

  absl::StatusOr<Test> Not() {
    if (!EatWord("not")) return Primary();
    OTELPIPE_ASSIGN_OR_RETURN(Test test, Primary());
    return Test([test = std::move(test)](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
      OTELPIPE_ASSIGN_OR_RETURN(bool result, test(item, arena));
      return !result;
    });
  }

  // Parentheses hold a condition or a part of arithmetic.
  absl::StatusOr<Test> Primary() {
    if (!IsPunct("(") || !HoldsCondition()) return ComparisonOrCall();
    if (++depth_ > kDeepest) return Wrong("too many parentheses", Peek().at);
    ++next_;
    OTELPIPE_ASSIGN_OR_RETURN(Test test, Or());
    if (!Eat(")")) return Unexpected("\")\"");
    --depth_;
    return test;
  }

  // Looks ahead from an opening parenthesis: a comparison or a word of logic inside makes it a condition, an operator behind it arithmetic.
  bool HoldsCondition() const {
    int depth = 0;
    for (size_t i = next_; i < tokens_.size(); ++i) {
      const Token& t = tokens_[i];
      if (t.kind == Token::kName && (t.text == "and" || t.text == "or" || t.text == "not")) return true;
      if (t.kind != Token::kPunct) continue;
      if (IsComparison(t.text)) return true;
      if (t.text == "(") ++depth;
      if (t.text == ")" && --depth == 0) {
        const Token& behind = tokens_[i + 1];
        return behind.kind != Token::kPunct || !(IsComparison(behind.text) || IsArithmetic(behind.text));
      }
    }
    return true;  // not closed: the parser says so
  }
  static bool IsComparison(std::string_view t) { return t == "==" || t == "!=" || t == "<" || t == "<=" || t == ">" || t == ">="; }
  static bool IsArithmetic(std::string_view t) { return t == "+" || t == "-" || t == "*" || t == "/"; }

  absl::StatusOr<Test> ComparisonOrCall() {
    const Token first = Peek();
    const bool boolean = first.kind == Token::kName && (first.text == "true" || first.text == "false");
    const bool call = first.kind == Token::kName && Ahead().kind == Token::kPunct && Ahead().text == "(";
    OTELPIPE_ASSIGN_OR_RETURN(Argument left, Sum());
    static constexpr std::pair<std::string_view, Op> kOps[] = {{"==", Op::kEq}, {"!=", Op::kNe}, {"<", Op::kLt},
                                                               {"<=", Op::kLe}, {">", Op::kGt},  {">=", Op::kGe}};
    for (const auto& [text, op] : kOps) {
      if (!Eat(text)) continue;
      OTELPIPE_ASSIGN_OR_RETURN(Argument right, Sum());
      return Comparison(std::move(left), std::move(right), op);
    }
    if (boolean) {
      const bool value = first.text == "true";
      return Test([value](const Item&, Arena&) -> absl::StatusOr<bool> { return value; });
    }
    if (!call) return Unexpected("<opcomparison> Value");
    return Test([get = std::move(left.get)](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
      OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
      if (value.kind() == ValueKind::kBool) return value.boolean();
      return absl::InvalidArgumentError(
          absl::StrCat("value returned from a constant expression must be bool but got ", A(KindName(value))));
    });
  }

  static Test Comparison(Argument left, Argument right, Op op) {
    if (left.quantity != right.quantity) {
      // A time is no number: different kinds are not equal, and neither is smaller.
      return [a = std::move(left.get), b = std::move(right.get), op](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
        OTELPIPE_RETURN_IF_ERROR(a(item, arena).status());
        OTELPIPE_RETURN_IF_ERROR(b(item, arena).status());
        return op == Op::kNe;
      };
    }
    if (right.literal) {
      return [get = std::move(left.get), right = *right.literal, keep = right.get, op](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
        OTELPIPE_ASSIGN_OR_RETURN(Value a, get(item, arena));
        return Compare(a, right, op);
      };
    }
    return [a = std::move(left.get), b = std::move(right.get), op](const Item& item, Arena& arena) -> absl::StatusOr<bool> {
      OTELPIPE_ASSIGN_OR_RETURN(Value x, a(item, arena));
      OTELPIPE_ASSIGN_OR_RETURN(Value y, b(item, arena));
      return Compare(x, y, op);
    };
  }

  absl::StatusOr<Argument> Sum() {
    OTELPIPE_ASSIGN_OR_RETURN(Argument left, Product());
    while (IsPunct("+") || IsPunct("-")) {
      const Token op = Peek();
      ++next_;
      OTELPIPE_ASSIGN_OR_RETURN(Argument right, Product());
      OTELPIPE_ASSIGN_OR_RETURN(left, Arithmetic(std::move(left), std::move(right), op));
    }
    return left;
  }

  absl::StatusOr<Argument> Product() {
    OTELPIPE_ASSIGN_OR_RETURN(Argument left, Factor());
    while (IsPunct("*") || IsPunct("/")) {
      const Token op = Peek();
      ++next_;
      OTELPIPE_ASSIGN_OR_RETURN(Argument right, Factor());
      OTELPIPE_ASSIGN_OR_RETURN(left, Arithmetic(std::move(left), std::move(right), op));
    }
    return left;
  }

  absl::StatusOr<Argument> Factor() {
    if (!IsPunct("(")) return ParseValue();
    if (++depth_ > kDeepest) return Wrong("too many parentheses", Peek().at);
    ++next_;
    OTELPIPE_ASSIGN_OR_RETURN(Argument inner, Sum());
    if (!Eat(")")) return Unexpected("\")\"");
    --depth_;
    return inner;
  }

  static absl::StatusOr<Argument> Arithmetic(Argument left, Argument right, const Token& op) {
    const char sign = op.text[0];
    Argument out;
    const Quantity a = left.quantity, b = right.quantity;
    if (a == Quantity::kPlain && b == Quantity::kPlain) {
      out.quantity = Quantity::kPlain;
    } else if (a == Quantity::kTime && b == Quantity::kTime && sign == '-') {
      out.quantity = Quantity::kDuration;
    } else if (a == Quantity::kTime && b == Quantity::kDuration && (sign == '-' || sign == '+')) {
      out.quantity = Quantity::kTime;
    } else if (a == Quantity::kDuration && b == Quantity::kDuration && (sign == '-' || sign == '+')) {
      out.quantity = Quantity::kDuration;
    } else if (a == Quantity::kDuration && b == Quantity::kTime && sign == '+') {
      out.quantity = Quantity::kTime;
    } else {
      return Wrong(absl::StrCat("times and durations do not go together with \"", op.text, "\" this way"), op.at);
    }
    out.get = [a = std::move(left.get), b = std::move(right.get), sign](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
      OTELPIPE_ASSIGN_OR_RETURN(Value x, a(item, arena));
      OTELPIPE_ASSIGN_OR_RETURN(Value y, b(item, arena));
      return Calculate(x, y, sign);
    };
    return out;
  }

  // Integers stay integers (and wrap, as in the reference); with a float on either side the result is one.
  static absl::StatusOr<Value> Calculate(const Value& x, const Value& y, char sign) {
    auto number = [](const Value& v) { return v.kind() == ValueKind::kInt || v.kind() == ValueKind::kDouble; };
    if (!number(x) || !number(y)) {
      return absl::InvalidArgumentError(
          absl::StrCat("arithmetic needs numbers, but got ", A(KindName(x)), " and ", A(KindName(y))));
    }
    if (x.kind() == ValueKind::kInt && y.kind() == ValueKind::kInt) {
      const auto p = static_cast<uint64_t>(x.integer()), q = static_cast<uint64_t>(y.integer());
      switch (sign) {
        case '+': return Value::Int(static_cast<int64_t>(p + q));
        case '-': return Value::Int(static_cast<int64_t>(p - q));
        case '*': return Value::Int(static_cast<int64_t>(p * q));
        default: break;
      }
      if (q == 0) return absl::InvalidArgumentError("attempted to divide by 0");
      return y.integer() == -1 ? Value::Int(static_cast<int64_t>(0 - p)) : Value::Int(x.integer() / y.integer());
    }
    auto real = [](const Value& v) { return v.kind() == ValueKind::kInt ? static_cast<double>(v.integer()) : v.number(); };
    const double p = real(x), q = real(y);
    switch (sign) {
      case '+': return Value::Double(p + q);
      case '-': return Value::Double(p - q);
      case '*': return Value::Double(p * q);
      default: break;
    }
    if (q == 0) return absl::InvalidArgumentError("attempted to divide by 0");
    return Value::Double(p / q);
  }

  // The getter of a literal owns its text.
  static Argument Literal(Value value, std::string_view text = {}) {
    Argument out;
    auto kept = std::make_shared<const std::string>(text);
    if (value.is_string()) value = Value::Str(*kept);
    if (value.kind() == ValueKind::kBytes) value = Value::Bytes(*kept);
    out.literal = value;
    out.get = [value, kept](const Item&, Arena&) -> absl::StatusOr<Value> { return value; };
    return out;
  }

  absl::StatusOr<Argument> ParseValue() {
    const Token t = Peek();
    switch (t.kind) {
      case Token::kString: ++next_; return Literal(Value::Str(""), t.text);
      case Token::kBytes: ++next_; return Literal(Value::Bytes(""), t.text);
      case Token::kInt: ++next_; return Literal(Value::Int(t.integer));
      case Token::kDouble: ++next_; return Literal(Value::Double(t.number));
      case Token::kName: break;
      case Token::kPunct:
        if (t.text == "[") return ParseList();
        if (t.text == "{") return Wrong("map literals are not supported", t.at);
        return Unexpected("Value");
      case Token::kEnd: return Unexpected("Value");
    }
    if (EatWord("nil")) return Literal(Value());
    if (EatWord("true")) return Literal(Value::Bool(true));
    if (EatWord("false")) return Literal(Value::Bool(false));
    if (t.text == "and" || t.text == "or" || t.text == "not") return Unexpected("Value");
    const bool upper = t.text[0] >= 'A' && t.text[0] <= 'Z';
    if (Ahead().kind == Token::kPunct && Ahead().text == "(") {
      if (!upper) {
        return absl::InvalidArgumentError(
            absl::StrCat("converter names must start with an uppercase letter but got '", t.text, "'"));
      }
      return ParseCall();
    }
    if (upper) {
      ++next_;
      if (std::optional<int64_t> number = FindEnum(t.text, kind_)) return Literal(Value::Int(*number));
      return absl::InvalidArgumentError(absl::StrCat("enum symbol, ", t.text, ", not found"));
    }
    return ParsePath();
  }

  absl::StatusOr<Argument> ParseList() {
    Argument out;
    out.is_list = true;
    Eat("[");
    while (!Eat("]")) {
      if (!out.list.empty() && !Eat(",")) return Unexpected("\"]\"");
      OTELPIPE_ASSIGN_OR_RETURN(Argument value, Sum());
      out.list.push_back(std::move(value.get));
    }
    out.get = [list = out.list](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
      List* made = arena.New<List>();
      for (const Getter& get : list) {
        OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
        made->Add(arena) = value;
      }
      return Value::OfList(made);
    };
    return out;
  }

  absl::StatusOr<Argument> ParseCall() {
    const std::string name = Peek().text;
    next_ += 2;
    if (++depth_ > kDeepest) return Wrong("too many parentheses", Peek().at);
    std::vector<Argument> arguments;
    while (!Eat(")")) {
      if (!arguments.empty() && !Eat(",")) return Unexpected("\")\"");
      OTELPIPE_ASSIGN_OR_RETURN(Argument value, Sum());
      arguments.push_back(std::move(value));
    }
    --depth_;
    OTELPIPE_ASSIGN_OR_RETURN(Argument out, ResolveConverter(name, std::move(arguments), kind_));
    if (!IsPunct("[")) return out;
    std::vector<Path::Key> keys;
    while (Eat("[")) {
      OTELPIPE_RETURN_IF_ERROR(ParseKey(keys));
    }
    out.get = [get = std::move(out.get), keys = std::move(keys)](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
      OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
      return Index(value, keys);
    };
    return out;
  }

  // A key behind its opening bracket, and the closing one.
  absl::Status ParseKey(std::vector<Path::Key>& keys) {
    const Token key = Peek();
    if (key.kind == Token::kString) {
      keys.push_back({false, key.text, 0});
    } else if (key.kind == Token::kInt) {
      keys.push_back({true, "", key.integer});
    } else {
      return Unexpected("a text or a number as key");
    }
    ++next_;
    return Eat("]") ? absl::OkStatus() : Unexpected("\"]\"");
  }

  absl::StatusOr<Argument> ParsePath() {
    Path path;
    path.names.push_back(Peek().text);
    path.text = Peek().text;
    ++next_;
    for (;;) {
      if (IsPunct(".") && Ahead().kind == Token::kName && path.keys.empty()) {
        path.names.push_back(Ahead().text);
        path.text += "." + Ahead().text;
        next_ += 2;
      } else if (Eat("[")) {
        OTELPIPE_RETURN_IF_ERROR(ParseKey(path.keys));
      } else {
        break;
      }
    }
    return ResolvePath(path, kind_);
  }

  std::vector<Token> tokens_;
  ItemKind kind_;
  size_t next_ = 0;
  int depth_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Condition>> Condition::Compile(std::string_view text, ItemKind kind) {
  auto compile = [&]() -> absl::StatusOr<Test> {
    OTELPIPE_ASSIGN_OR_RETURN(std::vector<Token> tokens, Scan(text));
    return Parser(std::move(tokens), kind).Parse();
  };
  absl::StatusOr<Test> test = compile();
  if (!test.ok()) return Annotate(test.status(), absl::StrCat("unable to parse OTTL condition \"", A(text), "\": "));
  return std::unique_ptr<Condition>(new Condition(std::string(text), *std::move(test)));
}

}  // namespace otelpipe::filter
