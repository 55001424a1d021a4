// Converters that take texts apart, and put them together again.
#include <algorithm>
#include <charconv>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/json.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/regex/pattern.h"
#include "shared/ottl/functions.h"
#include "shared/text/csv_reader.h"
#include "shared/text/url.h"

namespace otelpipe::ottl {
namespace {

using K = ArgKind;
using Result = absl::StatusOr<Getter>;

Result ParseJsonText(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, ParseJson(s, arena));
    if (v.is_map() || v.is_list()) return v;
    return absl::InvalidArgumentError(
        absl::StrCat("could not convert parsed value of type ", v.is_empty() ? "<nil>" : A(TypeName(v)), " to JSON object"));
  });
}

Result ParseInteger(Args a) {
  return Getter([text = std::move(a[0].get), base = std::move(a[1].get)](Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value v, text(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view s, NeedText(v));
    if (s.empty()) return absl::InvalidArgumentError("invalid target value for ParseInt function, target cannot be empty");
    OTELPIPE_ASSIGN_OR_RETURN(v, base(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(int64_t radix, NeedInt(v));
    if (radix < 0) {
      return absl::InvalidArgumentError(absl::StrCat("invalid base value: ", radix, " for ParseInt function, base cannot be negative"));
    }
    auto failed = [&](std::string_view why) {
      return absl::InvalidArgumentError(absl::StrCat("strconv.ParseInt: parsing \"", A(s), "\": ", A(why)));
    };
    if (radix == 1 || radix > 36) return failed(absl::StrCat("invalid base ", radix));
    std::string_view digits = s;
    bool negative = false;
    if (digits[0] == '+' || digits[0] == '-') {
      negative = digits[0] == '-';
      digits.remove_prefix(1);
    }
    std::string without;
    if (radix == 0) {
      // The base is in the text: 0x, 0o, 0b, 0; underscores between digits are passed over.
      radix = 10;
      if (digits.size() > 1 && digits[0] == '0') {
        const char c = static_cast<char>(digits[1] | 32);
        radix = c == 'x' ? 16 : c == 'b' ? 2 : 8;
        digits.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
      }
      for (char c : digits) {
        if (c != '_') without += c;
      }
      digits = without;
    }
    uint64_t out = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out, static_cast<int>(radix));
    if (digits.empty() || read.ec == std::errc::invalid_argument || read.ptr != digits.data() + digits.size()) return failed("invalid syntax");
    if (read.ec != std::errc() || out > (uint64_t{1} << 63) - (negative ? 0 : 1)) return failed("value out of range");
    return Value::Int(static_cast<int64_t>(negative ? 0 - out : out));
  });
}

Result ExtractPatterns(Args a) {
  auto compiled = regex::Pattern::Compile(a[1].text());
  if (!compiled.ok()) return Annotate(compiled.status(), "the pattern supplied to ExtractPatterns is not a valid pattern: ");
  std::shared_ptr<const regex::Pattern> pattern = *std::move(compiled);
  const std::vector<std::string>& names = pattern->group_names();
  if (std::all_of(names.begin(), names.end(), [](const std::string& name) { return name.empty(); })) {
    return absl::InvalidArgumentError("at least 1 named capture group must be supplied in the given regex");
  }
  return OfText(std::move(a[0].get), [pattern](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    Map* map = arena.New<Map>();
    std::vector<std::string_view> captures(pattern->capture_count());
    if (pattern->Match(s, captures.data())) {
      const std::vector<std::string>& groups = pattern->group_names();
      for (size_t i = 0; i < groups.size(); ++i) {
        if (!groups[i].empty()) map->Set(arena, arena.Copy(groups[i]), Value::Str(captures[i]));
      }
    }
    return Value::OfMap(map);
  });
}

struct Delimiters {
  std::string_view key, pair;
};
absl::StatusOr<Delimiters> DelimitersOf(const Arg& key, const Arg& pair) {
  Delimiters out{"=", " "};
  if (key.present) out.key = key.text();
  if (pair.present) out.pair = pair.text();
  if (out.key.empty()) return absl::InvalidArgumentError("delimiter cannot be set to an empty string");
  if (out.pair.empty()) return absl::InvalidArgumentError("pair delimiter cannot be set to an empty string");
  if (out.key == out.pair) {
    return absl::InvalidArgumentError(
        absl::StrCat("pair delimiter \"", A(out.pair), "\" cannot be equal to delimiter \"", A(out.key), "\""));
  }
  return out;
}

std::string_view Trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || (s.front() >= '\t' && s.front() <= '\r'))) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || (s.back() >= '\t' && s.back() <= '\r'))) s.remove_suffix(1);
  return s;
}

