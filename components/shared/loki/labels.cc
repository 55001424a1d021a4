#include "shared/loki/labels.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>

#include "otelpipe/regex/utf8.h"

namespace otelpipe::loki {
namespace {

constexpr char kHex[] = "0123456789abcdef";

// RE2 brings the Unicode tables; only characters beyond ASCII get here, and labels are made once per stream.
bool IsLetterOrDigit(std::string_view rune) {
  static const RE2 pattern("[\\pL\\p{Nd}]");
  return RE2::FullMatch(re2::StringPiece(rune.data(), rune.size()), pattern);
}

bool IsPrintable(std::string_view rune) {
  static const RE2 pattern("[\\pL\\pM\\pN\\pP\\pS]");
  return RE2::FullMatch(re2::StringPiece(rune.data(), rune.size()), pattern);
}

bool IsAsciiAlnum(uint32_t c) { return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80); }

void AppendHexDigits(std::string& out, uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += kHex[value >> shift & 15];
}

class LabelParser {
 public:
  explicit LabelParser(std::string_view text) : text_(text) {}

  absl::Status Run(std::vector<std::pair<std::string, std::string>>& out) {
    if (!Take('{')) return Fail("expected '{'");
    if (!Take('}')) {
      do {
        std::string name, value;
        if (!Name(name)) return Fail("expected a label name");
        if (!Take('=')) return Fail("expected '='");
        Blank();
        if (!Quoted(value)) return Fail("expected a quoted value");
        out.emplace_back(std::move(name), std::move(value));
      } while (Take(','));
      if (!Take('}')) return Fail("expected ',' or '}'");
    }
    Blank();
    return at_ == text_.size() ? absl::OkStatus() : Fail("unexpected text after '}'");
  }

 private:
  absl::Status Fail(const char* what) const {
    return absl::InvalidArgumentError("error parsing labels: parse error at line 1, col " + std::to_string(at_ + 1) + ": " + what);
  }
  void Blank() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) ++at_;
  }
  bool Take(char c) {
    Blank();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Wider than Loki's own rule, which is ASCII only: the exporter's labels keep letters of other scripts.
  bool Name(std::string& out) {
    Blank();
    const size_t start = at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (!IsAsciiAlnum(c) && c != '_' && c != ':' && c < 0x80) break;
      if (at_ == start && c >= '0' && c <= '9') return false;
      ++at_;
    }
    out = std::string(text_.substr(start, at_ - start));
    return at_ > start;
  }
  bool Quoted(std::string& out) {
    if (at_ == text_.size()) return false;
    const char quote = text_[at_];
    if (quote != '"' && quote != '`') return false;
    ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return true;
      if (c == '\n' && quote == '"') return false;
      if (c != '\\' || quote == '`') {
        out += c;
      } else if (!Escape(out)) {
        return false;
      }
    }
    return false;
  }
  bool Escape(std::string& out) {
    if (at_ == text_.size()) return false;
    const char c = text_[at_++];
    switch (c) {
      case 'a': out += '\a'; return true;
      case 'b': out += '\b'; return true;
      case 'f': out += '\f'; return true;
      case 'n': out += '\n'; return true;
      case 'r': out += '\r'; return true;
      case 't': out += '\t'; return true;
      case 'v': out += '\v'; return true;
      case '\\': case '"': out += c; return true;
      case 'x': return Number(out, 2, 16, true);
      case 'u': return Number(out, 4, 16, false);
      case 'U': return Number(out, 8, 16, false);
      default:
        if (c < '0' || c > '7') return false;
        --at_;
        return Number(out, 3, 8, true);
    }
  }
  bool Number(std::string& out, int digits, uint32_t base, bool byte) {
    uint32_t value = 0;
    for (int i = 0; i < digits; ++i) {
      if (at_ == text_.size()) return false;
      const char c = text_[at_++];
      const uint32_t digit = c >= '0' && c <= '9'                  ? static_cast<uint32_t>(c - '0')
                             : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? static_cast<uint32_t>((c | 0x20) - 'a' + 10)
                                                                      : 99;
      if (digit >= base) return false;
      value = value * base + digit;
    }
    if (byte) {
      if (value > 255) return false;
      out += static_cast<char>(value);
      return true;
    }
    if (value > regex::kMaxRune || (value >= 0xD800 && value < 0xE000)) return false;
    regex::AppendRune(value, out);
    return true;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

void AppendLabelName(std::string& out, std::string_view name) {
  if (name.empty()) return;
  const size_t start = out.size();
  const char* p = name.data();
  const char* const end = p + name.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    const bool keep = rune.rune < 0x80 ? IsAsciiAlnum(rune.rune)
                                       : rune.rune != regex::kRuneError && IsLetterOrDigit({p, rune.width});
    if (keep) {
      out.append(p, rune.width);
    } else {
      out += '_';
    }
    p += rune.width;
  }
  if (out[start] >= '0' && out[start] <= '9') {
    out.insert(start, "key_");
  } else if (out[start] == '_' && !(out.size() > start + 1 && out[start + 1] == '_')) {
    out.insert(start, "key");
  }
}

void AppendQuoted(std::string& out, std::string_view value) {
  out += '"';
  const char* p = value.data();
  const char* const end = p + value.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    const uint32_t c = rune.rune;
    if (c == regex::kRuneError && rune.width == 1) {
      out += "\\x";
      AppendHexDigits(out, static_cast<unsigned char>(*p), 2);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c >= 0x20 && c < 0x7f) {
      out += static_cast<char>(c);
    } else if (c >= 0x07 && c <= 0x0d) {
      out += '\\';
      out += "abtnvfr"[c - 0x07];
    } else if (c < 0x80) {
      out += "\\x";
      AppendHexDigits(out, c, 2);
    } else if (IsPrintable({p, rune.width})) {
      out.append(p, rune.width);
    } else if (c < 0x10000) {
      out += "\\u";
      AppendHexDigits(out, c, 4);
    } else {
      out += "\\U";
      AppendHexDigits(out, c, 8);
    }
    p += rune.width;
  }
  out += '"';
}

std::string FormatLabels(const std::vector<std::pair<std::string_view, std::string_view>>& labels) {
  std::vector<std::pair<std::string, std::string_view>> sorted;
  sorted.reserve(labels.size());
  for (const auto& [name, value] : labels) {
    std::string valid;
    AppendLabelName(valid, name);
    sorted.emplace_back(std::move(valid), value);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string out = "{";
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && sorted[i].first == sorted[i + 1].first) continue;
    if (out.size() > 1) out += ", ";
    out += sorted[i].first;
    out += '=';
    AppendQuoted(out, sorted[i].second);
  }
  out += '}';
  return out;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseLabels(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  absl::Status status = LabelParser(text).Run(out);
  if (!status.ok()) return status;
  std::stable_sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return out;
}

}  // namespace otelpipe::loki
