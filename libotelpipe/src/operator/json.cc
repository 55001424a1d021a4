#include "otelpipe/operator/json.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <unordered_map>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/entry.h"

namespace otelpipe {
namespace {

constexpr int kMaxDepth = 10000;
// From this many keys on, duplicates are found by hashing.
constexpr uint32_t kBigObject = 48;

// Most strings are short: the first bytes are looked at here, a call for each would cost more than the look.
inline const char* FindQuoteOrBackslash(const char* p, const char* end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    if (found != 0) return p + __builtin_ctz(static_cast<unsigned>(found));
  }
#endif
  while (p != end && *p != '"' && *p != '\\') ++p;
  return p;
}

// A number of at most 15 digits and a power of these are doubles both, so their quotient is rounded once, as the decimal itself would be.
constexpr double kPowersOfTen[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

class Reader {
 public:
  Reader(std::string_view text, Arena& arena, const JsonOptions& options)
      : p_(text.data()), end_(text.data() + text.size()), arena_(arena), options_(options) {}

  bool ParseTop(Value& out) {
    if (!ParseValue(out, 0)) return false;
    SkipSpace();
    if (p_ != end_ && !options_.allow_trailing) {
      return Fail(absl::StrCat("invalid character '", Shown(), "' after top-level value"));
    }
    return true;
  }
  void SkipSpace() {
    while (p_ != end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\t' || *p_ == '\r')) ++p_;
  }
  char peek() const { return p_ == end_ ? '\0' : *p_; }
  bool at_end() const { return p_ == end_; }
  bool Fail(std::string message) {
    error_ = std::move(message);
    return false;
  }
  const std::string& error() const { return error_; }

 private:
  // The character at the cursor, whole when it is UTF-8.
  std::string Shown() const {
    const char* e = p_ + 1;
    while (e != end_ && (static_cast<unsigned char>(*e) & 0xC0) == 0x80) ++e;
    return std::string(p_, e);
  }
  bool UnexpectedEnd(std::string_view what) { return Fail(absl::StrCat("json: ", A(what), " unexpected end of JSON input")); }

  bool ParseValue(Value& out, int depth) {
    SkipSpace();
    if (p_ == end_) return Fail("unexpected end of JSON input");
    switch (*p_) {
      case '{': return ParseObject(out, depth + 1);
      case '[': return ParseArray(out, depth + 1);
      case '"': {
        std::string_view text;
        if (!ParseString(text)) return false;
        out = Value::Str(text);
        return true;
      }
      case 't':
        out = Value::Bool(true);
        return ParseWord("true", "bool(true)");
      case 'f':
        out = Value::Bool(false);
        return ParseWord("false", "bool(false)");
      case 'n':
        out = Value();
        return ParseWord("null", "null");
      default:
        if (*p_ == '-' || (*p_ >= '0' && *p_ <= '9')) return ParseNumber(out);
        return Fail(absl::StrCat("invalid character '", Shown(), "' looking for beginning of value"));
    }
  }

  bool ParseWord(std::string_view word, std::string_view what) {
    for (char c : word) {
      if (p_ == end_) return UnexpectedEnd(what);
      if (*p_ != c) return Fail(absl::StrCat("json: invalid character ", Shown(), " as ", A(what)));
      ++p_;
    }
    return true;
  }

  bool ParseObject(Value& out, int depth) {
    if (depth > kMaxDepth) return Fail("invalid character \"{\" exceeded max depth");
    ++p_;
    Map* map = arena_.New<Map>();
    out = Value::OfMap(map);
    SkipSpace();
    if (peek() == '}' && p_ != end_) {
      ++p_;
      return true;
    }
    std::unique_ptr<std::unordered_map<std::string_view, uint32_t>> index;
    for (;;) {
      SkipSpace();
      if (p_ == end_) return UnexpectedEnd("object");
      if (*p_ != '"') return Fail(absl::StrCat("invalid character '", Shown(), "' looking for beginning of object key string"));
      std::string_view key;
      if (!ParseString(key)) return false;
      SkipSpace();
      if (p_ == end_ || *p_ != ':') return Fail("expected colon after object key");
      ++p_;
      Value value;
      if (!ParseValue(value, depth)) return false;
      if (map->size() < kBigObject) {
        map->Set(arena_, key, value);
      } else {
        SetInBigObject(*map, index, key, value);
      }
      SkipSpace();
      if (p_ == end_) return UnexpectedEnd("object");
      char c = *p_;
      if (c != ',' && c != '}') return Fail(absl::StrCat("invalid character '", Shown(), "' after object key:value pair"));
      ++p_;
      if (c == '}') return true;
    }
  }

  void SetInBigObject(Map& map, std::unique_ptr<std::unordered_map<std::string_view, uint32_t>>& index,
                      std::string_view key, const Value& value) {
    if (index == nullptr) {
      index = std::make_unique<std::unordered_map<std::string_view, uint32_t>>();
      for (uint32_t i = 0; i < map.size(); ++i) index->emplace(map.items()[i].key, i);
    }
    auto [found, added] = index->emplace(key, map.size());
    if (added) {
      map.Append(arena_, key, value);
    } else {
      map.items()[found->second].value = value;
    }
  }

  bool ParseArray(Value& out, int depth) {
    if (depth > kMaxDepth) return Fail("invalid character \"[\" exceeded max depth");
    ++p_;
    List* list = arena_.New<List>();
    out = Value::OfList(list);
    SkipSpace();
    if (p_ != end_ && *p_ == ']') {
      ++p_;
      return true;
    }
    for (;;) {
      Value value;
      if (!ParseValue(value, depth)) return false;
      list->Add(arena_) = value;
      SkipSpace();
      if (p_ == end_) return UnexpectedEnd("slice");
      char c = *p_;
      if (c != ',' && c != ']') return Fail(absl::StrCat("invalid character '", Shown(), "' after array element"));
      ++p_;
      if (c == ']') return true;
    }
  }

  bool ParseNumber(Value& out) {
    const char* start = p_;
    bool integer = true;
    bool exponential = false;
    if (*p_ == '-') ++p_;
    const char* digits = p_;
    while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
    if (p_ == digits) {
      return p_ == end_ ? UnexpectedEnd("number") : Fail(absl::StrCat("invalid character '", Shown(), "' in numeric literal"));
    }
    const char* point = p_;
    if (p_ != end_ && *p_ == '.') {
      integer = false;
      ++p_;
      while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      integer = false;
      exponential = true;
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      const char* exponent = p_;
      while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
      if (p_ == exponent) {
        return Fail(absl::StrCat("strconv.ParseFloat: parsing \"", std::string(start, p_), "\": invalid syntax"));
      }
    }
    if (integer) {
      int64_t value = 0;
      std::from_chars_result r = std::from_chars(start, p_, value);
      if (r.ec == std::errc() && options_.parse_ints) {
        out = Value::Int(value);
        out.set_tag(kTagInt64);
        return true;
      }
      if (r.ec == std::errc() && p_ - digits <= 15) {
        out = Value::Double(value == 0 && *start == '-' ? -0.0 : static_cast<double>(value));
        return true;
      }
    }
    if (!integer && !exponential && p_ - digits <= 16) {
      int64_t number = 0;
      for (const char* at = digits; at != p_; ++at) {
        if (*at != '.') number = number * 10 + (*at - '0');
      }
      const double exact = static_cast<double>(number) / kPowersOfTen[p_ - point - 1];
      out = Value::Double(*start == '-' ? -exact : exact);
      return true;
    }
    double value = 0;
    std::from_chars_result r = std::from_chars(start, p_, value);
    if (r.ec == std::errc::result_out_of_range) {
      // Too small is zero, too big an error; from_chars does not say which.
      std::string copy(start, p_);
      value = std::strtod(copy.c_str(), nullptr);
      if (value > 1 || value < -1) {
        return Fail(absl::StrCat("strconv.ParseFloat: parsing \"", copy, "\": value out of range"));
      }
    }
    out = Value::Double(value);
    return true;
  }

  bool ParseString(std::string_view& out) {
    const char* start = ++p_;
    const char* stop = FindQuoteOrBackslash(start, end_);
    if (stop == end_) return UnexpectedEnd("string");
    if (*stop == '"') {
      out = std::string_view(start, static_cast<size_t>(stop - start));
      p_ = stop + 1;
      return true;
    }
    return ParseEscaped(start, out);
  }

  bool ParseEscaped(const char* start, std::string_view& out) {
    const char* close = start;
    while (close != end_ && *close != '"') close += *close == '\\' && close + 1 != end_ ? 2 : 1;
    if (close == end_) return UnexpectedEnd("string");
    // No escape yields more bytes than it takes.
    char* to = static_cast<char*>(arena_.Allocate(static_cast<size_t>(close - start), 1));
    char* begin = to;
    for (p_ = start; p_ != close;) {
      if (*p_ != '\\') {
        *to++ = *p_++;
        continue;
      }
      ++p_;
      char c = *p_++;
      switch (c) {
        case '"': case '\\': case '/': *to++ = c; break;
        case 'b': *to++ = '\b'; break;
        case 'f': *to++ = '\f'; break;
        case 'n': *to++ = '\n'; break;
        case 'r': *to++ = '\r'; break;
        case 't': *to++ = '\t'; break;
        case 'u': {
          uint32_t code = 0;
          if (!ParseHex4(close, code)) return Fail("json: invalid escape sequence in string");
          if (code >= 0xD800 && code < 0xE000) {
            uint32_t low = 0;
            const char* mark = p_;
            bool pair = code < 0xDC00 && close - p_ >= 6 && p_[0] == '\\' && p_[1] == 'u';
            if (pair) {
              p_ += 2;
              pair = ParseHex4(close, low) && low >= 0xDC00 && low < 0xE000;
            }
            if (pair) {
              code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            } else {
              p_ = mark;
              code = 0xFFFD;
            }
          }
          to = AppendUtf8(to, code);
          break;
        }
        default: return Fail(absl::StrCat("invalid character '", std::string(1, c), "' in string escape code"));
      }
    }
    out = std::string_view(begin, static_cast<size_t>(to - begin));
    p_ = close + 1;
    return true;
  }

  bool ParseHex4(const char* limit, uint32_t& code) {
    if (limit - p_ < 4) return false;
    code = 0;
    for (int i = 0; i < 4; ++i, ++p_) {
      char c = *p_;
      uint32_t digit;
      if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0');
      } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
      } else {
        return false;
      }
      code = code * 16 + digit;
    }
    return true;
  }

  static char* AppendUtf8(char* to, uint32_t c) {
    if (c < 0x80) {
      *to++ = static_cast<char>(c);
    } else if (c < 0x800) {
      *to++ = static_cast<char>(0xC0 | (c >> 6));
      *to++ = static_cast<char>(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
      *to++ = static_cast<char>(0xE0 | (c >> 12));
      *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      *to++ = static_cast<char>(0x80 | (c & 0x3F));
    } else {
      *to++ = static_cast<char>(0xF0 | (c >> 18));
      *to++ = static_cast<char>(0x80 | ((c >> 12) & 0x3F));
      *to++ = static_cast<char>(0x80 | ((c >> 6) & 0x3F));
      *to++ = static_cast<char>(0x80 | (c & 0x3F));
    }
    return to;
  }

  const char* p_;
  const char* end_;
  Arena& arena_;
  const JsonOptions& options_;
  std::string error_;
};

}  // namespace

absl::StatusOr<Value> ParseJson(std::string_view text, Arena& arena, const JsonOptions& options) {
  Reader reader(text, arena, options);
  Value out;
  if (!reader.ParseTop(out)) return absl::InvalidArgumentError(reader.error());
  return out;
}

absl::StatusOr<Value> ParseJsonObject(std::string_view text, Arena& arena, const JsonOptions& options) {
  Reader reader(text, arena, options);
  reader.SkipSpace();
  if (reader.at_end()) return absl::InvalidArgumentError("unexpected end of JSON input");
  if (reader.peek() != '{' && reader.peek() != 'n') {
    return absl::InvalidArgumentError("expected { character for map value");
  }
  Value out;
  if (!reader.ParseTop(out)) return absl::InvalidArgumentError(reader.error());
  if (!out.is_map()) out = Value::OfMap(arena.New<Map>());
  return out;
}

}  // namespace otelpipe
