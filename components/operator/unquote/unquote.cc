#include "operator/unquote/unquote.h"

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/parser.h"

namespace otelpipe {
namespace {

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

// `digits` digits of `base` at the front of `text`, which loses them.
bool TakeNumber(std::string_view& text, size_t digits, uint32_t base, uint32_t& value) {
  if (text.size() < digits) return false;
  value = 0;
  for (size_t i = 0; i < digits; ++i) {
    char c = text[i];
    uint32_t d = 99;
    if (c >= '0' && c <= '9') d = static_cast<uint32_t>(c - '0');
    if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') d = static_cast<uint32_t>((c | 0x20) - 'a' + 10);
    if (d >= base) return false;
    value = value * base + d;
  }
  text.remove_prefix(digits);
  return true;
}

// What follows a backslash.
bool TakeEscape(std::string_view& text, char quote, std::string& out) {
  if (text.empty()) return false;
  char c = text.front();
  text.remove_prefix(1);
  uint32_t value = 0;
  switch (c) {
    case 'a': out += '\a'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'v': out += '\v'; return true;
    case '\\': out += '\\'; return true;
    case '"':
    case '\'':
      if (c != quote) return false;
      out += c;
      return true;
    case 'x':
      if (!TakeNumber(text, 2, 16, value)) return false;
      out += static_cast<char>(value);
      return true;
    case 'u':
    case 'U':
      if (!TakeNumber(text, c == 'u' ? 4 : 8, 16, value)) return false;
      if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return false;
      AppendUtf8(out, value);
      return true;
    default:
      if (c < '0' || c > '7' || text.size() < 2) return false;
      if (!TakeNumber(text, 2, 8, value)) return false;
      value += static_cast<uint32_t>(c - '0') * 64;
      if (value > 255) return false;
      out += static_cast<char>(value);
      return true;
  }
}

}  // namespace

bool UnquoteGo(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() < 2) return false;
  char quote = text.front();
  if (text.back() != quote || (quote != '"' && quote != '`' && quote != '\'')) return false;
  text = text.substr(1, text.size() - 2);
  if (quote == '`') {
    for (char c : text) {
      if (c == '`') return false;
      if (c != '\r') out += c;
    }
    return true;
  }
  size_t characters = 0;
  while (!text.empty()) {
    char c = text.front();
    if (c == quote || c == '\n') return false;
    ++characters;
    if (c == '\\') {
      text.remove_prefix(1);
      if (!TakeEscape(text, quote, out)) return false;
      continue;
    }
    size_t n = 1;
    while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80 && (static_cast<unsigned char>(c) & 0x80)) ++n;
    out += text.substr(0, n);
    text.remove_prefix(n);
  }
  return quote == '"' || characters <= 1;
}

void Unquote::Config::Describe(Fields<Config>& f) {
  f.InlineBase<TransformerConfig>();
  f.Optional("field", &Config::field, "Field that holds the literal; required.");
}

Unquote::Unquote(const Config& config, OperatorContext context)
    : Transformer(config, std::move(context)), field_(config.field) {
  field_.Intern(this->context().intern);
}

absl::Status Unquote::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Transformer::Init());
  if (!field_.is_set()) AppendMistakes(errors, absl::InvalidArgumentError("missing required field 'field'"));
  return MistakesToStatus(errors);
}

absl::Status Unquote::Transform(Entry& entry) {
  Value* value = field_.GetMutable(entry);
  if (value == nullptr) return absl::OkStatus();
  if (!value->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type ", A(GoTypeName(*value)), " cannot be unquoted"));
  }
  std::string text;
  if (!UnquoteGo(value->string(), text)) return absl::InvalidArgumentError("invalid syntax");
  *value = Value::Str(entry.arena->Copy(text));
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, unquote, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::Unquote>());
}
