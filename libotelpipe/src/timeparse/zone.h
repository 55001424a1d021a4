// Time zones as Go uses them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::timeparse {

// A time zone with Go's rules for wall clocks in gaps and overlaps, and for abbreviations. Immutable,
// cheap to copy, usable from several threads.
class Zone {
 public:
  // UTC.
  Zone() = default;
  explicit Zone(absl::TimeZone zone, bool with_names = false);

  static Zone Utc() { return Zone(); }

  // A nameless zone that is always this many seconds ahead of UTC.
  static Zone Fixed(int32_t offset);

  // Loads "UTC", "", "Local" (which is `local`) or a name of the time zone database. Fails with
  // InvalidArgument "unknown time zone X" or "time: invalid location name". `with_names` also reads the
  // abbreviations, for OffsetOf.
  static absl::StatusOr<Zone> Load(std::string_view name, absl::TimeZone local,
                                   bool with_names = false);

  bool is_utc() const { return is_utc_; }

  struct Info {
    int32_t offset;
    std::string_view name;  // lives as long as the process
  };
  Info At(int64_t unix_seconds) const;

  // Seconds since the epoch of a wall clock in this zone; `wall` is the clock read as if it were UTC. In a
  // gap or an overlap Go's choice.
  int64_t FromWall(int64_t wall) const;

  // Offset that an abbreviation means in this zone for a wall clock; false if it has none such.
  bool OffsetOf(std::string_view name, int64_t wall, int32_t& offset) const;

 private:
  struct Name {
    std::string name;
    int32_t offset;
  };

  absl::TimeZone zone_;
  bool is_utc_ = true;
  bool is_fixed_ = true;
  int32_t fixed_offset_ = 0;
  std::shared_ptr<const std::vector<Name>> names_;  // null: none were read
};

}  // namespace otelpipe::timeparse
