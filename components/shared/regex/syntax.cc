#include "shared/regex/syntax.h"

#include <utility>

#include "absl/status/status.h"
#include "shared/regex/utf8.h"

namespace otelpipe::regex {
namespace {

using Kind = SyntaxNode::Kind;
using NodePtr = std::unique_ptr<SyntaxNode>;

constexpr int kMaxHeight = 1000;
constexpr int kMaxRepeat = 1000;
constexpr int kTooBig = -2;  // a repeat count that does not fit

struct Flags {
  bool fold = false;         // i
  bool multi_line = false;   // m
  bool dot_newline = false;  // s
  bool ungreedy = false;     // U
};

bool IsWordChar(uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

int HexValue(uint32_t c) {
  if (c >= '0' && c <= '9') return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return -1;
}

struct NamedRanges {
  std::string_view name;
  std::vector<CharClass::Range> ranges;
};

const std::vector<CharClass::Range>* FindPerlClass(char letter) {
  static const std::vector<CharClass::Range> digit = {{'0', '9'}};
  static const std::vector<CharClass::Range> space = {{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}};
  static const std::vector<CharClass::Range> word = {
      {'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  switch (letter) {
    case 'd':
    case 'D':
      return &digit;
    case 's':
    case 'S':
      return &space;
    case 'w':
    case 'W':
      return &word;
    default:
      return nullptr;
  }
}

const std::vector<CharClass::Range>* FindPosixClass(std::string_view name) {
  static const std::vector<NamedRanges> classes = {
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7F}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{'!', '~'}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{' ', '~'}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  for (const NamedRanges& c : classes) {
    if (c.name == name) return &c.ranges;
  }
  return nullptr;
}

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
  if (node.kind == Kind::kRepeat && node.max != 0 && !(node.max == SyntaxNode::kUnlimited &&
                                                       node.min <= 1) &&
      !(node.min == 0 && node.max == 1)) {
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
class Parser {
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
      if (!Step(last_repeat, repeat)) return status_;
      if (rewritten_) {
        result_.re2_text += *rewritten_;
      } else {
        result_.re2_text += before.substr(0, before.size() - rest_.size());
      }
      last_repeat = repeat;
    }
    if (frames_.size() != 1) return PatternError("missing closing )", whole_);
    result_.root = CloseFrame();
    if (result_.root->height > kMaxHeight) return NestsTooDeeply();
    return std::move(result_);
  }

 private:
  struct Frame {
    Flags flags;     // in force outside the group
    int group = -1;  // -1: only grouping
    std::vector<NodePtr> alternatives;
    std::vector<NodePtr> concat;
  };

  bool Fail(std::string_view message, std::string_view fragment) {
    status_ = PatternError(message, fragment);
    return false;
  }

  absl::Status NestsTooDeeply() { return PatternError("expression nests too deeply", whole_); }

  static std::string_view Consumed(std::string_view before, std::string_view after) {
    return before.substr(0, before.size() - after.size());
  }

  // Takes one character off `text`.
  bool NextRune(std::string_view& text, uint32_t& rune) {
    const DecodedRune d = DecodeRune(text.data(), text.data() + text.size());
    if (d.rune == kRuneError && d.width == 1) return Fail("invalid UTF-8", text);
    text.remove_prefix(d.width);
    rune = d.rune;
    return true;
  }

  bool CheckUtf8(std::string_view text) {
    uint32_t rune;
    while (!text.empty()) {
      if (!NextRune(text, rune)) return false;
    }
    return true;
  }

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
          status_ = NestsTooDeeply();
          return false;
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
      case '[':
        return Class();
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
      status_ = NestsTooDeeply();
      return false;
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
    if (!ClassEscape(rest_, chars, known, taken)) return false;
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

  // \d \s \w \D \S \W \p{..} \P{..} at the head of `text`; `taken` tells whether there was one.
  bool ClassEscape(std::string_view& text, CharClass& chars, bool& known, bool& taken) {
    if (text.size() < 2 || text[0] != '\\') return true;
    if (text[1] == 'p' || text[1] == 'P') {
      std::string_view rest = text.substr(2);
      if (rest.empty()) return true;  // the caller reports the escape
      uint32_t c;
      if (!NextRune(rest, c)) return false;
      if (c == '{') {
        const size_t end = text.find('}');
        if (end == std::string_view::npos) {
          if (!CheckUtf8(text)) return false;
          return Fail("invalid character class range", text);
        }
        if (!CheckUtf8(text.substr(3, end - 3))) return false;
        rest = text.substr(end + 1);
      }
      // Whether the name exists is RE2's to say.
      text = rest;
      known = false;
      taken = true;
      return true;
    }
    const std::vector<CharClass::Range>* ranges = FindPerlClass(text[1]);
    if (ranges == nullptr) return true;
    AddRanges(*ranges, text[1] < 'a', chars);
    text.remove_prefix(2);
    taken = true;
    return true;
  }

  void AddRanges(const std::vector<CharClass::Range>& ranges, bool negated, CharClass& chars) {
    CharClass group;
    for (const CharClass::Range& range : ranges) {
      if (flags_.fold) {
        group.AddFoldedRange(range.low, range.high);  // ASCII only, so always known
      } else {
        group.AddRange(range.low, range.high);
      }
    }
    group.Normalize();
    if (negated) group.Negate();
    chars.AddClass(group);
  }

  bool CharEscape(std::string_view& text, uint32_t& rune) {
    const std::string_view start = text;
    text.remove_prefix(1);
    if (text.empty()) return Fail("trailing backslash at end of expression", "");
    uint32_t c;
    if (!NextRune(text, c)) return false;
    switch (c) {
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
        // One digit alone would be a back-reference.
        if (text.empty() || text[0] < '0' || text[0] > '7') break;
        [[fallthrough]];
      case '0':
        rune = c - '0';
        for (int i = 1; i < 3 && !text.empty() && text[0] >= '0' && text[0] <= '7'; ++i) {
          rune = rune * 8 + static_cast<uint32_t>(text[0] - '0');
          text.remove_prefix(1);
        }
        return true;
      case 'x': {
        bool valid = false;
        if (!HexEscape(text, rune, valid)) return false;
        if (valid) return true;
        break;
      }
      case 'a':
        rune = '\a';
        return true;
      case 'f':
        rune = '\f';
        return true;
      case 'n':
        rune = '\n';
        return true;
      case 'r':
        rune = '\r';
        return true;
      case 't':
        rune = '\t';
        return true;
      case 'v':
        rune = '\v';
        return true;
      default:
        if (c < 0x80 && (!IsWordChar(c) || c == '_')) {
          rune = c;
          return true;
        }
        break;
    }
    return Fail("invalid escape sequence", Consumed(start, text));
  }

  // What follows "\x". `text` is left where the reader stopped, for the message.
  bool HexEscape(std::string_view& text, uint32_t& rune, bool& valid) {
    if (text.empty()) return true;
    uint32_t c;
    if (!NextRune(text, c)) return false;
    if (c == '{') {
      rune = 0;
      for (int digits = 0;; ++digits) {
        if (text.empty()) return true;
        if (!NextRune(text, c)) return false;
        if (c == '}') {
          valid = digits > 0;
          return true;
        }
        const int value = HexValue(c);
        if (value < 0) return true;
        rune = rune * 16 + static_cast<uint32_t>(value);
        if (rune > kMaxRune) return true;
      }
    }
    const int high = HexValue(c);
    if (text.empty()) {
      // Go decodes an empty text here and finds a bad character.
      return Fail("invalid UTF-8", "");
    }
    if (!NextRune(text, c)) return false;
    const int low = HexValue(c);
    if (high < 0 || low < 0) return true;
    rune = static_cast<uint32_t>(high * 16 + low);
    valid = true;
    return true;
  }

  bool Class() {
    const std::string_view start = rest_;
    std::string_view text = start.substr(1);
    const bool negated = !text.empty() && text[0] == '^';
    if (negated) text.remove_prefix(1);
    CharClass chars;
    bool known = true;
    for (bool first = true; text.empty() || text[0] != ']' || first; first = false) {
      bool taken = false;
      if (!PosixClass(text, chars, taken)) return false;
      if (!taken && !ClassEscape(text, chars, known, taken)) return false;
      if (taken) continue;
      const std::string_view range = text;
      uint32_t low;
      if (!ClassChar(text, start, low)) return false;
      uint32_t high = low;
      if (text.size() >= 2 && text[0] == '-' && text[1] != ']') {
        text.remove_prefix(1);
        if (!ClassChar(text, start, high)) return false;
        if (high < low) return Fail("invalid character class range", Consumed(range, text));
      }
      if (flags_.fold) {
        known = chars.AddFoldedRange(low, high) && known;
      } else {
        chars.AddRange(low, high);
      }
    }
    text.remove_prefix(1);
    chars.Normalize();
    if (negated) chars.Negate();
    PushClass(std::move(chars), known);
    rest_ = text;
    return true;
  }

  bool ClassChar(std::string_view& text, std::string_view whole_class, uint32_t& rune) {
    if (text.empty()) return Fail("missing closing ]", whole_class);
    if (text[0] == '\\') return CharEscape(text, rune);
    return NextRune(text, rune);
  }

  bool PosixClass(std::string_view& text, CharClass& chars, bool& taken) {
    if (text.size() <= 2 || text[0] != '[' || text[1] != ':') return true;
    const size_t end = text.find(":]", 2);
    if (end == std::string_view::npos) return true;
    std::string_view name = text.substr(2, end - 2);
    const bool negated = !name.empty() && name[0] == '^';
    if (negated) name.remove_prefix(1);
    const std::vector<CharClass::Range>* ranges = FindPosixClass(name);
    if (ranges == nullptr) {
      return Fail("invalid character class range", text.substr(0, end + 2));
    }
    AddRanges(*ranges, negated, chars);
    text.remove_prefix(end + 2);
    taken = true;
    return true;
  }

  const std::string_view whole_;
  std::string_view rest_;
  Flags flags_;
  std::vector<Frame> frames_;
  ParsedPattern result_;
  std::unique_ptr<std::string> rewritten_;  // RE2 spelling of the current token, if it differs
  absl::Status status_;
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

absl::StatusOr<ParsedPattern> ParseGoPattern(std::string_view pattern) {
  return Parser(pattern).Run();
}

}  // namespace otelpipe::regex
