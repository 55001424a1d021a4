// Characters, escapes and bracket classes of the pattern syntax: the leaves of the parser in syntax.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "regex/char_class.h"

namespace otelpipe::regex {

// [0-9A-Za-z_]
bool IsWordChar(uint32_t c);

// Reads leaves off the head of a text. Every member returns false after it has set status(). One
// parser per pattern, one thread.
class LeafParser {
 public:
  const absl::Status& status() const { return status_; }

  // Sets status() to Go's words for a syntax error and returns false.
  bool Fail(std::string_view message, std::string_view fragment);

  // What was read when `before` has become `after`.
  static std::string_view Consumed(std::string_view before, std::string_view after) {
    return before.substr(0, before.size() - after.size());
  }

  // Takes one character off `text`, which must not be empty.
  bool NextRune(std::string_view& text, uint32_t& rune);
  bool CheckUtf8(std::string_view text);

  // \d \s \w \D \S \W \p{..} \P{..} at the head of `text`, added to `chars`; `taken` tells whether
  // there was one. `known` becomes false if only RE2 knows the members.
  bool ClassEscape(std::string_view& text, bool fold, CharClass& chars, bool& known, bool& taken);

  // An escape that stands for one character.
  bool CharEscape(std::string_view& text, uint32_t& rune);

  // A bracket expression; `text` begins with "[".
  bool BracketClass(std::string_view& text, bool fold, CharClass& chars, bool& known);

 private:
  bool HexEscape(std::string_view& text, uint32_t& rune, bool& valid);
  bool ClassChar(std::string_view& text, std::string_view whole_class, uint32_t& rune);
  bool PosixClass(std::string_view& text, bool fold, CharClass& chars, bool& taken);

  absl::Status status_;
};

}  // namespace otelpipe::regex
