#include "operator/expr/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "operator/expr/builtins.h"
#include "operator/expr/lexer.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::expr {
namespace {
// A text that nests deeper is refused rather than followed: parser and evaluator are recursive.
constexpr int kMaxDepth = 400;
constexpr int kMaxNodes = 10000;

struct BinaryInfo {
  std::string_view text;
  int precedence;
  Op op;
};
constexpr BinaryInfo kBinary[] = {
    {"|", 0, Op::kNone},
    {"or", 10, Op::kOr},
    {"||", 10, Op::kOr},
    {"and", 15, Op::kAnd},
    {"&&", 15, Op::kAnd},
    {"==", 20, Op::kEqual},
    {"!=", 20, Op::kNotEqual},
    {"<", 20, Op::kLess},
    {">", 20, Op::kGreater},
    {">=", 20, Op::kGreaterEqual},
    {"<=", 20, Op::kLessEqual},
    {"in", 20, Op::kIn},
    {"matches", 20, Op::kMatches},
    {"contains", 20, Op::kContains},
    {"startsWith", 20, Op::kStartsWith},
    {"endsWith", 20, Op::kEndsWith},
    {"..", 25, Op::kRange},
    {"+", 30, Op::kAdd},
    {"-", 30, Op::kSubtract},
    {"*", 60, Op::kMultiply},
    {"/", 60, Op::kDivide},
    {"%", 60, Op::kModulo},
    {"**", 100, Op::kPower},
    {"^", 100, Op::kPower},
    {"??", 500, Op::kCoalesce},
};

const BinaryInfo* FindBinary(const Token& t) {
  if (t.kind != TokenKind::kOperator) return nullptr;
  for (const BinaryInfo& b : kBinary) {
    if (b.text == t.text) return &b;
  }
  return nullptr;
}
bool MayBeNegated(std::string_view op) {
  return op == "in" || op == "matches" || op == "contains" || op == "startsWith" || op == "endsWith";
}
bool IsComparison(Op op) {
  return op == Op::kLess || op == Op::kGreater || op == Op::kLessEqual || op == Op::kGreaterEqual;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, Tree& tree) : tokens_(std::move(tokens)), tree_(tree) {}

  absl::Status Run() {
    tree_.root = Sequence();
    if (error_.empty() && Peek().kind != TokenKind::kEnd) Unexpected();
    if (!error_.empty()) return absl::InvalidArgumentError(FormatError(tree_.source, error_offset_, error_));
    return absl::OkStatus();
  }

