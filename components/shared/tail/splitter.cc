#include "shared/tail/splitter.h"

#include <re2/re2.h>

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "shared/tail/regex_error.h"

namespace otelpipe::tail {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

absl::StatusOr<std::unique_ptr<re2::RE2>> CompilePattern(const std::string& pattern, const char* which) {
  RE2::Options options;
  options.set_log_errors(false);
  auto re = std::make_unique<re2::RE2>("(?m)" + pattern, options);
  if (!re->ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("compile line ", which, " regex: ", RegexError(*re)));
  }
  return re;
}

}  // namespace

Splitter::Splitter(SplitterOptions options) : options_(std::move(options)) {}
Splitter::Splitter(Splitter&&) noexcept = default;
Splitter& Splitter::operator=(Splitter&&) noexcept = default;
Splitter::~Splitter() = default;

absl::StatusOr<Splitter> Splitter::Create(SplitterOptions options) {
  Splitter s(std::move(options));
  const SplitterOptions& o = s.options_;
  if (!o.line_start_pattern.empty() && !o.line_end_pattern.empty()) {
    return absl::InvalidArgumentError("only one of line_start_pattern or line_end_pattern can be set");
  }
  s.trim_ = o.trim_leading || o.trim_trailing;
  if (o.encoding.kind() == Encoding::Kind::kNop) {
    if (!o.line_start_pattern.empty()) {
      return absl::InvalidArgumentError("line_start_pattern should not be set when using nop encoding");
    }
    if (!o.line_end_pattern.empty()) {
      return absl::InvalidArgumentError("line_end_pattern should not be set when using nop encoding");
    }
    s.mode_ = Mode::kWhole;
    s.trim_ = false;
  } else if (!o.line_start_pattern.empty()) {
    auto re = CompilePattern(o.line_start_pattern, "start");
    if (!re.ok()) return re.status();
    s.pattern_ = *std::move(re);
    s.mode_ = Mode::kStart;
  } else if (!o.line_end_pattern.empty()) {
    auto re = CompilePattern(o.line_end_pattern, "end");
    if (!re.ok()) return re.status();
    s.pattern_ = *std::move(re);
    s.mode_ = Mode::kEnd;
  } else if (o.encoding.newline().size() > 1) {
    s.mode_ = Mode::kUnitLines;
  }
  return s;
}

void Splitter::Add(std::string_view data, size_t start, size_t length, std::vector<Token>& tokens) const {
  size_t begin = start;
  size_t end = start + length;
  if (trim_) {
    size_t unit = options_.encoding.unit();
    if (unit == 2) {
      // Blanks are code units here; a lone byte at the end belongs to no unit.
      bool big = options_.encoding.kind() == Encoding::Kind::kUtf16Be;
      auto blank = [&](size_t i) { return data[big ? i : i + 1] == '\0' && IsBlank(data[big ? i + 1 : i]); };
      if (options_.trim_leading) {
        while (begin + 2 <= end && blank(begin)) begin += 2;
      }
      if (options_.trim_trailing && (end - begin) % 2 == 0) {
        while (end >= begin + 2 && blank(end - 2)) end -= 2;
      }
    } else {
      if (options_.trim_leading) {
        while (begin < end && IsBlank(data[begin])) ++begin;
        // The reference keeps a record of nothing but blanks when only its leading ones are to go.
        if (begin == end && !options_.trim_trailing) begin = start;
      }
      if (options_.trim_trailing) {
        while (end > begin && IsBlank(data[end - 1])) --end;
      }
    }
  }
  tokens.push_back(
      {static_cast<uint32_t>(start), static_cast<uint32_t>(begin), static_cast<uint32_t>(end - begin)});
}

size_t Splitter::AddCut(std::string_view data, size_t start, size_t length, std::vector<Token>& tokens) const {
  size_t max = static_cast<size_t>(options_.max_size);
  size_t taken = 0;
  while (length - taken > max) {
    Add(data, start + taken, max, tokens);
    taken += max;
  }
  Add(data, start + taken, length - taken, tokens);
  return length;
}

