#include "otelpipe/component/sending_queue.h"

#include <deque>
#include <list>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "queue/retry.h"
#include "queue/store.h"

namespace otelpipe {
namespace {

// While more than this waits for a consumer, new batches are queued but not yet acknowledged: senders that wait for an answer then go no
// faster than the destination takes, and the queue's memory stays near this figure instead of queue_size requests of any size.
constexpr size_t kUnacknowledgedAbove = 16 << 20;

constexpr char kScope[] = "go.opentelemetry.io/collector/exporter/exporterhelper";

std::string_view ItemNoun(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return "spans";
    case Signal::kMetrics: return "metric_points";
    case Signal::kLogs: return "log_records";
  }
  return "";
}
std::string_view ItemUnit(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return "{spans}";
    case Signal::kMetrics: return "{datapoints}";
    case Signal::kLogs: return "{records}";
  }
  return "";
}
std::string_view ItemWords(Signal signal) {
  switch (signal) {
    case Signal::kTraces: return "spans";
    case Signal::kMetrics: return "metric points";
    case Signal::kLogs: return "log records";
  }
  return "";
}

}  // namespace

class SendingQueue::Impl {
 public:
  Impl(SendingConfig config, Context context, Sender* sender)
      : config_(std::move(config)), context_(std::move(context)), sender_(sender) {}

  absl::Status Start(Host& host);
  void Consume(Batch batch, Done done);
  void Shutdown(Component::ShutdownDone done);
  bool mutates() const { return config_.sending_queue.enabled && config_.sending_queue.batch.has_value(); }

 private:
  // One batch on its way: in the queue, then with a consumer until it is finished.
  struct Item {
    Batch batch;
    Done done;
    int64_t size = 0;          // in queue units
    std::vector<uint64_t> stored;  // persistent queue: indexes of what this item holds
    bool on_disk = false;      // batch is empty and to be fetched
    bool held_back = false;    // queued, but the sender was not told yet
    size_t memory = 0;         // bytes, as counted in queued_memory_
  };
  // An item a consumer works on.
  struct Flight {
    Item item;
    std::optional<Backoff> backoff;
    Timer timer;          // between attempts
    absl::Status last_error;
    std::list<Flight>::iterator self;
  };

  bool queued() const { return config_.sending_queue.enabled; }
  int64_t SizeOf(const Batch& batch, const std::string& sizer) const {
    if (sizer == "items") return static_cast<int64_t>(batch.records());
    if (sizer == "bytes") return static_cast<int64_t>(batch.wire_size());
    return 1;
  }
  void Enqueue(Item item);
  void Refuse(Item& item, absl::Status status, std::string_view counter_text);
  void Pump();
  Item PopFront();
  void AcceptHeldBack();
  void AdmitWaiting();
  void AddToBatch(Item item);
  void FlushBatch();
  void StartFlight(Item item);
  void Attempt(std::list<Flight>::iterator f);
  void AttemptDone(std::list<Flight>::iterator f, absl::Status status);
  void Finish(std::list<Flight>::iterator f, absl::Status status);
  void MaybeStopped();
  void SetSizeGauge() {
    if (size_gauge_ != nullptr) size_gauge_->Set(size_);
  }
  std::string Hints() const;

  const SendingConfig config_;
  const Context context_;
  Sender* const sender_;
  std::unique_ptr<QueueStore> store_;

  std::deque<Item> queue_;
  std::deque<Item> waiting_;  // block_on_overflow: offered, not accepted
  std::list<Flight> flights_;
  int64_t size_ = 0;          // of queued and in-flight items
  size_t queued_memory_ = 0;  // bytes of what is in queue_
  size_t held_back_ = 0;      // items at the end of queue_ whose acceptance is held back
  std::optional<Item> batch_;  // under construction (sending_queue.batch)
  Timer batch_timer_;
  bool stopping_ = false;
  bool pumping_ = false;
  Component::ShutdownDone stopped_;

  Counter* sent_ = nullptr;
  Counter* send_failed_ = nullptr;
  Counter* enqueue_failed_ = nullptr;
  Gauge* size_gauge_ = nullptr;
};

