#include "shared/regex/scanner.h"

#include <cstring>

#include "shared/regex/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace otelpipe::regex {
namespace {

using Op = Node::Op;

// Work allowed per search: trying and retrying, and bytes passed over. Beyond it RE2 is faster.
constexpr int64_t kBudgetBase = 512;
constexpr int64_t kBudgetPerByte = 16;

// Open choices at one time; bounds the use of the stack.
constexpr int kMaxDepth = 200;

// From here on the C library's search is faster than a loop of our own.
constexpr ptrdiff_t kLongRest = 64;

bool IsWordByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

const char* RunByTable(const CharSet& set, const char* p, const char* end) {
  while (p < end && set.HasByte(static_cast<unsigned char>(*p))) ++p;
  return p;
}

// The first of N stop bytes.
template <int N>
const char* RunToStops(const CharSet& set, const char* p, const char* end) {
  if constexpr (N == 1) {
    if (end - p >= kLongRest) {
      const void* found = std::memchr(p, set.stops[0], static_cast<size_t>(end - p));
      return found == nullptr ? end : static_cast<const char*>(found);
    }
  }
#if defined(__SSE2__)
  if (end - p >= 16) {
    __m128i stops[N];
    for (int i = 0; i < N; ++i) {
      stops[i] = _mm_set1_epi8(static_cast<char>(set.stops[static_cast<size_t>(i)]));
    }
    do {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
      __m128i hits = _mm_cmpeq_epi8(bytes, stops[0]);
      for (int i = 1; i < N; ++i) hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, stops[i]));
      const int mask = _mm_movemask_epi8(hits);
      if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
      p += 16;
    } while (end - p >= 16);
  }
#endif
  return RunByTable(set, p, end);
}

// Whether the character at `p` is a member; `width` is its length.
inline bool IsMember(const CharSet& set, const char* p, const char* end, uint32_t& width) {
  const auto c = static_cast<unsigned char>(*p);
  if (c < 0x80) {
    width = 1;
    return set.HasByte(c);
  }
  if (set.wide == CharSet::Wide::kNone) return false;
  const DecodedRune d = DecodeRuneSlow(p, end);
  width = d.width;
  return set.HasWide(d.rune);
}

const char* RunByRanges(const CharSet& set, const char* p, const char* end) {
  uint32_t width = 0;
  while (p < end && IsMember(set, p, end, width)) p += width;
  return p;
}

// A run of at most `limit` members; `count` is their number.
const char* CountedRun(const CharSet& set, const char* p, const char* end, uint32_t limit,
                       uint32_t& count) {
  uint32_t width = 0;
  for (count = 0; count < limit && p < end && IsMember(set, p, end, width); ++count) p += width;
  return p;
}

inline bool StartsWith(const Literal& literal, const char* p, const char* end) {
  if (literal.mask != 0 && end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    return (word & literal.mask) == literal.word;
  }
  return static_cast<size_t>(end - p) >= literal.text.size() &&
         std::memcmp(p, literal.text.data(), literal.text.size()) == 0;
}

}  // namespace

const char* RunEnd(const CharSet& set, const char* p, const char* end) {
  switch (set.scan) {
    case CharSet::Scan::kEverything:
      return end;
    case CharSet::Scan::kStops:
      // Many runs are short or empty.
      if (p == end || !set.HasByte(static_cast<unsigned char>(*p))) return p;
      switch (set.stop_count) {
        case 1:
          return RunToStops<1>(set, p, end);
        case 2:
          return RunToStops<2>(set, p, end);
        case 3:
          return RunToStops<3>(set, p, end);
        case 4:
          return RunToStops<4>(set, p, end);
        case 5:
          return RunToStops<5>(set, p, end);
        default:
          return RunToStops<6>(set, p, end);
      }
    case CharSet::Scan::kTable:
      return RunByTable(set, p, end);
    case CharSet::Scan::kRanges:
      return RunByRanges(set, p, end);
  }
  return p;
}

Scanner::Scanner(const Program& program, std::string_view text)
    : program_(program),
      begin_(text.data()),
      end_(text.data() + text.size()),
      budget_(kBudgetBase + kBudgetPerByte * static_cast<int64_t>(text.size())) {}

