#include "regex/syntax.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "regex/syntax_leaf.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

using Kind = SyntaxNode::Kind;
using NodePtr = std::unique_ptr<SyntaxNode>;

constexpr int kMaxHeight = 1000;
constexpr std::string_view kNestsTooDeeply = "expression nests too deeply";
constexpr int kMaxRepeat = 1000;
constexpr int kTooBig = -2;  // a repeat count that does not fit

struct Flags {
  bool fold = false;         // i
  bool multi_line = false;   // m
  bool dot_newline = false;  // s
  bool ungreedy = false;     // U
};

NodePtr MakeNode(Kind kind) {
  auto node = std::make_unique<SyntaxNode>();
  node->kind = kind;
  return node;
}

void Adopt(SyntaxNode& parent, NodePtr child) {
  parent.height = std::max(parent.height, child->height + 1);
  parent.subs.push_back(std::move(child));
}

// Whether the counts of nested repetitions multiply to at most `budget` on every path.
bool RepeatsWithin(const SyntaxNode& node, int budget) {
  if (node.kind == Kind::kRepeat) {
    if (node.max == 0) return true;
    const int count = node.max == SyntaxNode::kUnlimited ? node.min : node.max;
    if (count > budget) return false;
    if (count > 0) budget /= count;
  }
  for (const NodePtr& sub : node.subs) {
    if (!RepeatsWithin(*sub, budget)) return false;
  }
  return true;
}

// A loop over the pattern with a stack of open groups; no recursion, so depth costs no stack.
class Parser : private LeafParser {
 public:
  explicit Parser(std::string_view pattern) : whole_(pattern), rest_(pattern) {
    frames_.emplace_back();
    result_.group_names.emplace_back();
  }

  absl::StatusOr<ParsedPattern> Run() {
    std::string_view last_repeat;
    while (!rest_.empty()) {
      std::string_view repeat;
      const std::string_view before = rest_;
      rewritten_.reset();
      if (!Step(last_repeat, repeat)) return status();
      if (rewritten_) {
        result_.re2_text += *rewritten_;
      } else {
        result_.re2_text += before.substr(0, before.size() - rest_.size());
      }
      last_repeat = repeat;
    }
    if (frames_.size() != 1) return PatternError("missing closing )", whole_);
    result_.root = CloseFrame();
    if (result_.root->height > kMaxHeight) return PatternError(kNestsTooDeeply, whole_);
    return std::move(result_);
  }

 private:
  struct Frame {
    Flags flags;     // in force outside the group
    int group = -1;  // -1: only grouping
    std::vector<NodePtr> alternatives;
    std::vector<NodePtr> concat;
  };

  void Push(NodePtr node) { frames_.back().concat.push_back(std::move(node)); }
  void PushKind(Kind kind) { Push(MakeNode(kind)); }

  void PushClass(CharClass chars, bool known) {
    NodePtr node = MakeNode(known ? Kind::kClass : Kind::kOpaque);
    if (known) {
      chars.Normalize();
      node->chars = std::move(chars);
    }
    Push(std::move(node));
  }

  void PushLiteral(uint32_t rune) {
    CharClass chars;
    bool known = true;
    if (flags_.fold) {
      known = chars.AddFoldedRange(rune, rune);
    } else {
      chars.AddRange(rune, rune);
    }
    PushClass(std::move(chars), known);
  }

  NodePtr CloseConcat(std::vector<NodePtr> items) {
    if (items.size() == 1) return std::move(items[0]);
    if (items.empty()) return MakeNode(Kind::kEmpty);
    NodePtr node = MakeNode(Kind::kConcat);
    for (NodePtr& item : items) Adopt(*node, std::move(item));
    return node;
  }

  NodePtr CloseFrame() {
    Frame& frame = frames_.back();
    frame.alternatives.push_back(CloseConcat(std::move(frame.concat)));
    NodePtr node;
    if (frame.alternatives.size() == 1) {
      node = std::move(frame.alternatives[0]);
    } else {
      node = MakeNode(Kind::kAlternate);
      for (NodePtr& alternative : frame.alternatives) Adopt(*node, std::move(alternative));
    }
    if (frame.group >= 0) {
      NodePtr capture = MakeNode(Kind::kCapture);
      capture->group = frame.group;
      Adopt(*capture, std::move(node));
      node = std::move(capture);
    }
    return node;
  }

  void OpenFrame(int group) {
    Frame frame;
    frame.flags = flags_;
    frame.group = group;
    frames_.push_back(std::move(frame));
  }

  void OpenCapture(std::string name) {
    result_.group_names.push_back(std::move(name));
    OpenFrame(static_cast<int>(result_.group_names.size()) - 1);
  }

