#include "receiver/filelog/delivery.h"

#include <algorithm>
#include <utility>

namespace otelpipe::filelog {
namespace {

constexpr absl::Duration kFirstWait = absl::Milliseconds(10);
constexpr absl::Duration kLongestWait = absl::Seconds(1);

}  // namespace

struct Delivery::Item {
  Batch batch;
  std::vector<AckRef> acks;
  int64_t bytes = 0;
  size_t records = 0;
  uint64_t sequence = 0;
  bool accepted = false;
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

Delivery::Delivery(const Context& context, FilelogConfig::Retry retry, std::function<void()> on_room)
    : loop_(context.loop),
      log_(context.log),
      retry_(retry),
      on_room_(std::move(on_room)),
      shared_(std::make_shared<Shared>(Shared{this})) {
  if (context.metrics != nullptr) {
    Labels labels = {{"receiver", context.id.ToString()}, {"transport", ""}};
    accepted_ = context.metrics->AddCounter("otelcol_receiver_accepted_log_records", labels,
                                            "Number of log records successfully pushed into the pipeline. [alpha]", "{records}");
    refused_ = context.metrics->AddCounter("otelcol_receiver_refused_log_records", labels,
                                           "Number of log records that could not be pushed into the pipeline. [alpha]", "{records}");
  }
}

Delivery::~Delivery() {
  shared_->delivery = nullptr;
  for (auto& item : waiting_) {
    for (AckRef& ack : item->acks) ack.Reset(false);
  }
  for (auto& [key, item] : offered_) {
    for (AckRef& ack : item->acks) ack.Reset(false);
  }
}

bool Delivery::HasRoom() const { return waiting_.empty() && unaccepted_ == 0 && bytes_ < kWindowBytes && !stopping_; }

void Delivery::Offer(Batch batch, std::vector<AckRef> acks, int64_t bytes) {
  auto item = std::make_unique<Item>();
  item->records = batch.records();
  item->batch = std::move(batch);
  item->acks = std::move(acks);
  item->bytes = bytes;
  item->sequence = ++sequence_;
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
  next_->Consume(item->batch.Share(), Done(new Sink(shared_, item)));
  consuming_ = outer;
}

void Delivery::OnAccepted(Item* item) {
  if (std::exchange(item->accepted, true)) return;
  --unaccepted_;
  if (accepted_ != nullptr) accepted_->Add(static_cast<int64_t>(item->records));
  // Kept on only when it might have to be offered again.
  if (!retry_.enabled) item->batch = Batch();
  Pump();
  if (HasRoom()) on_room_();
}

void Delivery::OnFinished(Item* item, const absl::Status& status) {
  auto found = offered_.find(item);
  if (found == offered_.end()) return;
  std::unique_ptr<Item> owned = std::move(found->second);
  offered_.erase(found);
  bool was_accepted = item->accepted;
  if (!was_accepted) --unaccepted_;
  if (status.ok()) {
    if (!was_accepted && accepted_ != nullptr) accepted_->Add(static_cast<int64_t>(item->records));
    Release(std::move(owned), true);
  } else {
    Failed(std::move(owned), status, item == consuming_);
  }
  Pump();
  if (HasRoom()) on_room_();
}

void Delivery::Failed(std::unique_ptr<Item> item, const absl::Status& status, bool at_once) {
  if (stopping_) {
    Release(std::move(item), false);
    return;
  }
  if (!item->accepted && refused_ != nullptr) refused_->Add(static_cast<int64_t>(item->records));
  bool retryable = IsRetryable(status);
  if (at_once && retryable && !item->accepted && !retry_.enabled) {
    item->room_wait = std::clamp(item->room_wait * 2, kFirstWait, kLongestWait);
    absl::Duration wait = item->room_wait;
    if (log_.Enabled(LogLevel::kDebug)) {
      log_.Debug("the pipeline has no room, reading waits", {{"error", status}, {"interval", absl::FormatDuration(wait)}});
    }
    Keep(std::move(item), wait);
    return;
  }
  if (!retry_.enabled) {
    if (!item->accepted) {
      log_.Error("ConsumeLogs() failed. Enable retry_on_failure to slow down reading logs and avoid dropping.", {{"error", status}});
      log_.Error("ConsumeLogs() failed", {{"error", status}, {"dropped_items", item->records}});
    } else {
      log_.Debug("a batch was dropped downstream", {{"error", status}, {"dropped_items", item->records}});
    }
    Release(std::move(item), true);
    return;
  }
  if (!retryable) {
    log_.Error("ConsumeLogs() failed. The error is not retryable. Dropping data.",
               {{"error", status}, {"dropped_items", item->records}});
    Release(std::move(item), true);
    return;
  }
  item->interval = item->interval == absl::ZeroDuration() ? retry_.initial_interval
                                                          : std::min(item->interval * 1.5, retry_.max_interval);
  std::uniform_real_distribution<double> jitter(0.5, 1.5);
  absl::Duration wait = item->interval * jitter(random_);
  absl::Duration elapsed = absl::Nanoseconds(loop_->MonotonicNanos() - item->first_try_ns);
  if (retry_.max_elapsed_time > absl::ZeroDuration() && elapsed + wait > retry_.max_elapsed_time) {
    log_.Error("Max elapsed time expired. Dropping data.", {{"error", status}, {"dropped_items", item->records}});
    Release(std::move(item), true);
    return;
  }
  if (log_.Enabled(LogLevel::kDebug)) {
    log_.Debug("ConsumeLogs() failed. Will retry the request after interval.",
               {{"error", status}, {"interval", absl::FormatDuration(wait)}, {"logs_count", item->records}});
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
    // The pipeline refuses already; the files still have it all.
    back_off_.Cancel();
    for (auto& item : std::exchange(waiting_, {})) Release(std::move(item), false);
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

}  // namespace otelpipe::filelog
