// Converters of texts.
#include <charconv>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/pattern.h"
#include "otelpipe/regex/utf8.h"
#include "shared/ottl/functions.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char ToLower(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }
char ToUpper(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }
bool IsBreak(char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; }

// Letters of Latin-1, Greek and Cyrillic change their case too; what lies beyond stays.
uint32_t CasedRune(uint32_t r, bool upper) {
  if (upper) {
    if ((r >= 0xE0 && r <= 0xFE && r != 0xF7) || (r >= 0x3B1 && r <= 0x3C9 && r != 0x3C2) || (r >= 0x430 && r <= 0x44F)) return r - 32;
    if (r >= 0x450 && r <= 0x45F) return r - 80;
    if (r >= 0x100 && r <= 0x137 && r != 0x131) return r & ~1u;
  } else {
    if ((r >= 0xC0 && r <= 0xDE && r != 0xD7) || (r >= 0x391 && r <= 0x3A9 && r != 0x3A2) || (r >= 0x410 && r <= 0x42F)) return r + 32;
    if (r >= 0x400 && r <= 0x40F) return r + 80;
    if (r >= 0x100 && r <= 0x137 && r != 0x130) return r | 1u;
  }
  return r;
}
std::string Cased(std::string_view text, bool upper) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      out += upper ? ToUpper(text[i]) : ToLower(text[i]);
      ++i;
      continue;
    }
    const regex::DecodedRune rune = regex::DecodeRune(text.data() + i, text.data() + text.size());
    regex::AppendRune(CasedRune(rune.rune, upper), out);
    i += rune.width;
  }
  return out;
}

std::string_view TrimmedSpace(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || (s.front() >= '\t' && s.front() <= '\r'))) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || (s.back() >= '\t' && s.back() <= '\r'))) s.remove_suffix(1);
  return s;
}

// fooBar, foo-bar and JSONData to foo_bar and json_data: words part where the case or the kind of character changes.
std::string Snake(std::string_view text) {
  const std::string_view s = TrimmedSpace(text);
  std::string out;
  for (size_t i = 0; i < s.size(); ++i) {
    const char c = s[i];
    const char next = i + 1 < s.size() ? s[i + 1] : '\0';
    const bool turns = (IsUpper(c) && (IsLower(next) || IsDigit(next))) || (IsLower(c) && (IsUpper(next) || IsDigit(next))) ||
                       (IsDigit(c) && (IsUpper(next) || IsLower(next)));
    if (turns) {
      if (IsUpper(c) && IsLower(next) && i > 0 && IsUpper(s[i - 1])) out += '_';
      out += ToLower(c);
      if (IsLower(c) || IsDigit(c) || IsDigit(next)) out += '_';
    } else {
      out += IsBreak(c) ? '_' : ToLower(c);
    }
  }
  return out;
}
// foo_bar to FooBar. Letters behind a capital become small: ID1 to Id1.
std::string Camel(std::string_view text) {
  std::string_view s = TrimmedSpace(text);
  std::string out;
  if (s == "ID") s = "id";
  bool capital = true, was_upper = false;
  for (char c : s) {
    const bool upper = IsUpper(c);
    if (capital) {
      c = ToUpper(c);
    } else if (was_upper && upper) {
      c = ToLower(c);
    }
    was_upper = upper;
    if (IsUpper(c) || IsLower(c)) {
      out += c;
      capital = false;
    } else if (IsDigit(c)) {
      out += c;
      capital = true;
    } else {
      capital = IsBreak(c);
    }
  }
  return out;
}

template <std::string (*kChange)(std::string_view)>
Result Changed(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> { return Value::Str(arena.Copy(kChange(s))); });
}
std::string Lower(std::string_view s) { return Cased(s, false); }
std::string Upper(std::string_view s) { return Cased(s, true); }

Result ConvertCase(Args a) {
  const std::string_view to = a[1].text();
  if (to == "lower") return Changed<Lower>(std::move(a));
  if (to == "upper") return Changed<Upper>(std::move(a));
  if (to == "snake") return Changed<Snake>(std::move(a));
  if (to == "camel") return Changed<Camel>(std::move(a));
  return absl::InvalidArgumentError(absl::StrCat("invalid case: ", A(to), ", allowed cases are: lower, upper, snake, camel"));
}

