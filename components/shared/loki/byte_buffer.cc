#include "shared/loki/byte_buffer.h"

#include <array>
#include <charconv>
#include <new>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "otelpipe/regex/utf8.h"

namespace otelpipe::loki {
namespace {

// True for bytes that stand for themselves inside a JSON string.
constexpr std::array<bool, 256> kPlain = [] {
  std::array<bool, 256> table{};
  for (int c = 0x20; c < 0x80; ++c) table[static_cast<size_t>(c)] = true;
  for (char c : {'"', '\\', '<', '>', '&'}) table[static_cast<size_t>(c)] = false;
  return table;
}();

// Writes the escape of an ASCII character that is not plain.
char* Escape(char* out, unsigned char c) {
  char letter = 0;
  switch (c) {
    case '"': letter = '"'; break;
    case '\\': letter = '\\'; break;
    case '\n': letter = 'n'; break;
    case '\r': letter = 'r'; break;
    case '\t': letter = 't'; break;
    case '\b': letter = 'b'; break;
    case '\f': letter = 'f'; break;
    default: break;
  }
  *out++ = '\\';
  if (letter != 0) {
    *out++ = letter;
    return out;
  }
  std::memcpy(out, "u00", 3);
  out[3] = "0123456789abcdef"[c >> 4];
  out[4] = "0123456789abcdef"[c & 15];
  return out + 5;
}

}  // namespace

void ByteBuffer::Grow(size_t n) {
  size_t wanted = capacity_ + capacity_ / 2;
  if (wanted < size_ + n) wanted = size_ + n;
  if (wanted < 4096) wanted = 4096;
  void* grown = std::realloc(data_, wanted);
  if (grown == nullptr) throw std::bad_alloc();  // what operator new would do
  data_ = static_cast<char*>(grown);
  capacity_ = wanted;
}

void ByteBuffer::AppendDecimal(int64_t value) {
  char* p = Room(24);
  size_ = static_cast<size_t>(std::to_chars(p, p + 24, value).ptr - data_);
}

// Of every character of `text`, what stands for it inside a JSON string.
void ByteBuffer::AppendEscaped(std::string_view text) {
  // A byte becomes up to six. Room is asked for once per window for the worst case, so that neither plain text nor escapes check it.
  // The slack lets whole vectors be stored, and a character that begins in a window end behind it.
  constexpr size_t kWindow = 4096, kSlack = 16 + 4 * 6;
  const char* in = text.data();
  const char* const end = in + text.size();
  while (in != end) {
    const char* const stop = static_cast<size_t>(end - in) > kWindow ? in + kWindow : end;
    char* out = Room(6 * static_cast<size_t>(stop - in) + kSlack);
    while (in < stop) {
#if defined(__SSE2__)
      const __m128i space = _mm_set1_epi8(0x20), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
      const __m128i amp = _mm_set1_epi8('&'), angle = _mm_set1_epi8('<'), not_two = _mm_set1_epi8(static_cast<char>(~2));
      while (stop - in >= 16) {
        const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out), v);
        // Signed: bytes from 0x80 are below 0x20 too. '<' and '>' differ in one bit.
        __m128i odd = _mm_cmplt_epi8(v, space);
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, quote));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, backslash));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, amp));
        odd = _mm_or_si128(odd, _mm_cmpeq_epi8(_mm_and_si128(v, not_two), angle));
        const int mask = _mm_movemask_epi8(odd);
        if (mask == 0) {
          in += 16;
          out += 16;
          continue;
        }
        const int n = __builtin_ctz(static_cast<unsigned>(mask));
        in += n;
        out += n;
        if (static_cast<unsigned char>(*in) >= 0x80) break;
        out = Escape(out, static_cast<unsigned char>(*in++));
      }
#endif
      while (in < stop && kPlain[static_cast<unsigned char>(*in)]) *out++ = *in++;
      if (in >= stop) break;
      const auto c = static_cast<unsigned char>(*in);
      if (c < 0x80) {
        out = Escape(out, c);
        ++in;
        continue;
      }
      const regex::DecodedRune rune = regex::DecodeRune(in, end);
      if (rune.rune == regex::kRuneError && rune.width == 1) {
        std::memcpy(out, "\\ufffd", 6);
        out += 6;
      } else if (rune.rune == 0x2028 || rune.rune == 0x2029) {
        std::memcpy(out, rune.rune == 0x2028 ? "\\u2028" : "\\u2029", 6);
        out += 6;
      } else {
        std::memcpy(out, in, rune.width);
        out += rune.width;
      }
      in += rune.width;
    }
    size_ = static_cast<size_t>(out - data_);
  }
}

void ByteBuffer::AppendAgain(size_t begin, size_t end) {
  char* out = Room(end - begin);  // may move the bytes: the source is looked up after it
  std::memcpy(out, data_ + begin, end - begin);
  size_ += end - begin;
}

}  // namespace otelpipe::loki
