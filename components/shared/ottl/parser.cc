#include "shared/ottl/parser.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/ottl/lexer.h"

namespace otelpipe::ottl {
namespace {

constexpr int kDeepest = 100;
constexpr std::string_view kField = "Field (\".\" Field)*";

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsComparison(std::string_view t) { return t == "==" || t == "!=" || t == "<" || t == "<=" || t == ">" || t == ">="; }

class Parser {
 public:
  Parser(std::string_view text, std::string_view noun, std::vector<Token> tokens)
      : text_(text), noun_(noun), tokens_(std::move(tokens)) {}

  absl::StatusOr<StatementNode> Statement() {
    StatementNode out;
    const Token first = Peek();
    if (first.kind != Token::kName || !Ahead("(")) {
      if (first.kind == Token::kName) ++next_;
      return Unexpected("\"(\"");
    }
    OTELPIPE_ASSIGN_OR_RETURN(out.editor, Call());
    if (!IsLower(first.text[0])) {
      return absl::InvalidArgumentError(absl::StrCat("editor names must start with a lowercase letter but got '", first.text, "'"));
    }
    if (IsPunct("[")) {
      OTELPIPE_RETURN_IF_ERROR(Keys(out.editor->keys));
      return absl::InvalidArgumentError(absl::StrCat("only paths and converters may be indexed, not editors, but got ", first.text,
                                                     A(KeysText(out.editor->keys))));
    }
    if (EatWord("where")) {
      OTELPIPE_ASSIGN_OR_RETURN(out.where, Or());
    }
    if (Peek().kind != Token::kEnd) return Unexpected("");
    return out;
  }

  absl::StatusOr<TestPtr> Condition() {
    OTELPIPE_ASSIGN_OR_RETURN(TestPtr test, Or());
    if (Peek().kind != Token::kEnd) return Unexpected("");
    return test;
  }

 private:
  const Token& Peek() const { return tokens_[next_]; }
  bool Ahead(std::string_view punct) const {
    const Token& t = tokens_[std::min(next_ + 1, tokens_.size() - 1)];
    return t.kind == Token::kPunct && t.text == punct;
  }
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
    std::string what = "unexpected token \"";
    if (t.kind == Token::kEnd) {
      what += "<EOF>";
    } else if (t.kind == Token::kName || t.kind == Token::kPunct) {
      what += t.text;
    } else {
      const size_t end = next_ + 1 < tokens_.size() ? tokens_[next_ + 1].at : text_.size();
      std::string_view raw = text_.substr(t.at, end - t.at);
      while (!raw.empty() && raw.back() == ' ') raw.remove_suffix(1);
      what += raw;
    }
    what += '"';
    if (!expected.empty()) absl::StrAppend(&what, " (expected ", A(expected), ")");
    return SyntaxError(noun_, text_, t.at, what);
  }
  absl::Status TooDeep() const { return SyntaxError(noun_, text_, Peek().at, "too many parentheses"); }

  // --- conditions
  absl::StatusOr<TestPtr> Joined(TestNode::Kind kind, const char* word, absl::StatusOr<TestPtr> (Parser::*part)()) {
    OTELPIPE_ASSIGN_OR_RETURN(TestPtr first, (this->*part)());
    if (!IsWord(word)) return first;
    auto out = std::make_unique<TestNode>();
    out->kind = kind;
    out->tests.push_back(std::move(first));
    while (EatWord(word)) {
      OTELPIPE_ASSIGN_OR_RETURN(TestPtr more, (this->*part)());
      out->tests.push_back(std::move(more));
    }
    return out;
  }
  absl::StatusOr<TestPtr> Or() { return Joined(TestNode::kOr, "or", &Parser::And); }
  absl::StatusOr<TestPtr> And() { return Joined(TestNode::kAnd, "and", &Parser::Not); }
  absl::StatusOr<TestPtr> Not() {
    if (!EatWord("not")) return Primary();
    auto out = std::make_unique<TestNode>();
    out->kind = TestNode::kNot;
    OTELPIPE_ASSIGN_OR_RETURN(TestPtr test, Primary());
    out->tests.push_back(std::move(test));
    return out;
  }

  // Parentheses hold a condition or a part of arithmetic; which of them is known by looking ahead, so nothing is read twice.
  absl::StatusOr<TestPtr> Primary() {
    if (!IsPunct("(") || !HoldsCondition()) return ComparisonOrCall();
    if (++depth_ > kDeepest) return TooDeep();
    ++next_;
    OTELPIPE_ASSIGN_OR_RETURN(TestPtr test, Or());
    if (!Eat(")")) return Unexpected("\")\"");
    --depth_;
    return test;
  }

