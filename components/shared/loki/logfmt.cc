#include "shared/loki/logfmt.h"

#include <cstdint>

#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/utf8.h"

namespace otelpipe::loki {
namespace {

constexpr size_t kMaxLine = 64 * 1024;

bool HasBadUtf8(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    // A character U+FFFD that was written as such counts too: the reference looks for the character.
    if (rune.rune == regex::kRuneError) return true;
    p += rune.width;
  }
  return false;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
  return -1;
}

// Reads 4 hex digits at `at`; -1 when there are none.
int32_t FourHex(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  int32_t value = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int digit = HexDigit(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

// Undoes JSON escapes; `\'` is allowed besides. False for other escapes, control characters and quotes inside.
bool Unquote(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') {
      const regex::DecodedRune rune = regex::DecodeRune(text.data() + i, text.data() + text.size());
      regex::AppendRune(rune.rune, out);
      i += rune.width;
      continue;
    }
    if (++i == text.size()) return false;
    switch (text[i]) {
      case '"': case '\\': case '/': case '\'': out += text[i]; break;
      case 'b': out += '\b'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'u': {
        int32_t unit = FourHex(text, i + 1);
        if (unit < 0) return false;
        i += 4;
        uint32_t rune = static_cast<uint32_t>(unit);
        if (unit >= 0xD800 && unit < 0xE000) {
          rune = regex::kRuneError;
          if (unit < 0xDC00 && i + 2 < text.size() && text[i + 1] == '\\' && text[i + 2] == 'u') {
            const int32_t low = FourHex(text, i + 3);
            if (low >= 0xDC00 && low < 0xE000) {
              rune = 0x10000 + ((static_cast<uint32_t>(unit) - 0xD800) << 10) + (static_cast<uint32_t>(low) - 0xDC00);
              i += 6;
            }
          }
        }
        regex::AppendRune(rune, out);
        break;
      }
      default: return false;
    }
    ++i;
  }
  return true;
}

// Whether a value has to be quoted.
bool NeedsQuotes(std::string_view text) {
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    if (rune.rune <= ' ' || rune.rune == '=' || rune.rune == '"' || rune.rune == regex::kRuneError) return true;
    p += rune.width;
  }
  return false;
}

void AppendLogfmtQuoted(std::string& out, std::string_view text) {
  out += '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    if (rune.rune == regex::kRuneError) {
      out += "\\ufffd";
    } else if (rune.rune == '"' || rune.rune == '\\') {
      out += '\\';
      out += static_cast<char>(rune.rune);
    } else if (rune.rune == '\n') {
      out += "\\n";
    } else if (rune.rune == '\r') {
      out += "\\r";
    } else if (rune.rune == '\t') {
      out += "\\t";
    } else if (rune.rune < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[rune.rune >> 4];
      out += "0123456789abcdef"[rune.rune & 15];
    } else {
      out.append(p, rune.width);
    }
    p += rune.width;
  }
  out += '"';
}

// Appends the key without the characters that keys can't have. False when nothing is left.
bool AppendKey(std::string& out, std::string_view key) {
  const size_t start = out.size();
  const char* p = key.data();
  const char* const end = p + key.size();
  while (p != end) {
    const regex::DecodedRune rune = regex::DecodeRune(p, end);
    if (rune.rune > ' ' && rune.rune != '=' && rune.rune != '"' && rune.rune != regex::kRuneError) out.append(p, rune.width);
    p += rune.width;
  }
  return out.size() > start;
}

}  // namespace

