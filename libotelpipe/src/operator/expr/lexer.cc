#include "operator/expr/lexer.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "operator/expr/ast.h"

namespace otelpipe::expr {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsIdentifierStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'; }

constexpr std::string_view kWordOperators[] = {"not", "in",       "or",         "and",      "matches",
                                               "contains", "startsWith", "endsWith", "let", "if", "else"};

void AppendUtf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xC0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xE0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (c >> 18));
    out += static_cast<char>(0x80 | ((c >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (c & 0x3F));
  }
}

class Lexer {
 public:
  explicit Lexer(const std::string& source) : s_(source) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (error_.empty()) {
      SkipSpace();
      if (!error_.empty() || i_ >= s_.size()) break;
      Next();
    }
    if (!error_.empty()) return absl::InvalidArgumentError(FormatError(s_, error_offset_, error_));
    // The end is reported at the last character, where the reader's eye is.
    Emit(TokenKind::kEnd, "", s_.empty() ? 0 : s_.size() - 1);
    return std::move(tokens_);
  }

 private:
  void Emit(TokenKind kind, std::string text, size_t at) { tokens_.push_back({kind, std::move(text), static_cast<int>(at)}); }
  void Fail(size_t at, std::string message) {
    error_ = std::move(message);
    error_offset_ = static_cast<int>(at);
  }
  bool Starts(std::string_view t) const { return s_.compare(i_, t.size(), t) == 0; }

  void SkipSpace() {
    while (i_ < s_.size()) {
      if (IsSpace(s_[i_])) {
        ++i_;
      } else if (Starts("//")) {
        while (i_ < s_.size() && s_[i_] != '\n') ++i_;
      } else if (Starts("/*")) {
        const size_t end = s_.find("*/", i_ + 2);
        if (end == std::string::npos) {
          Fail(i_, "unclosed comment");
          return;
        }
        i_ = end + 2;
      } else {
        return;
      }
    }
  }

  void Next() {
    const size_t start = i_;
    const char c = s_[i_];
    if (IsDigit(c) || (c == '.' && i_ + 1 < s_.size() && IsDigit(s_[i_ + 1]))) return Number();
    if (c == '"' || c == '\'') return Quoted(c);
    if (c == '`') return Raw();
    if (IsIdentifierStart(c)) {
      while (i_ < s_.size() && (IsIdentifierStart(s_[i_]) || IsDigit(s_[i_]))) ++i_;
      std::string word = s_.substr(start, i_ - start);
      // After a dot every word is a name: `a.in`.
      const bool after_dot = !tokens_.empty() && tokens_.back().kind == TokenKind::kOperator &&
                             (tokens_.back().text == "." || tokens_.back().text == "?.");
      bool is_operator = false;
      for (std::string_view op : kWordOperators) is_operator |= !after_dot && word == op;
      Emit(is_operator ? TokenKind::kOperator : TokenKind::kIdentifier, std::move(word), start);
      return;
    }
    if (std::string_view("([{}])").find(c) != std::string_view::npos) {
      Emit(TokenKind::kBracket, std::string(1, c), i_++);
      return;
    }
    for (std::string_view op : {"**", "||", "&&", "==", "!=", "<=", ">=", "..", "??", "?.", "?:", "::"}) {
      if (!Starts(op)) continue;
      // `a ?.5 : b` is a ternary.
      if (op == "?." && i_ + 2 < s_.size() && IsDigit(s_[i_ + 2])) continue;
      i_ += op.size();
      Emit(TokenKind::kOperator, std::string(op), start);
      return;
    }
    if (std::string_view("#,?:%+-/*^<>!|;.=").find(c) != std::string_view::npos) {
      Emit(TokenKind::kOperator, std::string(1, c), i_++);
      return;
    }
    char code[16];
    std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned char>(c));
    Fail(i_, absl::StrCat("unrecognized character: ", code, " '", std::string(1, c), "'"));
  }

  void Number() {
    const size_t start = i_;
    std::string text;
    auto digits = [&](std::string_view allowed) {
      while (i_ < s_.size() && (allowed.find(s_[i_]) != std::string_view::npos || s_[i_] == '_')) {
        if (s_[i_] != '_') text += s_[i_];
        ++i_;
      }
    };
    constexpr std::string_view kDecimal = "0123456789";
    if (s_[i_] == '0' && i_ + 1 < s_.size() && std::string_view("xXoObB").find(s_[i_ + 1]) != std::string_view::npos) {
      const char base = static_cast<char>(s_[i_ + 1] | 0x20);
      text = {'0', base};
      i_ += 2;
      digits(base == 'x' ? "0123456789abcdefABCDEF" : base == 'o' ? "01234567" : "01");
    } else {
      digits(kDecimal);
      // `1..3` is a range, not a number with a point.
      if (i_ < s_.size() && s_[i_] == '.' && !Starts("..")) {
        text += s_[i_++];
        digits(kDecimal);
      }
      if (i_ < s_.size() && (s_[i_] == 'e' || s_[i_] == 'E')) {
        text += s_[i_++];
        if (i_ < s_.size() && (s_[i_] == '+' || s_[i_] == '-')) text += s_[i_++];
        digits(kDecimal);
      }
    }
    if (i_ < s_.size() && (IsIdentifierStart(s_[i_]) || IsDigit(s_[i_]))) {
      Fail(start, absl::StrCat("bad number syntax: \"", s_.substr(start, i_ + 1 - start), "\""));
      return;
    }
    Emit(TokenKind::kNumber, std::move(text), start);
  }

  void Raw() {
    const size_t start = i_;
    const size_t end = s_.find('`', i_ + 1);
    if (end == std::string::npos) return Fail(start, "literal not terminated");
    Emit(TokenKind::kString, s_.substr(i_ + 1, end - i_ - 1), start);
    i_ = end + 1;
  }

  void Quoted(char quote) {
    const size_t start = i_++;
    std::string out;
    while (true) {
      if (i_ >= s_.size() || s_[i_] == '\n') return Fail(start, "literal not terminated");
      const char c = s_[i_];
      if (c == quote) {
        ++i_;
        Emit(TokenKind::kString, std::move(out), start);
        return;
      }
      if (c != '\\') {
        out += c;
        ++i_;
        continue;
      }
      if (!Escape(quote, out)) return Fail(start, "invalid char escape");
    }
  }

  // One backslash sequence at i_.
  bool Escape(char quote, std::string& out) {
    if (i_ + 1 >= s_.size()) return false;
    const char e = s_[i_ + 1];
    i_ += 2;
    constexpr std::string_view kFrom = "abfnrtv\\";
    constexpr std::string_view kTo = "\a\b\f\n\r\t\v\\";
    if (const size_t at = kFrom.find(e); at != std::string_view::npos) {
      out += kTo[at];
      return true;
    }
    if (e == quote) {
      out += e;
      return true;
    }
    auto number = [&](int count, int base, uint32_t value) -> int64_t {
      for (int k = 0; k < count; ++k, ++i_) {
        if (i_ >= s_.size()) return -1;
        const char c = s_[i_];
        int digit = IsDigit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 99;
        if (digit >= base) return -1;
        value = value * static_cast<uint32_t>(base) + static_cast<uint32_t>(digit);
      }
      return value;
    };
    if (e == 'x') {
      const int64_t v = number(2, 16, 0);
      if (v < 0) return false;
      out += static_cast<char>(v);
      return true;
    }
    if (e == 'u' || e == 'U') {
      const int64_t v = number(e == 'u' ? 4 : 8, 16, 0);
      if (v < 0 || v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) return false;
      AppendUtf8(out, static_cast<uint32_t>(v));
      return true;
    }
    if (e >= '0' && e <= '3') {
      const int64_t v = number(2, 8, static_cast<uint32_t>(e - '0'));
      if (v < 0) return false;
      out += static_cast<char>(v);
      return true;
    }
    return false;
  }

  const std::string& s_;
  size_t i_ = 0;
  std::vector<Token> tokens_;
  std::string error_;
  int error_offset_ = 0;
};

}  // namespace

