// Processor `batch`: collects batches into bigger ones, by number of records and by time.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "processor/batch/shard.h"

namespace otelpipe {

class BatchProcessor final : public Processor {
 public:
  static constexpr std::string_view kType = "batch";
  static constexpr std::string_view kStability = "beta";
  struct Config {
    absl::Duration timeout = absl::Milliseconds(200);
    uint32_t send_batch_size = 8192;
    uint32_t send_batch_max_size = 0;
    std::vector<std::string> metadata_keys;
    uint32_t metadata_cardinality_limit = 1000;
    static void Describe(Fields<Config>& f);
  };

  BatchProcessor(Config config, Context context);
  void Consume(Batch batch, Done done) override;
  bool mutates() const override { return true; }
  // Hands over everything that is held.
  void Shutdown(ShutdownDone done) override;

 private:
  // The batcher for this client, made when it is new; null when there are too many.
  batching::Shard* ShardFor(const ClientInfo* client);

  Config config_;
  Context context_;
  batching::Instruments instruments_;
  Gauge* cardinality_ = nullptr;
  bool stopped_ = false;
  std::map<std::string, std::shared_ptr<batching::Shard>> shards_;  // by the listed values of the client
};

}  // namespace otelpipe
