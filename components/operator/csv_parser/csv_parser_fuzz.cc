// Rows of CSV. The first byte chooses the settings. Fields that were written by the rules of CSV are read back; without quotes a row is what splitting it
// makes; whatever is read has at least one field, and what is refused is refused with words; the operator, which has quick ways of its own, gives the
// fields of the reader.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/text/csv_reader.h"
#include "operator/testing/harness.h"

namespace {

using otelpipe::csv::Options;
using otelpipe::csv::ReadRow;

void Require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::string> SplitAt(std::string_view text, std::string_view delimiter) {
  std::vector<std::string> out;
  for (;;) {
    const size_t end = text.find(delimiter);
    out.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + delimiter.size());
  }
}

void RoundTrip(std::string_view text, const Options& options) {
  std::vector<std::string> fields = SplitAt(text, "\xFF"), read;
  std::string row;
  for (std::string& field : fields) {
    if (!row.empty()) row += options.delimiter;
    row += '"';
    for (char c : field) row += c == '"' ? "\"\"" : std::string(1, c);
    row += '"';
    // A carriage return before a line feed is dropped, inside quotes too.
    for (size_t at = 0; (at = field.find("\r\n", at)) != std::string::npos;) field.erase(at, 1);
  }
  Require(ReadRow(row, options, read).ok() && read == fields);
}

void WithoutQuotes(std::string_view text, const Options& options) {
  std::vector<std::string> wanted, read;
  for (std::string line : SplitAt(text, "\n")) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty()) continue;
    std::vector<std::string> fields = SplitAt(line, options.delimiter);
    if (!wanted.empty()) {
      wanted.back() += "\n" + fields[0];
      fields.erase(fields.begin());
    }
    wanted.insert(wanted.end(), fields.begin(), fields.end());
  }
  Require(ReadRow(text, options, read).ok() == !wanted.empty() && read == wanted);
}

void CheckOperator(std::string_view text, const Options& options, const std::vector<std::string>& fields, bool read) {
  using otelpipe::testing::OperatorHarness;
  static std::unique_ptr<OperatorHarness> harnesses[2];
  std::unique_ptr<OperatorHarness>& harness = harnesses[options.lazy_quotes ? 1 : 0];
  if (harness == nullptr) {
    harness = std::make_unique<OperatorHarness>("- {type: csv_parser, header: 'a,b,c', on_error: drop, lazy_quotes: " +
                                                std::string(options.lazy_quotes ? "true" : "false") + "}");
  }
  const std::string error = harness->Process(text);
  const auto records = harness->Take();
  Require(error.empty() == (read && fields.size() == 3) && records.size() == (error.empty() ? 1 : 0));
  for (size_t i = 0; i < 3 && error.empty(); ++i) {
    const otelpipe::Value* value = records[0].attribute_map->Find(std::string_view("abc").substr(i, 1));
    Require(value != nullptr && value->is_string() && value->string() == fields[i]);
  }
  harness->Clear();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  static constexpr std::string_view kDelimiters[] = {",", ";", "\t", "\xC3\xA9"};
  Options options;
  options.delimiter = kDelimiters[data[0] % 4];
  options.lazy_quotes = (data[0] & 4) != 0;
  RoundTrip(text, options);
  if (text.find('"') == std::string_view::npos) WithoutQuotes(text, options);
  std::vector<std::string> fields;
  const absl::Status status = ReadRow(text, options, fields);
  Require(status.ok() ? !fields.empty() : !status.message().empty());
  // A stray quote is the only fault there is.
  if (options.lazy_quotes && !status.ok()) Require(status.message() == "no csv lines found");
  if (options.delimiter == ",") CheckOperator(text, options, fields, status.ok());
  return 0;
}
