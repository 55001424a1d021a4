// The framing format of snappy: a stream of checked chunks of at most 64 KiB.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace otelpipe::internal {

// Whether `packed` starts with the stream identifier chunk.
bool IsSnappyStream(std::string_view packed);
// Appends the stream form of `plain` to `out`.
void WriteSnappyStream(std::string_view plain, std::string& out);
// Appends the plain form to `out`. InvalidArgument `snappy: corrupt input`; ResourceExhausted beyond `limit` bytes.
absl::Status ReadSnappyStream(std::string_view packed, size_t limit, std::string& out);

}  // namespace otelpipe::internal
