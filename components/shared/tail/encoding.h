// Encoding: names of character encodings as the reference knows them, and the way from a record's bytes to its text.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Encoding encoding, Encoding::Find("utf-16le"));
//   std::string_view text = encoding.Decode(bytes, arena);   // UTF-8; `bytes` itself when nothing had to change
//
// Invalid input never fails: it becomes U+FFFD. Copies share what is immutable. One thread.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/arena.h"

namespace otelpipe::tail {

class Encoding {
 public:
  enum class Kind { kUtf8, kRaw, kNop, kUtf16Le, kUtf16Be, kTable, kIconv };

  Encoding() = default;  // utf-8
  // InvalidArgument: `unsupported encoding 'x'`, or `no charmap defined for encoding 'x'` for registered names without a decoder.
  static absl::StatusOr<Encoding> Find(std::string_view name);

  Kind kind() const { return kind_; }
  // Bytes per code unit: line ends are looked for at multiples of it.
  size_t unit() const { return kind_ == Kind::kUtf16Le || kind_ == Kind::kUtf16Be ? 2 : 1; }
  // The line end and the carriage return in this encoding.
  const std::string& newline() const { return newline_; }
  const std::string& carriage_return() const { return carriage_return_; }

  // True when Decode returns valid UTF-8 input as it is, so that a caller may validate many records at once.
  bool is_utf8() const { return kind_ == Kind::kUtf8; }
  std::string_view Decode(std::string_view bytes, Arena& arena) const;

 private:
  struct Converter;
  using Table = std::array<std::string, 256>;
  static absl::StatusOr<Encoding> FromIconv(const std::string& charset, std::string_view name);

  Kind kind_ = Kind::kUtf8;
  std::string newline_ = "\n";
  std::string carriage_return_ = "\r";
  std::shared_ptr<const Table> table_;
  std::shared_ptr<Converter> converter_;
};

bool ValidUtf8(std::string_view s);
// `s` with one U+FFFD for each maximal ill-formed subpart.
std::string RepairUtf8(std::string_view s);

}  // namespace otelpipe::tail