  // A comparison or a word of logic inside makes it a condition, an operator behind it arithmetic.
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
        return behind.kind != Token::kPunct ||
               !(IsComparison(behind.text) || behind.text == "+" || behind.text == "-" || behind.text == "*" || behind.text == "/");
      }
    }
    return true;  // not closed: the parser says so
  }

  absl::StatusOr<TestPtr> ComparisonOrCall() {
    auto out = std::make_unique<TestNode>();
    OTELPIPE_ASSIGN_OR_RETURN(out->left, Value());
    if (Peek().kind == Token::kPunct && IsComparison(Peek().text)) {
      out->kind = TestNode::kCompare;
      out->op = Peek().text;
      ++next_;
      OTELPIPE_ASSIGN_OR_RETURN(out->right, Value());
      return out;
    }
    if (out->left->kind == Node::kBool) {
      out->kind = TestNode::kConst;
      out->value = out->left->boolean;
      return out;
    }
    if (out->left->kind == Node::kCall) {
      out->kind = TestNode::kCall;
      return out;
    }
    return Unexpected("<opcomparison> Value");
  }

  // --- values
  NodePtr Make(Node::Kind kind) const {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->at = Peek().at;
    return node;
  }

  absl::StatusOr<NodePtr> Value() {
    const Token& t = Peek();
    NodePtr node;
    switch (t.kind) {
      case Token::kString: node = Make(Node::kString); break;
      case Token::kBytes: node = Make(Node::kBytes); break;
      case Token::kInt:
      case Token::kDouble: return Sum();
      case Token::kEnd: return Unexpected(kField);
      case Token::kPunct:
        if (t.text == "[") return ListLiteral();
        if (t.text == "{") return MapLiteral();
        if (t.text == "(") return Sum();
        return Unexpected(kField);
      case Token::kName:
        if (t.text == "nil" && !Ahead(".")) {
          node = Make(Node::kNil);
          break;
        }
        if (t.text == "true" || t.text == "false") {
          node = Make(Node::kBool);
          node->boolean = t.text == "true";
          break;
        }
        if (IsUpper(t.text[0]) && !Ahead("(")) {
          if (std::any_of(t.text.begin(), t.text.end(), IsLower)) {
            ++next_;
            return Unexpected("\"(\"");
          }
          node = Make(Node::kEnum);
          break;
        }
        return Sum();
    }
    node->text = t.text;
    ++next_;
    return node;
  }

  absl::StatusOr<NodePtr> Sum() { return Chain("+-", &Parser::Product); }
  absl::StatusOr<NodePtr> Product() { return Chain("*/", &Parser::Factor); }
  absl::StatusOr<NodePtr> Chain(std::string_view ops, absl::StatusOr<NodePtr> (Parser::*part)()) {
    OTELPIPE_ASSIGN_OR_RETURN(NodePtr left, (this->*part)());
    while (Peek().kind == Token::kPunct && Peek().text.size() == 1 && ops.find(Peek().text[0]) != std::string_view::npos) {
      NodePtr math = Make(Node::kMath);
      math->op = Peek().text[0];
      ++next_;
      OTELPIPE_ASSIGN_OR_RETURN(NodePtr right, (this->*part)());
      math->items.push_back(std::move(left));
      math->items.push_back(std::move(right));
      left = std::move(math);
    }
    return left;
  }

  absl::StatusOr<NodePtr> Factor() {
    const Token& t = Peek();
    if (Eat("(")) {
      if (++depth_ > kDeepest) return TooDeep();
      OTELPIPE_ASSIGN_OR_RETURN(NodePtr inner, Sum());
      if (!Eat(")")) return Unexpected("\")\"");
      --depth_;
      return inner;
    }
    if (t.kind == Token::kInt || t.kind == Token::kDouble) {
      NodePtr node = Make(t.kind == Token::kInt ? Node::kInt : Node::kDouble);
      node->integer = t.integer;
      node->number = t.number;
      ++next_;
      return node;
    }
    if (t.kind != Token::kName || t.text == "and" || t.text == "or" || t.text == "not" || t.text == "true" || t.text == "false") {
      return Unexpected(kField);
    }
    if (Ahead("(")) {
      if (!IsUpper(t.text[0])) {
        return absl::InvalidArgumentError(absl::StrCat("converter names must start with an uppercase letter but got '", t.text, "'"));
      }
      OTELPIPE_ASSIGN_OR_RETURN(NodePtr call, Call());
      OTELPIPE_RETURN_IF_ERROR(Keys(call->keys));
      return call;
    }
    if (!IsLower(t.text[0])) return Unexpected(kField);
    return Path();
  }

  absl::StatusOr<NodePtr> Path() {
    NodePtr path = Make(Node::kPath);
    const size_t begin = Peek().at;
    for (;;) {
      Field field;
      if (Peek().kind != Token::kName || !IsLower(Peek().text[0])) return Unexpected("Field");
      field.name = Peek().text;
      ++next_;
      OTELPIPE_RETURN_IF_ERROR(Keys(field.keys));
      if (!path->text.empty()) path->text += '.';
      absl::StrAppend(&path->text, field.name, A(KeysText(field.keys)));
      path->fields.push_back(std::move(field));
      if (!Eat(".")) break;
    }
    path->at = begin;
    return path;
  }

  // The keys in brackets behind a path or a call.
  absl::Status Keys(std::vector<NodePtr>& keys) {
    while (Eat("[")) {
      if (++depth_ > kDeepest) return TooDeep();
      NodePtr key;
      if (Peek().kind == Token::kString) {
        key = Make(Node::kString);
        key->text = Peek().text;
        ++next_;
      } else {
        OTELPIPE_ASSIGN_OR_RETURN(key, Sum());
      }
      if (!Eat("]")) return Unexpected("\"]\"");
      --depth_;
      keys.push_back(std::move(key));
    }
    return absl::OkStatus();
  }
  // As the reference writes keys in messages: without quotes.
  static std::string KeysText(const std::vector<NodePtr>& keys) {
    std::string out;
    for (const NodePtr& key : keys) {
      if (key->kind == Node::kInt) {
        absl::StrAppend(&out, "[", key->integer, "]");
      } else {
        absl::StrAppend(&out, "[", key->kind == Node::kString || key->kind == Node::kPath ? key->text : "", "]");
      }
    }
    return out;
  }

  absl::StatusOr<NodePtr> Call() {
    NodePtr call = Make(Node::kCall);
    call->text = Peek().text;
    next_ += 2;
    if (++depth_ > kDeepest) return TooDeep();
    while (!Eat(")")) {
      if (!call->arguments.empty() && !Eat(",")) return Unexpected("\")\"");
      Argument argument;
      if (Peek().kind == Token::kName && IsLower(Peek().text[0]) && Ahead("=")) {
        argument.name = Peek().text;
        next_ += 2;
      }
      const Token& t = Peek();
      if (t.kind == Token::kName && IsUpper(t.text[0]) && (Ahead(",") || Ahead(")")) &&
          std::any_of(t.text.begin(), t.text.end(), IsLower)) {
        argument.function = t.text;
        ++next_;
      } else {
        OTELPIPE_ASSIGN_OR_RETURN(argument.value, Value());
      }
      call->arguments.push_back(std::move(argument));
    }
    --depth_;
    return call;
  }

  absl::StatusOr<NodePtr> ListLiteral() {
    NodePtr list = Make(Node::kList);
    Eat("[");
    if (++depth_ > kDeepest) return TooDeep();
    while (!Eat("]")) {
      if (!list->items.empty() && !Eat(",")) return Unexpected("\"]\"");
      OTELPIPE_ASSIGN_OR_RETURN(NodePtr item, Value());
      list->items.push_back(std::move(item));
    }
    --depth_;
    return list;
  }

  absl::StatusOr<NodePtr> MapLiteral() {
    NodePtr map = Make(Node::kMap);
    Eat("{");
    if (++depth_ > kDeepest) return TooDeep();
    while (!Eat("}")) {
      if (Peek().kind != Token::kString) return Unexpected("\"}\"");
      map->names.push_back(Peek().text);
      ++next_;
      if (!Eat(":")) return Unexpected("\":\"");
      OTELPIPE_ASSIGN_OR_RETURN(NodePtr item, Value());
      map->items.push_back(std::move(item));
      Eat(",");
    }
    --depth_;
    return map;
  }

  std::string_view text_;
  std::string_view noun_;
  std::vector<Token> tokens_;
  size_t next_ = 0;
  int depth_ = 0;
};