size_t Splitter::SplitLines(std::string_view data, std::vector<Token>& tokens) const {
  const char newline = options_.encoding.newline()[0];
  const char carriage_return = options_.encoding.carriage_return()[0];
  const size_t max = static_cast<size_t>(options_.max_size);
  const char* base = data.data();
  size_t pos = 0;
  while (pos < data.size()) {
    const void* hit = std::memchr(base + pos, newline, data.size() - pos);
    if (hit == nullptr) break;
    size_t at = static_cast<size_t>(static_cast<const char*>(hit) - base);
    size_t length = at - pos;
    if (length > 0 && base[at - 1] == carriage_return) --length;
    if (length <= max) {
      Add(data, pos, length, tokens);
    } else {
      AddCut(data, pos, length, tokens);
    }
    pos = at + 1;
  }
  while (data.size() - pos >= max) {
    Add(data, pos, max, tokens);
    pos += max;
  }
  return pos;
}

bool Splitter::Next(std::string_view data, bool at_end, Found& found) const {
  switch (mode_) {
    case Mode::kUnitLines: {
      const std::string& newline = options_.encoding.newline();
      const std::string& carriage_return = options_.encoding.carriage_return();
      size_t unit = newline.size();
      for (size_t i = 0; i + unit <= data.size(); i += unit) {
        if (std::memcmp(data.data() + i, newline.data(), unit) != 0) continue;
        size_t length = i;
        if (length >= unit && std::memcmp(data.data() + i - unit, carriage_return.data(), unit) == 0) length -= unit;
        found = {0, length, i + unit};
        return true;
      }
      return false;
    }
    case Mode::kStart: {
      re2::StringPiece first;
      if (!pattern_->Match(data, 0, data.size(), RE2::UNANCHORED, &first, 1)) return false;
      size_t start = static_cast<size_t>(first.data() - data.data());
      size_t end = start + first.size();
      if (start > 0) {
        found = {0, start, start};
        return true;
      }
      // The next record is looked for one byte behind the match, in a text of its own: `^` holds there (as in the reference).
      if (end + 1 > data.size()) return false;
      std::string_view rest = data.substr(end + 1);
      re2::StringPiece second;
      if (!pattern_->Match(rest, 0, rest.size(), RE2::UNANCHORED, &second, 1)) return false;
      size_t stop = static_cast<size_t>(second.data() - data.data());
      size_t begin = options_.omit_pattern ? end : 0;
      found = {begin, stop - begin, stop};
      return true;
    }
    case Mode::kEnd: {
      re2::StringPiece match;
      if (!pattern_->Match(data, 0, data.size(), RE2::UNANCHORED, &match, 1)) return false;
      size_t start = static_cast<size_t>(match.data() - data.data());
      size_t end = start + match.size();
      // A match may become longer while there is hardly anything behind it.
      if (end + 1 >= data.size() && !at_end) return false;
      if (end == 0) return false;
      found = {0, options_.omit_pattern ? start : end, end};
      return true;
    }
    case Mode::kLines:
    case Mode::kWhole:
      return false;
  }
  return false;
}

size_t Splitter::Split(std::string_view data, bool at_end, std::vector<Token>& tokens) const {
  if (mode_ == Mode::kLines) return SplitLines(data, tokens);
  if (mode_ == Mode::kWhole) {
    AddCut(data, 0, data.size(), tokens);
    return data.size();
  }
  size_t max = static_cast<size_t>(options_.max_size);
  size_t pos = 0;
  while (pos < data.size()) {
    Found found;
    std::string_view rest = data.substr(pos);
    if (Next(rest, at_end, found)) {
      AddCut(data, pos + found.begin, found.length, tokens);
      pos += found.advance;
    } else if (rest.size() >= max) {
      Add(data, pos, max, tokens);
      pos += max;
    } else {
      break;
    }
  }
  return pos;
}

void Splitter::Flush(std::string_view data, std::vector<Token>& tokens) const {
  if (!data.empty()) AddCut(data, 0, data.size(), tokens);
}

}  // namespace otelpipe::tail
