#include "otelpipe/regex/pattern.h"

#include <re2/re2.h>

#include <cstdint>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "regex/program.h"
#include "regex/scanner.h"
#include "regex/syntax.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

// Budgets tried in turn for RE2's program: the smallest that fits keeps its automaton cache small.
constexpr int64_t kMemoryBudgets[] = {8 << 20, 64 << 20, 512 << 20};

// Patterns whose repetitions count no further than this are small enough for RE2 without asking.
constexpr uint32_t kRepeatSizeToTrust = 2000;

// RE2's reasons in Go's words. The parser in syntax.h finds nearly all of them first; what is left
// are names of Unicode classes and sizes.
absl::Status TranslateError(const re2::RE2& re, std::string_view pattern) {
  switch (re.error_code()) {
    case re2::RE2::ErrorPatternTooLarge:
      return PatternError("expression too large", pattern);
    case re2::RE2::ErrorBadCharRange:
      return PatternError("invalid character class range", re.error_arg());
    case re2::RE2::ErrorBadCharClass:
      return PatternError("invalid character class", re.error_arg());
    case re2::RE2::ErrorBadEscape:
      return PatternError("invalid escape sequence", re.error_arg());
    case re2::RE2::ErrorRepeatSize:
      return PatternError("invalid repeat count", re.error_arg());
    default:
      return PatternError(re.error(), pattern);
  }
}

absl::StatusOr<std::unique_ptr<const re2::RE2>> CompileRe2(std::string_view re2_text,
                                                           std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  for (const int64_t budget : kMemoryBudgets) {
    options.set_max_mem(budget);
    auto re = std::make_unique<const re2::RE2>(re2_text, options);
    if (re->ok()) return re;
    if (re->error_code() != re2::RE2::ErrorPatternTooLarge || budget == kMemoryBudgets[2]) {
      return TranslateError(*re, pattern);
    }
  }
  return PatternError("expression too large", pattern);
}

// If `at` lies inside a character, sets `start` to the end of that character and returns true.
bool SkipToBoundary(std::string_view text, size_t at, size_t& start) {
  const char* const begin = text.data();
  const char* const end = begin + text.size();
  if (IsRuneBoundary(begin, begin + at, end)) return false;
  start = at + 1;
  while (!IsRuneBoundary(begin, begin + start, end)) ++start;
  return true;
}

}  // namespace

struct Pattern::Engines {
  bool can_match_empty = false;
  std::unique_ptr<const Program> program;  // null: RE2 runs the pattern
  std::string re2_text;

  // With a program RE2 is needed only for the rare subject that would take the scanner too long, so it is
  // made then.
  mutable std::once_flag re2_once;
  mutable std::unique_ptr<const re2::RE2> re2;

  const re2::RE2* Re2() const {
    std::call_once(re2_once, [this] {
      if (re2 != nullptr) return;
      auto compiled = CompileRe2(re2_text, re2_text);
      if (compiled.ok()) re2 = *std::move(compiled);
    });
    return re2.get();
  }
};

Pattern::Pattern(std::string text, std::vector<std::string> group_names,
                 std::unique_ptr<const Engines> engines)
    : text_(std::move(text)), group_names_(std::move(group_names)), engines_(std::move(engines)) {}

Pattern::~Pattern() = default;

absl::StatusOr<std::shared_ptr<const Pattern>> Pattern::Compile(std::string_view go_pattern) {
  absl::StatusOr<ParsedPattern> parsed = ParseGoPattern(go_pattern);
  if (!parsed.ok()) return parsed.status();
  auto engines = std::make_unique<Engines>();
  engines->program = CompileProgram(*parsed);
  engines->can_match_empty = CanMatchEmpty(*parsed->root);
  if (engines->program == nullptr || engines->program->repeat_size > kRepeatSizeToTrust) {
    auto re = CompileRe2(parsed->re2_text, go_pattern);
    if (!re.ok()) return re.status();
    engines->re2 = *std::move(re);
  }
  engines->re2_text = std::move(parsed->re2_text);
  return std::shared_ptr<const Pattern>(
      new Pattern(std::string(go_pattern), std::move(parsed->group_names), std::move(engines)));
}

bool Pattern::MatchWithRe2(std::string_view text, size_t start, std::string_view* captures,
                           size_t count) const {
  // RE2 matches no bad byte with anything, Go takes each for U+FFFD: search a text where they are.
  if (!IsValidUtf8(text)) {
    const SanitizedText sanitized(text);
    if (!MatchWithRe2(sanitized.text, sanitized.FromSource(start), captures, count)) return false;
    for (size_t i = 0; i < count; ++i) {
      if (captures[i].data() == nullptr) continue;
      const auto offset = static_cast<size_t>(captures[i].data() - sanitized.text.data());
      const size_t from = sanitized.ToSource(offset);
      const size_t to = sanitized.ToSource(offset + captures[i].size());
      captures[i] = text.substr(from, to - from);
    }
    return true;
  }
  constexpr size_t kInlineGroups = 17;
  re2::StringPiece inline_groups[kInlineGroups];
  std::vector<re2::StringPiece> more;
  re2::StringPiece* groups = inline_groups;
  if (count > kInlineGroups) {
    more.resize(count);
    groups = more.data();
  }
  const re2::RE2* const re = engines_->Re2();
  if (re == nullptr) return false;
  do {
    if (!re->Match(text, start, text.size(), re2::RE2::UNANCHORED, groups,
                              static_cast<int>(count))) {
      return false;
    }
    // RE2 may find an empty match inside a multi-byte character, Go does not look there.
  } while (count > 0 && groups[0].empty() &&
           SkipToBoundary(text, static_cast<size_t>(groups[0].data() - text.data()), start));
  for (size_t i = 0; i < count; ++i) captures[i] = {groups[i].data(), groups[i].size()};
  return true;
}

bool Pattern::MatchAt(std::string_view text, size_t start, std::string_view* captures) const {
  if (text.data() == nullptr) text = "";
  const size_t count = capture_count();
  if (engines_->program == nullptr) return MatchWithRe2(text, start, captures, count);
  const char* slots[kMaxSlots];
  switch (Scanner(*engines_->program, text).Search(start, slots)) {
    case Scanner::Result::kNoMatch:
      return false;
    case Scanner::Result::kGaveUp:
      return MatchWithRe2(text, start, captures, count);
    case Scanner::Result::kMatch:
      break;
  }
  for (size_t i = 0; i < count; ++i) {
    const char* const from = slots[2 * i];
    captures[i] = {from, static_cast<size_t>(slots[2 * i + 1] - from)};
  }
  return true;
}

bool Pattern::MatchAtWithRe2ForTest(std::string_view text, size_t start,
                                    std::string_view* captures) const {
  if (text.data() == nullptr) text = "";
  return MatchWithRe2(text, start, captures, capture_count());
}

bool Pattern::PartialMatch(std::string_view text) const {
  if (text.data() == nullptr) text = "";
  if (engines_->program != nullptr) {
    const char* slots[kMaxSlots];
    const Scanner::Result result = Scanner(*engines_->program, text).Search(0, slots);
    if (result != Scanner::Result::kGaveUp) return result == Scanner::Result::kMatch;
  }
  std::string_view whole;
  return MatchWithRe2(text, 0, &whole, engines_->can_match_empty ? 1 : 0);
}

bool Pattern::uses_scanner() const { return engines_->program != nullptr; }

}  // namespace otelpipe::regex