// Splits outside of quotes; the quotes go, empty pieces too.
absl::Status SplitPairs(std::string_view s, std::string_view by, std::vector<std::string>& out) {
  std::string current;
  char quote = 0;
  bool escaped = false;
  for (size_t i = 0; i < s.size(); ++i) {
    if (quote == 0 && s.substr(i).starts_with(by)) {
      if (!current.empty()) out.push_back(std::move(current));
      current.clear();
      i += by.size() - 1;
      continue;
    }
    if (escaped) {
      escaped = false;
    } else if (quote == 0 && (s[i] == '"' || s[i] == '\'')) {
      quote = s[i];
      continue;
    } else if (quote != 0 && s[i] == quote) {
      quote = 0;
      continue;
    } else {
      escaped = s[i] == '\\';
    }
    current += s[i];
  }
  if (quote != 0) return absl::InvalidArgumentError("never reached the end of a quoted value");
  if (!current.empty()) out.push_back(std::move(current));
  return absl::OkStatus();
}

Result ParseKeyValue(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(Delimiters by, DelimitersOf(a[1], a[2]));
  return OfText(std::move(a[0].get), [by](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    if (s.empty()) return absl::InvalidArgumentError("cannot parse from empty target");
    std::vector<std::string> pairs;
    if (absl::Status status = SplitPairs(s, by.pair, pairs); !status.ok()) {
      return Annotate(status, absl::StrCat("splitting source \"", A(s), "\" into pairs failed: "));
    }
    Map* map = arena.New<Map>();
    std::string faults;
    for (const std::string& pair : pairs) {
      const size_t at = pair.find(by.key);
      if (at == std::string::npos) {
        absl::StrAppend(&faults, faults.empty() ? "" : "; ", "cannot split \"", pair, "\" into 2 items, got 1 item(s)");
        continue;
      }
      const std::string_view text = pair;
      map->Set(arena, arena.Copy(Trimmed(text.substr(0, at))), Value::Str(arena.Copy(Trimmed(text.substr(at + by.key.size())))));
    }
    if (!faults.empty()) return absl::InvalidArgumentError(absl::StrCat("failed to split pairs into key-values: ", faults));
    return Value::OfMap(map);
  });
}

void AppendQuoted(std::string& out, std::string_view s, const Delimiters& by) {
  std::string text;
  for (char c : s) {
    if (c == '"') text += '\\';
    text += c;
  }
  const bool quotes = text.find(by.pair) != std::string::npos || text.find(by.key) != std::string::npos;
  absl::StrAppend(&out, quotes ? "\"" : "", text, quotes ? "\"" : "");
}
Result ToKeyValueString(Args a) {
  OTELPIPE_ASSIGN_OR_RETURN(Delimiters by, DelimitersOf(a[1], a[2]));
  const bool sorted = a[3].present && a[3].literal->boolean();
  return Of(std::move(a[0].get), [by, sorted](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Map * map, NeedMap(v));
    std::vector<const KeyValue*> order;
    for (const KeyValue& kv : *map) order.push_back(&kv);
    if (sorted) std::stable_sort(order.begin(), order.end(), [](const KeyValue* x, const KeyValue* y) { return x->key < y->key; });
    std::string out;
    for (const KeyValue* kv : order) {
      if (kv != order[0]) out += by.pair;
      AppendQuoted(out, kv->key, by);
      out += by.key;
      AppendQuoted(out, kv->value.AsString(), by);
    }
    return Value::Str(arena.Copy(out));
  });
}

