// Glob: the patterns of replace_match and replace_all_matches.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Glob glob, Glob::Compile("/user/*/list/{a,b}?"));
//   glob.Matches("/user/7/list/ax");  // true
//
// `*` and `**` stand for any text, `?` for one character, `[abc]`, `[a-z]`, `[!a]` for one of some, `{a,b*}` for alternatives; a backslash takes the
// meaning from what follows. The whole text must match. Immutable.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/regex/pattern.h"

namespace otelpipe::ottl {

class Glob {
 public:
  // InvalidArgument for brackets and braces that do not close.
  static absl::StatusOr<Glob> Compile(std::string_view pattern);
  bool Matches(std::string_view text) const { return pattern_->PartialMatch(text); }

 private:
  std::shared_ptr<const regex::Pattern> pattern_;
};

}  // namespace otelpipe::ottl
