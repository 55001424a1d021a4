// Durations as Go writes them.
//
//   ParseGoDuration("1h2m3.5s");    // 3723500000000
//   FormatGoDuration(3600000000000) // "1h0m0s"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace otelpipe::timeparse {

// Nanoseconds. Accepts an optional sign and one or more decimal numbers, each with a unit of
// ns us ms s m h; a lone "0" needs none. Fails with InvalidArgument and Go's words:
// `time: invalid duration "x"`, `time: missing unit in duration "5"`,
// `time: unknown unit "x" in duration "5x"`.
absl::StatusOr<int64_t> ParseGoDuration(std::string_view text);

// "1h0m0s", "1.5s", "250ms", "0s".
std::string FormatGoDuration(int64_t nanos);

// `text` in double quotes with control characters, quotes, backslashes and every byte outside ASCII
// escaped, the way messages of the time package show a value.
std::string QuoteForTimeError(std::string_view text);

}  // namespace otelpipe::timeparse
