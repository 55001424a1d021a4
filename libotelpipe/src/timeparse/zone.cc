#include "timeparse/zone.h"

#include <utility>

#include "absl/status/status.h"

namespace otelpipe::timeparse {
namespace {

// The rules that go on for ever repeat names that are in force by the year 2050.
constexpr int64_t kBeforeAllTransitions = -(int64_t{1} << 40);
constexpr int64_t kAfterWrittenTransitions = 2524608000;

}  // namespace

Zone::Zone(absl::TimeZone zone, bool with_names)
    : zone_(zone), is_utc_(zone == absl::UTCTimeZone()), is_fixed_(is_utc_) {
  if (!with_names) return;
  auto names = std::make_shared<std::vector<Name>>();
  const auto add = [&](absl::Time at) {
    const absl::TimeZone::CivilInfo info = zone_.At(at);
    for (const Name& known : *names) {
      if (known.name == info.zone_abbr && known.offset == info.offset) return;
    }
    names->push_back({info.zone_abbr, info.offset});
  };
  absl::Time at = absl::FromUnixSeconds(kBeforeAllTransitions);
  const absl::Time end = absl::FromUnixSeconds(kAfterWrittenTransitions);
  add(at);
  absl::TimeZone::CivilTransition transition;
  while (at < end && zone_.NextTransition(at, &transition)) {
    // The clock after the change is either unique or read twice, and then the change is in between.
    const absl::TimeZone::TimeInfo info = zone_.At(transition.to);
    at = info.kind == absl::TimeZone::TimeInfo::UNIQUE ? info.pre : info.trans;
    add(at);
  }
  names_ = std::move(names);
}

Zone Zone::Fixed(int32_t offset) {
  Zone zone;
  zone.is_utc_ = false;
  zone.fixed_offset_ = offset;
  return zone;
}

absl::StatusOr<Zone> Zone::Load(std::string_view name, absl::TimeZone local, bool with_names) {
  if (name.empty() || name == "UTC") return Zone(absl::UTCTimeZone(), with_names);
  if (name == "Local") return Zone(local, with_names);
  if (name[0] == '/' || name[0] == '\\' || name.find("..") != std::string_view::npos) {
    return absl::InvalidArgumentError("time: invalid location name");
  }
  absl::TimeZone zone;
  // A colon or "Fixed/" would mean something to Abseil that is not a name of the database.
  if (name.find(':') != std::string_view::npos || name.substr(0, 6) == "Fixed/" ||
      name == "localtime" || !absl::LoadTimeZone(std::string(name), &zone)) {
    return absl::InvalidArgumentError("unknown time zone " + std::string(name));
  }
  return Zone(zone, with_names);
}

Zone::Info Zone::At(int64_t unix_seconds) const {
  if (is_fixed_) return {fixed_offset_, is_utc_ ? "UTC" : ""};
  const absl::TimeZone::CivilInfo info = zone_.At(absl::FromUnixSeconds(unix_seconds));
  return {info.offset, info.zone_abbr};
}

int64_t Zone::FromWall(int64_t wall) const {
  if (is_fixed_) return wall - fixed_offset_;
  // Go takes the offset in force when UTC shows this clock, and corrects it once.
  const int32_t guess = At(wall).offset;
  if (guess == 0) return wall;
  return wall - At(wall - guess).offset;
}

bool Zone::OffsetOf(std::string_view name, int64_t wall, int32_t& offset) const {
  if (names_ == nullptr) return false;
  for (const Name& known : *names_) {
    if (known.name != name) continue;
    // What counts is the offset in force at that time, which an older use of the name may differ from.
    const Info there = At(wall - known.offset);
    if (there.name == name) {
      offset = there.offset;
      return true;
    }
  }
  for (const Name& known : *names_) {
    if (known.name == name) {
      offset = known.offset;
      return true;
    }
  }
  return false;
}

}  // namespace otelpipe::timeparse
