// Converters of texts, lists, maps and times.
#include <cctype>
#include <charconv>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/json.h"
#include "otelpipe/regex/pattern.h"
#include "otelpipe/timeparse/duration.h"
#include "processor/filter/paths.h"

namespace otelpipe::filter {
namespace {

using Result = absl::StatusOr<Argument>;

absl::Status NeedsText(const Value& value) {
  return absl::InvalidArgumentError(absl::StrCat("expected string but got ", A(KindName(value))));
}

Argument Made(Getter get, Quantity quantity = Quantity::kPlain) {
  Argument out;
  out.get = std::move(get);
  out.quantity = quantity;
  return out;
}

// The literal text or number at `index`; false when there is something else.
bool LiteralText(const std::vector<Argument>& arguments, size_t index, std::string& out) {
  if (!arguments[index].literal || !arguments[index].literal->is_string()) return false;
  out = std::string(arguments[index].literal->string());
  return true;
}
absl::Status NeedsLiteral(const char* what) { return absl::InvalidArgumentError(absl::StrCat(what, " must be a literal")); }

// A converter of one text.
template <typename F>
Argument OfText(Getter get, F f) {
  return Made([get = std::move(get), f](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
    if (!value.is_string()) return NeedsText(value);
    return f(value.string(), arena);
  });
}

std::string Cased(std::string_view text, bool upper) {
  std::string out(text);
  for (char& c : out) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}
Result Lower(std::vector<Argument> a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> { return Value::Str(arena.Copy(Cased(s, false))); });
}
Result Upper(std::vector<Argument> a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) -> absl::StatusOr<Value> { return Value::Str(arena.Copy(Cased(s, true))); });
}
Result ConvertCase(std::vector<Argument> a) {
  std::string to;
  if (!LiteralText(a, 1, to)) return NeedsLiteral("the case");
  if (to != "lower" && to != "upper") return absl::InvalidArgumentError(absl::StrCat("case \"", to, "\" is not supported; use lower or upper"));
  return to == "lower" ? Lower(std::move(a)) : Upper(std::move(a));
}

Result Substring(std::vector<Argument> a) {
  return Made([text = a[0].get, start = a[1].get, length = a[2].get](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value value, text(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Value from, start(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Value count, length(item, arena));
    if (!value.is_string()) return NeedsText(value);
    if (from.kind() != ValueKind::kInt || count.kind() != ValueKind::kInt) return absl::InvalidArgumentError("start and length must be integers");
    const auto size = static_cast<int64_t>(value.string().size());
    if (from.integer() < 0 || count.integer() <= 0 || from.integer() > size || count.integer() > size - from.integer()) {
      return absl::InvalidArgumentError(
          absl::StrCat("invalid range for substring function, ", from.integer(), " cannot be followed by ", count.integer(), " of ", size));
    }
    return Value::Str(value.string().substr(static_cast<size_t>(from.integer()), static_cast<size_t>(count.integer())));
  });
}

Result Split(std::vector<Argument> a) {
  std::string by;
  if (!LiteralText(a, 1, by)) return NeedsLiteral("the delimiter");
  if (by.empty()) return absl::InvalidArgumentError("the delimiter must not be empty");
  return OfText(std::move(a[0].get), [by](std::string_view s, Arena& arena) -> absl::StatusOr<Value> {
    List* list = arena.New<List>();
    for (size_t at; (at = s.find(by)) != std::string_view::npos; s.remove_prefix(at + by.size())) {
      list->Add(arena) = Value::Str(s.substr(0, at));
    }
    list->Add(arena) = Value::Str(s);
    return Value::OfList(list);
  });
}

Result Trim(std::vector<Argument> a) {
  std::string what = " ";
  if (a.size() > 1 && !LiteralText(a, 1, what)) return NeedsLiteral("what is trimmed");
  return OfText(std::move(a[0].get), [what](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    const size_t from = s.find_first_not_of(what);
    if (from == std::string_view::npos) return Value::Str("");
    return Value::Str(s.substr(from, s.find_last_not_of(what) - from + 1));
  });
}
Result TrimPrefix(std::vector<Argument> a) {
  std::string what;
  if (!LiteralText(a, 1, what)) return NeedsLiteral("the prefix");
  return OfText(std::move(a[0].get), [what](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    return Value::Str(s.starts_with(what) ? s.substr(what.size()) : s);
  });
}
Result TrimSuffix(std::vector<Argument> a) {
  std::string what;
  if (!LiteralText(a, 1, what)) return NeedsLiteral("the suffix");
  return OfText(std::move(a[0].get), [what](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    return Value::Str(s.ends_with(what) ? s.substr(0, s.size() - what.size()) : s);
  });
}

Result ParseJsonText(std::vector<Argument> a) {
  return OfText(std::move(a[0].get), [](std::string_view s, Arena& arena) { return ParseJson(s, arena); });
}

Result ParseInteger(std::vector<Argument> a) {
  if (!a[1].literal || a[1].literal->kind() != ValueKind::kInt) return NeedsLiteral("the base");
  const int64_t base = a[1].literal->integer();
  if (base < 2 || base > 36) return absl::InvalidArgumentError(absl::StrCat("invalid base: ", base));
  return OfText(std::move(a[0].get), [base](std::string_view s, Arena&) -> absl::StatusOr<Value> {
    std::string_view digits = s;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    int64_t out = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), out, static_cast<int>(base));
    if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      return absl::InvalidArgumentError(absl::StrCat("invalid integer: \"", A(s), "\""));
    }
    return Value::Int(out);
  });
}

