#include "operator/syslog_parser/syslog_message.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"

namespace otelpipe::syslog {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsPrintable(char c) { return c > 0x20 && c < 0x7f; }  // without space

absl::Status At(std::string_view what, size_t column) {
  return absl::InvalidArgumentError(absl::StrCat(A(what), " [col ", column, "]"));
}
absl::Status NotCompliant() {
  return absl::InvalidArgumentError("parsed value was not rfc3164 or rfc5424 compliant");
}

// `<pri>` at the front; `at` moves behind it.
absl::Status TakePriority(std::string_view text, size_t& at, Message& out) {
  constexpr std::string_view kBrackets = "expecting a priority value within angle brackets";
  constexpr std::string_view kRange = "expecting a priority value in the range 1-191 or equal to 0";
  if (text.empty() || text[0] != '<') return At(kBrackets, 0);
  at = 1;
  int value = 0;
  size_t begin = at;
  while (at < text.size() && IsDigit(text[at]) && at - begin < 3) {
    int next = value * 10 + (text[at] - '0');
    if (next > 191 || (at > begin && text[begin] == '0')) return At(kRange, at);
    value = next;
    ++at;
  }
  if (at == begin) return At(kRange, at);
  if (at >= text.size() || text[at] != '>') return At(at < text.size() && IsDigit(text[at]) ? kRange : kBrackets, at);
  ++at;
  out.priority = value;
  return absl::OkStatus();
}

// The length of `Mmm dd HH:MM:SS` at `at`, or the place of its first fault.
bool TakeStamp(std::string_view text, size_t at, size_t& end) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  end = at;
  bool month = false;
  for (size_t i = 0; i < kMonths.size(); i += 3) month |= text.substr(at, 3) == kMonths.substr(i, 3);
  if (!month) return false;
  auto is = [&](size_t i, auto test) {
    end = at + i;
    return end < text.size() && test(text[end]);
  };
  auto space = [](char c) { return c == ' '; };
  auto colon = [](char c) { return c == ':'; };
  auto low = [](char c) { return c >= '0' && c <= '5'; };
  if (!is(3, space)) return false;
  if (!is(4, [](char c) { return c == ' ' || (c >= '1' && c <= '3'); })) return false;
  bool single = text[at + 4] == ' ';
  if (!is(5, [single](char c) { return single ? c >= '1' && c <= '9' : IsDigit(c); })) return false;
  if (text[at + 4] == '3' && text[at + 5] > '1') return false;
  if (!is(6, space) || !is(7, [](char c) { return c >= '0' && c <= '2'; }) || !is(8, IsDigit)) return false;
  if (text[at + 7] == '2' && text[at + 8] > '3') return false;
  if (!is(9, colon) || !is(10, low) || !is(11, IsDigit) || !is(12, colon) || !is(13, low) || !is(14, IsDigit)) return false;
  end = at + 15;
  return true;
}

// `tag`, `tag[content]`, then `: text`; the message begins at the last token when the form breaks off.
void TakeTag(std::string_view rest, Message& out) {
  out.message = rest;
  size_t tag = 0;
  while (tag < rest.size() && IsPrintable(rest[tag]) && rest[tag] != ':' && rest[tag] != '[') ++tag;
  if (tag == 0 || tag > 48 || tag >= rest.size() || (rest[tag] != ':' && rest[tag] != '[')) return;
  out.appname = rest.substr(0, tag);
  size_t at = tag;
  if (rest[at] == '[') {
    size_t begin = ++at;
    out.message = rest.substr(begin);
    while (at < rest.size() && IsPrintable(rest[at]) && rest[at] != '[' && rest[at] != ']') ++at;
    if (at >= rest.size() || rest[at] != ']') return;
    out.proc_id = rest.substr(begin, at - begin);
    ++at;
  }
  if (rest.substr(at, 2) == ": " && rest.size() > at + 2) out.message = rest.substr(at + 2);
}