bool ParseLogfmt(std::string_view text, std::vector<std::pair<std::string, std::string>>& out) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.size() >= kMaxLine) return false;
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  auto blank = [&line](size_t i) { return static_cast<unsigned char>(line[i]) <= ' '; };
  size_t at = 0;
  while (true) {
    while (at < line.size() && blank(at)) ++at;
    if (at == line.size()) return true;
    const size_t key_start = at;
    while (at < line.size() && !blank(at) && line[at] != '=') {
      if (line[at] == '"') return false;
      ++at;
    }
    const std::string_view key = line.substr(key_start, at - key_start);
    if (key.empty() || HasBadUtf8(key)) return false;
    auto& pair = out.emplace_back(std::string(key), std::string());
    if (at == line.size() || line[at] != '=') continue;
    ++at;
    if (at == line.size() || blank(at)) continue;
    if (line[at] != '"') {
      const size_t start = at;
      while (at < line.size() && !blank(at)) {
        if (line[at] == '=' || line[at] == '"') return false;
        ++at;
      }
      pair.second = std::string(line.substr(start, at - start));
      continue;
    }
    const size_t start = ++at;
    bool escaped = false;
    while (at < line.size() && line[at] != '"') {
      if (line[at] == '\\') {
        escaped = true;
        ++at;
      }
      ++at;
    }
    if (at >= line.size()) return false;
    const std::string_view inside = line.substr(start, at - start);
    if (!escaped) {
      pair.second = std::string(inside);
    } else if (!Unquote(inside, pair.second)) {
      return false;
    }
    ++at;
  }
}

void LogfmtWriter::Clear() {
  pairs_.clear();
  map_body_ = false;
  body_pairs_ = 0;
}

void LogfmtWriter::Flatten(std::string key, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kEmpty:
      return;
    case ValueKind::kMap:
      for (const KeyValue& kv : value.map()) {
        Flatten(key.empty() ? std::string(kv.key) : key + "_" + std::string(kv.key), kv.value);
      }
      return;
    case ValueKind::kList: {
      size_t i = 0;
      for (const Value& item : value.list()) {
        std::string index = std::to_string(i++);
        Flatten(key.empty() ? index : key + "_" + index, item);
      }
      return;
    }
    case ValueKind::kString:
      pairs_.push_back({std::move(key), std::string(value.string()), false});
      return;
    case ValueKind::kBytes:
      pairs_.push_back({std::move(key), std::string(value.string()), true});
      return;
    case ValueKind::kDouble: {
      std::string text;
      AppendGoDouble(text, value.number(), 6);
      pairs_.push_back({std::move(key), std::move(text), true});
      return;
    }
    case ValueKind::kBool:
    case ValueKind::kInt:
      pairs_.push_back({std::move(key), value.AsString(), true});
      return;
  }
}

void LogfmtWriter::Body(const Value& body) {
  map_body_ = body.is_map();
  if (body.is_string()) {
    std::vector<std::pair<std::string, std::string>> parsed;
    if (ParseLogfmt(body.string(), parsed)) {
      for (auto& [key, value] : parsed) pairs_.push_back({std::move(key), std::move(value), true});
    } else {
      pairs_.push_back({"msg", std::string(body.string()), false});
    }
  } else if (body.is_map()) {
    Flatten("", body);
  } else if (body.is_list()) {
    Flatten("body", body);
  } else if (!body.is_empty()) {
    Flatten("msg", body);
  }
  body_pairs_ = pairs_.size();
}

void LogfmtWriter::Field(std::string_view key, std::string_view value) {
  if (map_body_) {
    for (size_t i = 0; i < body_pairs_; ++i) {
      if (pairs_[i].key != key) continue;
      pairs_[i].value = std::string(value);
      pairs_[i].raw = false;
      return;
    }
  }
  Text(key, value);
}

void LogfmtWriter::Attribute(std::string_view prefix, std::string_view key, const Value& value) {
  Flatten(std::string(prefix) + std::string(key), value);
}

void LogfmtWriter::Text(std::string_view key, std::string_view value) {
  pairs_.push_back({std::string(key), std::string(value), false});
}

bool LogfmtWriter::Write(std::string& out) const {
  bool first = true;
  for (const Pair& pair : pairs_) {
    if (!first) out += ' ';
    first = false;
    if (!AppendKey(out, pair.key)) return false;
    out += '=';
    if (!pair.raw && pair.value == "null") {
      out += "\"null\"";
    } else if (NeedsQuotes(pair.value)) {
      AppendLogfmtQuoted(out, pair.value);
    } else {
      out += pair.value;
    }
  }
  return true;
}

}  // namespace otelpipe::loki