Scanner::Result Scanner::Search(size_t start, const char** slots) {
  slots_ = slots;
  const char* p = begin_ + start;
  const auto matched = [&](Result result) {
    if (result == Result::kMatch) {
      slots[0] = p;
      slots[1] = match_end_;
    }
    return result;
  };
  if (program_.anchored) return p == begin_ ? matched(Match(program_.start, p)) : Result::kNoMatch;
  for (;;) {
    // The next place where a match can begin.
    if (program_.first_byte >= 0) {
      if (p == end_) return Result::kNoMatch;
      const void* found = std::memchr(p, program_.first_byte, static_cast<size_t>(end_ - p));
      if (found == nullptr) return Result::kNoMatch;
      p = static_cast<const char*>(found);
    } else if (program_.first_is_ascii) {
      while (p < end_ && program_.first[static_cast<unsigned char>(*p)] == 0) ++p;
      if (p == end_ && program_.first[kTextEnd] == 0) return Result::kNoMatch;
      // A match that may be empty may begin anywhere, so first_is_ascii is false then.
    } else {
      while (p < end_ && program_.first[static_cast<unsigned char>(*p)] == 0) {
        p += DecodeRune(p, end_).width;
      }
      if (p == end_ && program_.first[kTextEnd] == 0) return Result::kNoMatch;
    }
    const Result result = Match(program_.start, p);
    if (result != Result::kNoMatch) return matched(result);
    if (p == end_) return Result::kNoMatch;
    p += DecodeRune(p, end_).width;
    for (uint32_t i = program_.conditional_first; i < program_.conditional_end; ++i) {
      slots[i] = nullptr;
    }
    if (--budget_ < 0) return Result::kGaveUp;
  }
}

Scanner::Result Scanner::Match(uint32_t node_index, const char* p) {
  const Node* const nodes = program_.nodes.data();
  for (;;) {
    const Node& node = nodes[node_index];
    node_index = node.next;
    switch (node.op) {
      case Op::kMatch:
        match_end_ = p;
        return Result::kMatch;

      case Op::kLiteral: {
        const Literal& literal = program_.literals[node.index];
        if (!StartsWith(literal, p, end_)) return Result::kNoMatch;
        p += literal.text.size();
        break;
      }

      case Op::kOne: {
        uint32_t width = 0;
        if (p == end_ || !IsMember(program_.sets[node.index], p, end_, width)) {
          return Result::kNoMatch;
        }
        p += width;
        break;
      }

      case Op::kRun: {
        const CharSet& set = program_.sets[node.index];
        const char* const from = p;
        if (node.max == Node::kUnlimited && node.min <= 1) {
          p = RunEnd(set, p, end_);
          if (node.min == 1 && p == from) return Result::kNoMatch;
        } else {
          uint32_t count = 0;
          p = CountedRun(set, p, end_, node.max, count);
          if (count < node.min) return Result::kNoMatch;
        }
        budget_ -= p - from;
        break;
      }

      case Op::kRunGreedy: {
        const CharSet& set = program_.sets[node.index];
        uint32_t count = 0;
        const char* const shortest = CountedRun(set, p, end_, node.min, count);
        if (count < node.min) return Result::kNoMatch;
        const char* longest;
        if (node.max == Node::kUnlimited) {
          longest = RunEnd(set, shortest, end_);
        } else {
          longest = CountedRun(set, shortest, end_, node.max - node.min, count);
        }
        budget_ -= longest - p;
        return MatchShorter(node, shortest, longest, set.wide == CharSet::Wide::kNone);
      }

      case Op::kRunLazy:
        return MatchLonger(node, p);

      case Op::kCapture:
        slots_[node.index] = p;
        break;

      case Op::kLiterals: {
        const Literal* found = nullptr;
        for (const uint32_t target : program_.choices[node.index].targets) {
          const Literal& literal = program_.literals[target];
          if (!StartsWith(literal, p, end_)) continue;
          found = &literal;
          break;
        }
        if (found == nullptr) return Result::kNoMatch;
        p += found->text.size();
        break;
      }

      case Op::kChoice: {
        if (--budget_ < 0) return Result::kGaveUp;
        const Choice& choice = program_.choices[node.index];
        const uint32_t eligible =
            choice.eligible[p < end_ ? static_cast<unsigned char>(*p) : kTextEnd];
        if (eligible == 0) return Result::kNoMatch;
        if ((eligible & (eligible - 1)) != 0) return MatchChoice(choice, eligible, p);
        node_index = choice.targets[static_cast<size_t>(__builtin_ctz(eligible))];
        break;
      }

      case Op::kBeginText:
        if (p != begin_) return Result::kNoMatch;
        break;
      case Op::kEndText:
        if (p != end_) return Result::kNoMatch;
        break;
      case Op::kBeginLine:
        if (p != begin_ && p[-1] != '\n') return Result::kNoMatch;
        break;
      case Op::kEndLine:
        if (p != end_ && *p != '\n') return Result::kNoMatch;
        break;
      case Op::kWordBoundary:
        if (!AtWordBoundary(p)) return Result::kNoMatch;
        break;
      case Op::kNoWordBoundary:
        if (AtWordBoundary(p)) return Result::kNoMatch;
        break;
    }
  }
}

