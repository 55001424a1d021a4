// Sets of code points, as the pattern parser builds them.
#pragma once

#include <cstdint>
#include <vector>

namespace otelpipe::regex {

// A set of code points kept as sorted, disjoint, non-touching ranges once Normalize has run.
class CharClass {
 public:
  struct Range {
    uint32_t low;
    uint32_t high;
  };

  static CharClass Of(uint32_t rune);

  void AddRange(uint32_t low, uint32_t high) { ranges_.push_back({low, high}); }

  // Adds a range and everything that equals one of its members without regard to case. Returns false
  // if that needs case tables beyond ASCII, which this library does not have.
  bool AddFoldedRange(uint32_t low, uint32_t high);

  void AddClass(const CharClass& other);

  void Normalize();

  // The complement. Requires and keeps the normal form.
  void Negate();

  // Requires the normal form.
  bool Contains(uint32_t rune) const;
  bool is_single() const { return ranges_.size() == 1 && ranges_[0].low == ranges_[0].high; }
  bool empty() const { return ranges_.empty(); }
  const std::vector<Range>& ranges() const { return ranges_; }

 private:
  std::vector<Range> ranges_;
};

}  // namespace otelpipe::regex
