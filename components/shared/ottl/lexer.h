// Tokens of OTTL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::ottl {

struct Token {
  enum Kind { kEnd, kName, kString, kInt, kDouble, kBytes, kPunct } kind = kEnd;
  std::string text;  // decoded for texts and bytes
  int64_t integer = 0;
  double number = 0;
  size_t at = 0;
};

// `NOUN has invalid syntax: LINE:COLUMN: WHAT` for a place in `text`.
absl::Status SyntaxError(std::string_view noun, std::string_view text, size_t at, std::string_view what);

// The last token is kEnd. `noun` is what messages call the text: statement, condition.
absl::StatusOr<std::vector<Token>> Scan(std::string_view text, std::string_view noun);

}  // namespace otelpipe::ottl
