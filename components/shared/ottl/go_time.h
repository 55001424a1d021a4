// Times in Go's layouts: what FormatTime writes.
//
//   FormatGoLayout("2006-01-02T15:04:05.000Z07:00", 0)  // "1970-01-01T00:00:00.000Z"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace otelpipe::ottl {

// `nanos` since the epoch in UTC, by the words of Go's layouts: 2006 06 01 1 Jan January 02 2 _2 002 __2 Mon Monday 15 03 3 04 4 05 5 PM pm
// .000 ,000 .999 MST Z07:00 -07:00 and their like. Everything else stays as it is.
std::string FormatGoLayout(std::string_view layout, int64_t nanos);

}  // namespace otelpipe::ottl