absl::Status SendingQueue::Impl::Start(Host& host) {
  const std::string id = context_.id.ToString();
  const std::string noun(ItemNoun(context_.signal));
  const std::string words(ItemWords(context_.signal));
  if (context_.metrics != nullptr) {
    const Labels labels = {{"exporter", id}};
    const std::string unit(ItemUnit(context_.signal));
    sent_ = context_.metrics->AddCounter("otelcol_exporter_sent_" + noun, labels,
                                         "Number of " + words + " successfully sent to destination. [alpha]", unit, kScope);
    send_failed_ = context_.metrics->AddCounter("otelcol_exporter_send_failed_" + noun, labels,
                                                "Number of " + words + " in failed attempts to send to destination. [alpha]",
                                                unit, kScope);
    enqueue_failed_ = context_.metrics->AddCounter("otelcol_exporter_enqueue_failed_" + noun, labels,
                                                   "Number of " + words + " failed to be added to the sending queue. [alpha]",
                                                   unit, kScope);
    if (queued()) {
      const Labels queue_labels = {{"exporter", id}, {"data_type", std::string(SignalName(context_.signal))}};
      size_gauge_ = context_.metrics->AddGauge("otelcol_exporter_queue_size", queue_labels,
                                               "Current size of the retry queue (in batches) [alpha]", "{batches}", kScope);
      context_.metrics
          ->AddGauge("otelcol_exporter_queue_capacity", queue_labels,
                     "Fixed capacity of the retry queue (in batches) [alpha]", "{batches}", kScope)
          ->Set(config_.sending_queue.queue_size);
    }
  }
  if (!queued() || !config_.sending_queue.storage.has_value()) return absl::OkStatus();
  Extension* extension = host.FindExtension(*config_.sending_queue.storage);
  if (extension == nullptr) return absl::FailedPreconditionError("no storage client extension found");
  auto* storage = dynamic_cast<StorageExtension*>(extension);
  if (storage == nullptr) return absl::FailedPreconditionError("requested extension is not a storage extension");
  OTELPIPE_ASSIGN_OR_RETURN(auto client,
                            storage->Open(ComponentKind::kExporter, context_.id, SignalName(context_.signal)));
  store_ = std::make_unique<QueueStore>(std::move(client));
  const std::vector<uint64_t> left = store_->Load();
  if (!left.empty()) context_.log.Info("Loaded queue metadata", {{"items", left.size()}});
  for (uint64_t index : left) {
    // Left items come back whatever the capacity: they were accepted.
    Item item;
    item.stored = {index};
    item.on_disk = true;
    item.size = 1;
    size_ += item.size;
    queue_.push_back(std::move(item));
  }
  SetSizeGauge();
  context_.loop->Post([this] { Pump(); });
  return absl::OkStatus();
}

std::string SendingQueue::Impl::Hints() const {
  std::string hints;
  if (!config_.retry_on_failure.enabled) {
    hints += " Try enabling retry_on_failure config option to retry on retryable errors.";
  }
  if (!queued()) hints += " Try enabling sending_queue to survive temporary failures.";
  return hints;
}

void SendingQueue::Impl::Refuse(Item& item, absl::Status status, std::string_view) {
  const size_t records = item.batch.records();
  if (enqueue_failed_ != nullptr && queued()) enqueue_failed_->Add(static_cast<int64_t>(records));
  context_.log.Error("Exporting failed. Rejecting data." + Hints(), {{"error", status}, {"rejected_items", records}});
  item.done.Finished(status);
}

void SendingQueue::Impl::Consume(Batch batch, Done done) {
  Item item{std::move(batch), std::move(done)};
  if (!queued()) {
    StartFlight(std::move(item));
    return;
  }
  item.size = SizeOf(item.batch, config_.sending_queue.sizer);
  if (item.size == 0) {  // nothing in it: taken and done
    item.done.Finished(absl::OkStatus());
    return;
  }
  if (item.size > config_.sending_queue.queue_size) {
    Refuse(item, absl::UnavailableError("element size too large"), "");
    return;
  }
  if (stopping_) {
    item.done.Finished(absl::CancelledError("interrupted due to shutdown: exporter is stopping"));
    return;
  }
  if (size_ + item.size > config_.sending_queue.queue_size || !waiting_.empty()) {
    if (!config_.sending_queue.block_on_overflow) {
      Refuse(item, absl::UnavailableError("sending queue is full"), "");
      return;
    }
    waiting_.push_back(std::move(item));
    return;
  }
  Enqueue(std::move(item));
  Pump();
}

void SendingQueue::Impl::Enqueue(Item item) {
  size_ += item.size;
  if (store_ != nullptr) {
    absl::StatusOr<uint64_t> index = store_->Put(item.batch);
    if (!index.ok()) {
      size_ -= item.size;
      Refuse(item, absl::UnavailableError(absl::StrCat("failed to write to the queue: ", index.status().message())), "");
      return;
    }
    item.stored = {*index};
    item.done.Accepted();
    // On disk it survives everything this process may do; the sender need not keep it.
    item.done.Finished(absl::OkStatus());
    item.done = Done();
    item.on_disk = true;
    item.batch = Batch();
  } else {
    item.memory = item.batch.memory_size();
    queued_memory_ += item.memory;
    if (!config_.sending_queue.wait_for_result) {
      item.held_back = queued_memory_ > kUnacknowledgedAbove && !config_.sending_queue.batch.has_value();
      if (item.held_back) {
        ++held_back_;
      } else {
        item.done.Accepted();
      }
    }
  }
  queue_.push_back(std::move(item));
  SetSizeGauge();
}