  // Consumes one token of rest_. `repeat` is set to the suffix that begins with a repetition operator.
  bool Step(std::string_view last_repeat, std::string_view& repeat) {
    switch (rest_[0]) {
      case '(':
        if (rest_.size() >= 2 && rest_[1] == '?') return PerlGroup();
        OpenCapture("");
        rest_.remove_prefix(1);
        return true;
      case '|': {
        Frame& frame = frames_.back();
        frame.alternatives.push_back(CloseConcat(std::move(frame.concat)));
        frame.concat.clear();
        rest_.remove_prefix(1);
        return true;
      }
      case ')': {
        if (frames_.size() == 1) return Fail("unexpected )", whole_);
        NodePtr node = CloseFrame();
        flags_ = frames_.back().flags;
        frames_.pop_back();
        if (node->height > kMaxHeight) {
          return Fail(kNestsTooDeeply, whole_);
        }
        Push(std::move(node));
        rest_.remove_prefix(1);
        return true;
      }
      case '^':
        PushKind(flags_.multi_line ? Kind::kBeginLine : Kind::kBeginText);
        rest_.remove_prefix(1);
        return true;
      case '$':
        PushKind(flags_.multi_line ? Kind::kEndLine : Kind::kEndText);
        rest_.remove_prefix(1);
        return true;
      case '.': {
        CharClass chars;
        if (!flags_.dot_newline) chars.AddRange('\n', '\n');
        chars.Negate();
        PushClass(std::move(chars), true);
        rest_.remove_prefix(1);
        return true;
      }
      case '[': {
        CharClass chars;
        bool known = true;
        if (!BracketClass(rest_, flags_.fold, chars, known)) return false;
        PushClass(std::move(chars), known);
        return true;
      }
      case '*':
      case '+':
      case '?': {
        const char op = rest_[0];
        repeat = rest_;
        return Repeat(op == '+' ? 1 : 0, op == '?' ? 1 : SyntaxNode::kUnlimited, rest_.substr(1),
                      last_repeat, false);
      }
      case '{': {
        int min;
        int max;
        std::string_view after;
        if (!RepeatCounts(rest_, min, max, after)) {
          PushLiteral('{');
          rest_.remove_prefix(1);
          return true;
        }
        if (min < 0 || min > kMaxRepeat || max > kMaxRepeat || max == kTooBig ||
            (max >= 0 && min > max)) {
          return Fail("invalid repeat count", Consumed(rest_, after));
        }
        repeat = rest_;
        return Repeat(min, max, after, last_repeat, true);
      }
      case '\\':
        return Escape();
      default: {
        uint32_t rune;
        if (!NextRune(rest_, rune)) return false;
        PushLiteral(rune);
        return true;
      }
    }
  }

  bool Repeat(int min, int max, std::string_view after, std::string_view last_repeat,
              bool counted) {
    const std::string_view before = rest_;
    bool greedy = !flags_.ungreedy;
    if (!after.empty() && after[0] == '?') {
      after.remove_prefix(1);
      greedy = !greedy;
    }
    if (!last_repeat.empty()) {
      return Fail("invalid nested repetition operator", Consumed(last_repeat, after));
    }
    std::vector<NodePtr>& concat = frames_.back().concat;
    if (concat.empty()) {
      return Fail("missing argument to repetition operator", Consumed(before, after));
    }
    NodePtr node = MakeNode(Kind::kRepeat);
    node->min = min;
    node->max = max;
    node->greedy = greedy;
    Adopt(*node, std::move(concat.back()));
    concat.back() = std::move(node);
    if (concat.back()->height > kMaxHeight) {
      return Fail(kNestsTooDeeply, whole_);
    }
    if (counted && (min >= 2 || max >= 2) && !RepeatsWithin(*concat.back(), kMaxRepeat)) {
      return Fail("invalid repeat count", Consumed(before, after));
    }
    rest_ = after;
    return true;
  }

  // {min}, {min,} or {min,max}; false if `text` does not begin with one.
  static bool RepeatCounts(std::string_view text, int& min, int& max, std::string_view& after) {
    text.remove_prefix(1);
    if (!Integer(text, min) || text.empty()) return false;
    if (text[0] != ',') {
      max = min;
    } else {
      text.remove_prefix(1);
      if (text.empty()) return false;
      if (text[0] == '}') {
        max = SyntaxNode::kUnlimited;
      } else if (!Integer(text, max)) {
        return false;
      }
    }
    if (text.empty() || text[0] != '}') return false;
    after = text.substr(1);
    return true;
  }