// Standard base64, or that of URLs, with padding or without.
absl::StatusOr<Value> Decode64(std::string_view s, bool url, bool padded, Arena& arena) {
  auto failed = [] { return absl::InvalidArgumentError("illegal base64 data"); };
  std::string text;
  for (char c : s) {
    // Line ends are passed over, as in the reference.
    if (c == '\r' || c == '\n') continue;
    if (url && (c == '+' || c == '/')) return failed();
    if (!padded && c == '=') return failed();
    text += url && c == '-' ? '+' : url && c == '_' ? '/' : c;
  }
  if (!padded) {
    while (text.size() % 4 != 0) text += '=';
  }
  std::string out;
  if (!DecodeBase64(text, out)) return failed();
  return Value::Str(arena.Copy(out));
}
Result Base64Decode(Args a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) { return Decode64(s, false, true, arena); });
}
Result Decode(Args a) {
  const std::string_view encoding = a[1].text();
  const bool known = encoding == "base64" || encoding == "base64-raw" || encoding == "base64-url" || encoding == "base64-raw-url" ||
                     encoding == "utf-8" || encoding == "utf8" || encoding == "us-ascii" || encoding == "ascii" || encoding == "nop";
  if (!known) return absl::UnimplementedError(absl::StrCat("encoding \"", A(encoding), "\" is not supported yet"));
  return Of(std::move(a[0].get), [encoding](const Value& v, Arena& arena) -> absl::StatusOr<Value> {
    if (!IsPlain(v) || (v.kind() != ValueKind::kString && v.kind() != ValueKind::kBytes)) {
      return absl::InvalidArgumentError(absl::StrCat("unsupported type provided to Decode function: ", A(TypeName(v))));
    }
    if (!encoding.starts_with("base64")) return Value::Str(v.string());
    auto decoded = Decode64(v.string(), encoding.ends_with("url"), encoding.find("raw") == std::string_view::npos, arena);
    if (!decoded.ok()) return Annotate(decoded.status(), "could not decode: ");
    return decoded;
  });
}

// One character, of one byte or more.
bool IsOneRune(std::string_view s) {
  size_t runes = 0;
  for (char c : s) runes += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return runes == 1;
}
Result ParseCsv(Args a) {
  const std::string_view delimiter = a[2].present ? a[2].text() : std::string_view(",");
  const std::string_view header_delimiter = a[3].present ? a[3].text() : delimiter;
  const std::string_view mode = a[4].present ? a[4].text() : std::string_view("strict");
  if (!IsOneRune(delimiter)) return absl::InvalidArgumentError("invalid arguments: delimiter must be a single character");
  if (!IsOneRune(header_delimiter)) return absl::InvalidArgumentError("invalid arguments: header_delimiter must be a single character");
  if (mode != "strict" && mode != "lazyQuotes" && mode != "ignoreQuotes") return absl::InvalidArgumentError(absl::StrCat("unknown mode: ", A(mode)));
  auto split = [](std::string_view s, std::string_view by, std::vector<std::string>& out) {
    for (size_t at; (at = s.find(by)) != std::string_view::npos; s.remove_prefix(at + by.size())) out.emplace_back(s.substr(0, at));
    out.emplace_back(s);
  };
  return Getter([target = std::move(a[0].get), header = std::move(a[1].get), delimiter, header_delimiter, mode, split](
                    Item& item, Arena& arena) -> absl::StatusOr<Value> {
    auto text = [&](const Getter& get, const char* what) -> absl::StatusOr<std::string_view> {
      OTELPIPE_ASSIGN_OR_RETURN(Value v, get(item, arena));
      auto s = NeedText(v);
      if (!s.ok()) return Annotate(s.status(), absl::StrCat("error getting value for ", what, " in ParseCSV: "));
      return s;
    };
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view row, text(target, "target"));
    OTELPIPE_ASSIGN_OR_RETURN(std::string_view names, text(header, "header"));
    if (names.empty()) return absl::InvalidArgumentError("headers must not be an empty string");
    std::vector<std::string> headers, fields;
    split(names, header_delimiter, headers);
    if (mode == "ignoreQuotes") {
      split(row, delimiter, fields);
    } else {
      OTELPIPE_RETURN_IF_ERROR(csv::ReadRow(row, {delimiter, mode == "lazyQuotes"}, fields));
    }
    if (fields.size() != headers.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("map csv headers: wrong number of fields: expected ", headers.size(), ", found ", fields.size()));
    }
    Map* map = arena.New<Map>();
    for (size_t i = 0; i < fields.size(); ++i) map->Set(arena, arena.Copy(headers[i]), Value::Str(arena.Copy(fields[i])));
    return Value::OfMap(map);
  });
}