Result Concat(Args a) {
  return Getter([list = std::move(a[0].list), between = a[1].text()](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    std::string out;
    for (size_t i = 0; i < list.size(); ++i) {
      OTELPIPE_ASSIGN_OR_RETURN(Value value, list[i](item, arena));
      if (i > 0) out += between;
      OTELPIPE_ASSIGN_OR_RETURN(auto text, TextLike(value, arena));
      out += text.value_or("<nil>");
    }
    return Value::Str(arena.Copy(out));
  });
}

Result Split(Args a) {
  return OfText(std::move(a[0].get), [by = a[1].text()](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    List* list = arena.New<List>();
    if (by.empty()) {
      for (size_t i = 0; i < s.size();) {
        const size_t width = regex::DecodeRune(s.data() + i, s.data() + s.size()).width;
        list->Add(arena) = Value::Str(s.substr(i, width));
        i += width;
      }
      return Value::OfList(list);
    }
    for (size_t at; (at = s.find(by)) != std::string_view::npos; s.remove_prefix(at + by.size())) {
      list->Add(arena) = Value::Str(s.substr(0, at));
    }
    list->Add(arena) = Value::Str(s);
    return Value::OfList(list);
  });
}

Result Substring(Args a) {
  return Getter([text = std::move(a[0].get), start = std::move(a[1].get), length = std::move(a[2].get)](Item& item,
                                                                                                        Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, start(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t from, NeedInt(v));
    if (from < 0) return absl::InvalidArgumentError(absl::StrCat("invalid start for substring function, ", from, " cannot be negative"));
    OTELPIPE_ASSIGN_OR_RETURN(v, length(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t count, NeedInt(v));
    if (count <= 0) return absl::InvalidArgumentError(absl::StrCat("invalid length for substring function, ", count, " cannot be negative or zero"));
    OTELPIPE_ASSIGN_OR_RETURN(v, text(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view s, NeedText(v));
    const auto size = static_cast<int64_t>(s.size());
    if (from > size || count > size - from) {
      return absl::InvalidArgumentError(absl::StrCat("invalid range for substring function, ",
                                                     static_cast<int64_t>(static_cast<uint64_t>(from) + static_cast<uint64_t>(count)),
                                                     " cannot be greater than the length of target string(", size, ")"));
    }
    return Value::Str(s.substr(static_cast<size_t>(from), static_cast<size_t>(count)));
  });
}

Result Trim(Args a) {
  // The characters to cut off; those beyond ASCII as whole characters.
  const std::string_view what = a[1].present ? a[1].text() : std::string_view(" ");
  std::vector<std::string_view> runes;
  for (size_t i = 0; i < what.size();) {
    const size_t width = regex::DecodeRune(what.data() + i, what.data() + what.size()).width;
    runes.push_back(what.substr(i, width));
    i += width;
  }
  return OfText(std::move(a[0].get), [runes = std::move(runes)](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    for (bool again = true; again;) {
      again = false;
      for (std::string_view rune : runes) {
        if (s.starts_with(rune)) s.remove_prefix(rune.size()), again = true;
        if (s.ends_with(rune) && !s.empty()) s.remove_suffix(rune.size()), again = true;
      }
    }
    return Value::Str(s);
  });
}
template <bool kPrefix, bool kCut>
Result Affix(Args a) {
  return OfText(std::move(a[0].get), [affix = a[1].text()](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    const bool has = kPrefix ? s.starts_with(affix) : s.ends_with(affix);
    if (!kCut) return Value::Bool(has);
    if (has && kPrefix) s.remove_prefix(affix.size());
    if (has && !kPrefix) s.remove_suffix(affix.size());
    return Value::Str(s);
  });
}

Result IsMatch(Args a) {
  auto pattern = regex::Pattern::Compile(a[1].text());
  if (!pattern.ok()) return Annotate(pattern.status(), "the pattern supplied to IsMatch is not a valid regexp pattern: ");
  return Of(std::move(a[0].get), [pattern = *std::move(pattern)](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    if (v.is_string()) return Value::Bool(pattern->PartialMatch(v.string()));
    OTELPIPE_ASSIGN_OR_RETURN(auto text, TextLike(v, arena));
    return Value::Bool(text && pattern->PartialMatch(*text));
  });
}

// Go's Sprintf with the verbs that make sense for values: %v %s %d %f %t %q %x %X %e %g %%, with flags, width and precision.
void AppendFormatted(std::string& out, std::string_view flags, int width, int precision, char verb, const Value& v) {
  std::string text;
  const bool plain = IsPlain(v) || v.tag() == kTagCount;
  auto wrong = [&] {
    text = absl::StrCat("%!", std::string(1, verb), "(", v.is_empty() ? "<nil>" : absl::StrCat(A(TypeName(v)), "="));
    if (!v.is_empty()) AppendGoValue(text, v);
    text += ')';
  };
  auto sign = [&](bool negative) {
    if (!negative && flags.find('+') != std::string_view::npos) {
      text.insert(0, "+");
    } else if (!negative && flags.find(' ') != std::string_view::npos) {
      text.insert(0, " ");
    }
  };
  bool number = false;
  const bool is_int = plain && v.kind() == ValueKind::kInt, is_double = v.kind() == ValueKind::kDouble;
  switch (verb) {
    case 'v': AppendGoValue(text, v); number = is_int || is_double; break;
    case 's':
      if (is_int || is_double || v.is_empty() || v.kind() == ValueKind::kBool) {
        wrong();
      } else if (v.kind() == ValueKind::kBytes) {
        text = std::string(v.string());
      } else {
        AppendGoValue(text, v);
      }
      if (precision >= 0 && v.is_string() && text.size() > static_cast<size_t>(precision)) text.resize(static_cast<size_t>(precision));
      break;
    case 'd':
      if (!is_int && v.tag() != kTagDuration) {
        wrong();
        break;
      }
      number = true;
      AppendInt(text, v.integer());
      sign(v.integer() < 0);
      break;
    case 'x':
    case 'X':
      if (is_int) {
        number = true;
        const auto magnitude = v.integer() < 0 ? 0 - static_cast<uint64_t>(v.integer()) : static_cast<uint64_t>(v.integer());
        text = absl::StrCat(v.integer() < 0 ? "-" : "", absl::Hex(magnitude));
      } else if (v.is_string() || v.kind() == ValueKind::kBytes) {
        AppendHex(text, v.string());
      } else {
        wrong();
        break;
      }
      if (verb == 'X') {
        for (char& c : text) c = ToUpper(c);
      }
      break;
    case 'f':
    case 'F':
      if (!is_double) {
        wrong();
        break;
      }
      number = true;
      AppendFixedDouble(text, v.number(), precision < 0 ? 6 : precision);
      sign(v.number() < 0);
      break;
    case 'e':
    case 'g':
      if (!is_double) {
        wrong();
        break;
      }
      number = true;
      if (verb == 'g' && precision < 0) {
        AppendGoDouble(text, v.number());
      } else {
        char buffer[400];
        const auto made = std::to_chars(buffer, buffer + sizeof buffer, v.number(), verb == 'e' ? std::chars_format::scientific : std::chars_format::general,
                                        precision < 0 ? 6 : std::min(precision, 300));
        text.assign(buffer, made.ptr);
      }
      sign(v.number() < 0);
      break;
    case 't':
      if (v.kind() == ValueKind::kBool) {
        text = v.boolean() ? "true" : "false";
      } else {
        wrong();
      }
      break;
    case 'q':
      if (v.is_string()) {
        AppendJsonString(text, v.string(), false);
      } else {
        wrong();
      }
      break;
    default: wrong();
  }
  const bool left = flags.find('-') != std::string_view::npos;
  const bool zero = !left && number && flags.find('0') != std::string_view::npos;
  size_t runes = 0;
  for (char c : text) runes += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  const size_t fill = width > 0 && static_cast<size_t>(width) > runes ? static_cast<size_t>(width) - runes : 0;
  if (left) {
    out += text;
    out.append(fill, ' ');
  } else if (zero) {
    const size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    out.append(text, 0, at);
    out.append(fill, '0');
    out.append(text, at, std::string::npos);
  } else {
    out.append(fill, ' ');
    out += text;
  }
}

Result Format(Args a) {
  return Getter([form = a[0].text(), list = std::move(a[1].list)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    std::vector<Value> values;
    for (const Getter& get : list) {
      OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
      values.push_back(v);
    }
    std::string out;
    size_t next = 0;
    for (size_t i = 0; i < form.size(); ++i) {
      if (form[i] != '%') {
        out += form[i];
        continue;
      }
      size_t at = i + 1;
      const size_t flags = at;
      while (at < form.size() && std::string_view("+-# 0").find(form[at]) != std::string_view::npos) ++at;
      const std::string_view flag_text = form.substr(flags, at - flags);
      auto number = [&](int none) {
        if (at >= form.size() || !IsDigit(form[at])) return none;
        int n = 0;
        for (; at < form.size() && IsDigit(form[at]); ++at) n = std::min(n * 10 + (form[at] - '0'), 1000000);
        return n;
      };
      const int width = std::min(number(-1), 10000);
      int precision = -1;
      if (at < form.size() && form[at] == '.') {
        ++at;
        precision = number(0);
      }
      if (at >= form.size()) {
        out += "%!(NOVERB)";
        break;
      }
      const char verb = form[at];
      i = at;
      if (verb == '%') {
        out += '%';
      } else if (next >= values.size()) {
        absl::StrAppend(&out, "%!", std::string(1, verb), "(MISSING)");
      } else {
        AppendFormatted(out, flag_text, width, precision, verb, values[next++]);
      }
    }
    if (next < values.size()) {
      out += "%!(EXTRA ";
      for (size_t i = next; i < values.size(); ++i) {
        if (i > next) out += ", ";
        if (!values[i].is_empty()) absl::StrAppend(&out, A(TypeName(values[i])), "=");
        AppendGoValue(out, values[i]);
      }
      out += ')';
    }
    return Value::Str(arena.Copy(out));
  });
}

Result IsValidLuhn(Args a) {
  return Of(std::move(a[0].get), [](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(auto text, TextLike(v, arena));
    if (!text) return absl::InvalidArgumentError("invalid input: <nil>");
    std::string digits;
    for (char c : *text) {
      if (c != ' ') digits += c;
    }
    if (digits.empty()) return Value::Bool(false);
    int sum = 0;
    for (size_t i = 0; i < digits.size(); ++i) {
      const char c = digits[digits.size() - 1 - i];
      if (!IsDigit(c)) return absl::InvalidArgumentError(absl::StrCat("strconv.Atoi: parsing \"", std::string(1, c), "\": invalid syntax"));
      const int n = (c - '0') * (i % 2 == 1 ? 2 : 1);
      sum += n > 9 ? n - 9 : n;
    }
    return Value::Bool(sum % 10 == 0);
  });
}

}  // namespace

const std::vector<Function>& TextConverters() {
  static const auto* const table = new std::vector<Function>{
      {"IsMatch", {{"target"}, {"pattern", K::kText}}, IsMatch},
      {"Concat", {{"vals", K::kList}, {"delimiter", K::kText}}, Concat},
      {"Split", {{"target"}, {"delimiter", K::kText}}, Split},
      {"Substring", {{"target"}, {"start"}, {"length"}}, Substring},
      {"Trim", {{"target"}, {"replacement", K::kText, true}}, Trim},
      {"HasPrefix", {{"target"}, {"prefix", K::kText}}, Affix<true, false>},
      {"HasSuffix", {{"target"}, {"suffix", K::kText}}, Affix<false, false>},
      {"TrimPrefix", {{"target"}, {"prefix", K::kText}}, Affix<true, true>},
      {"TrimSuffix", {{"target"}, {"suffix", K::kText}}, Affix<false, true>},
      {"ConvertCase", {{"target"}, {"to_case", K::kText}}, ConvertCase},
      {"ToLowerCase", {{"target"}}, Changed<Lower>},
      {"ToUpperCase", {{"target"}}, Changed<Upper>},
      {"ToSnakeCase", {{"target"}}, Changed<Snake>},
      {"ToCamelCase", {{"target"}}, Changed<Camel>},
      {"Format", {{"format", K::kText}, {"vals", K::kList}}, Format},
      {"IsValidLuhn", {{"target"}}, IsValidLuhn},
  };
  return *table;
}

}  // namespace otelpipe::ottl
