#include "shared/stream/framing.h"

#include "otelpipe/base/status_macros.h"

namespace otelpipe::stream {
namespace {

// The splitter shall never cut: a record that is too long is this file's business.
constexpr int64_t kNoLimit = int64_t{1} << 30;

}  // namespace

absl::StatusOr<Framing> Framing::Create(const FramingOptions& options) {
  tail::SplitterOptions split;
  split.encoding = options.encoding;
  split.line_start_pattern = options.multiline.line_start_pattern;
  split.line_end_pattern = options.multiline.line_end_pattern;
  split.omit_pattern = options.multiline.omit_pattern;
  split.max_size = kNoLimit;
  split.trim_leading = options.trim_leading;
  split.trim_trailing = options.trim_trailing;
  OTELPIPE_ASSIGN_OR_RETURN(tail::Splitter splitter, tail::Splitter::Create(std::move(split)));
  return Framing(std::move(splitter), options);
}

Framing::Cut Framing::SplitWhole(std::string_view data, bool at_end, std::vector<std::string_view>& records) const {
  const size_t max = static_cast<size_t>(options_.max_size);
  size_t used = 0;
  while (data.size() - used >= max) {
    records.push_back(data.substr(used, max));
    used += max;
  }
  if (at_end && used < data.size()) {
    records.push_back(data.substr(used));
    used = data.size();
  }
  return {used, false};
}

Framing::Cut Framing::SplitOctets(std::string_view data, bool at_end, std::vector<std::string_view>& records) const {
  const size_t max = static_cast<size_t>(options_.max_size);
  size_t used = 0;
  while (used < data.size()) {
    const std::string_view rest = data.substr(used);
    size_t digits = 0;
    size_t length = 0;
    while (digits < rest.size() && rest[digits] >= (digits == 0 ? '1' : '0') && rest[digits] <= '9' && digits < 10) {
      length = length * 10 + static_cast<size_t>(rest[digits++] - '0');
    }
    const bool counted = digits > 0 && digits < rest.size() && std::string_view(" \t\n\v\f\r").find(rest[digits]) != std::string_view::npos;
    if (counted && digits + 1 + length <= rest.size()) {
      // Not trimmed: the blanks at its end are counted.
      if (digits + 1 + length > max) return {used, true};
      records.push_back(rest.substr(0, digits + 1 + length));
      used += digits + 1 + length;
      continue;
    }
    if (at_end) {
      if (rest.size() > max) return {used, true};
      records.push_back(rest);
      used = data.size();
    } else if (rest.size() >= max || (counted && digits + 1 + length > max)) {
      return {used, true};
    }
    break;
  }
  return {used, false};
}

Framing::Cut Framing::Split(std::string_view data, bool at_end, std::vector<std::string_view>& records) const {
  if (options_.octet_counting) return SplitOctets(data, at_end, records);
  if (options_.whole || options_.encoding.kind() == tail::Encoding::Kind::kNop) return SplitWhole(data, at_end, records);
  const size_t max = static_cast<size_t>(options_.max_size);
  tokens_.clear();
  const size_t used = splitter_.Split(data, at_end, tokens_);
  for (size_t i = 0; i < tokens_.size(); ++i) {
    const size_t end = i + 1 < tokens_.size() ? tokens_[i + 1].start : used;
    if (end - tokens_[i].start > max) return {tokens_[i].start, true};
    records.push_back(data.substr(tokens_[i].begin, tokens_[i].length));
  }
  const std::string_view rest = data.substr(used);
  if (rest.size() > max || (rest.size() == max && !at_end)) return {used, true};
  if (!at_end || rest.empty()) return {used, false};
  tokens_.clear();
  splitter_.Flush(rest, tokens_);
  for (const tail::Token& token : tokens_) records.push_back(rest.substr(token.begin, token.length));
  return {data.size(), false};
}

}  // namespace otelpipe::stream
