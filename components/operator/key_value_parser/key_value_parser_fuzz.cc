// Pairs of keys and values. The first byte chooses the delimiters. The result, or that there is one, must be that of a plain reading of the rules: pieces
// between pair delimiters outside quotes, quotes removed, the first delimiter parts key and value, the last of equal keys stays.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/testing/harness.h"

namespace {

using otelpipe::testing::OperatorHarness;

struct Delimiters {
  const char* pair;
  const char* item;
};
constexpr Delimiters kDelimiters[] = {{" ", "="}, {",", ":"}, {"!", "=>"}, {"||", "="}};

std::string Trimmed(std::string text) {
  const char* const blanks = " \t\n\v\f\r";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

// Nothing: the whole value is refused.
std::optional<std::map<std::string, std::string>> Wanted(std::string_view text, const Delimiters& delimiters) {
  if (text.empty()) return std::nullopt;
  const std::string_view between = delimiters.pair;
  std::vector<std::string> pieces(1);
  char quote = 0;
  // A backslash protects the next character that is no pair delimiter.
  bool protect = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == 0 && text.substr(i, between.size()) == between) {
      pieces.emplace_back();
      i += between.size() - 1;
      continue;
    }
    const bool escaped = std::exchange(protect, !protect && c == '\\');
    if (quote == 0 && (c == '"' || c == '\'') && !escaped) {
      quote = c;
    } else if (quote != 0 && c == quote && !escaped) {
      quote = 0;
    } else {
      pieces.back() += c;
    }
  }
  if (quote != 0) return std::nullopt;
  std::map<std::string, std::string> out;
  for (const std::string& piece : pieces) {
    if (piece.empty()) continue;
    const size_t at = piece.find(delimiters.item);
    if (at == std::string::npos) return std::nullopt;
    out[Trimmed(piece.substr(0, at))] = Trimmed(piece.substr(at + std::string_view(delimiters.item).size()));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 2000) return 0;
  const size_t choice = data[0] % std::size(kDelimiters);
  const Delimiters& delimiters = kDelimiters[choice];
  static std::unique_ptr<OperatorHarness> harnesses[std::size(kDelimiters)];
  if (harnesses[choice] == nullptr) {
    harnesses[choice] = std::make_unique<OperatorHarness>(std::string("- {type: key_value_parser, delimiter: '") + delimiters.item + "', pair_delimiter: '" +
                                                          delimiters.pair + "', on_error: drop}");
  }
  OperatorHarness& harness = *harnesses[choice];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  // What is white space beyond ASCII is not told here.
  for (char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return 0;
  }
  const std::string error = harness.Process(text);
  const auto records = harness.Take();
  const auto wanted = Wanted(text, delimiters);
  bool same = wanted.has_value() == error.empty() && records.size() == (wanted ? 1 : 0);
  if (same && wanted) {
    same = records[0].attribute_map->size() == wanted->size();
    for (const auto& [key, value] : *wanted) {
      const otelpipe::Value* found = records[0].attribute_map->Find(key);
      same = same && found != nullptr && found->is_string() && found->string() == value;
    }
  }
  if (!same) {
    std::fprintf(stderr, "%s\n%s\n", error.c_str(), records.empty() ? "no record" : records[0].attributes.c_str());
    std::abort();
  }
  harness.Clear();
  return 0;
}