Result ExtractPatterns(std::vector<Argument> a) {
  std::string text;
  if (!LiteralText(a, 1, text)) return NeedsLiteral("the pattern");
  auto compiled = regex::Pattern::Compile(text);
  if (!compiled.ok()) return compiled.status();
  std::shared_ptr<const regex::Pattern> pattern = *std::move(compiled);
  const std::vector<std::string>& names = pattern->group_names();
  bool named = false;
  for (const std::string& name : names) named = named || !name.empty();
  if (!named) return absl::InvalidArgumentError("at least 1 named capture group must be supplied in the given regex");
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

Result ContainsValue(std::vector<Argument> a) {
  return Made([list = a[0].get, wanted = a[1].get](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value values, list(item, arena));
    OTELPIPE_ASSIGN_OR_RETURN(Value value, wanted(item, arena));
    if (!values.is_list()) return absl::InvalidArgumentError(absl::StrCat("expected a list but got ", A(KindName(values))));
    for (const Value& v : values.list()) {
      if (Equal(v, value)) return Value::Bool(true);
    }
    return Value::Bool(false);
  });
}

// --- times
Result Now(std::vector<Argument>) {
  return Made([](const Item&, Arena&) -> absl::StatusOr<Value> { return Value::Int(absl::GetCurrentTimeNanos()); }, Quantity::kTime);
}

Result DurationOf(std::vector<Argument> a) {
  std::string text;
  if (!LiteralText(a, 0, text)) return NeedsLiteral("the duration");
  auto nanos = timeparse::ParseGoDuration(text);
  if (!nanos.ok()) return nanos.status();
  return Made([value = Value::Int(*nanos)](const Item&, Arena&) -> absl::StatusOr<Value> { return value; }, Quantity::kDuration);
}

