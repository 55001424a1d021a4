#include "shared/stream/delivery.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace otelpipe::stream {
namespace {

constexpr absl::Duration kFirstWait = absl::Milliseconds(10);
constexpr absl::Duration kLongestWait = absl::Seconds(1);
constexpr absl::Duration kLongestWaitAtStop = absl::Milliseconds(100);

struct SignalWords {
  const char* call;     // as the reference's log lines name it
  const char* counter;  // suffix of the counters
  const char* unit;
};
SignalWords WordsOf(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return {"ConsumeTraces()", "spans", "{spans}"};
    case Signal::kMetrics: return {"ConsumeMetrics()", "metric_points", "{datapoints}"};
    case Signal::kLogs: break;
  }
  return {"ConsumeLogs()", "log_records", "{records}"};
}

}  // namespace

void RetryConfig::Describe(Fields<RetryConfig>& f) {
  f.Optional("enabled", &RetryConfig::enabled, "Offer a refused batch again.");
  f.Optional("initial_interval", &RetryConfig::initial_interval, "First wait.");
  f.Optional("max_interval", &RetryConfig::max_interval, "Longest wait.");
  f.Optional("max_elapsed_time", &RetryConfig::max_elapsed_time, "When to give up and drop the batch; 0 = never.");
  f.Validate([](const RetryConfig& c) {
    return c.initial_interval < absl::ZeroDuration() || c.max_interval < absl::ZeroDuration() || c.max_elapsed_time < absl::ZeroDuration()
               ? absl::InvalidArgumentError("intervals of 'retry_on_failure' must not be negative")
               : absl::OkStatus();
  });
}

struct Delivery::Item {
  Consumer* next = nullptr;
  Batch batch;
  Signal signal = Signal::kLogs;
  std::vector<AckRef> acks;
  int64_t bytes = 0;
  size_t records = 0;
  uint64_t sequence = 0;
  bool accepted = false;
  bool refused = false;  // counted as such already
  int64_t first_try_ns = 0;
  absl::Duration interval = absl::ZeroDuration();  // of retry_on_failure
  absl::Duration room_wait = absl::ZeroDuration();
};

class Delivery::Sink final : public Done::Sink {
 public:
  Sink(std::shared_ptr<Shared> shared, Item* item) : shared_(std::move(shared)), item_(item) {}
  void Accepted() override {
    if (shared_->delivery != nullptr) shared_->delivery->OnAccepted(item_);
  }
  void Finished(const absl::Status& status) override {
    if (shared_->delivery != nullptr) shared_->delivery->OnFinished(item_, status);
    delete this;
  }

 private:
  std::shared_ptr<Shared> shared_;
  Item* item_;
};

Delivery::Delivery(const Context& context, DeliveryOptions options, std::function<void()> on_room)
    : loop_(context.loop),
      log_(context.log),
      metrics_(context.metrics),
      receiver_(context.id.ToString()),
      options_(std::move(options)),
      on_room_(std::move(on_room)),
      shared_(std::make_shared<Shared>(Shared{this})) {}

Delivery::~Delivery() {
  shared_->delivery = nullptr;
  size_t lost = 0;
  auto give_up = [&](Item& item) {
    if (!item.accepted) lost += item.records;
    for (AckRef& ack : item.acks) ack.Reset(false);
  };
  for (auto& item : waiting_) give_up(*item);
  for (auto& [key, item] : offered_) give_up(*item);
  if (lost > 0 && !options_.replayable) log_.Error("records could not be handed over before the end", {{"dropped_items", lost}});
}

Delivery::Counts& Delivery::CountsOf(Signal signal) {
  auto [at, added] = counts_.try_emplace(signal);
  if (added && metrics_ != nullptr) {
    const SignalWords words = WordsOf(signal);
    const Labels labels = {{"receiver", receiver_}, {"transport", options_.transport}};
    at->second.accepted = metrics_->AddCounter(absl::StrCat("otelcol_receiver_accepted_", words.counter), labels,
                                               "Number of items successfully pushed into the pipeline. [alpha]", words.unit);
    at->second.refused = metrics_->AddCounter(absl::StrCat("otelcol_receiver_refused_", words.counter), labels,
                                              "Number of items that could not be pushed into the pipeline. [alpha]", words.unit);
  }
  return at->second;
}

void Delivery::CountRefused(Signal signal, int64_t records) {
  if (Counter* counter = CountsOf(signal).refused) counter->Add(records);
}

bool Delivery::HasRoom() const { return waiting_.empty() && unaccepted_ == 0 && bytes_ < kWindowBytes && !stopping_; }

void Delivery::Offer(Consumer* next, Batch batch, std::vector<AckRef> acks, int64_t bytes) {
  auto item = std::make_unique<Item>();
  item->next = next;
  item->signal = batch.signal();
  item->records = batch.records();
  item->batch = std::move(batch);
  item->acks = std::move(acks);
  item->bytes = bytes;
  item->sequence = ++sequence_;
  CountsOf(item->signal);
  bytes_ += bytes;
  waiting_.push_back(std::move(item));
  Pump();
}

void Delivery::Pump() {
  if (pumping_) return;
  pumping_ = true;
  while (!waiting_.empty() && unaccepted_ == 0 && !back_off_.pending()) {
    std::unique_ptr<Item> item = std::move(waiting_.front());
    waiting_.pop_front();
    OfferItem(std::move(item));
  }
  pumping_ = false;
  MaybeStopped();
}