SendingQueue::Impl::Item SendingQueue::Impl::PopFront() {
  Item item = std::move(queue_.front());
  queue_.pop_front();
  queued_memory_ -= item.memory;
  if (item.held_back) {
    --held_back_;
    item.held_back = false;
    item.done.Accepted();
  }
  if (held_back_ > 0 && queued_memory_ <= kUnacknowledgedAbove) AcceptHeldBack();
  return item;
}

void SendingQueue::Impl::AcceptHeldBack() {
  // An acceptance may bring the next batch at once, so what is told is taken out of the list first.
  std::vector<Done*> tell;
  const size_t first = queue_.size() - std::exchange(held_back_, 0);
  for (size_t i = first; i < queue_.size(); ++i) {
    queue_[i].held_back = false;
    tell.push_back(&queue_[i].done);
  }
  // Elements of a deque stay where they are while others come in behind them, and Pump does not run within itself.
  for (Done* done : tell) done->Accepted();
}

void SendingQueue::Impl::AdmitWaiting() {
  while (!waiting_.empty() && size_ + waiting_.front().size <= config_.sending_queue.queue_size) {
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    Enqueue(std::move(item));
  }
}

// Gives queued items to consumers. Sends may complete within the call, so it does not recurse.
void SendingQueue::Impl::Pump() {
  if (pumping_) return;
  pumping_ = true;
  while (true) {
    AdmitWaiting();
    const bool batching = config_.sending_queue.batch.has_value();
    if (queue_.empty()) break;
    if (!batching && static_cast<int64_t>(flights_.size()) >= config_.sending_queue.num_consumers) break;
    // A persistent queue keeps what nobody has taken for the next start.
    if (stopping_ && store_ != nullptr) break;
    Item item = PopFront();
    if (item.on_disk) {
      absl::StatusOr<Batch> batch = store_->Get(context_.signal, item.stored[0]);
      if (!batch.ok()) {
        context_.log.Warn("Failed retrieving item", {{"error", batch.status()}});
        (void)store_->Delete(item.stored[0]);
        size_ -= item.size;
        SetSizeGauge();
        continue;
      }
      item.batch = *std::move(batch);
      item.on_disk = false;
    }
    if (batching) {
      AddToBatch(std::move(item));
    } else {
      StartFlight(std::move(item));
    }
  }
  pumping_ = false;
  MaybeStopped();
}

void SendingQueue::Impl::AddToBatch(Item item) {
  const QueueBatchConfig& config = *config_.sending_queue.batch;
  if (!batch_.has_value()) {
    batch_ = std::move(item);
    if (config.flush_timeout > absl::ZeroDuration()) {
      batch_timer_ = context_.loop->After(config.flush_timeout, [this] { FlushBatch(); });
    }
  } else {
    // The merged request is the concatenation of the two messages.
    WireBytes wire = batch_->batch.wire();
    for (const Buffer& b : item.batch.wire()) wire.push_back(b);
    const absl::StatusOr<size_t> have = batch_->batch.CountRecords();
    const absl::StatusOr<size_t> more = item.batch.CountRecords();
    batch_->batch = have.ok() && more.ok() ? Batch::FromWire(context_.signal, std::move(wire), *have + *more)
                                           : Batch::FromWire(context_.signal, std::move(wire));
    std::vector<Done> dones;
    dones.push_back(std::move(batch_->done));
    dones.push_back(std::move(item.done));
    batch_->done = Done::Merge(std::move(dones));
    batch_->size += item.size;
    for (uint64_t index : item.stored) batch_->stored.push_back(index);
  }
  const std::string& sizer = config.sizer.empty() ? config_.sending_queue.sizer : config.sizer;
  const int64_t size = sizer == "requests" ? batch_->size : SizeOf(batch_->batch, sizer);
  if (size >= config.min_size || stopping_) FlushBatch();
}

void SendingQueue::Impl::FlushBatch() {
  batch_timer_.Cancel();
  if (!batch_.has_value()) return;
  Item item = *std::move(batch_);
  batch_.reset();
  StartFlight(std::move(item));
}