 private:
  const Token& Peek(size_t ahead = 0) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }
  void Advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool Is(TokenKind kind, std::string_view text) const { return Peek().Is(kind, text); }
  bool IsOp(std::string_view text) const { return Is(TokenKind::kOperator, text); }
  bool IsBracket(std::string_view text) const { return Is(TokenKind::kBracket, text); }
  bool Take(TokenKind kind, std::string_view text) {
    if (!Is(kind, text)) return false;
    Advance();
    return true;
  }
  bool Expect(TokenKind kind, std::string_view text) {
    if (Take(kind, text)) return true;
    Unexpected();
    return false;
  }
  NodePtr Fail(int offset, std::string message) {
    if (error_.empty()) {
      error_ = std::move(message);
      error_offset_ = offset;
    }
    return New(NodeKind::kConstant, offset);
  }
  NodePtr Unexpected() { return Fail(Peek().offset, absl::StrCat("unexpected token ", Peek().Name())); }
  bool ok() const { return error_.empty(); }

  NodePtr New(NodeKind kind, int offset) {
    if (++nodes_ > kMaxNodes && error_.empty()) {
      error_ = "compilation failed: expression exceeds maximum allowed nodes";
      error_offset_ = offset;
    }
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->offset = offset;
    return node;
  }
  // Notes that `node` was written from `begin` to here.
  void Span(const Node& node, int begin) {
    tree_.AddSpan(node, begin, Peek().kind == TokenKind::kEnd ? tree_.source.size() : static_cast<size_t>(Peek().offset));
  }
  NodePtr Text(std::string_view text, int offset) {
    NodePtr node = New(NodeKind::kConstant, offset);
    node->value = Value::Str(tree_.arena.Copy(text));
    return node;
  }
  NodePtr Binary(Op op, int offset, NodePtr left, NodePtr right) {
    NodePtr node = New(NodeKind::kBinary, offset);
    node->op = op;
    node->kids.push_back(std::move(left));
    node->kids.push_back(std::move(right));
    return node;
  }
  NodePtr Unary(Op op, int offset, NodePtr operand, std::string_view written = "") {
    NodePtr node = New(NodeKind::kUnary, offset);
    node->op = op;
    node->name = written;
    node->kids.push_back(std::move(operand));
    return node;
  }

  NodePtr Sequence() {
    NodePtr first = Expression(0);
    if (!ok() || !IsOp(";")) return first;
    NodePtr sequence = New(NodeKind::kSequence, first->offset);
    sequence->kids.push_back(std::move(first));
    while (ok() && Take(TokenKind::kOperator, ";")) {
      if (Peek().kind == TokenKind::kEnd || IsBracket("}") || IsBracket(")")) break;
      sequence->kids.push_back(Expression(0));
    }
    return sequence;
  }

  NodePtr Expression(int precedence) {
    if (++depth_ > kMaxDepth) {
      --depth_;
      return Fail(Peek().offset, "expression is nested too deeply");
    }
    NodePtr node = ExpressionAt(precedence);
    --depth_;
    return node;
  }

  NodePtr ExpressionAt(int precedence) {
    if (precedence == 0 && IsOp("let")) return Let();
    if (precedence == 0 && IsOp("if")) return If();
    const int begin = Peek().offset;
    NodePtr left = Primary();
    Span(*left, begin);
    std::string previous;
    while (ok() && Peek().kind == TokenKind::kOperator) {
      Token token = Peek();
      bool negated = false;
      size_t skip = 0;
      if (token.text == "not") {
        const Token& next = Peek(1);
        if (next.kind != TokenKind::kOperator || !MayBeNegated(next.text)) break;
        negated = true;
        skip = 1;
        token = next;
      }
      const BinaryInfo* info = FindBinary(token);
      if (info == nullptr || info->precedence < precedence) break;
      if (info->op == Op::kNone && precedence != 0) break;
      for (size_t k = 0; k <= skip; ++k) Advance();
      if (info->op == Op::kNone) {
        left = Pipe(std::move(left));
        Span(*left, begin);
        previous.clear();
        continue;
      }
      if (previous == "??" && token.text != "??") {
        return Fail(token.offset,
                    absl::StrCat("Operator (", token.text,
                                 ") and coalesce expressions (?\?) cannot be mixed. Wrap either by parentheses."));
      }
      NodePtr right = info->op == Op::kPower ? Expression(info->precedence) : Expression(info->precedence + 1);
      if (!ok()) return left;
      if (IsComparison(info->op) && left->kind == NodeKind::kBinary && IsComparison(left->op) && !left->optional) {
        // 1 < x < 3 is 1 < x and x < 3. The middle is evaluated twice; it has no effects.
        NodePtr middle = CloneNode(*left->kids[1]);
        NodePtr second = Binary(info->op, token.offset, std::move(middle), std::move(right));
        Span(*second, tree_.BeginOf(*second->kids[0]));
        left = Binary(Op::kAnd, token.offset, std::move(left), std::move(second));
      } else {
        left = Binary(info->op, token.offset, std::move(left), std::move(right));
        left->name = token.text;
      }
      if (negated) left = Unary(Op::kNot, token.offset, std::move(left));
      Span(*left, begin);
      previous = token.text;
    }
    if (precedence == 0) left = Conditional(std::move(left));
    return left;
  }

  NodePtr CloneNode(const Node& from) {
    NodePtr node = New(from.kind, from.offset);
    if (auto span = tree_.spans.find(&from); span != tree_.spans.end()) tree_.spans.emplace(node.get(), span->second);
    node->op = from.op;
    node->optional = from.optional;
    node->slot = from.slot;
    node->value = from.value;
    node->name = from.name;
    for (const NodePtr& kid : from.kids) node->kids.push_back(kid ? CloneNode(*kid) : nullptr);
    return node;
  }

  NodePtr Conditional(NodePtr condition) {
    const int begin = tree_.BeginOf(*condition);
    while (ok() && (IsOp("?") || IsOp("?:"))) {
      NodePtr node = New(NodeKind::kConditional, Peek().offset);
      if (Take(TokenKind::kOperator, "?:")) {  // elvis
        NodePtr same = CloneNode(*condition);
        node->kids.push_back(std::move(condition));
        node->kids.push_back(std::move(same));
        node->kids.push_back(Expression(0));
      } else {
        Advance();
        node->kids.push_back(std::move(condition));
        node->kids.push_back(Expression(0));
        if (!ok() || !Expect(TokenKind::kOperator, ":")) return node;
        node->kids.push_back(Expression(0));
      }
      node->offset = Peek().offset;  // errors of the condition point behind the whole
      Span(*node, begin);
      condition = std::move(node);
    }
    return condition;
  }

  NodePtr If() {
    NodePtr node = New(NodeKind::kConditional, Peek().offset);
    Advance();
    node->kids.push_back(Expression(0));
    if (!ok() || !Expect(TokenKind::kBracket, "{")) return node;
    node->kids.push_back(Sequence());
    if (!ok() || !Expect(TokenKind::kBracket, "}") || !Expect(TokenKind::kOperator, "else")) return node;
    if (IsOp("if")) {
      node->kids.push_back(If());
      return node;
    }
    if (!Expect(TokenKind::kBracket, "{")) return node;
    node->kids.push_back(Sequence());
    Expect(TokenKind::kBracket, "}");
    return node;
  }

  NodePtr Let() {
    const int offset = Peek().offset;
    Advance();
    const Token name = Peek();
    if (name.kind != TokenKind::kIdentifier) return Unexpected();
    if (FindBuiltin(name.text) != nullptr || FindPredicate(name.text)) {
      return Fail(name.offset, absl::StrCat("cannot redeclare builtin ", name.text));
    }
    for (const auto& [known, slot] : locals_) {
      if (known == name.text) return Fail(name.offset, absl::StrCat("cannot redeclare variable ", name.text));
    }
    Advance();
    if (!Expect(TokenKind::kOperator, "=")) return New(NodeKind::kConstant, offset);
    NodePtr node = New(NodeKind::kLet, offset);
    node->kids.push_back(Expression(0));
    if (!ok() || !Expect(TokenKind::kOperator, ";")) return node;
    node->slot = tree_.locals++;
    locals_.emplace_back(name.text, node->slot);
    node->kids.push_back(Sequence());
    locals_.pop_back();
    return node;
  }

  NodePtr Primary() {
    const Token token = Peek();
    if (token.kind == TokenKind::kOperator) {
      Op op = Op::kNone;
      int precedence = 0;
      if (token.text == "not" || token.text == "!") op = Op::kNot, precedence = 50;
      if (token.text == "-") op = Op::kNegate, precedence = 90;
      if (token.text == "+") op = Op::kPlus, precedence = 90;
      if (op != Op::kNone) {
        Advance();
        return Postfix(Unary(op, token.offset, Expression(precedence), token.text));
      }
      if (predicate_depth_ > 0 && (token.text == "#" || token.text == ".")) return Pointer();
      if (token.text == "::") {
        Advance();
        const Token name = Peek();
        if (name.kind != TokenKind::kIdentifier) return Unexpected();
        Advance();
        return Postfix(Call(name, nullptr));
      }
    }
    if (IsBracket("(")) {
      Advance();
      NodePtr inner = Sequence();
      if (!ok() || !Expect(TokenKind::kBracket, ")")) return inner;
      // Parentheses end a comparison chain: (1 < x) < 3 compares a bool.
      if (inner->kind == NodeKind::kBinary) inner->optional = true;
      return Postfix(std::move(inner));
    }
    // Numbers, true, false and nil are followed by operators only.
    const bool bare =
        token.kind == TokenKind::kNumber || (token.kind == TokenKind::kIdentifier &&
                                             (token.text == "true" || token.text == "false" || token.text == "nil"));
    NodePtr operand = Operand();
    return bare ? std::move(operand) : Postfix(std::move(operand));
  }

  // # . #index #acc
  NodePtr Pointer() {
    const Token token = Peek();
    if (token.text == ".") {
      NodePtr element = New(NodeKind::kElement, token.offset);
      return Postfix(std::move(element));
    }
    Advance();
    if (Peek().kind == TokenKind::kIdentifier && Peek().offset == token.offset + 1) {
      const Token name = Peek();
      Advance();
      if (name.text == "index") return Postfix(New(NodeKind::kIndex, token.offset));
      if (name.text == "acc") return Postfix(New(NodeKind::kAcc, token.offset));
      return Fail(token.offset, absl::StrCat("unknown pointer #", name.text));
    }
    return Postfix(New(NodeKind::kElement, token.offset));
  }

  NodePtr Operand() {
    const Token token = Peek();
    switch (token.kind) {
      case TokenKind::kNumber:
        Advance();
        return Number(token);
      case TokenKind::kString:
        Advance();
        return Text(token.text, token.offset);
      case TokenKind::kIdentifier:
        Advance();
        if (token.text == "true" || token.text == "false") {
          NodePtr node = New(NodeKind::kConstant, token.offset);
          node->value = Value::Bool(token.text == "true");
          return node;
        }
        if (token.text == "nil") return New(NodeKind::kConstant, token.offset);
        if (IsBracket("(")) return Call(token, nullptr);
        return Name(token);
      case TokenKind::kBracket:
        if (token.text == "[") return ListLiteral();
        if (token.text == "{") return MapLiteral();
        return Unexpected();
      default:
        return Unexpected();
    }
  }

  NodePtr Name(const Token& token) {
    for (auto it = locals_.rbegin(); it != locals_.rend(); ++it) {
      if (it->first != token.text) continue;
      NodePtr node = New(NodeKind::kLocal, token.offset);
      node->slot = it->second;
      return node;
    }
    NodePtr node = New(NodeKind::kVariable, token.offset);
    node->slot = token.text == "body" || token.text == "$" ? kVarBody
                 : token.text == "attributes"              ? kVarAttributes
                 : token.text == "resource"                ? kVarResource
                 : token.text == "timestamp"               ? kVarTimestamp
                 : token.text == "$env"                    ? kVarAll
                                                           : kVarNil;
    return node;
  }

  NodePtr Number(const Token& token) {
    NodePtr node = New(NodeKind::kConstant, token.offset);
    const std::string error = ReadNumber(token.text, node->value);
    return error.empty() ? std::move(node) : Fail(token.offset, error);
  }

  NodePtr ListLiteral() {
    NodePtr node = New(NodeKind::kList, Peek().offset);
    Advance();
    while (ok() && !IsBracket("]")) {
      if (!node->kids.empty() && !Expect(TokenKind::kOperator, ",")) break;
      if (IsBracket("]")) break;
      node->kids.push_back(Expression(0));
    }
    if (ok()) Expect(TokenKind::kBracket, "]");
    return node;
  }

  NodePtr MapLiteral() {
    NodePtr node = New(NodeKind::kMap, Peek().offset);
    Advance();
    while (ok() && !IsBracket("}")) {
      if (!node->kids.empty() && !Expect(TokenKind::kOperator, ",")) break;
      if (IsBracket("}")) break;
      const Token key = Peek();
      if (key.kind == TokenKind::kString || key.kind == TokenKind::kNumber || key.kind == TokenKind::kIdentifier) {
        node->kids.push_back(Text(key.text, key.offset));
        Advance();
      } else if (IsBracket("(")) {
        Advance();
        node->kids.push_back(Expression(0));
        if (!ok() || !Expect(TokenKind::kBracket, ")")) break;
      } else {
        return Fail(key.offset,
                    absl::StrCat("a map key must be a quoted string, a number, a identifier, or an expression "
                                 "enclosed in parentheses (unexpected token ",
                                 key.Name(), ")"));
      }
      if (!Expect(TokenKind::kOperator, ":")) break;
      node->kids.push_back(Expression(0));
    }
    if (ok()) Expect(TokenKind::kBracket, "}");
    return node;
  }

  NodePtr Pipe(NodePtr left) {
    const Token name = Peek();
    if (name.kind != TokenKind::kIdentifier) return Unexpected();
    Advance();
    if (!IsBracket("(")) return Unexpected();
    return Postfix(Call(name, std::move(left)));
  }

  // name(...), the token after the name is at "(". `first` is what a pipe puts before the arguments.
  NodePtr Call(const Token& name, NodePtr first) {
    if (!Expect(TokenKind::kBracket, "(")) return New(NodeKind::kConstant, name.offset);
    if (FindPredicate(name.text)) return PredicateCall(name, std::move(first));
    NodePtr node = New(NodeKind::kCall, name.offset);
    node->name = name.text;
    if (first) node->kids.push_back(std::move(first));
    Arguments(*node);
    if (!ok()) return node;
    if (name.text == "env" || name.text == "os_env_func") {
      node->kind = NodeKind::kEnvironment;
      return node;
    }
    const Builtin* builtin = FindBuiltin(name.text);
    if (builtin == nullptr) {
      node->kind = NodeKind::kUnknownCall;
      return node;
    }
    node->slot = static_cast<int>(builtin - BuiltinTable());
    return node;
  }

  void Arguments(Node& node) {
    bool first = true;
    while (ok() && !IsBracket(")")) {
      if (!first && !Expect(TokenKind::kOperator, ",")) return;
      if (IsBracket(")")) break;
      first = false;
      node.kids.push_back(Expression(0));
    }
    if (ok()) Expect(TokenKind::kBracket, ")");
  }

  NodePtr PredicateCall(const Token& name, NodePtr first) {
    NodePtr node = New(NodeKind::kPredicate, name.offset);
    node->name = name.text;
    node->slot = *FindPredicate(name.text);
    if (first) {
      node->kids.push_back(std::move(first));
    } else {
      node->kids.push_back(Expression(0));
      if (ok() && !IsBracket(")")) Expect(TokenKind::kOperator, ",");
    }
    NodePtr predicate, third;
    if (ok() && !IsBracket(")")) {
      node->predicate_offset = Peek().offset;
      predicate = Predicate();
      const bool takes_third = name.text == "reduce" || name.text == "sortBy";
      if (ok() && Take(TokenKind::kOperator, ",") && takes_third && !IsBracket(")")) third = Expression(0);
      if (ok()) Take(TokenKind::kOperator, ",");
    }
    if (ok()) Expect(TokenKind::kBracket, ")");
    if (ok() && !predicate && name.text != "count" && name.text != "sum") {
      return Fail(name.offset, absl::StrCat("not enough arguments to call ", name.text));
    }
    node->kids.push_back(std::move(predicate));
    node->kids.push_back(std::move(third));
    return node;
  }

  NodePtr Predicate() {
    ++predicate_depth_;
    NodePtr node;
    if (Take(TokenKind::kBracket, "{")) {
      node = Sequence();
      if (ok()) Expect(TokenKind::kBracket, "}");
    } else {
      node = Expression(0);
      if (ok() && IsOp(";")) Fail(Peek().offset, "wrap predicate with brackets { and }");
    }
    --predicate_depth_;
    return node;
  }

  NodePtr Postfix(NodePtr node) {
    // Where `?.` met nil, the names that follow are skipped; an index ends the chain.
    bool chain = false;
    auto end_chain = [&] {
      if (!std::exchange(chain, false)) return;
      NodePtr whole = New(NodeKind::kChain, node->offset);
      whole->kids.push_back(std::move(node));
      node = std::move(whole);
    };
    while (ok()) {
      const Token token = Peek();
      if (IsOp(".") || IsOp("?.")) {
        Advance();
        const bool optional = token.text == "?.";
        if (optional && IsBracket("[")) {
          node = Bracket(std::move(node), true);
          chain = true;
          continue;
        }
        const Token name = Peek();
        if (name.kind != TokenKind::kIdentifier) return Fail(name.offset, "expected name");
        Advance();
        chain |= optional || node->kind == NodeKind::kChain;  // one in parentheses goes on
        if (node->kind == NodeKind::kChain) node = NodePtr(std::move(node->kids[0]));
        NodePtr member = New(IsBracket("(") ? NodeKind::kMethod : NodeKind::kMember, name.offset);
        member->optional = optional;
        member->name = name.text;
        member->kids.push_back(std::move(node));
        if (Take(TokenKind::kBracket, "(")) {
          Arguments(*member);
        } else {
          member->kids.push_back(Text(name.text, name.offset));
        }
        node = std::move(member);
      } else if (IsBracket("[")) {
        end_chain();
        node = Bracket(std::move(node), false);
      } else {
        break;
      }
    }
    end_chain();
    return node;
  }

  // [i] or [a:b]
  NodePtr Bracket(NodePtr object, bool optional) {
    const int offset = Peek().offset;
    Advance();
    NodePtr from, to;
    bool slice = false;
    if (!IsOp(":")) from = Expression(0);
    if (ok() && Take(TokenKind::kOperator, ":")) {
      slice = true;
      if (!IsBracket("]")) to = Expression(0);
    }
    if (ok()) Expect(TokenKind::kBracket, "]");
    NodePtr node = New(slice ? NodeKind::kSlice : NodeKind::kMember, offset);
    node->optional = optional && !slice;
    node->kids.push_back(std::move(object));
    node->kids.push_back(std::move(from));
    if (slice) node->kids.push_back(std::move(to));
    return node;
  }

  std::vector<Token> tokens_;
  Tree& tree_;
  size_t at_ = 0;
  int depth_ = 0;
  int nodes_ = 0;
  int predicate_depth_ = 0;
  std::vector<std::pair<std::string, int>> locals_;
  std::string error_;
  int error_offset_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Tree>> Parse(std::string_view source) {
  auto tree = std::make_unique<Tree>();
  tree->source = std::string(source);
  OTELPIPE_ASSIGN_OR_RETURN(std::vector<Token> tokens, Tokenize(tree->source));
  OTELPIPE_RETURN_IF_ERROR(Parser(std::move(tokens), *tree).Run());
  return tree;
}

}  // namespace otelpipe::expr