bool Scanner::AtWordBoundary(const char* p) const {
  const bool before = p != begin_ && IsWordByte(p[-1]);
  const bool after = p != end_ && IsWordByte(*p);
  return before != after;
}

void Scanner::Save(Saved& saved) const {
  for (uint32_t i = program_.conditional_first; i < program_.conditional_end; ++i) {
    saved.slots[i - program_.conditional_first] = slots_[i];
  }
}

void Scanner::Restore(const Saved& saved) {
  for (uint32_t i = program_.conditional_first; i < program_.conditional_end; ++i) {
    slots_[i] = saved.slots[i - program_.conditional_first];
  }
}

// Several branches can take the next byte: the first that leads to a match wins.
Scanner::Result Scanner::MatchChoice(const Choice& choice, uint32_t eligible, const char* p) {
  if (++depth_ > kMaxDepth) return Result::kGaveUp;
  Saved saved;
  Save(saved);
  Result result = Result::kNoMatch;
  for (; eligible != 0; eligible &= eligible - 1) {
    result = Match(choice.targets[static_cast<size_t>(__builtin_ctz(eligible))], p);
    if (result != Result::kNoMatch) break;
    Restore(saved);
    if (--budget_ < 0) return Result::kGaveUp;
  }
  --depth_;
  return result;
}

// Tries to go on behind a run at each of its possible ends, from the longest to the shortest.
Scanner::Result Scanner::MatchShorter(const Node& node, const char* shortest, const char* longest,
                                      bool by_byte) {
  if (++depth_ > kMaxDepth) return Result::kGaveUp;
  const auto& follow = program_.follows[node.follow];
  Saved saved;
  Save(saved);
  Result result = Result::kNoMatch;
  for (const char* p = longest;; --p) {
    if (node.follow_byte >= 0) {
      if (p == end_ && --p < shortest) break;
      const void* found = memrchr(shortest, node.follow_byte, static_cast<size_t>(p - shortest) + 1);
      if (found == nullptr) break;
      p = static_cast<const char*>(found);
    } else {
      while (p >= shortest && follow[p < end_ ? static_cast<unsigned char>(*p) : kTextEnd] == 0) --p;
      if (p < shortest) break;
    }
    // Only ends of whole characters count.
    if (by_byte || IsRuneBoundary(begin_, p, end_)) {
      result = Match(node.next, p);
      if (result != Result::kNoMatch) break;
      Restore(saved);
      if (--budget_ < 0) return Result::kGaveUp;
    }
    if (p == shortest) break;
  }
  --depth_;
  return result;
}

// The same from the shortest to the longest.
Scanner::Result Scanner::MatchLonger(const Node& node, const char* p) {
  const CharSet& set = program_.sets[node.index];
  const auto& follow = program_.follows[node.follow];
  const char* const from = p;
  uint32_t count = 0;
  p = CountedRun(set, p, end_, node.min, count);
  if (count < node.min) return Result::kNoMatch;
  if (++depth_ > kMaxDepth) return Result::kGaveUp;
  Saved saved;
  Save(saved);
  Result result = Result::kNoMatch;
  for (;; ++count) {
    if (follow[p < end_ ? static_cast<unsigned char>(*p) : kTextEnd] != 0) {
      result = Match(node.next, p);
      if (result != Result::kNoMatch) break;
      Restore(saved);
      if (--budget_ < 0) return Result::kGaveUp;
    }
    uint32_t width = 0;
    if (count == node.max || p == end_ || !IsMember(set, p, end_, width)) break;
    p += width;
  }
  budget_ -= p - from;
  --depth_;
  return result;
}

}  // namespace otelpipe::regex
