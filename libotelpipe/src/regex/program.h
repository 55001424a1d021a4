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
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "regex/char_class.h"
#include "regex/syntax.h"

namespace otelpipe::regex {

// Bytes that may come next; kTextEnd is the end of the text.
inline constexpr size_t kTextEnd = 256;

// Groups of a pattern for the scanner, group 0 included, and the slots that a search needs for them.
inline constexpr size_t kMaxScannedGroups = 64;
inline constexpr size_t kMaxSlots = 2 * kMaxScannedGroups + 1;

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
  alignas(16) std::array<std::array<uint8_t, 16>, kMaxStops> stops{};  // each byte sixteen times
  CharClass wide_ranges;
};

struct Choice;

// A literal as one word, when it is short enough.
struct LiteralWord {
  uint64_t word = 0;
  uint64_t mask = 0;
};

// One step. The slots of groups that begin or end here are part of it. 32 bytes, so that stepping is cheap.
struct Node {
  enum class Op : uint8_t {
    kMatch,
    kByte,          // the byte `length`
    kShortLiteral,  // the `length` bytes of `literal`
    kLongLiteral,   // `text`
    kOne,           // one member of `set`
    kMaybeAscii,    // one member of `set`, all ASCII, or nothing, and no second thought
    kRunToStop1,    // the longest run of `set`, no other, at least `min` (0 or 1); by number of stops
    kRunToStop2,
    kRunToStop3,
    kRun,           // the same for any set
    kCountedRun,    // the same, `min` to `max` members
    kRunGreedy,     // runs of `set`, longest first
    kRunLazy,       // runs of `set`, shortest first
    kLiterals,      // one of the literals of `choice`, none of which begins another
    kChoice,        // `choice`
    kBeginText,
    kEndText,
    kBeginLine,
    kEndLine,
    kWordBoundary,
    kNoWordBoundary,
  };
  static constexpr uint16_t kUnlimited = UINT16_MAX;
  static constexpr size_t kCaptures = 2;

  Op op = Op::kMatch;
  uint8_t length = 0;
  uint8_t captures[kCaptures] = {};  // slots that get the position; Program::scratch_slot if there is none
  uint16_t next = 0;
  uint16_t min = 0;
  uint16_t max = 0;
  uint16_t follow = 0;      // runs that backtrack: which table of the bytes that may follow
  int16_t follow_byte = -1;  // the only byte that may follow, if there is just one
  union {
    LiteralWord literal{};
    const std::string* text;
    const CharSet* set;
    const Choice* choice;
  };
};
static_assert(sizeof(Node) == 32);

// Branches in order of preference.
struct Choice {
  static constexpr size_t kMaxBranches = 8;

  struct Text {
    LiteralWord word;
    std::string text;
  };

  std::vector<uint16_t> targets;      // kChoice
  std::vector<Text> texts;            // kLiterals
  std::array<uint8_t, 257> eligible{};  // kChoice, by next byte: one bit per branch
};

struct Program {
  static constexpr uint32_t kMaxConditionalSlots = 32;

  std::vector<Node> nodes;
  // Deques, so that nodes may point into them while they grow.
  std::deque<CharSet> sets;
  std::deque<std::string> texts;
  std::deque<Choice> choices;
  std::vector<std::array<uint8_t, 257>> follows;

  uint16_t start = 0;
  uint8_t scratch_slot = 0;               // one behind the slots of the groups
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
