#include "shared/ottl/functions.h"

#include <algorithm>

namespace otelpipe::ottl {
namespace {

size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t next = std::min({row[j] + 1, row[j - 1] + 1, diagonal + ((a[i - 1] | 32) == (b[j - 1] | 32) ? 0 : 1)});
      diagonal = row[j];
      row[j] = next;
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<const Function*> AllFunctions() {
  std::vector<const Function*> out;
  const std::vector<Function>* const tables[] = {&Editors(),        &ReplaceEditors(), &MetricEditors(),  &AggregateEditors(), &TypeConverters(),
                                                 &TextConverters(), &ParseConverters(), &TimeConverters(), &HashConverters(),
                                                 &CollectionConverters()};
  for (const std::vector<Function>* table : tables) {
    for (const Function& function : *table) out.push_back(&function);
  }
  return out;
}

const Function* FindFunction(std::string_view name, ContextKind kind) {
  for (const Function* function : AllFunctions()) {
    if (function->name == name && (function->contexts & In(kind)) != 0) return function;
  }
  return nullptr;
}

bool IsMissingFunction(std::string_view name) {
  static constexpr std::string_view kNames[] = {"ConvertAttributesToElementsXML",
                                                "ConvertTextToElementsXML",
                                                "ExtractGrokPatterns",
                                                "GetXML",
                                                "InsertXML",
                                                "Murmur3Hash128",
                                                "ParseSimplifiedXML",
                                                "ParseXML",
                                                "ProfileID",
                                                "RemoveXML",
                                                "UserAgent",
                                                "convert_exponential_histogram_to_histogram"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string_view NearestFunction(std::string_view name, ContextKind kind) {
  std::string_view best;
  size_t nearest = name.size() / 3 + 1;
  for (const Function* function : AllFunctions()) {
    if ((function->contexts & In(kind)) == 0) continue;
    const size_t distance = Distance(name, function->name);
    if (distance < nearest) {
      nearest = distance;
      best = function->name;
    }
  }
  return best;
}

}  // namespace otelpipe::ottl
