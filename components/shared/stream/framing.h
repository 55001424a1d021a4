// Framing: cuts a stream of bytes into records: lines, multiline patterns, counted octets (RFC 6587), or not at all.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Framing framing, Framing::Create(options));
//   Framing::Cut cut = framing.Split(data, at_end, records);   // data.substr(cut.used) waits for more
//
// Works on raw bytes in the stream's encoding; decoding is the caller's. One thread at a time.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/stream/input_config.h"
#include "shared/tail/encoding.h"
#include "shared/tail/splitter.h"

namespace otelpipe::stream {

struct FramingOptions {
  tail::Encoding encoding;
  MultilineConfig multiline;
  bool trim_leading = true;
  bool trim_trailing = true;
  int64_t max_size = 1 << 20;
  bool octet_counting = false;
  // The whole input is one record.
  bool whole = false;
};

class Framing {
 public:
  // Errors are those of the reference's `multiline` checks.
  static absl::StatusOr<Framing> Create(const FramingOptions& options);

  struct Cut {
    size_t used = 0;
    // A record does not fit into max_size; those before it are in the list.
    bool too_long = false;
  };
  // Appends the whole records of `data`, empty ones included. `at_end`: nothing follows, what is left is a record too.
  Cut Split(std::string_view data, bool at_end, std::vector<std::string_view>& records) const;

 private:
  Framing(tail::Splitter splitter, const FramingOptions& options) : splitter_(std::move(splitter)), options_(options) {}
  Cut SplitOctets(std::string_view data, bool at_end, std::vector<std::string_view>& records) const;
  Cut SplitWhole(std::string_view data, bool at_end, std::vector<std::string_view>& records) const;

  tail::Splitter splitter_;
  FramingOptions options_;
  mutable std::vector<tail::Token> tokens_;
};

}  // namespace otelpipe::stream