  static bool Integer(std::string_view& text, int& value) {
    if (text.empty() || text[0] < '0' || text[0] > '9') return false;
    if (text.size() >= 2 && text[0] == '0' && text[1] >= '0' && text[1] <= '9') return false;
    value = 0;
    while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
      if (value != kTooBig) {
        value = value >= 100000000 ? kTooBig : value * 10 + (text[0] - '0');
      }
      text.remove_prefix(1);
    }
    return true;
  }

  // "(?": a named group, flags, or a group that only groups.
  bool PerlGroup() {
    const std::string_view start = rest_;
    const bool with_p = start.size() > 4 && start[2] == 'P' && start[3] == '<';
    const bool without_p = start.size() > 3 && start[2] == '<';
    if (with_p || without_p) {
      const size_t name_at = with_p ? 4 : 3;
      const size_t end = start.find('>');
      if (end == std::string_view::npos) {
        if (!CheckUtf8(start)) return false;
        return Fail("invalid named capture", start);
      }
      const std::string_view name = start.substr(name_at, end - name_at);
      if (!CheckUtf8(name)) return false;
      bool valid = !name.empty();
      for (const char c : name) valid = valid && IsWordChar(static_cast<unsigned char>(c));
      if (!valid) return Fail("invalid named capture", start.substr(0, end + 1));
      OpenCapture(std::string(name));
      rewritten_ = std::make_unique<std::string>("(");
      rest_ = start.substr(end + 1);
      return true;
    }

    std::string_view text = start.substr(2);
    Flags flags = flags_;
    bool value = true;  // what a letter sets its flag to
    bool saw_flag = false;
    while (!text.empty()) {
      uint32_t c;
      if (!NextRune(text, c)) return false;
      if (c == 'i' || c == 'm' || c == 's' || c == 'U') {
        (c == 'i'   ? flags.fold
         : c == 'm' ? flags.multi_line
         : c == 's' ? flags.dot_newline
                    : flags.ungreedy) = value;
        saw_flag = true;
      } else if (c == '-' && value) {
        value = false;
        saw_flag = false;
      } else if ((c == ':' || c == ')') && (value || saw_flag)) {
        if (c == ':') OpenFrame(-1);
        flags_ = flags;
        rest_ = text;
        return true;
      } else {
        break;
      }
    }
    return Fail("invalid or unsupported Perl syntax", Consumed(start, text));
  }

  bool Escape() {
    if (rest_.size() >= 2) {
      switch (rest_[1]) {
        case 'A':
          return SimpleEscape(Kind::kBeginText);
        case 'b':
          return SimpleEscape(Kind::kWordBoundary);
        case 'B':
          return SimpleEscape(Kind::kNoWordBoundary);
        case 'z':
          return SimpleEscape(Kind::kEndText);
        case 'C':
          return Fail("invalid escape sequence", rest_.substr(0, 2));
        case 'Q':
          return QuotedText();
        default:
          break;
      }
    }
    CharClass chars;
    bool known = true;
    bool taken = false;
    if (!ClassEscape(rest_, flags_.fold, chars, known, taken)) return false;
    if (taken) {
      PushClass(std::move(chars), known);
      return true;
    }
    uint32_t rune;
    if (!CharEscape(rest_, rune)) return false;
    PushLiteral(rune);
    return true;
  }

  bool SimpleEscape(Kind kind) {
    PushKind(kind);
    rest_.remove_prefix(2);
    return true;
  }

  bool QuotedText() {
    std::string_view text = rest_.substr(2);
    const size_t end = text.find("\\E");
    rest_ = end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
    text = text.substr(0, end);
    while (!text.empty()) {
      uint32_t rune;
      if (!NextRune(text, rune)) return false;
      PushLiteral(rune);
    }
    return true;
  }

  const std::string_view whole_;
  std::string_view rest_;
  Flags flags_;
  std::vector<Frame> frames_;
  ParsedPattern result_;
  std::unique_ptr<std::string> rewritten_;  // RE2 spelling of the current token, if it differs
};

}  // namespace

absl::Status PatternError(std::string_view message, std::string_view fragment) {
  std::string text = "error parsing regexp: ";
  text += message;
  text += ": `";
  text += fragment;
  text += '`';
  return absl::InvalidArgumentError(text);
}

bool CanMatchEmpty(const SyntaxNode& node) {
  const auto empty = [](const NodePtr& sub) { return CanMatchEmpty(*sub); };
  switch (node.kind) {
    case Kind::kClass:
    case Kind::kOpaque:
      return false;
    case Kind::kRepeat:
      return node.min == 0 || CanMatchEmpty(*node.subs[0]);
    case Kind::kAlternate:
      return std::any_of(node.subs.begin(), node.subs.end(), empty);
    case Kind::kCapture:
    case Kind::kConcat:
      return std::all_of(node.subs.begin(), node.subs.end(), empty);
    default:
      return true;
  }
}

absl::StatusOr<ParsedPattern> ParseGoPattern(std::string_view pattern) {
  return Parser(pattern).Run();
}

}  // namespace otelpipe::regex