void CollectNode(const Node& node, Mentions& out) {
  if (node.kind == Node::kPath) {
    out.paths.push_back(&node);
    for (const Field& field : node.fields) {
      for (const NodePtr& key : field.keys) CollectNode(*key, out);
    }
  }
  if (node.kind == Node::kEnum) out.enums.insert(node.text);
  if (node.kind == Node::kCall) {
    out.functions.insert(node.text);
    for (const Argument& argument : node.arguments) {
      if (argument.value) CollectNode(*argument.value, out);
    }
  }
  for (const NodePtr& item : node.items) CollectNode(*item, out);
}

}  // namespace

absl::StatusOr<StatementNode> ParseStatement(std::string_view text) {
  OTELPIPE_ASSIGN_OR_RETURN(std::vector<Token> tokens, Scan(text, "statement"));
  return Parser(text, "statement", std::move(tokens)).Statement();
}

absl::StatusOr<TestPtr> ParseCondition(std::string_view text) {
  OTELPIPE_ASSIGN_OR_RETURN(std::vector<Token> tokens, Scan(text, "condition"));
  return Parser(text, "condition", std::move(tokens)).Condition();
}

void Collect(const StatementNode& statement, Mentions& out) {
  CollectNode(*statement.editor, out);
  if (statement.where) Collect(*statement.where, out);
}

void Collect(const TestNode& test, Mentions& out) {
  if (test.left) CollectNode(*test.left, out);
  if (test.right) CollectNode(*test.right, out);
  for (const TestPtr& inner : test.tests) Collect(*inner, out);
}

}  // namespace otelpipe::ottl
