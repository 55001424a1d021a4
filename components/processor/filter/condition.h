// Condition: one OTTL condition, compiled for one kind of item.
//
//   OTELPIPE_ASSIGN_OR_RETURN(auto condition, Condition::Compile("severity_number < SEVERITY_NUMBER_INFO and body != nil", ItemKind::kLog));
//   absl::StatusOr<bool> drop = condition->Eval(item, arena);
//
// The language: paths, literals, enums, converters, == != < > <= >=, and, or, not, parentheses. What of OTTL is missing is a mistake of the
// configuration and says so (README.md lists what is there).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/records.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::filter {

enum class ItemKind { kLog, kSpan, kSpanEvent, kMetric, kDataPoint };

// What a condition looks at: the item and what it belongs to; the others are null. A data point is one of the last four.
struct Item {
  const Resource* resource = nullptr;
  const Scope* scope = nullptr;
  std::string_view resource_schema_url;
  std::string_view scope_schema_url;
  const LogRecord* log = nullptr;
  const Span* span = nullptr;
  const SpanEvent* event = nullptr;
  const Metric* metric = nullptr;
  const NumberDataPoint* number = nullptr;
  const HistogramDataPoint* histogram = nullptr;
  const ExponentialHistogramDataPoint* exponential = nullptr;
  const SummaryDataPoint* summary = nullptr;
};

// A value of the item, in the item's memory or in `arena`; empty is nil.
using Getter = std::function<absl::StatusOr<Value>(const Item& item, Arena& arena)>;
using Test = std::function<absl::StatusOr<bool>(const Item& item, Arena& arena)>;

class Condition {
 public:
  // InvalidArgument: `unable to parse OTTL condition "TEXT": REASON`.
  static absl::StatusOr<std::unique_ptr<Condition>> Compile(std::string_view text, ItemKind kind);

  // `arena` holds what has to be made on the way. Errors are those of converters and of indexing what is no map.
  absl::StatusOr<bool> Eval(const Item& item, Arena& arena) const { return test_(item, arena); }
  const std::string& text() const { return text_; }

 private:
  Condition(std::string text, Test test) : text_(std::move(text)), test_(std::move(test)) {}
  std::string text_;
  Test test_;
};

}  // namespace otelpipe::filter
