// What statements and conditions look at and change.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/records.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::ottl {

enum class ContextKind { kLog, kSpan, kSpanEvent, kMetric, kDataPoint, kScope, kResource };
std::string_view ContextName(ContextKind kind);  // "log", "spanevent" ...
std::optional<ContextKind> FindContext(std::string_view name);

// The item and what it belongs to; what the context does not have is null. A data point is one of number, histogram, exponential and summary.
// Conditions alone change nothing but `cache`.
struct Item {
  Resource* resource = nullptr;
  Scope* scope = nullptr;
  std::string_view* resource_schema_url = nullptr;
  std::string_view* scope_schema_url = nullptr;
  LogRecord* log = nullptr;
  Span* span = nullptr;
  SpanEvent* event = nullptr;
  Metric* metric = nullptr;
  NumberDataPoint* number = nullptr;
  HistogramDataPoint* histogram = nullptr;
  ExponentialHistogramDataPoint* exponential = nullptr;
  SummaryDataPoint* summary = nullptr;
  // The list that `metric` is in and its place there, for editors that add metrics; they set `metric` anew.
  Vec<Metric>* metrics = nullptr;
  size_t metric_index = 0;
  // Made when first used; null again for each item.
  Map* cache = nullptr;
};

// A value of the item, in the item's memory, in `arena` or in the memory of constants; empty is nil. Tags: see values.h.
using Getter = std::function<absl::StatusOr<Value>(Item& item, Arena& arena)>;
// Stores the value. A value of a kind that the place does not take is passed over, as in the reference.
using Setter = std::function<absl::Status(Item& item, Arena& arena, const Value& value)>;
using Test = std::function<absl::StatusOr<bool>(Item& item, Arena& arena)>;

}  // namespace otelpipe::ottl
