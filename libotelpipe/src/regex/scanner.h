// Runs a Program over a text.
//
//   Scanner scanner(*program, text);
//   const char* slots[kMaxSlots];
//   if (scanner.Search(start, slots) == Scanner::Result::kMatch) ...
//
// Finds the leftmost-first match, exactly as Go does, bad UTF-8 included, or says that it would take too long
// to find out. One object per search; allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "regex/program.h"

namespace otelpipe::regex {

class Scanner {
 public:
  enum class Result : uint8_t { kNoMatch, kMatch, kGaveUp };

  // Both must outlive the scanner; `text` must not have a null pointer.
  Scanner(const Program& program, std::string_view text)
      : program_(program),
        begin_(text.data()),
        end_(text.data() + text.size()),
        budget_(kBudgetBase + kBudgetPerByte * static_cast<int64_t>(text.size())) {}

  // Looks for a match that begins at `start` or later. `slots` has room for two pointers per group, group 0
  // first, and one more; their content at the call does not matter. On kMatch they are the begin and end of
  // each group, null for groups that took no part. Otherwise their content is unspecified.
  Result Search(size_t start, const char** slots) {
    slots_ = slots;
    ClearConditional();
    const char* const p = begin_ + start;
    if (!program_.anchored) return SearchFrom(p);
    slots[0] = p;
    return start == 0 ? Match(program_.start, p) : Result::kNoMatch;
  }

 private:
  // Work allowed per search: trying and retrying, and bytes passed over. Beyond it RE2 is faster.
  static constexpr int64_t kBudgetBase = 512;
  static constexpr int64_t kBudgetPerByte = 16;

  void ClearConditional() {
    for (uint32_t i = program_.conditional_first; i < program_.conditional_end; ++i) {
      slots_[i] = nullptr;
    }
  }
  Result SearchFrom(const char* p);
  Result Match(uint32_t node_index, const char* p);
  Result MatchChoice(const Choice& choice, uint32_t eligible, const char* p);
  Result MatchShorter(const Node& node, const char* p);
  Result MatchLonger(const Node& node, const char* p);
  bool AtWordBoundary(const char* p) const;

  // The conditional slots before an attempt.
  struct Saved {
    const char* slots[Program::kMaxConditionalSlots];
  };
  void Save(Saved& saved) const;
  void Restore(const Saved& saved);

  const Program& program_;
  const char* const begin_;
  const char* const end_;
  const char** slots_ = nullptr;
  int64_t budget_;
  int depth_ = 0;
};

// End of the longest run of members of `set` at `p`. For the scanner and its tests.
const char* RunEnd(const CharSet& set, const char* p, const char* end);

}  // namespace otelpipe::regex