// Parser of RFC 5424: a cursor and the checks of each part.
class Rfc5424 {
 public:
  Rfc5424(std::string_view text, Message& out) : text_(text), out_(out) {}

  absl::Status Parse() {
    OTELPIPE_RETURN_IF_ERROR(TakePriority(text_, at_, out_));
    OTELPIPE_RETURN_IF_ERROR(TakeVersion());
    OTELPIPE_RETURN_IF_ERROR(TakeTime());
    OTELPIPE_RETURN_IF_ERROR(TakeWord(255, "expecting an hostname (from 1 to max 255 US-ASCII characters) or a nil value", out_.hostname));
    OTELPIPE_RETURN_IF_ERROR(TakeWord(48, "expecting an app-name (from 1 to max 48 US-ASCII characters) or a nil value", out_.appname));
    OTELPIPE_RETURN_IF_ERROR(TakeWord(128, "expecting a procid (from 1 to max 128 US-ASCII characters) or a nil value", out_.proc_id));
    OTELPIPE_RETURN_IF_ERROR(TakeWord(32, "expecting a msgid (from 1 to max 32 US-ASCII characters) or a nil value", out_.msg_id));
    OTELPIPE_RETURN_IF_ERROR(TakeData());
    if (at_ == text_.size()) return absl::OkStatus();
    if (text_[at_] != ' ') return At("parsing error", at_);
    ++at_;
    out_.message = text_.substr(at_);
    out_.has_message = !out_.message.empty();
    return absl::OkStatus();
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  absl::Status TakeVersion() {
    constexpr std::string_view kWhat = "expecting a version value in the range 1-999";
    size_t begin = at_;
    if (!IsDigit(peek()) || peek() == '0') return At(kWhat, at_);
    int value = 0;
    while (IsDigit(peek()) && at_ - begin < 3) value = value * 10 + (text_[at_++] - '0');
    if (IsDigit(peek())) return At(kWhat, at_);
    if (peek() != ' ') return At("parsing error", at_);
    ++at_;
    out_.version = value;
    return absl::OkStatus();
  }

  absl::Status TakeTime() {
    constexpr std::string_view kWhat = "expecting a RFC3339MICRO timestamp or a nil value";
    if (peek() == '-') {
      ++at_;
    } else {
      size_t begin = at_;
      for (char c : std::string_view("dddd-dd-ddTdd:dd:dd")) {
        if (c == 'd' ? !IsDigit(peek()) : peek() != c) return At(kWhat, at_);
        ++at_;
      }
      if (peek() == '.') {
        ++at_;
        size_t digits = at_;
        while (IsDigit(peek()) && at_ - digits < 6) ++at_;
        if (at_ == digits) return At(kWhat, at_);
      }
      if (peek() == 'Z') {
        ++at_;
      } else {
        for (char c : std::string_view("sdd:dd")) {
          bool fits = c == 's' ? peek() == '+' || peek() == '-' : c == 'd' ? IsDigit(peek()) : peek() == c;
          if (!fits) return At(kWhat, at_);
          ++at_;
        }
      }
      out_.stamp = text_.substr(begin, at_ - begin);
    }
    if (peek() != ' ') return At("parsing error", at_);
    ++at_;
    return absl::OkStatus();
  }

  absl::Status TakeWord(size_t limit, std::string_view what, std::string_view& out) {
    size_t begin = at_;
    while (at_ < text_.size() && IsPrintable(text_[at_])) ++at_;
    if (at_ == begin || at_ - begin > limit) return At(what, std::min(at_, begin + limit));
    std::string_view word = text_.substr(begin, at_ - begin);
    if (peek() != ' ') return At(at_ < text_.size() ? what : "parsing error", at_);
    ++at_;
    if (word != "-") out = word;
    return absl::OkStatus();
  }

  absl::Status TakeName(std::string_view what, std::string_view& out) {
    size_t begin = at_;
    while (at_ < text_.size() && IsPrintable(text_[at_]) && text_[at_] != '=' && text_[at_] != ']' && text_[at_] != '"') ++at_;
    if (at_ == begin || at_ - begin > 32) return At(what, std::min(at_, begin + 32));
    out = text_.substr(begin, at_ - begin);
    return absl::OkStatus();
  }

  absl::Status TakeData() {
    if (peek() == '-') {
      ++at_;
      return absl::OkStatus();
    }
    if (peek() != '[') {
      return At("expecting a structured data section containing one or more elements (`[id( key=\"value\")*]+`) or a nil value", at_);
    }
    out_.has_data = true;
    while (peek() == '[') OTELPIPE_RETURN_IF_ERROR(TakeElement());
    return absl::OkStatus();
  }

  absl::Status TakeElement() {
    ++at_;
    Message::Element element;
    OTELPIPE_RETURN_IF_ERROR(TakeName(
        "expecting a structured data element id (from 1 to max 32 US-ASCII characters; except `=`, ` `, `]`, and `\"`", element.id));
    for (const Message::Element& other : out_.data) {
      if (other.id == element.id) return At("duplicate structured data element id", at_);
    }
    while (peek() == ' ') {
      ++at_;
      Message::Param param;
      OTELPIPE_RETURN_IF_ERROR(TakeName(
          "expecting a structured data parameter (`key=\"value\"`, both part from 1 to max 32 US-ASCII characters; key cannot contain "
          "`=`, ` `, `]`, and `\"`, while value cannot contain `]`, backslash, and `\"` unless escaped)",
          param.name));
      if (peek() != '=' || peek(1) != '"') return At("parsing error", at_);
      at_ += 2;
      OTELPIPE_RETURN_IF_ERROR(TakeParamValue(param.value));
      element.params.push_back(std::move(param));
    }
    if (peek() != ']') return At("parsing error", at_);
    ++at_;
    out_.data.push_back(std::move(element));
    return absl::OkStatus();
  }

  absl::Status TakeParamValue(std::string& value) {
    constexpr std::string_view kEscape = "expecting chars `]`, `\"`, and `\\` to be escaped within param value";
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == '"') {
        ++at_;
        return absl::OkStatus();
      }
      if (c == ']') return At(kEscape, at_);
      if (c == '\\') {
        ++at_;
        c = peek();
        if (c != '"' && c != '\\' && c != ']') return At(kEscape, at_);
      }
      value += c;
    }
    return At("parsing error", at_);
  }

  std::string_view text_;
  Message& out_;
  size_t at_ = 0;
};

}  // namespace

