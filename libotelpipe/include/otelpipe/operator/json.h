// JSON text to Values, with the leniencies of the reference's json_parser.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Value v, ParseJsonObject(line, arena, {.parse_ints = true}));
//
// Texts and keys are views into the input where they hold no escapes, else they are copied into the arena.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe {

struct JsonOptions {
  // Numbers without point and exponent that fit become integers tagged kTagInt64; otherwise every number is a double.
  bool parse_ints = false;
  // Text after the value is ignored.
  bool allow_trailing = false;
};

// Any JSON value. Of equal keys the last wins. Accepted beyond the standard: leading zeros, `1.`, raw control characters in strings,
// lone surrogates (U+FFFD). At most 10000 levels. InvalidArgument otherwise.
absl::StatusOr<Value> ParseJson(std::string_view text, Arena& arena, const JsonOptions& options = {});
// The same for an object; `null` is an empty one.
absl::StatusOr<Value> ParseJsonObject(std::string_view text, Arena& arena, const JsonOptions& options = {});

}  // namespace otelpipe
