#include "shared/text/csv_reader.h"

#include "absl/strings/str_cat.h"

namespace otelpipe::csv {
namespace {

constexpr const char* kBareQuote = "bare \" in non-quoted-field";
constexpr const char* kQuote = "extraneous or missing \" in quoted-field";

class Reader {
 public:
  Reader(std::string_view text, const Options& options) : text_(text), options_(options) {}

  // The fields of the next line that is not blank; false at the end. `fault` is set when the line has one.
  bool NextRecord(std::vector<std::string>& fields, std::string& fault) {
    fields.clear();
    fault.clear();
    std::string line;
    do {
      if (!NextLine(line)) return false;
    } while (line == "\n" || line.empty());
    size_t first_line = line_number_;
    std::string_view rest = line;
    size_t column = 1;
    for (;;) {
      if (rest.empty() || rest[0] != '"') {
        size_t end = rest.find(options_.delimiter);
        std::string_view field = end == std::string_view::npos ? WithoutNewline(rest) : rest.substr(0, end);
        size_t quote = field.find('"');
        if (!options_.lazy_quotes && quote != std::string_view::npos) {
          fault = Describe(first_line, column + quote, kBareQuote);
          return true;
        }
        fields.emplace_back(field);
        if (end == std::string_view::npos) return true;
        Skip(rest, column, end + options_.delimiter.size());
        continue;
      }
      bool more = false;
      std::string field;
      if (!ReadQuoted(line, rest, column, first_line, field, more, fault)) return true;
      fields.push_back(std::move(field));
      if (!more) return true;
    }
  }

 private:
  static std::string_view WithoutNewline(std::string_view s) {
    if (!s.empty() && s.back() == '\n') s.remove_suffix(1);
    return s;
  }
  static void Skip(std::string_view& rest, size_t& column, size_t n) {
    rest.remove_prefix(n);
    column += n;
  }

  // The rest of a field in quotes; `rest` begins at the quote. It may go over several lines.
  bool ReadQuoted(std::string& line, std::string_view& rest, size_t& column, size_t first_line, std::string& field,
                  bool& more, std::string& fault) {
    Skip(rest, column, 1);
    for (;;) {
      size_t quote = rest.find('"');
      if (quote == std::string_view::npos) {
        field += rest;
        column += rest.size();
        if (!rest.empty() && NextLine(line)) {
          rest = line;
          column = 1;
          continue;
        }
        if (options_.lazy_quotes) return true;
        fault = Describe(first_line, column, kQuote);
        return false;
      }
      field += rest.substr(0, quote);
      Skip(rest, column, quote + 1);
      if (!rest.empty() && rest[0] == '"') {
        field += '"';
        Skip(rest, column, 1);
      } else if (rest.substr(0, options_.delimiter.size()) == options_.delimiter) {
        Skip(rest, column, options_.delimiter.size());
        more = true;
        return true;
      } else if (WithoutNewline(rest).empty()) {
        return true;
      } else if (options_.lazy_quotes) {
        field += '"';
      } else {
        fault = Describe(first_line, column - 1, kQuote);
        return false;
      }
    }
  }

  std::string Describe(size_t first_line, size_t column, const char* what) const {
    std::string out;
    if (first_line != line_number_) absl::StrAppend(&out, "record on line ", first_line, "; ");
    absl::StrAppend(&out, "parse error on line ", line_number_, ", column ", column, ": ", what);
    return out;
  }

  // With its newline; a carriage return before it is dropped.
  bool NextLine(std::string& line) {
    if (at_ >= text_.size()) return false;
    ++line_number_;
    size_t end = text_.find('\n', at_);
    bool newline = end != std::string_view::npos;
    std::string_view found = text_.substr(at_, newline ? end - at_ : std::string_view::npos);
    at_ = newline ? end + 1 : text_.size();
    if (!found.empty() && found.back() == '\r') found.remove_suffix(1);
    line.assign(found);
    if (newline) line += '\n';
    return true;
  }

  std::string_view text_;
  const Options& options_;
  size_t at_ = 0;
  size_t line_number_ = 0;
};

}  // namespace

absl::Status ReadRow(std::string_view text, const Options& options, std::vector<std::string>& fields) {
  fields.clear();
  Reader reader(text, options);
  std::vector<std::string> line;
  std::string fault;
  while (reader.NextRecord(line, fault)) {
    if (!fault.empty() && line.empty()) return absl::InvalidArgumentError(absl::StrCat("read csv line: ", fault));
    size_t first = 0;
    if (!fields.empty() && !line.empty()) {
      absl::StrAppend(&fields.back(), "\n", line[0]);
      first = 1;
    }
    for (size_t i = first; i < line.size(); ++i) fields.push_back(std::move(line[i]));
  }
  if (fields.empty()) return absl::InvalidArgumentError("no csv lines found");
  return absl::OkStatus();
}

}  // namespace otelpipe::csv
