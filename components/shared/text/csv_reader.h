// CsvReader: one CSV value taken apart with the rules of Go's csv package.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace otelpipe::csv {

struct Options {
  std::string_view delimiter = ",";
  bool lazy_quotes = false;
};

// All fields of `text` as one row: lines follow each other with a newline between the last field of one and the first of the next. A fault of
// quoting after a complete field of its line is passed over, as the reference does. Errors: `read csv line: parse error on
// line 1, column 5: ...`, `no csv lines found`.
absl::Status ReadRow(std::string_view text, const Options& options, std::vector<std::string>& fields);

}  // namespace otelpipe::csv
