#include "otelpipe/timeparse/time_layout.h"

#include <charconv>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "timeparse/go_layout.h"
#include "timeparse/zone.h"

namespace otelpipe::timeparse {
namespace {

constexpr int64_t kSecondsPerDay = 86400;

// Beginning of the year 2, in any zone: later values need no look at their year.
constexpr int64_t kYearIsPositive = -62104060800;

struct EpochLayout {
  std::string_view name;
  int64_t per_second;  // units of the number, or of the part behind the dot
  bool dotted;
  int decimals;
};
constexpr EpochLayout kEpochLayouts[] = {
    {"s", 1, false, 0},          {"ms", 1000, false, 0},   {"us", 1000000, false, 0},
    {"ns", 1000000000, false, 0}, {"s.ms", 1000, true, 3}, {"s.us", 1000000, true, 6},
    {"s.ns", 1000000000, true, 9},
};

int64_t WrappingAdd(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// Seconds and any number of nanoseconds, brought into range.
Timestamp MakeTimestamp(int64_t seconds, int64_t nanos) {
  const Timestamp part = Timestamp::FromUnixNanos(nanos);
  return {WrappingAdd(seconds, part.seconds), part.nanos};
}

// A decimal integer with an optional sign, nothing else, in range.
bool ParseDecimal(std::string_view text, int64_t& value) {
  if (!text.empty() && text[0] == '+') {
    text.remove_prefix(1);
    if (!text.empty() && text[0] == '-') return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

absl::Status CannotBeTime(std::string_view go_type) {
  return absl::InvalidArgumentError("type " + std::string(go_type) +
                                    " cannot be parsed as a time");
}

absl::Status NativeRequired(std::string_view value, std::string_view go_type) {
  return absl::InvalidArgumentError("native time.Time field required, but found " +
                                    std::string(value) + " of type " + std::string(go_type));
}

// The first run of nines that would look like a fraction but has no point before it.
std::optional<std::string_view> MisplacedFraction(std::string_view layout) {
  for (size_t i = 1; i < layout.size(); ++i) {
    const char before = layout[i - 1];
    if (layout[i] != '9' || before == '.' || before == ',' || before == '9') continue;
    size_t from = i - 1;
    while (from > 0 && (static_cast<unsigned char>(layout[from]) & 0xC0) == 0x80) --from;
    const size_t end = std::min(layout.find_first_not_of('9', i), layout.size());
    return layout.substr(from, end - from);
  }
  return std::nullopt;
}

// Wall clock of `t` in `zone`, read as if it were UTC.
int64_t WallOf(int64_t seconds, const Zone& zone) { return seconds + zone.At(seconds).offset; }

// The same month, day and time in another year; a day that the month has not got runs over.
int64_t InYear(int64_t wall, int64_t year, const Zone& zone) {
  CivilTime civil = CivilFromUnix(wall);
  civil.year = year;
  return zone.FromWall(UnixFromCivil(civil));
}

Timestamp CompleteYearIn(Timestamp value, const Zone& zone, Timestamp now, const Zone& local) {
  if (value.seconds >= kYearIsPositive) return value;
  const int64_t wall = WallOf(value.seconds, zone);
  if (CivilFromUnix(wall).year > 0) return value;
  const int64_t now_wall = WallOf(now.seconds, local);
  Timestamp result{InYear(wall, CivilFromUnix(now_wall).year, zone), value.nanos};
  const Timestamp limit{local.FromWall(now_wall + 7 * kSecondsPerDay), now.nanos};
  if (limit < result) {
    const int64_t this_year = WallOf(result.seconds, zone);
    result.seconds = InYear(this_year, CivilFromUnix(this_year).year - 1, zone);
  }
  return result;
}

// An instant and the zone it is seen in.
struct Resolved {
  int64_t seconds;
  Zone zone;
  int32_t offset;
  std::string_view name;
};

Resolved Resolve(const TimeFields& fields, int64_t wall, const Zone& location) {
  const auto seen_in_location = [&](int64_t seconds) {
    const Zone::Info info = location.At(seconds);
    return Resolved{seconds, location, info.offset, info.name};
  };
  switch (fields.zone) {
    case TimeFields::Zone::kUtc:
      return {wall, Zone::Utc(), 0, "UTC"};
    case TimeFields::Zone::kNone:
      return seen_in_location(location.FromWall(wall));
    case TimeFields::Zone::kOffset: {
      const Resolved there = seen_in_location(wall - fields.offset_seconds);
      if (there.offset == fields.offset_seconds &&
          (fields.zone_name.empty() || fields.zone_name == there.name)) {
        return there;
      }
      return {there.seconds, Zone::Fixed(fields.offset_seconds),
              fields.offset_seconds, fields.zone_name};
    }
    case TimeFields::Zone::kAbbreviation:
      break;
  }
  int32_t offset = 0;
  if (location.OffsetOf(fields.zone_name, wall, offset)) return seen_in_location(wall - offset);
  if (fields.zone_name.size() > 3 && fields.zone_name.substr(0, 3) == "GMT") {
    // The hours are noted in the zone but, as in Go, not applied to the clock.
    int64_t hours = 0;
    ParseDecimal(fields.zone_name.substr(3), hours);
    offset = static_cast<int32_t>(hours * 3600);
  }
  return {wall, Zone::Fixed(offset), offset, fields.zone_name};
}

}  // namespace

struct TimeLayout::Compiled {
  enum class Type { kLayout, kEpoch, kNative };

  Type type = Type::kLayout;
  GoLayout layout;
  EpochLayout epoch{};
  Zone location;  // of values that name no zone
  Zone local;
  absl::TimeZone local_zone;
  std::function<Timestamp()> now;

  // Zones that values have named, loaded on first sight.
  mutable std::mutex mutex;
  mutable std::map<std::string, absl::StatusOr<Zone>, std::less<>> named;

  absl::StatusOr<Zone> NamedZone(std::string_view name) const {
    const std::lock_guard<std::mutex> lock(mutex);
    auto it = named.find(name);
    if (it == named.end()) {
      it = named.emplace(std::string(name),
                         Zone::Load(name, local_zone, layout.has_abbreviation()))
               .first;
    }
    return it->second;
  }

  Timestamp WithYear(Timestamp value, const Zone& zone) const {
    if (value.seconds >= kYearIsPositive) return value;
    return CompleteYearIn(value, zone, now ? now() : Now(), local);
  }

  absl::StatusOr<Timestamp> ParseWithZone(const TimeFields& fields, int64_t wall) const;
  absl::StatusOr<Timestamp> FromEpochUnits(int64_t value) const;
  absl::StatusOr<Timestamp> ParseEpochText(std::string_view value) const;
};

// Everything that is not plain UTC.
absl::StatusOr<Timestamp> TimeLayout::Compiled::ParseWithZone(const TimeFields& fields,
                                                              int64_t wall) const {
  Resolved result = Resolve(fields, wall, location);
  if (result.offset == 0 && result.name != "UTC") {
    // An abbreviation of no known offset: the reference looks for a zone of that name and reads the value
    // again there.
    absl::StatusOr<Zone> zone = NamedZone(result.name);
    if (!zone.ok()) {
      return absl::InvalidArgumentError("failed to load location " + std::string(result.name) +
                                        ": " + std::string(zone.status().message()));
    }
    result = Resolve(fields, wall, *zone);
  }
  return WithYear({result.seconds, fields.nanos}, result.zone);
}

absl::StatusOr<Timestamp> TimeLayout::Compiled::FromEpochUnits(int64_t value) const {
  if (epoch.dotted) return WithYear({value, 0}, local);
  const int64_t nanos_per_unit = 1000000000 / epoch.per_second;
  return WithYear(
      MakeTimestamp(value / epoch.per_second, value % epoch.per_second * nanos_per_unit), local);
}

absl::StatusOr<Timestamp> TimeLayout::Compiled::ParseEpochText(std::string_view value) const {
  const auto invalid = [&] {
    return absl::InvalidArgumentError("invalid value '" + std::string(value) + "' for layout '" +
                                      std::string(epoch.name) + "'");
  };
  int64_t number = 0;
  if (!epoch.dotted) {
    if (!ParseDecimal(value, number)) return invalid();
    return FromEpochUnits(number);
  }
  const size_t dot = value.find('.');
  int64_t part = 0;
  if (dot == std::string_view::npos || !ParseDecimal(value.substr(0, dot), number) ||
      !ParseDecimal(value.substr(dot + 1), part)) {
    return invalid();
  }
  const auto nanos_per_unit = static_cast<uint64_t>(1000000000 / epoch.per_second);
  const auto nanos = static_cast<int64_t>(static_cast<uint64_t>(part) * nanos_per_unit);
  return WithYear(MakeTimestamp(number, nanos), local);
}

Timestamp CompleteYear(Timestamp value, absl::TimeZone zone, Timestamp now, absl::TimeZone local) {
  return CompleteYearIn(value, Zone(zone), now, Zone(local));
}

TimeLayout::TimeLayout(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

absl::StatusOr<TimeLayout> TimeLayout::Compile(const Settings& settings) {
  const auto invalid = [](std::string text) { return absl::InvalidArgumentError(text); };
  auto compiled = std::make_shared<Compiled>();
  compiled->now = settings.now;
  compiled->local_zone = settings.local;
  compiled->local = Zone(settings.local);
  const std::string& type = settings.layout_type;
  if (type == "native") {
    compiled->type = Compiled::Type::kNative;
    return TimeLayout(std::move(compiled));
  }
  if (settings.layout.empty()) {
    return invalid("missing required configuration parameter `layout`");
  }
  if (type == "epoch") {
    compiled->type = Compiled::Type::kEpoch;
    for (const EpochLayout& epoch : kEpochLayouts) {
      if (epoch.name != settings.layout) continue;
      compiled->epoch = epoch;
      return TimeLayout(std::move(compiled));
    }
    return invalid("invalid `layout` for `epoch` type");
  }

  std::string go_layout = settings.layout;
  if (type.empty() || type == "strptime") {
    absl::StatusOr<std::string> translated = StrptimeToGoLayout(settings.layout);
    if (!translated.ok()) {
      return invalid("invalid strptime layout: " + std::string(translated.status().message()));
    }
    go_layout = *std::move(translated);
  } else if (type == "gotime") {
    if (const auto fraction = MisplacedFraction(settings.layout)) {
      return invalid("invalid gotime layout: invalid fractional seconds directive: '" +
                     std::string(*fraction) + "'. must be preceded with '.' or ','");
    }
  } else {
    return invalid("unsupported layout_type " + type);
  }

  compiled->layout = GoLayout::Compile(go_layout);
  const bool with_names = compiled->layout.has_abbreviation();
  if (!settings.location.empty()) {
    absl::StatusOr<Zone> location = Zone::Load(settings.location, settings.local, with_names);
    if (!location.ok()) {
      return invalid("invalid 'location': failed to load location " + settings.location + ": " +
                     std::string(location.status().message()));
    }
    compiled->location = *std::move(location);
  } else if (!go_layout.empty() && go_layout.back() == 'Z') {
    compiled->location = Zone(absl::UTCTimeZone(), with_names);
  } else {
    compiled->location = Zone(settings.local, with_names);
  }
  return TimeLayout(std::move(compiled));
}

absl::StatusOr<Timestamp> TimeLayout::Parse(std::string_view value) const {
  const Compiled& compiled = *compiled_;
  if (compiled.type == Compiled::Type::kEpoch) return compiled.ParseEpochText(value);
  if (compiled.type == Compiled::Type::kNative) return NativeRequired(value, "string");
  TimeFields fields;
  if (absl::Status status = compiled.layout.Parse(value, fields); !status.ok()) return status;
  const int64_t wall = UnixFromCivil(fields.civil);
  const bool utc = fields.zone == TimeFields::Zone::kUtc ||
                   (fields.zone == TimeFields::Zone::kNone && compiled.location.is_utc());
  if (!utc) return compiled.ParseWithZone(fields, wall);
  return compiled.WithYear({wall, fields.nanos}, Zone::Utc());
}

absl::StatusOr<Timestamp> TimeLayout::ParseInt(int64_t value, std::string_view go_type) const {
  switch (compiled_->type) {
    case Compiled::Type::kEpoch:
      return compiled_->FromEpochUnits(value);
    case Compiled::Type::kNative:
      return NativeRequired(std::to_string(value), go_type);
    default:
      return CannotBeTime(go_type);
  }
}

absl::StatusOr<Timestamp> TimeLayout::ParseDouble(double value) const {
  switch (compiled_->type) {
    case Compiled::Type::kEpoch:
      break;
    case Compiled::Type::kNative:
      return NativeRequired(absl::StrFormat("%g", value), "float64");
    default:
      return CannotBeTime("float64");
  }
  const EpochLayout& epoch = compiled_->epoch;
  if (epoch.dotted) {
    // The number becomes text at least ten wide, and that text must have the dotted form.
    return compiled_->ParseEpochText(absl::StrFormat("%10.*f", epoch.decimals, value));
  }
  // What the reference's platform makes of a double that no int64 can hold.
  const bool fits = value >= -9223372036854775808.0 && value < 9223372036854775808.0;
  return compiled_->FromEpochUnits(fits ? static_cast<int64_t>(value)
                                        : std::numeric_limits<int64_t>::min());
}

absl::StatusOr<Timestamp> TimeLayout::ParseNative(Timestamp value) const {
  return compiled_->WithYear(value, Zone::Utc());
}

const std::string& TimeLayout::go_layout() const { return compiled_->layout.text(); }
bool TimeLayout::is_native() const { return compiled_->type == Compiled::Type::kNative; }
bool TimeLayout::is_epoch() const { return compiled_->type == Compiled::Type::kEpoch; }

}  // namespace otelpipe::timeparse
