// Emitter: the end of every chain of operators. Turns entries into log records of the batch under construction, grouped by resource and scope.
//
// Records with equal resource attributes share a ResourceLogs, inside it records with equal scope name share a ScopeLogs, both in
// order of first appearance. Consecutive entries of one file mostly hit the group of their predecessor, which is tried first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "otelpipe/operator/operator.h"
#include "otelpipe/operator/program.h"
#include "otelpipe/pdata/records.h"

namespace otelpipe::internal {

class Emitter final : public LogOperator {
 public:
  static constexpr std::string_view kId = "batching_log_emitter";

  // `keep_alive` is held by every batch: the texts of the configuration.
  Emitter(const OperatorContext& context, std::shared_ptr<const void> keep_alive);

  absl::Status Process(Entry& entry) override;
  bool can_output() const override { return false; }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>&, LogOperator*) override {
    return absl::OkStatus();
  }

  void SetOutput(OperatorProgram::Output output) { output_ = std::move(output); }
  Arena& arena() { return data_->arena; }
  // An entry with recycled storage for its maps.
  Entry NewEntry();
  size_t pending_records() const { return records_; }
  // Hands the batch to the output when it has records, and begins a new one.
  void Flush();

 private:
  void Begin();
  void Append(Entry& entry);
  ScopeLogs& FindScope(Entry& entry);
  uint32_t FindResource(Map& resource);

  std::shared_ptr<const void> keep_alive_;
  OperatorProgram::Output output_;
  std::unique_ptr<LogsData> data_;
  std::vector<AckRef> acks_;
  // Hash of the resource attributes -> index in data_->resources.
  std::unordered_multimap<uint64_t, uint32_t> by_hash_;
  size_t records_ = 0;
  uint32_t last_resource_ = 0;
  uint32_t last_scope_ = 0;
  // Map storage in the current arena that the next entry may use again.
  Map spare_attributes_;
  Map spare_resource_;
};

}  // namespace otelpipe::internal
