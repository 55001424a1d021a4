#include "otelpipe/pdata/merge.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace otelpipe {
namespace {

absl::StatusOr<LogsData*> Edit(Batch& batch, LogsData*) { return batch.EditLogs(); }
absl::StatusOr<TracesData*> Edit(Batch& batch, TracesData*) { return batch.EditTraces(); }
absl::StatusOr<MetricsData*> Edit(Batch& batch, MetricsData*) { return batch.EditMetrics(); }

template <typename Data>
Batch Join(std::vector<Batch>& parts, const std::function<void(size_t, const absl::Status&)>& failed) {
  Batch out;
  Data* target = nullptr;
  for (size_t i = 0; i < parts.size(); ++i) {
    absl::StatusOr<Data*> data = Edit(parts[i], static_cast<Data*>(nullptr));
    if (!data.ok()) {
      failed(i, data.status());
      continue;
    }
    if (target == nullptr) {
      target = *data;
      out = std::move(parts[i]);
      continue;
    }
    target->resources.Reserve(target->arena, target->resources.size() + (*data)->resources.size());
    for (auto& resource : (*data)->resources) target->resources.Add(target->arena) = std::move(resource);
    target->arena.KeepAlive(std::make_shared<Batch>(std::move(parts[i])));
  }
  return out;
}

}  // namespace

Batch MergeBatches(std::vector<Batch> parts, const std::function<void(size_t, const absl::Status&)>& failed) {
  Batch out;
  if (parts.empty()) return out;
  if (parts.size() == 1) {
    out = std::move(parts[0]);
  } else if (std::all_of(parts.begin(), parts.end(), [](const Batch& b) { return b.has_wire(); })) {
    WireBytes all;
    size_t records = 0;
    bool counted = true;
    for (const Batch& part : parts) {
      all.insert(all.end(), part.wire().begin(), part.wire().end());
      const absl::StatusOr<size_t> n = part.CountRecords();
      counted = counted && n.ok();
      records += n.value_or(0);
    }
    out = counted ? Batch::FromWire(parts[0].signal(), std::move(all), records)
                  : Batch::FromWire(parts[0].signal(), std::move(all));
  } else {
    switch (parts[0].signal()) {
      case Signal::kTraces: out = Join<TracesData>(parts, failed); break;
      case Signal::kMetrics: out = Join<MetricsData>(parts, failed); break;
      case Signal::kLogs: out = Join<LogsData>(parts, failed); break;
    }
  }
  if (out) out.set_client(nullptr);
  return out;
}

}  // namespace otelpipe
