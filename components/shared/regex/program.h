// The scanner's program: a graph of small steps over bytes.
//
// Compiled from the parsed pattern with continuations: every node knows what comes after it, so each
// decision can be made with the set of bytes that may come next. Three facts are found at compile time and
// spare the run most of its backtracking:
//   - A run of a class whose follower cannot begin with a member of the class has one possible end:
//     the longest one.
//   - If all that follows a run accepts exactly the strings over one class up to the end of the text
//     (as ` ?(.*)$` does), then whatever accepts a longer rest accepts a shorter one, so again only the
//     longest run needs a try.
//   - At an alternative, an optional part or a loop, the next byte usually leaves one branch.
// What these do not settle is tried in order of preference, which is leftmost-first matching by
// definition; a budget of work per subject keeps that linear, and RE2 takes over when it is spent.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/regex/char_class.h"
#include "shared/regex/syntax.h"

namespace otelpipe::regex {

// Bytes that may come next; kTextEnd is the end of the text.
inline constexpr size_t kTextEnd = 256;
using NextSet = std::bitset<257>;

// A class of characters made ready for scanning.
struct CharSet {
  // How a run of members is found.
  enum class Scan : uint8_t {
    kEverything,  // every byte is a member
    kStops,       // all but up to kMaxStops ASCII bytes are members
    kTable,       // members by table: ASCII, or ASCII and everything beyond
    kRanges,      // some characters beyond ASCII are members, some not
  };
  static constexpr size_t kMaxStops = 6;

  bool HasByte(unsigned char c) const { return table[c] != 0; }
  // Whether a character of several bytes, or a bad byte, is a member.
  bool HasWide(uint32_t rune) const { return wide == Wide::kAll || (wide == Wide::kSome && wide_ranges.Contains(rune)); }

  enum class Wide : uint8_t { kNone, kAll, kSome };

  std::array<uint8_t, 256> table{};  // ASCII members, and all of 0x80 to 0xFF if wide is kAll
  Scan scan = Scan::kTable;
  Wide wide = Wide::kNone;
  uint8_t stop_count = 0;
  std::array<uint8_t, kMaxStops> stops{};
  CharClass wide_ranges;
};

struct Node {
  enum class Op : uint8_t {
    kMatch,
    kLiteral,      // literal `index`
    kOne,          // one member of set `index`
    kRun,          // the longest run of set `index`, no other
    kRunGreedy,    // runs of set `index`, longest first
    kRunLazy,      // runs of set `index`, shortest first
    kCapture,      // writes slot `index`
    kLiterals,     // one of choice `index`, whose branches are literals none of which begins another
    kChoice,       // choice `index`
    kBeginText,
    kEndText,
    kBeginLine,
    kEndLine,
    kWordBoundary,
    kNoWordBoundary,
  };
  static constexpr uint32_t kUnlimited = UINT32_MAX;

  Op op = Op::kMatch;
  uint32_t index = 0;
  uint32_t next = 0;
  uint32_t min = 0;
  uint32_t max = 0;
  uint32_t follow = 0;     // runs that backtrack: index of the set of bytes that may follow
  int32_t follow_byte = -1;  // the only byte that may follow, if there is just one
};

// A literal; short ones are compared as one word.
struct Literal {
  std::string text;
  uint64_t word = 0;
  uint64_t mask = 0;  // 0: longer than a word
};

// Branches in order of preference.
struct Choice {
  static constexpr size_t kMaxBranches = 8;

  std::vector<uint32_t> targets;         // kChoice: nodes; kLiterals: literals
  std::array<uint8_t, 257> eligible{};   // by next byte: one bit per branch
};

struct Program {
  static constexpr uint32_t kMaxConditionalSlots = 32;

  std::vector<Node> nodes;
  std::vector<CharSet> sets;
  std::vector<Literal> literals;
  std::vector<Choice> choices;
  std::vector<std::array<uint8_t, 257>> follows;

  uint32_t start = 0;
  bool anchored = false;                  // can only match at the beginning of the text
  std::array<uint8_t, 257> first{};       // bytes a match may begin with
  int32_t first_byte = -1;                // the only one, if there is just one
  bool first_is_ascii = false;            // no match begins with a byte over 0x7F
  uint32_t repeat_size = 0;               // sum of the counts of repetitions

  // Slots of groups that need not take part in a match lie in this range. An attempt that fails may leave
  // marks there and nowhere else that matters: other groups are written by every match.
  uint32_t conditional_first = 0;
  uint32_t conditional_end = 0;
};

// Compiles a pattern; null if it is outside the class of patterns the scanner runs: classes that only
// RE2 knows, loops over something that can be empty, sizes out of proportion.
std::unique_ptr<const Program> CompileProgram(const ParsedPattern& pattern);

}  // namespace otelpipe::regex