void Delivery::OfferItem(std::unique_ptr<Item> owned) {
  Item* item = owned.get();
  offered_.emplace(item, std::move(owned));
  item->accepted = false;
  if (item->first_try_ns == 0) item->first_try_ns = loop_->MonotonicNanos();
  ++unaccepted_;
  Item* outer = std::exchange(consuming_, item);
  item->next->Consume(item->batch.Share(), Done(new Sink(shared_, item)));
  consuming_ = outer;
}

void Delivery::OnAccepted(Item* item) {
  if (std::exchange(item->accepted, true)) return;
  --unaccepted_;
  if (Counter* counter = CountsOf(item->signal).accepted) counter->Add(static_cast<int64_t>(item->records));
  // Kept on only when it might have to be offered again.
  if (!options_.retry.enabled) item->batch = Batch();
  Pump();
  if (HasRoom()) on_room_();
}

void Delivery::OnFinished(Item* item, const absl::Status& status) {
  auto found = offered_.find(item);
  if (found == offered_.end()) return;
  std::unique_ptr<Item> owned = std::move(found->second);
  offered_.erase(found);
  const bool was_accepted = item->accepted;
  if (!was_accepted) --unaccepted_;
  if (status.ok()) {
    Counter* counter = CountsOf(item->signal).accepted;
    if (!was_accepted && counter != nullptr) counter->Add(static_cast<int64_t>(item->records));
    Release(std::move(owned), true);
  } else {
    Failed(std::move(owned), status, item == consuming_);
  }
  Pump();
  if (HasRoom()) on_room_();
}

void Delivery::Failed(std::unique_ptr<Item> item, const absl::Status& status, bool at_once) {
  if (stopping_ && options_.replayable) {
    Release(std::move(item), false);
    return;
  }
  if (!item->accepted && !std::exchange(item->refused, true)) CountRefused(item->signal, static_cast<int64_t>(item->records));
  const bool retryable = IsRetryable(status);
  const RetryConfig& retry = options_.retry;
  const std::string call = WordsOf(item->signal).call;
  if (at_once && retryable && !item->accepted && !retry.enabled) {
    item->room_wait = std::clamp(item->room_wait * 2, kFirstWait, stopping_ ? kLongestWaitAtStop : kLongestWait);
    const absl::Duration wait = item->room_wait;
    if (log_.Enabled(LogLevel::kDebug)) {
      log_.Debug("the pipeline has no room, reading waits", {{"error", status}, {"interval", absl::FormatDuration(wait)}});
    }
    Keep(std::move(item), wait);
    return;
  }
  if (!retry.enabled) {
    if (item->accepted) {
      log_.Debug("a batch was dropped downstream", {{"error", status}, {"dropped_items", item->records}});
    } else {
      if (item->signal == Signal::kLogs) {
        log_.Error(call + " failed. Enable retry_on_failure to slow down reading logs and avoid dropping.", {{"error", status}});
      }
      log_.Error(call + " failed", {{"error", status}, {"dropped_items", item->records}});
    }
    Release(std::move(item), true);
    return;
  }
  if (!retryable) {
    log_.Error(call + " failed. The error is not retryable. Dropping data.", {{"error", status}, {"dropped_items", item->records}});
    Release(std::move(item), true);
    return;
  }
  item->interval =
      item->interval == absl::ZeroDuration() ? retry.initial_interval : std::min(item->interval * 1.5, retry.max_interval);
  std::uniform_real_distribution<double> jitter(0.5, 1.5);
  const absl::Duration wait = item->interval * jitter(random_);
  const absl::Duration elapsed = absl::Nanoseconds(loop_->MonotonicNanos() - item->first_try_ns);
  if (retry.max_elapsed_time > absl::ZeroDuration() && elapsed + wait > retry.max_elapsed_time) {
    log_.Error("Max elapsed time expired. Dropping data.", {{"error", status}, {"dropped_items", item->records}});
    Release(std::move(item), true);
    return;
  }
  if (log_.Enabled(LogLevel::kDebug)) {
    log_.Debug(call + " failed. Will retry the request after interval.",
               {{"error", status}, {"interval", absl::FormatDuration(wait)}, {item->signal == Signal::kLogs ? "logs_count" : "items", item->records}});
  }
  Keep(std::move(item), wait);
}

void Delivery::Keep(std::unique_ptr<Item> item, absl::Duration wait) {
  auto at = std::find_if(waiting_.begin(), waiting_.end(),
                         [&](const std::unique_ptr<Item>& other) { return other->sequence > item->sequence; });
  waiting_.insert(at, std::move(item));
  back_off_ = loop_->After(wait, [this] {
    back_off_ = Timer();
    Pump();
    if (HasRoom()) on_room_();
  });
}

void Delivery::Release(std::unique_ptr<Item> item, bool delivered) {
  bytes_ -= item->bytes;
  for (AckRef& ack : item->acks) ack.Reset(delivered);
}

void Delivery::Stop(absl::AnyInvocable<void()> done) {
  if (back_off_.pending()) {
    back_off_.Cancel();
    // The pipeline refuses already, and the input still has it all.
    if (options_.replayable) {
      for (auto& item : std::exchange(waiting_, {})) Release(std::move(item), false);
    }
  }
  stopping_ = true;
  stopped_ = std::move(done);
  Pump();
}

void Delivery::MaybeStopped() {
  if (!stopping_ || !stopped_ || !waiting_.empty() || unaccepted_ > 0) return;
  absl::AnyInvocable<void()> done = std::exchange(stopped_, nullptr);
  done();
}

}  // namespace otelpipe::stream