// The parts of a URL under the names of the semantic conventions.
absl::StatusOr<Value> UrlParts(std::string_view s, Arena& arena) {
  if (s.empty()) return absl::InvalidArgumentError("url cannot be empty");
  Map* map = arena.New<Map>();
  auto put = [&](std::string_view key, std::string_view text) { map->Set(arena, key, Value::Str(arena.Copy(text))); };
  if (s.starts_with("?")) {
    uri::QueryPairs pairs;
    OTELPIPE_RETURN_IF_ERROR(uri::ParseQuery(s.substr(1), pairs));
    Map* query = arena.New<Map>();
    for (const auto& [key, value] : pairs) {
      if (query->Find(key) == nullptr) query->Append(arena, arena.Copy(key), Value::OfList(arena.New<List>()));
      query->Find(key)->list().Add(arena) = Value::Str(arena.Copy(value));
    }
    if (!pairs.empty()) map->Set(arena, "query", Value::OfMap(query));
    return Value::OfMap(map);
  }
  OTELPIPE_ASSIGN_OR_RETURN(uri::Url url, uri::ParseUrl(s, false));
  put("url.original", url.ToString());
  put("url.domain", url.HostName());
  put("url.scheme", url.scheme);
  put("url.path", url.path);
  const std::string port = url.Port();
  int64_t number = 0;
  if (!port.empty()) {
    if (std::from_chars(port.data(), port.data() + port.size(), number).ec != std::errc()) {
      return absl::InvalidArgumentError(absl::StrCat("strconv.Atoi: parsing \"", port, "\": value out of range"));
    }
    map->Set(arena, "url.port", Value::Int(number));
  }
  if (!url.fragment.empty()) put("url.fragment", url.fragment);
  if (url.has_user) {
    put("url.user_info", url.has_password ? absl::StrCat(url.user, ":", url.password) : url.user);
    if (!url.user.empty()) put("url.username", url.user);
    if (url.has_password) put("url.password", url.password);
  }
  if (!url.query.empty()) put("url.query", url.query);
  const size_t dot = url.path.rfind('.');
  if (dot != std::string::npos && dot + 1 < url.path.size()) put("url.extension", std::string_view(url.path).substr(dot + 1));
  return Value::OfMap(map);
}
Result Url(Args a) { return OfText(std::move(a[0].get), UrlParts); }

}  // namespace

const std::vector<Function>& ParseConverters() {
  const Param delimiter{"delimiter", K::kText, true}, pair{"pair_delimiter", K::kText, true};
  static const auto* const table = new std::vector<Function>{
      {"ParseJSON", {{"target"}}, ParseJsonText},
      {"ParseInt", {{"target"}, {"base"}}, ParseInteger},
      {"ParseKeyValue", {{"target"}, delimiter, pair}, ParseKeyValue},
      {"ToKeyValueString", {{"target"}, delimiter, pair, {"sort_output", K::kBool, true}}, ToKeyValueString},
      {"ExtractPatterns", {{"target"}, {"pattern", K::kText}}, ExtractPatterns},
      {"ParseCSV",
       {{"target"}, {"header"}, delimiter, {"header_delimiter", K::kText, true}, {"mode", K::kText, true}},
       ParseCsv},
      {"URL", {{"url"}}, Url},
      {"Base64Decode", {{"target"}}, Base64Decode},
      {"Decode", {{"target"}, {"encoding", K::kText}}, Decode},
  };
  return *table;
}

}  // namespace otelpipe::ottl
