// Time layouts of the collector's log operators, compiled once and then applied to values.
//
//   TimeLayout::Settings settings;
//   settings.layout = "%Y-%m-%dT%H:%M:%S.%LZ";
//   absl::StatusOr<TimeLayout> layout = TimeLayout::Compile(settings);
//   absl::StatusOr<Timestamp> t = layout->Parse("2022-01-02T14:24:56.5Z");
//
// A strptime layout is translated to a Go layout, which is compiled to a list of elements; messages
// show the Go layout, as the reference's do.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe::timeparse {

// Translates a strptime layout to a Go layout. Errors carry the text that follows the prefix
// "invalid strptime layout: ".
absl::StatusOr<std::string> StrptimeToGoLayout(std::string_view layout);

// `value` moved into the current year, or the year before if that lies more than 7 days after `now`;
// only when its year is 0 or negative. Month, day and time of day are kept in `zone`; `local` says
// which year it is.
Timestamp CompleteYear(Timestamp value, absl::TimeZone zone, Timestamp now, absl::TimeZone local);

// A compiled layout. Immutable and cheap to copy; const members may be called from several threads
// at once.
class TimeLayout {
 public:
  // What code and config say about a layout.
  struct Settings {
    std::string layout_type = "strptime";  // strptime (also ""), gotime, epoch, native
    std::string layout;
    std::string location;  // "", "UTC", "Local" or a name of the time zone database
    // The host's zone, for "Local" and for layouts without a zone.
    absl::TimeZone local = absl::LocalTimeZone();
    // The clock that completes years; empty means the system clock.
    std::function<Timestamp()> now;
  };

  // Fails with InvalidArgument and the reference's words, for instance
  // "unsupported layout_type foo", "missing required configuration parameter `layout`",
  // "invalid strptime layout: ...", "invalid gotime layout: ...", "invalid `layout` for `epoch` type",
  // "invalid 'location': failed to load location X: unknown time zone X".
  static absl::StatusOr<TimeLayout> Compile(const Settings& settings);

  // Parses a value of kind string or bytes, by any layout type but native. Errors are InvalidArgument
  // with the reference's words.
  absl::StatusOr<Timestamp> Parse(std::string_view value) const;

  // Parses a value of kind int (any width) or double: epoch layouts only. With other layouts
  // ParseInt and ParseDouble fail with "type <go_type> cannot be parsed as a time".
  absl::StatusOr<Timestamp> ParseInt(int64_t value, std::string_view go_type = "int64") const;
  absl::StatusOr<Timestamp> ParseDouble(double value) const;

  // Completes the year of a native time value.
  absl::StatusOr<Timestamp> ParseNative(Timestamp value) const;

  // The Go layout that messages show; empty for epoch and native.
  const std::string& go_layout() const;
  bool is_native() const;
  bool is_epoch() const;

 private:
  struct Compiled;
  explicit TimeLayout(std::shared_ptr<const Compiled> compiled);

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace otelpipe::timeparse
