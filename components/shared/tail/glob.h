// Glob: the file patterns of `include` and `exclude`, and the walk over the file system that finds what they match.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Glob glob, Glob::Compile("/var/log/pods/*/{app,web}/**/*.log"));
//   GlobWalk walk;
//   glob.Find(walk);                       // walk.files, walk.directories, walk.errors
//   bool hit = glob.Matches("/var/log/pods/a/app/0.log");
//
// Language: `*` and `?` within one path component (hidden files too), `**` as a whole component for any number of directories,
// `[a-z]`, `[^a]`, `[!a]`, `{a,b*,{c,d}}` (may hold separators), `\` escapes. The pattern is cleaned first (`./`, `a/../b`, `//`).
// Relative patterns stay relative. Only things that are no directory are found; symbolic links are followed, and a
// link that leads back to a directory above it is not entered again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::tail {

// What a walk found. Not sorted, may hold the same path twice.
struct GlobWalk {
  std::vector<std::string> files;
  // Directories that were listed or looked into: a new file there can change the result.
  std::vector<std::string> directories;
  std::vector<std::string> errors;  // "open /x: permission denied"
};

class Glob {
 public:
  // InvalidArgument("syntax error in pattern").
  static absl::StatusOr<Glob> Compile(std::string_view pattern);

  bool Matches(std::string_view path) const;
  // Adds to `walk`. Blocks for the time of the directory reads.
  void Find(GlobWalk& walk) const;
  const std::string& text() const { return text_; }

 private:
  struct Range {
    char32_t low, high;
  };
  struct Token {
    enum Kind { kChar, kAny, kStar, kClass } kind;
    char32_t ch = 0;
    bool negated = false;
    std::vector<Range> ranges;
  };
  struct Component {
    bool any_depth = false;  // **
    bool literal = false;
    std::string text;  // of a literal
    std::vector<Token> tokens;
    bool Match(std::string_view name) const;
  };
  // One alternative of the braces.
  struct Path {
    bool absolute = false;
    std::vector<Component> components;
  };
  struct Walker;

  static absl::StatusOr<Path> CompilePath(std::string_view pattern);
  static bool MatchTokens(const Token* t, const Token* end, std::string_view s);
  static bool MatchNames(const Path& path, const std::vector<std::string_view>& names);

  std::string text_;
  std::vector<Path> paths_;
};

}  // namespace otelpipe::tail
