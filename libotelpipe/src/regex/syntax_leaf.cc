#include "regex/syntax_leaf.h"

#include <re2/re2.h>

#include <vector>

#include "regex/syntax.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

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

// The tables behind \p{...} are RE2's.
bool Re2KnowsClass(std::string_view escape) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  return re2::RE2(escape, options).ok();
}

void AddRanges(const std::vector<CharClass::Range>& ranges, bool negated, bool fold, CharClass& chars) {
  CharClass group;
  for (const CharClass::Range& range : ranges) {
    if (fold) {
      group.AddFoldedRange(range.low, range.high);  // ASCII only, so always known
    } else {
      group.AddRange(range.low, range.high);
    }
  }
  group.Normalize();
  if (negated) group.Negate();
  chars.AddClass(group);
}

}  // namespace

bool IsWordChar(uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool LeafParser::Fail(std::string_view message, std::string_view fragment) {
  status_ = PatternError(message, fragment);
  return false;
}

bool LeafParser::NextRune(std::string_view& text, uint32_t& rune) {
  const DecodedRune d = DecodeRune(text.data(), text.data() + text.size());
  if (d.rune == kRuneError && d.width == 1) return Fail("invalid UTF-8", text);
  text.remove_prefix(d.width);
  rune = d.rune;
  return true;
}

bool LeafParser::CheckUtf8(std::string_view text) {
  uint32_t rune;
  while (!text.empty()) {
    if (!NextRune(text, rune)) return false;
  }
  return true;
}

// \d \s \w \D \S \W \p{..} \P{..} at the head of `text`; `taken` tells whether there was one.
bool LeafParser::ClassEscape(std::string_view& text, bool fold, CharClass& chars, bool& known, bool& taken) {
  if (text.size() < 2 || text[0] != '\\') return true;
  if (text[1] == 'p' || text[1] == 'P') {
    std::string_view rest = text.substr(2);
    if (rest.empty()) return Fail("invalid character class range", text);
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
    const std::string_view name = Consumed(text, rest);
    if (!Re2KnowsClass(name)) return Fail("invalid character class range", name);
    text = rest;
    known = false;
    taken = true;
    return true;
  }
  const std::vector<CharClass::Range>* ranges = FindPerlClass(text[1]);
  if (ranges == nullptr) return true;
  AddRanges(*ranges, text[1] < 'a', fold, chars);
  text.remove_prefix(2);
  taken = true;
  return true;
}

bool LeafParser::CharEscape(std::string_view& text, uint32_t& rune) {
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
bool LeafParser::HexEscape(std::string_view& text, uint32_t& rune, bool& valid) {
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
  if (text.empty()) return true;
  if (!NextRune(text, c)) return false;
  const int low = HexValue(c);
  if (high < 0 || low < 0) return true;
  rune = static_cast<uint32_t>(high * 16 + low);
  valid = true;
  return true;
}

bool LeafParser::BracketClass(std::string_view& text, bool fold, CharClass& chars, bool& known) {
  const std::string_view start = text;
  text.remove_prefix(1);
  const bool negated = !text.empty() && text[0] == '^';
  if (negated) text.remove_prefix(1);
  for (bool first = true; text.empty() || text[0] != ']' || first; first = false) {
    bool taken = false;
    if (!PosixClass(text, fold, chars, taken)) return false;
    if (!taken && !ClassEscape(text, fold, chars, known, taken)) return false;
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
    if (fold) {
      known = chars.AddFoldedRange(low, high) && known;
    } else {
      chars.AddRange(low, high);
    }
  }
  text.remove_prefix(1);
  chars.Normalize();
  if (negated) chars.Negate();
  return true;
}

bool LeafParser::ClassChar(std::string_view& text, std::string_view whole_class, uint32_t& rune) {
  if (text.empty()) return Fail("missing closing ]", whole_class);
  if (text[0] == '\\') return CharEscape(text, rune);
  return NextRune(text, rune);
}

bool LeafParser::PosixClass(std::string_view& text, bool fold, CharClass& chars, bool& taken) {
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
  AddRanges(*ranges, negated, fold, chars);
  text.remove_prefix(end + 2);
  taken = true;
  return true;
}

}  // namespace otelpipe::regex