void SendingQueue::Impl::StartFlight(Item item) {
  flights_.emplace_back();
  auto f = std::prev(flights_.end());
  f->item = std::move(item);
  f->self = f;
  if (config_.retry_on_failure.enabled) f->backoff.emplace(config_.retry_on_failure, context_.loop->Now());
  Attempt(f);
}

void SendingQueue::Impl::Attempt(std::list<Flight>::iterator f) {
  sender_->Send(f->item.batch.Share(), config_.timeout,
                [this, f](absl::Status status) { AttemptDone(f, std::move(status)); });
}

void SendingQueue::Impl::AttemptDone(std::list<Flight>::iterator f, absl::Status status) {
  if (status.ok()) {
    Finish(f, std::move(status));
    return;
  }
  const double asked = RetryAfterSeconds(status);
  if (!IsRetryable(status)) {
    status = Annotate(status, "Permanent error: ");
    if (f->backoff.has_value()) status = Annotate(status, "not retryable error: ");
    Finish(f, std::move(status));
    return;
  }
  if (asked > 0) {
    status = Annotate(status, absl::StrCat("Throttle (", absl::FormatDuration(absl::Seconds(asked)), "), error: "));
  }
  if (!f->backoff.has_value()) {
    Finish(f, std::move(status));
    return;
  }
  if (stopping_) {
    Finish(f, absl::CancelledError(absl::StrCat("interrupted due to shutdown: ", status.message())));
    return;
  }
  const std::optional<absl::Duration> wait = f->backoff->Next(status, context_.loop->Now());
  if (!wait.has_value()) {
    Finish(f, Annotate(status, "no more retries left: "));
    return;
  }
  context_.log.Info("Exporting failed. Will retry the request after interval.",
                    {{"error", status}, {"interval", std::string(absl::FormatDuration(*wait))}});
  f->last_error = std::move(status);
  f->timer = context_.loop->After(*wait, [this, f] { Attempt(f); });
}

void SendingQueue::Impl::Finish(std::list<Flight>::iterator f, absl::Status status) {
  Item item = std::move(f->item);
  flights_.erase(f);
  const int64_t records = static_cast<int64_t>(item.batch.records());
  if (status.ok()) {
    if (sent_ != nullptr) sent_->Add(records);
  } else {
    if (send_failed_ != nullptr) send_failed_->Add(records);
    if (queued()) {
      context_.log.Error("Exporting failed. Dropping data." + Hints(), {{"error", status}, {"dropped_items", records}});
    }
    if (!queued() || config_.sending_queue.wait_for_result) {
      context_.log.Error("Exporting failed. Rejecting data." + Hints(), {{"error", status}, {"rejected_items", records}});
    }
  }
  const bool interrupted = status.code() == absl::StatusCode::kCancelled && stopping_;
  if (!interrupted) {
    for (uint64_t index : item.stored) {
      absl::Status deleted = store_->Delete(index);
      if (!deleted.ok()) context_.log.Error("Error deleting item from queue", {{"error", deleted}});
    }
  }
  if (queued()) {
    size_ -= item.size;
    SetSizeGauge();
  }
  item.done.Finished(status);
  Pump();
}

void SendingQueue::Impl::Shutdown(Component::ShutdownDone done) {
  stopping_ = true;
  stopped_ = std::move(done);
  for (Item& item : waiting_) {
    item.done.Finished(absl::CancelledError("interrupted due to shutdown: the sending queue is full"));
  }
  waiting_.clear();
  // Those between two attempts are not tried again.
  std::vector<std::list<Flight>::iterator> sleeping;
  for (auto f = flights_.begin(); f != flights_.end(); ++f) {
    if (f->timer.pending()) sleeping.push_back(f);
  }
  for (auto f : sleeping) {
    f->timer.Cancel();
    Finish(f, absl::CancelledError(absl::StrCat("interrupted due to shutdown: ", f->last_error.message())));
  }
  Pump();
  FlushBatch();
  MaybeStopped();
}

void SendingQueue::Impl::MaybeStopped() {
  if (!stopped_ || !flights_.empty() || batch_.has_value()) return;
  if (store_ == nullptr && !queue_.empty()) return;
  std::exchange(stopped_, nullptr)();
}

SendingQueue::SendingQueue(SendingConfig config, Context context, Sender* sender)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(context), sender)) {}
SendingQueue::~SendingQueue() = default;
absl::Status SendingQueue::Start(Host& host) { return impl_->Start(host); }
void SendingQueue::Consume(Batch batch, Done done) { impl_->Consume(std::move(batch), std::move(done)); }
void SendingQueue::Shutdown(Component::ShutdownDone done) { impl_->Shutdown(std::move(done)); }
bool SendingQueue::mutates() const { return impl_->mutates(); }

}  // namespace otelpipe
