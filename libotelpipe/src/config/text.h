// Small text functions of the config room: quoting, durations and distances in the spelling of the reference's messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::internal {

// The length of the valid UTF-8 sequence at the start of `s`, which is not empty; 0 when there is none.
size_t Utf8Length(std::string_view s);

// `text` in double quotes; quotes, backslashes, control and non-UTF-8 bytes are escaped (Go's %q for the texts we meet).
std::string GoQuote(std::string_view text);

// "1h2m3.5s" to nanoseconds. The message of an error is the reference's: `time: missing unit in duration "5"`.
absl::StatusOr<int64_t> ParseGoDuration(std::string_view text);

// Nanoseconds as "1m30s", "200ms", "0s".
std::string FormatGoDuration(int64_t nanos);

// "1.5 MiB" to bytes, with 32-bit float precision as in the reference. Error: `invalid byte size '5x'`.
absl::StatusOr<int64_t> ParseByteSize(std::string_view text);

// A float64 in its shortest spelling: "1.5", "1e+21".
std::string FormatFloat(double value);

// The candidate nearest to `word`, without regard to case, or "" when none is near enough to be a misspelling.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace otelpipe::internal
