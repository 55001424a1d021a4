// Building blocks of the debug texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "exporter/debug/text.h"
#include "otelpipe/pdata/text.h"

namespace otelpipe::debug_text {

// Chains pieces of a line.
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}
  Lines& Put(std::string_view text) {
    out_ += text;
    return *this;
  }
  Lines& Put(uint64_t number) {
    AppendUint(out_, number);
    return *this;
  }
  Lines& PutInt(int64_t number) {
    AppendInt(out_, number);
    return *this;
  }
  // Six decimals.
  Lines& PutFixed(double number) {
    AppendFixedDouble(out_, number, 6);
    return *this;
  }
  // The fewest digits.
  Lines& PutShort(double number) {
    AppendGoDouble(out_, number, 6);
    return *this;
  }
  Lines& PutTime(uint64_t unix_nanos) {
    AppendTime(out_, unix_nanos);
    return *this;
  }
  Lines& PutTyped(const Value& value) {
    AppendTypedValue(out_, value);
    return *this;
  }
  Lines& PutValue(const Value& value) {
    value.AppendString(out_);
    return *this;
  }
  template <typename Id>
  Lines& PutId(const Id& id) {
    if (!id.empty()) AppendHex(out_, id);
    return *this;
  }
  void End() { out_ += '\n'; }

 private:
  std::string& out_;
};

}  // namespace otelpipe::debug_text
