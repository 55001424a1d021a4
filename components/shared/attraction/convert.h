// Conversions of attribute values: the `convert` and `hash` actions.
#pragma once

#include <optional>
#include <string_view>

#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::attraction {

// Go's strconv rules. ParseInt: base 10, optional sign, nothing else; nothing when out of range.
// ParseFloat: decimal and hexadecimal floats, inf, infinity, nan without case; nothing when the result overflows.
std::optional<int64_t> ParseInt(std::string_view text);
std::optional<double> ParseFloat(std::string_view text);

// What converting `value` gives; nothing when the value stays as it is because its kind has no such conversion or its text does
// not parse. `arena` holds new texts.
std::optional<Value> ConvertToInt(const Value& value);
std::optional<Value> ConvertToDouble(const Value& value);
std::optional<Value> ConvertToString(const Value& value, Arena& arena);

// SHA-256 in lower hex of the value's bytes: text as UTF-8, a bool as one byte, numbers as 8 bytes little-endian. Empty text and all
// other kinds give "".
Value Hash(const Value& value, Arena& arena);

}  // namespace otelpipe::attraction