std::string Token::Name() const {
  switch (kind) {
    case TokenKind::kIdentifier: return absl::StrCat("Identifier(\"", text, "\")");
    case TokenKind::kNumber: return absl::StrCat("Number(\"", text, "\")");
    case TokenKind::kString: return absl::StrCat("String(\"", text, "\")");
    case TokenKind::kOperator: return absl::StrCat("Operator(\"", text, "\")");
    case TokenKind::kBracket: return absl::StrCat("Bracket(\"", text, "\")");
    case TokenKind::kEnd: return "EOF";
  }
  return "";
}

std::string ReadNumber(const std::string& text, Value& out) {
  const bool based = text.size() > 1 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b');
  if (!based && text.find_first_of(".eE") != std::string::npos) {
    double d = 0;
    if (!absl::SimpleAtod(text, &d)) return absl::StrCat("invalid float literal: ", text);
    out = Value::Double(d);
    return "";
  }
  errno = 0;
  char* end = nullptr;
  const int base = !based ? 10 : text[1] == 'x' ? 16 : text[1] == 'o' ? 8 : 2;
  const char* digits = text.c_str() + (based ? 2 : 0);
  const long long v = std::strtoll(digits, &end, base);
  if (errno != 0 || *end != '\0' || end == digits) {
    return absl::StrCat("invalid integer literal: strconv.ParseInt: parsing \"", text, "\": value out of range");
  }
  out = Value::Int(v);
  return "";
}

absl::StatusOr<std::vector<Token>> Tokenize(const std::string& source) { return Lexer(source).Run(); }

std::string FormatError(const std::string& source, int offset, const std::string& message) {
  if (source.empty()) return message;
  const size_t at = std::min(static_cast<size_t>(offset), source.size());
  const size_t line_start = at == 0 ? 0 : source.rfind('\n', at - 1) == std::string::npos ? 0 : source.rfind('\n', at - 1) + 1;
  size_t line_end = source.find('\n', at);
  if (line_end == std::string::npos) line_end = source.size();
  int line = 1;
  for (size_t i = 0; i < line_start; ++i) line += source[i] == '\n';
  std::string text = source.substr(line_start, line_end - line_start);
  int column = 0;
  bool ascii = true;
  for (size_t i = line_start; i < at; ++i) {
    const unsigned char c = static_cast<unsigned char>(source[i]);
    column += (c & 0xC0) != 0x80;
    ascii &= c < 0x80;
  }
  for (char& c : text) {
    if (c == '\t') c = ' ';
  }
  std::string out = absl::StrCat(message, " (", line, ":", column + 1, ")\n | ", text);
  if (ascii) absl::StrAppend(&out, "\n | ", std::string(static_cast<size_t>(column), '.'), "^");
  return out;
}

}  // namespace otelpipe::expr
