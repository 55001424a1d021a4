// Hint attributes: `loki.resource.labels`, `loki.attribute.labels`, `loki.format` and `loki.tenant`, which steer the exporter from
// inside the data.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/pdata/value.h"

namespace otelpipe {

// Which of the labels that every stream has are switched on.
struct LokiDefaultLabels {
  bool exporter = true;
  bool job = true;
  bool instance = true;
  bool level = true;
};

enum class LokiFormat : uint8_t { kJson, kLogfmt, kRaw, kUnknown };

// The hints of one attribute set; null where there is none.
struct LokiHints {
  const Value* resource_labels = nullptr;
  const Value* attribute_labels = nullptr;
  const Value* format = nullptr;
  const Value* tenant = nullptr;
};

// Whether `key` is one of the four names; cheap for other keys.
bool IsLokiHint(std::string_view key);
LokiHints FindLokiHints(const Map& attributes);

// json, logfmt, raw; kUnknown for any other text.
LokiFormat LokiFormatOf(const Value& hint);

// The names in a label hint: a comma list, an array, or any other value as one name. Views point into the hint or, for names that
// are no texts, into `texts`, which must not lose elements while they are used.
struct LokiNameList {
  std::vector<std::string_view> names;
  std::vector<std::unique_ptr<std::string>> texts;
  void Clear() {
    names.clear();
    texts.clear();
  }
};
void SplitLokiHint(const Value& hint, LokiNameList& out);

// The attribute called `name`: by its key, else inside nested maps along the dots, longer left parts tried first. Null when
// there is none.
const Value* FindLokiAttribute(const Map& attributes, std::string_view name);

// The label `level` for a severity number: TRACE, TRACE2 ... FATAL4; "" above 24. Not for 0.
std::string_view LokiLevel(int32_t severity_number);

}  // namespace otelpipe
