#include "regex/char_class.h"

#include <algorithm>

#include "otelpipe/regex/utf8.h"

namespace otelpipe::regex {
namespace {

// The only characters outside ASCII that equal an ASCII letter without regard to case.
constexpr uint32_t kLongS = 0x17F;
constexpr uint32_t kKelvin = 0x212A;

bool Overlaps(uint32_t low, uint32_t high, uint32_t rune) { return low <= rune && rune <= high; }

}  // namespace

CharClass CharClass::Of(uint32_t rune) {
  CharClass c;
  c.AddRange(rune, rune);
  return c;
}

bool CharClass::AddFoldedRange(uint32_t low, uint32_t high) {
  AddRange(low, high);
  const uint32_t lower_from = std::max<uint32_t>(low, 'A');
  const uint32_t lower_to = std::min<uint32_t>(high, 'Z');
  if (lower_from <= lower_to) AddRange(lower_from + 32, lower_to + 32);
  const uint32_t upper_from = std::max<uint32_t>(low, 'a');
  const uint32_t upper_to = std::min<uint32_t>(high, 'z');
  if (upper_from <= upper_to) AddRange(upper_from - 32, upper_to - 32);
  if (Overlaps(low, high, 'k') || Overlaps(low, high, 'K')) AddRange(kKelvin, kKelvin);
  if (Overlaps(low, high, 's') || Overlaps(low, high, 'S')) AddRange(kLongS, kLongS);
  if (high < 0x80) return true;
  if (Overlaps(low, high, kKelvin)) {
    AddRange('k', 'k');
    AddRange('K', 'K');
  }
  if (Overlaps(low, high, kLongS)) {
    AddRange('s', 's');
    AddRange('S', 'S');
  }
  // All of the characters beyond ASCII are closed under folding among themselves; a part may not be.
  return low <= 0x80 && high == kMaxRune;
}

void CharClass::AddClass(const CharClass& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
}

void CharClass::Normalize() {
  std::sort(ranges_.begin(), ranges_.end(),
            [](const Range& a, const Range& b) { return a.low < b.low; });
  size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept > 0 && range.low <= ranges_[kept - 1].high + 1) {
      ranges_[kept - 1].high = std::max(ranges_[kept - 1].high, range.high);
    } else {
      ranges_[kept++] = range;
    }
  }
  ranges_.resize(kept);
}

void CharClass::Negate() {
  std::vector<Range> rest;
  uint32_t next = 0;
  for (const Range& range : ranges_) {
    if (range.low > next) rest.push_back({next, range.low - 1});
    next = range.high + 1;
  }
  if (next <= kMaxRune) rest.push_back({next, kMaxRune});
  ranges_ = std::move(rest);
}

bool CharClass::Contains(uint32_t rune) const {
  auto it = std::upper_bound(ranges_.begin(), ranges_.end(), rune,
                             [](uint32_t r, const Range& range) { return r < range.low; });
  return it != ranges_.begin() && rune <= (it - 1)->high;
}

}  // namespace otelpipe::regex
