// Parser of Go's regular expression syntax.
//
// Yields three things: a tree for the scanner's compiler, the same pattern in a spelling that every
// release of RE2 takes (groups numbered but not named, so names may repeat), and the names of groups.
//
//   absl::StatusOr<ParsedPattern> parsed = ParseGoPattern("(?<a>x)|(?<a>y)");
//   parsed->re2_text;     // "(x)|(y)"
//   parsed->group_names;  // {"", "a", "a"}
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "regex/char_class.h"

namespace otelpipe::regex {

struct SyntaxNode {
  enum class Kind {
    kEmpty,
    kClass,   // one character out of `chars`
    kOpaque,  // one character out of a set that only RE2 knows (\p{...}, case beyond ASCII)
    kBeginText,
    kEndText,
    kBeginLine,
    kEndLine,
    kWordBoundary,
    kNoWordBoundary,
    kCapture,    // subs[0], recorded as group `group`
    kRepeat,     // subs[0], `min` to `max` times
    kConcat,     // subs in order
    kAlternate,  // one of subs, earlier ones preferred
  };
  static constexpr int kUnlimited = -1;

  Kind kind = Kind::kEmpty;
  CharClass chars;
  int group = 0;
  int min = 0;
  int max = 0;
  bool greedy = true;
  int height = 1;
  std::vector<std::unique_ptr<SyntaxNode>> subs;
};

struct ParsedPattern {
  std::unique_ptr<SyntaxNode> root;
  std::string re2_text;
  std::vector<std::string> group_names;  // [0] is ""
};

// Fails with InvalidArgument "error parsing regexp: <message>: `<fragment>`", Go's words.
absl::StatusOr<ParsedPattern> ParseGoPattern(std::string_view pattern);

// Whether some match of the pattern could be empty.
bool CanMatchEmpty(const SyntaxNode& node);

// The status of an error that is found after parsing.
absl::Status PatternError(std::string_view message, std::string_view fragment);

}  // namespace otelpipe::regex
