
#include <algorithm>
#include <type_traits>
#include <utility>

#include "otelpipe/base/status_macros.h"
#include "pdata/split_cutters.h"

namespace otelpipe::internal {
namespace {

size_t Count(const LogRecord&) { return 1; }
size_t Count(const Span&) { return 1; }
size_t Count(const Metric& metric) { return metric.point_count(); }

template <typename ScopeItems>
size_t CountScope(const ScopeItems& scope) {
  size_t n = 0;
  for (const auto& record : scope.records) n += Count(record);
  return n;
}
template <typename ResourceItems>
size_t CountResource(const ResourceItems& resource) {
  size_t n = 0;
  for (const auto& scope : resource.scopes) n += CountScope(scope);
  return n;
}

void CopyTexts(const Vec<std::string_view>& from, Vec<std::string_view>& to, Arena& arena) {
  for (std::string_view text : from) to.Add(arena) = text;
}

void Copy(const Resource& from, Resource& to, Arena& arena) {
  Clone(from.attributes, to.attributes, arena, false);
  to.dropped_attributes_count = from.dropped_attributes_count;
  for (const EntityRef& ref : from.entity_refs) {
    EntityRef& copy = to.entity_refs.Add(arena);
    copy.schema_url = ref.schema_url;
    copy.type = ref.type;
    CopyTexts(ref.id_keys, copy.id_keys, arena);
    CopyTexts(ref.description_keys, copy.description_keys, arena);
  }
}

void Copy(const Scope& from, Scope& to, Arena& arena) {
  to.name = from.name;
  to.version = from.version;
  Clone(from.attributes, to.attributes, arena, false);
  to.dropped_attributes_count = from.dropped_attributes_count;
}

// Everything but the points.
void CopyHead(const Metric& from, Metric& to, Arena& arena) {
  to.name = from.name;
  to.description = from.description;
  to.unit = from.unit;
  Clone(from.metadata, to.metadata, arena, false);
  to.type = from.type;
  to.aggregation_temporality = from.aggregation_temporality;
  to.is_monotonic = from.is_monotonic;
}

template <typename T>
void MoveRange(Vec<T>& from, size_t begin, size_t end, Vec<T>& to, Arena& arena) {
  end = std::min<size_t>(end, from.size());
  if (begin >= end) return;
  to.Reserve(arena, static_cast<uint32_t>(end - begin));
  for (size_t i = begin; i < end; ++i) to.Add(arena) = std::move(from[i]);
}

Batch MakeBatch(std::unique_ptr<LogsData> data) { return Batch::FromLogs(std::move(data)); }
Batch MakeBatch(std::unique_ptr<TracesData> data) { return Batch::FromTraces(std::move(data)); }
Batch MakeBatch(std::unique_ptr<MetricsData> data) { return Batch::FromMetrics(std::move(data)); }

template <typename Data>
class DataCutter final : public BatchSplitter::Cutter {
 public:
  DataCutter(std::shared_ptr<Batch> source, Data* data)
      : source_(std::move(source)), data_(data), remaining_(source_->records()) {}

  size_t remaining() const override { return remaining_; }
  Batch Take(size_t n, bool) override {
    auto out = std::make_unique<Data>();
    out->arena.KeepAlive(source_);
    arena_ = &out->arena;
    left_ = n;
    remaining_ -= n;
    last_ = remaining_ == 0;
    while (resource_ < data_->resources.size() && more()) {
      auto& from = data_->resources[resource_];
      auto& to = out->resources.Add(*arena_);
      const size_t whole = scope_ == 0 && record_ == 0 && point_ == 0 ? CountResource(from) : SIZE_MAX;
      if (whole <= left_) {
        to = std::move(from);
        left_ -= whole;
        ++resource_;
        continue;
      }
      Copy(from.resource, to.resource, *arena_);
      to.schema_url = from.schema_url;
      TakeScopes(from, to);
      if (scope_ == from.scopes.size()) {
        scope_ = 0;
        ++resource_;
      }
    }
    return MakeBatch(std::move(out));
  }

 private:
  bool more() const { return left_ > 0 || last_; }

  template <typename R>
  void TakeScopes(R& from_resource, R& to_resource) {
    while (scope_ < from_resource.scopes.size() && more()) {
      auto& from = from_resource.scopes[scope_];
      auto& to = to_resource.scopes.Add(*arena_);
      const size_t whole = record_ == 0 && point_ == 0 ? CountScope(from) : SIZE_MAX;
      if (whole <= left_) {
        to = std::move(from);
        left_ -= whole;
        ++scope_;
        continue;
      }
      Copy(from.scope, to.scope, *arena_);
      to.schema_url = from.schema_url;
      TakeRecords(from, to);
      if (record_ == from.records.size()) {
        record_ = 0;
        ++scope_;
      }
    }
  }

  template <typename S>
  void TakeRecords(S& from, S& to) {
    if constexpr (std::is_same_v<Data, MetricsData>) {
      while (record_ < from.records.size() && more()) TakePoints(from.records[record_], to.records.Add(*arena_));
    } else {
      const size_t end = std::min<size_t>(record_ + left_, from.records.size());
      MoveRange(from.records, record_, end, to.records, *arena_);
      left_ -= end - record_;
      record_ = end;
    }
  }

  void TakePoints(Metric& from, Metric& to) {
    const size_t count = from.point_count();
    if (point_ == 0 && count <= left_) {
      to = std::move(from);
      left_ -= count;
      ++record_;
      return;
    }
    CopyHead(from, to, *arena_);
    const size_t end = std::min(point_ + left_, count);
    MoveRange(from.number_points, point_, end, to.number_points, *arena_);
    MoveRange(from.histogram_points, point_, end, to.histogram_points, *arena_);
    MoveRange(from.exponential_points, point_, end, to.exponential_points, *arena_);
    MoveRange(from.summary_points, point_, end, to.summary_points, *arena_);
    left_ -= end - point_;
    point_ = end;
    if (point_ == count) {
      point_ = 0;
      ++record_;
    }
  }

  std::shared_ptr<Batch> source_;
  Data* data_;
  size_t remaining_;
  // The next record to take.
  size_t resource_ = 0;
  size_t scope_ = 0;
  size_t record_ = 0;
  size_t point_ = 0;
  // Of the call in progress.
  Arena* arena_ = nullptr;
  size_t left_ = 0;
  bool last_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<BatchSplitter::Cutter>> MakeTreeCutter(Batch batch) {
  auto source = std::make_shared<Batch>(std::move(batch));
  std::unique_ptr<BatchSplitter::Cutter> cutter;
  switch (source->signal()) {
    case Signal::kTraces: {
      OTELPIPE_ASSIGN_OR_RETURN(TracesData* data, source->EditTraces());
      cutter = std::make_unique<DataCutter<TracesData>>(source, data);
      break;
    }
    case Signal::kMetrics: {
      OTELPIPE_ASSIGN_OR_RETURN(MetricsData* data, source->EditMetrics());
      cutter = std::make_unique<DataCutter<MetricsData>>(source, data);
      break;
    }
    case Signal::kLogs: {
      OTELPIPE_ASSIGN_OR_RETURN(LogsData* data, source->EditLogs());
      cutter = std::make_unique<DataCutter<LogsData>>(source, data);
      break;
    }
  }
  return cutter;
}

}  // namespace otelpipe::internal
