#include "regex/scanner.h"

#include <cstring>

#include "otelpipe/regex/utf8.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace otelpipe::regex {
namespace {

using Op = Node::Op;

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
inline const char* RunToStops(const CharSet& set, const char* p, const char* end) {
#if defined(__SSE2__)
  while (end - p >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    __m128i hits = _mm_setzero_si128();
    for (size_t i = 0; i < N; ++i) {
      const auto* stop = reinterpret_cast<const __m128i*>(set.stops[i].data());
      hits = _mm_or_si128(hits, _mm_cmpeq_epi8(bytes, _mm_load_si128(stop)));
    }
    const int mask = _mm_movemask_epi8(hits);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
    p += 16;
    if constexpr (N == 1) {
      if (end - p < kLongRest) continue;
      const void* found = std::memchr(p, set.stops[0][0], static_cast<size_t>(end - p));
      return found == nullptr ? end : static_cast<const char*>(found);
    }
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
  if (set.wide == CharSet::Wide::kNone) {
    const char* const from = p;
    const char* const last = end - p > static_cast<ptrdiff_t>(limit) ? p + limit : end;
    p = RunByTable(set, p, last);
    count = static_cast<uint32_t>(p - from);
    return p;
  }
  uint32_t width = 0;
  for (count = 0; count < limit && p < end && IsMember(set, p, end, width); ++count) p += width;
  return p;
}

// Whether the text at `p` begins with a literal of `size` bytes, 8 at most.
inline bool StartsWithWord(const LiteralWord& literal, size_t size, const char* p, const char* end) {
  if (end - p >= 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof(word));
    return (word & literal.mask) == literal.word;
  }
  return static_cast<size_t>(end - p) >= size && std::memcmp(p, &literal.word, size) == 0;
}

inline bool StartsWithText(const std::string& text, const char* p, const char* end) {
  return static_cast<size_t>(end - p) >= text.size() &&
         std::memcmp(p, text.data(), text.size()) == 0;
}

}  // namespace

const char* RunEnd(const CharSet& set, const char* p, const char* end) {
  switch (set.scan) {
    case CharSet::Scan::kEverything:
      return end;
    case CharSet::Scan::kStops:
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

Scanner::Result Scanner::SearchFrom(const char* p) {
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
    if (result != Result::kNoMatch) {
      slots_[0] = p;
      return result;
    }
    if (p == end_) return Result::kNoMatch;
    p += DecodeRune(p, end_).width;
    ClearConditional();
    if (--budget_ < 0) return Result::kGaveUp;
  }
}

Scanner::Result Scanner::Match(uint32_t node_index, const char* p) {
  const Node* const nodes = program_.nodes.data();
  const char* const end = end_;
  const char** const slots = slots_;
  for (;;) {
    const Node& node = nodes[node_index];
    node_index = node.next;
    slots[node.captures[0]] = p;
    slots[node.captures[1]] = p;
    switch (node.op) {
      case Op::kMatch:
        slots[1] = p;
        return Result::kMatch;

      case Op::kByte:
        if (p == end || static_cast<uint8_t>(*p) != node.length) return Result::kNoMatch;
        ++p;
        break;

      case Op::kShortLiteral:
        if (!StartsWithWord(node.literal, node.length, p, end)) return Result::kNoMatch;
        p += node.length;
        break;

      case Op::kLongLiteral:
        if (!StartsWithText(*node.text, p, end)) return Result::kNoMatch;
        p += node.text->size();
        break;

      case Op::kOne: {
        uint32_t width = 0;
        if (p == end || !IsMember(*node.set, p, end, width)) return Result::kNoMatch;
        p += width;
        break;
      }

      case Op::kMaybeAscii:
        if (p != end && node.set->HasByte(static_cast<unsigned char>(*p))) ++p;
        break;

      case Op::kRunToStop1: {
        const char* const from = p;
        p = RunToStops<1>(*node.set, p, end);
        if (p - from < node.min) return Result::kNoMatch;
        budget_ -= p - from;
        break;
      }
      case Op::kRunToStop2: {
        const char* const from = p;
        p = RunToStops<2>(*node.set, p, end);
        if (p - from < node.min) return Result::kNoMatch;
        budget_ -= p - from;
        break;
      }
      case Op::kRunToStop3: {
        const char* const from = p;
        p = RunToStops<3>(*node.set, p, end);
        if (p - from < node.min) return Result::kNoMatch;
        budget_ -= p - from;
        break;
      }
      case Op::kRun: {
        const char* const from = p;
        p = RunEnd(*node.set, p, end);
        if (p - from < node.min) return Result::kNoMatch;
        budget_ -= p - from;
        break;
      }
      case Op::kCountedRun: {
        const char* const from = p;
        uint32_t count = 0;
        p = CountedRun(*node.set, p, end, node.min, count);
        if (count < node.min) return Result::kNoMatch;
        p = node.max == Node::kUnlimited
                ? RunEnd(*node.set, p, end)
                : CountedRun(*node.set, p, end, static_cast<uint32_t>(node.max - node.min), count);
        budget_ -= p - from;
        break;
      }

      case Op::kRunGreedy:
        return MatchShorter(node, p);
      case Op::kRunLazy:
        return MatchLonger(node, p);

      case Op::kLiterals: {
        const Choice::Text* found = nullptr;
        for (const Choice::Text& text : node.choice->texts) {
          if (text.word.mask != 0 ? !StartsWithWord(text.word, text.text.size(), p, end)
                                  : !StartsWithText(text.text, p, end)) {
            continue;
          }
          found = &text;
          break;
        }
        if (found == nullptr) return Result::kNoMatch;
        p += found->text.size();
        break;
      }

      case Op::kChoice: {
        if (--budget_ < 0) return Result::kGaveUp;
        const Choice& choice = *node.choice;
        const uint32_t eligible =
            choice.eligible[p < end ? static_cast<unsigned char>(*p) : kTextEnd];
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

      default:
        __builtin_unreachable();  // every operation is listed; spares a check per step
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
Scanner::Result Scanner::MatchShorter(const Node& node, const char* from) {
  const CharSet& set = *node.set;
  const bool by_byte = set.wide == CharSet::Wide::kNone;
  uint32_t count = 0;
  const char* const shortest = CountedRun(set, from, end_, node.min, count);
  if (count < node.min) return Result::kNoMatch;
  const char* const longest =
      node.max == Node::kUnlimited
          ? RunEnd(set, shortest, end_)
          : CountedRun(set, shortest, end_, static_cast<uint32_t>(node.max - node.min), count);
  budget_ -= longest - from;
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
  const CharSet& set = *node.set;
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
    if ((count == node.max && node.max != Node::kUnlimited) || p == end_ || !IsMember(set, p, end_, width)) break;
    p += width;
  }
  budget_ -= p - from;
  --depth_;
  return result;
}

}  // namespace otelpipe::regex
