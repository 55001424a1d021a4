#include "processor/batch/batch.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/component/metrics_level.h"
#include "otelpipe/component/register.h"

namespace otelpipe {
namespace {

constexpr std::string_view kScope = "go.opentelemetry.io/collector/processor/batchprocessor";
const std::vector<double>& SizeBounds() {
  static const auto* const bounds = new std::vector<double>{
      10,   25,   50,   75,   100,  250,  500,  750,   1000,  2000,  3000,
      4000, 5000, 6000, 7000, 8000, 9000, 10000, 20000, 30000, 50000, 100000};
  return *bounds;
}
// The same numbers, then hundreds of thousands and millions.
const std::vector<double>& ByteBounds() {
  static const auto* const bounds = [] {
    auto* all = new std::vector<double>(SizeBounds());
    for (double unit : {100000.0, 1000000.0}) {
      for (int i = unit == 100000 ? 2 : 1; i <= 9; ++i) all->push_back(unit * i);
    }
    return all;
  }();
  return *bounds;
}

}  // namespace

void BatchProcessor::Config::Describe(Fields<Config>& f) {
  f.Optional("timeout", &Config::timeout, "A batch is sent after this time at the latest. 0 sends everything at once.");
  f.Optional("send_batch_size", &Config::send_batch_size,
             "Records, spans or data points that make a batch go. 0 sends everything at once.");
  f.Optional("send_batch_max_size", &Config::send_batch_max_size,
             "The most a batch may hold; bigger ones are cut. 0 sets no maximum.");
  f.Optional("metadata_keys", &Config::metadata_keys,
             "Keys of client metadata. Clients with different values are batched apart, and the values are passed on.");
  f.Optional("metadata_cardinality_limit", &Config::metadata_cardinality_limit,
             "The most combinations of metadata values; data with a new one beyond is refused. 0 sets no limit.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.send_batch_max_size > 0 && c.send_batch_max_size < c.send_batch_size) {
      return absl::InvalidArgumentError("send_batch_max_size must be greater or equal to send_batch_size");
    }
    std::set<std::string> seen;
    for (const std::string& key : c.metadata_keys) {
      const std::string lower = absl::AsciiStrToLower(key);
      if (!seen.insert(lower).second) {
        return absl::InvalidArgumentError(
            absl::StrCat("duplicate entry in metadata_keys: \"", lower, "\" (case-insensitive)"));
      }
    }
    if (c.timeout < absl::ZeroDuration()) return absl::InvalidArgumentError("timeout must be greater or equal to 0");
    return absl::OkStatus();
  });
}

BatchProcessor::BatchProcessor(Config config, Context context)
    : config_(std::move(config)), context_(std::move(context)) {
  for (std::string& key : config_.metadata_keys) key = absl::AsciiStrToLower(key);
  std::sort(config_.metadata_keys.begin(), config_.metadata_keys.end());
  if (context_.metrics == nullptr) return;
  const Labels labels = {{"processor", context_.id.ToString()}};
  instruments_.size_trigger =
      context_.metrics->AddCounter("otelcol_processor_batch_batch_size_trigger_send", labels,
                                   "Number of times the batch was sent due to a size trigger", "{times}", kScope);
  instruments_.timeout_trigger =
      context_.metrics->AddCounter("otelcol_processor_batch_timeout_trigger_send", labels,
                                   "Number of times the batch was sent due to a timeout trigger", "{times}", kScope);
  instruments_.send_size =
      context_.metrics->AddHistogram("otelcol_processor_batch_batch_send_size", labels, SizeBounds(),
                                     "Number of units in the batch", "{units}", kScope);
  if (DetailedMetrics(context_)) {
    instruments_.send_size_bytes =
        context_.metrics->AddHistogram("otelcol_processor_batch_batch_send_size_bytes", labels, ByteBounds(),
                                       "Number of bytes in batch that was sent. Only available on detailed level.", "By", kScope);
  }
  cardinality_ =
      context_.metrics->AddGauge("otelcol_processor_batch_metadata_cardinality", labels,
                                 "Number of distinct metadata value combinations being processed",
                                 "{combinations}", kScope);
  if (config_.metadata_keys.empty()) cardinality_->Set(1);
}

batching::Shard* BatchProcessor::ShardFor(const ClientInfo* client) {
  // Count and length before each text, so that different lists never make the same key; a missing key counts no values.
  std::string key;
  auto chosen = std::make_shared<ClientInfo>();
  for (const std::string& name : config_.metadata_keys) {
    const std::vector<std::string>* values = nullptr;
    if (client != nullptr) {
      auto it = client->metadata.find(name);
      if (it != client->metadata.end()) values = &it->second;
    }
    absl::StrAppend(&key, values == nullptr ? 0 : values->size(), ";");
    if (values == nullptr) continue;
    for (const std::string& value : *values) absl::StrAppend(&key, value.size(), ":", value);
    chosen->metadata[name] = *values;
  }
  auto it = shards_.find(key);
  if (it != shards_.end()) return it->second.get();
  if (!config_.metadata_keys.empty()) {
    if (config_.metadata_cardinality_limit > 0 && shards_.size() >= config_.metadata_cardinality_limit) return nullptr;
    if (cardinality_ != nullptr) cardinality_->Set(static_cast<int64_t>(shards_.size()) + 1);
  }
  auto shard = std::make_shared<batching::Shard>(
      batching::Limits{config_.timeout, config_.send_batch_size, config_.send_batch_max_size}, context_.loop, context_.log,
      instruments_, next(), config_.metadata_keys.empty() ? nullptr : std::move(chosen));
  if (stopped_) shard->Drain();
  return shards_.emplace(std::move(key), std::move(shard)).first->second.get();
}

void BatchProcessor::Consume(Batch batch, Done done) {
  absl::StatusOr<size_t> records = batch.CountRecords();
  if (!records.ok()) return done.Finished(records.status());
  if (*records == 0) return done.Finished(absl::OkStatus());
  batching::Shard* shard = ShardFor(batch.client().get());
  if (shard == nullptr) {
    return done.Finished(absl::InternalError("Permanent error: too many batcher metadata-value combinations"));
  }
  shard->Add(std::move(batch), *records, std::move(done));
}

void BatchProcessor::Shutdown(ShutdownDone done) {
  stopped_ = true;
  for (auto& [key, shard] : shards_) shard->Drain();
  done();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(processor, batch, registry) { return registry.AddProcessor<otelpipe::BatchProcessor>(); }