absl::Status ParseRfc3164(std::string_view text, Message& out) {
  size_t at = 0;
  OTELPIPE_RETURN_IF_ERROR(TakePriority(text, at, out));
  while (at < text.size() && text[at] == ' ') ++at;
  size_t end = at;
  if (!TakeStamp(text, at, end)) return At("expecting a Stamp timestamp", end);
  out.stamp = text.substr(at, end - at);
  at = end;
  if (at >= text.size() || text[at] != ' ') return NotCompliant();
  while (at < text.size() && text[at] == ' ') ++at;
  std::string_view rest = text.substr(at);
  if (rest.ends_with('\n')) rest.remove_suffix(1);
  if (rest.empty()) return NotCompliant();
  for (char c : rest) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return NotCompliant();
  }
  size_t host = 0;
  while (host < rest.size() && IsPrintable(rest[host]) && rest[host] != ':') ++host;
  size_t after = host;
  while (after < rest.size() && rest[after] == ' ') ++after;
  if (host > 0 && host <= 255 && after > host && after < rest.size()) {
    out.hostname = rest.substr(0, host);
    rest.remove_prefix(after);
  }
  TakeTag(rest, out);
  out.has_message = true;
  return absl::OkStatus();
}

absl::Status ParseRfc5424(std::string_view text, Message& out) { return Rfc5424(text, out).Parse(); }

}  // namespace otelpipe::syslog