// A number of a time or a duration.
template <Quantity kWanted, typename F>
Result OfQuantity(std::vector<Argument> a, F f) {
  if (a[0].quantity != kWanted) {
    return absl::InvalidArgumentError(kWanted == Quantity::kTime ? "a time is needed, as from time or Now()"
                                                                 : "a duration is needed, as from Duration(\"1s\") or the difference of two times");
  }
  return Made([get = std::move(a[0].get), f](const Item& item, Arena& arena) -> absl::StatusOr<Value> {
    OTELPIPE_ASSIGN_OR_RETURN(Value value, get(item, arena));
    return f(value.integer());
  });
}
template <int64_t kUnit>
Result UnixIn(std::vector<Argument> a) {
  return OfQuantity<Quantity::kTime>(std::move(a), [](int64_t n) { return Value::Int((n - ((n % kUnit) + kUnit) % kUnit) / kUnit); });
}
template <int64_t kUnit>
Result WholeOf(std::vector<Argument> a) {
  return OfQuantity<Quantity::kDuration>(std::move(a), [](int64_t n) { return Value::Int(n / kUnit); });
}
template <int64_t kUnit>
Result FloatOf(std::vector<Argument> a) {
  return OfQuantity<Quantity::kDuration>(std::move(a), [](int64_t n) { return Value::Double(static_cast<double>(n) / static_cast<double>(kUnit)); });
}
// A field of the time in UTC.
template <int64_t (*kField)(const absl::CivilSecond&)>
Result Civil(std::vector<Argument> a) {
  return OfQuantity<Quantity::kTime>(std::move(a), [](int64_t n) {
    return Value::Int(kField(absl::ToCivilSecond(absl::FromUnixNanos(n), absl::UTCTimeZone())));
  });
}
int64_t Year(const absl::CivilSecond& t) { return t.year(); }
int64_t Month(const absl::CivilSecond& t) { return t.month(); }
int64_t Day(const absl::CivilSecond& t) { return t.day(); }
int64_t Hour(const absl::CivilSecond& t) { return t.hour(); }
int64_t Minute(const absl::CivilSecond& t) { return t.minute(); }
int64_t Second(const absl::CivilSecond& t) { return t.second(); }
// Sunday is 0, as in the reference.
int64_t Weekday(const absl::CivilSecond& t) { return (static_cast<int64_t>(absl::GetWeekday(t)) + 1) % 7; }

constexpr int64_t kMicro = 1000, kMilli = 1000 * kMicro, kSecond = 1000 * kMilli, kMinute = 60 * kSecond, kHour = 60 * kMinute;

constexpr Function kFunctions[] = {
    {"ToLowerCase", 1, 1, Lower},
    {"ToUpperCase", 1, 1, Upper},
    {"ConvertCase", 2, 2, ConvertCase},
    {"Substring", 3, 3, Substring},
    {"Split", 2, 2, Split},
    {"Trim", 1, 2, Trim},
    {"TrimPrefix", 2, 2, TrimPrefix},
    {"TrimSuffix", 2, 2, TrimSuffix},
    {"ParseJSON", 1, 1, ParseJsonText},
    {"ParseInt", 2, 2, ParseInteger},
    {"ExtractPatterns", 2, 2, ExtractPatterns},
    {"ContainsValue", 2, 2, ContainsValue},
    {"Now", 0, 0, Now},
    {"Duration", 1, 1, DurationOf},
    {"UnixNano", 1, 1, UnixIn<1>},
    {"UnixMicro", 1, 1, UnixIn<kMicro>},
    {"UnixMilli", 1, 1, UnixIn<kMilli>},
    {"UnixSeconds", 1, 1, UnixIn<kSecond>},
    {"Nanoseconds", 1, 1, WholeOf<1>},
    {"Microseconds", 1, 1, WholeOf<kMicro>},
    {"Milliseconds", 1, 1, WholeOf<kMilli>},
    {"Seconds", 1, 1, FloatOf<kSecond>},
    {"Minutes", 1, 1, FloatOf<kMinute>},
    {"Hours", 1, 1, FloatOf<kHour>},
    {"Year", 1, 1, Civil<Year>},
    {"Month", 1, 1, Civil<Month>},
    {"Day", 1, 1, Civil<Day>},
    {"Hour", 1, 1, Civil<Hour>},
    {"Minute", 1, 1, Civil<Minute>},
    {"Second", 1, 1, Civil<Second>},
    {"Weekday", 1, 1, Civil<Weekday>},
};

}  // namespace

const Function* FindFunction(std::string_view name) {
  for (const Function& f : kFunctions) {
    if (f.name == name) return &f;
  }
  return nullptr;
}

}  // namespace otelpipe::filter
