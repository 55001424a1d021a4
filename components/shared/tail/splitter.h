// Splitter: cuts the bytes of a file into records: by lines, by a pattern that starts or ends a record, or not at all.
//
//   Splitter splitter(options);
//   size_t used = splitter.Split(data, at_end_of_file, tokens);   // data.substr(used) waits for more
//
// Works on raw bytes in the file's encoding; decoding is the caller's. A record longer than max_size is cut in pieces. Tokens are trimmed as told; a
// token that is empty afterwards is in the list all the same, because it counts in record numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/tail/encoding.h"

namespace re2 {
class RE2;
}

namespace otelpipe::tail {

// One record in the data given to Split.
struct Token {
  uint32_t start;  // where its raw text begins, before trimming
  uint32_t begin;  // after trimming
  uint32_t length;
};

struct SplitterOptions {
  Encoding encoding;
  std::string line_start_pattern;
  std::string line_end_pattern;
  bool omit_pattern = false;
  int64_t max_size = 1 << 20;
  bool trim_leading = true;
  bool trim_trailing = true;
};

class Splitter {
 public:
  // Errors are those of the reference's `multiline` checks.
  static absl::StatusOr<Splitter> Create(SplitterOptions options);
  Splitter(Splitter&&) noexcept;
  Splitter& operator=(Splitter&&) noexcept;
  ~Splitter();

  // Appends the whole records of `data` and returns how many bytes they take. `at_end`: `data` reaches the end of the file. Data of max_size
  // bytes or more always yields something.
  size_t Split(std::string_view data, bool at_end, std::vector<Token>& tokens) const;
  // `data` as records although their end was not seen (a flush after the waiting period).
  void Flush(std::string_view data, std::vector<Token>& tokens) const;

 private:
  enum class Mode { kLines, kUnitLines, kStart, kEnd, kWhole };
  struct Found {
    size_t begin, length, advance;
  };
  explicit Splitter(SplitterOptions options);
  bool Next(std::string_view data, bool at_end, Found& found) const;
  size_t SplitLines(std::string_view data, std::vector<Token>& tokens) const;
  void Add(std::string_view data, size_t start, size_t length, std::vector<Token>& tokens) const;
  // Adds pieces while the record is too long; returns bytes taken.
  size_t AddCut(std::string_view data, size_t start, size_t length, std::vector<Token>& tokens) const;

  SplitterOptions options_;
  Mode mode_ = Mode::kLines;
  bool trim_ = true;
  std::unique_ptr<re2::RE2> pattern_;
};

}  // namespace otelpipe::tail
