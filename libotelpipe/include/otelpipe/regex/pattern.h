// Regular expressions with the semantics of Go's `regexp` package.
//
// Configs of the collector hold patterns that were written for Go. Pattern accepts that syntax,
// reports its error texts and finds the same matches: unanchored, leftmost-first. Two engines sit
// behind it. A scanner (see scanner.h) runs patterns made of literals, character classes, groups and
// alternations, which is nearly everything found in log configs, at a fraction of the cost; RE2
// runs the rest and takes over when a subject would make the scanner work too long. Which engine
// answers never shows in a result.
//
//   auto pattern = Pattern::Compile(R"(^(?P<level>\w+): (?P<text>.*)$)");
//   if (!pattern.ok()) return pattern.status();
//   std::vector<std::string_view> captures((*pattern)->capture_count());
//   if ((*pattern)->Match(line, captures.data())) Use(captures[1], captures[2]);
//
// Known differences from Go: \p{...} tables and non-ASCII case folding are those of the installed
// RE2, which may follow another Unicode version than the Go release does.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::regex {

class ReplaceTemplate;

// A compiled pattern. Immutable: all const members may be called from several threads at once.
// Share it by the pointer that Compile returns.
class Pattern {
 public:
  // Compiles Go regexp syntax. Fails with InvalidArgument and Go's words, such as
  // "error parsing regexp: missing closing ): `(a`".
  static absl::StatusOr<std::shared_ptr<const Pattern>> Compile(std::string_view go_pattern);

  ~Pattern();
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  // The text given to Compile.
  const std::string& text() const { return text_; }

  // Number of capturing groups, group 0 (the whole match) not counted.
  size_t group_count() const { return group_names_.size() - 1; }

  // Slots that Match writes: group_count() + 1.
  size_t capture_count() const { return group_names_.size(); }

  // Name of each group by index, "" for unnamed ones; [0] is "". Names may repeat.
  const std::vector<std::string>& group_names() const { return group_names_; }

  // Pattern::Match()
  //
  // Searches `text` for the leftmost match and writes capture_count() views into `captures`:
  // [0] the whole match, [i] group i. A group that took no part has data() == nullptr. The views
  // point into `text`. On false the content of `captures` is unspecified. `text` need not be valid
  // UTF-8; each bad byte counts as one character U+FFFD, as in Go.
  bool Match(std::string_view text, std::string_view* captures) const {
    return MatchAt(text, 0, captures);
  }

  // The same, looking for matches that begin at `start` (<= text.size()) or later. What lies before
  // `start` still counts as context for ^ and \b.
  bool MatchAt(std::string_view text, size_t start, std::string_view* captures) const;

  // Whether `text` contains a match.
  bool PartialMatch(std::string_view text) const;

  // Replaces all non-overlapping matches, see ReplaceTemplate.
  std::string Replace(std::string_view text, const ReplaceTemplate& replacement) const;

  // The same with a template that is compiled on the spot; for rare use.
  std::string Replace(std::string_view text, std::string_view replacement) const;

  // True if the scanner runs this pattern. For tests: results do not depend on it.
  bool uses_scanner() const;

  // The same search by RE2 alone. For tests that compare the two engines.
  bool MatchAtWithRe2ForTest(std::string_view text, size_t start,
                             std::string_view* captures) const;

 private:
  struct Engines;

  Pattern(std::string text, std::vector<std::string> group_names,
          std::unique_ptr<const Engines> engines);

  bool MatchWithRe2(std::string_view text, size_t start, std::string_view* captures,
                    size_t count) const;

  std::string text_;
  std::vector<std::string> group_names_;
  std::unique_ptr<const Engines> engines_;
};

// A compiled replacement in Go's template syntax: $1 ${1} $name ${name}, $$ for a dollar sign.
// $name takes the longest run of letters, digits and underscores. Names and numbers that the pattern
// does not have, and groups that took no part, yield nothing. A $ that begins no valid reference
// stays as it is; a backslash is an ordinary character.
//
//   ReplaceTemplate to = ReplaceTemplate::Compile(*pattern, "${level}=$2");
//   std::string out = pattern->Replace(line, to);
//
// Belongs to the pattern it was compiled for. Immutable, usable from several threads.
class ReplaceTemplate {
 public:
  static ReplaceTemplate Compile(const Pattern& pattern, std::string_view text);

 private:
  friend class Pattern;

  // Literal text, followed by the first of `groups` that took part in the match.
  struct Piece {
    std::string literal;
    std::vector<size_t> groups;
  };

  void AppendTo(const std::string_view* captures, std::string& out) const;

  std::vector<Piece> pieces_;
};

}  // namespace otelpipe::regex
