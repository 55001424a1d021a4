#include "otelpipe/component/sending_queue.h"

#include <deque>
#include <list>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/memory.h"
#include "otelpipe/base/status_macros.h"
#include "queue/batcher.h"
#include "queue/request.h"
#include "queue/retry.h"
#include "queue/store.h"
#include "queue/telemetry.h"

namespace otelpipe {
namespace {

// While more than this waits for a consumer, new batches are queued but not yet acknowledged: senders that wait for an answer then go no
// faster than the destination takes, and the queue's memory stays near this figure instead of queue_size requests of any size.
constexpr uint64_t kUnacknowledgedAbove = 16 << 20;

// What a persistent queue keeps in memory of what it has stored, to spare reading it back.
constexpr size_t kKeepInMemory = 8 << 20;

}  // namespace

class SendingQueue::Impl {
 public:
  Impl(SendingConfig config, Context context, Sender* sender)
      : config_(std::move(config)), context_(std::move(context)), sender_(sender) {}

  absl::Status Start(Host& host);
  void Consume(Batch batch, Done done);
  void Shutdown(Component::ShutdownDone done);
  bool mutates() const { return queued() && queue_config().batch.has_value(); }

 private:
  struct Item {
    Batch batch;  // empty when it is to be read from the store
    std::shared_ptr<Origin> origin;
  };
  // A request that a consumer works on.
  struct Flight {
    Request request;
    std::optional<Backoff> backoff;
    Timer timer;  // between attempts
    absl::Status last_error;
  };
  using FlightRef = std::list<Flight>::iterator;

  const QueueConfig& queue_config() const { return config_.sending_queue; }
  bool queued() const { return queue_config().enabled; }
  int64_t SizeOf(const Batch& batch) const {
    if (queue_config().sizer == "items") return static_cast<int64_t>(batch.records());
    if (queue_config().sizer == "bytes") return static_cast<int64_t>(batch.wire_size());
    return 1;
  }
  absl::Status OpenStore(Host& host);
  bool HasRoomFor(const Origin& origin) const {
    return size_ + origin.size <= queue_config().queue_size && HasMemoryFor(memory_, origin);
  }
  // One batch is always taken, however big.
  bool HasMemoryFor(uint64_t used, const Origin& origin) const {
    return memory_limit_ == 0 || used == 0 || used + origin.memory <= memory_limit_;
  }
  void Enqueue(Item item);
  void Refuse(Item item, const absl::Status& status);
  void Pump();
  void AdmitWaiting();
  bool TakeFromQueue(Item& item);
  void TakenFromMemory(Origin& origin);
  void StartBatchTimer();
  void StartFlight(Request request);
  void Attempt(FlightRef f);
  void AttemptDone(FlightRef f, absl::Status status);
  void Finish(FlightRef f, absl::Status status);
  void PartFinished(const std::shared_ptr<Origin>& origin, const absl::Status& status);
  void MaybeStopped();
  bool interrupted(const absl::Status& status) const { return stopping_ && absl::IsCancelled(status); }
  std::string Hints() const;

  const SendingConfig config_;
  const Context context_;
  Sender* const sender_;
  std::unique_ptr<QueueStore> store_;
  bool keeps_client_ = false;  // in the store
  std::unique_ptr<Batcher> batcher_;
  Timer batch_timer_;

  std::deque<Item> queue_;
  std::deque<Item> waiting_;    // block_on_overflow: offered, not accepted
  std::deque<Request> ready_;   // batched, without a consumer yet
  std::list<Flight> flights_;
  int64_t size_ = 0;            // of what is queued or on its way, in units of the sizer
  uint64_t memory_ = 0;         // memory queue: of the same, in bytes
  uint64_t queued_memory_ = 0;  // of what has no consumer yet
  size_t held_back_ = 0;        // items at the end of queue_ whose acceptance is held back
  uint64_t waiting_memory_ = 0;
  size_t kept_ = 0;             // persistent queue: bytes of stored items that are in memory as well
  uint64_t memory_limit_ = 0;   // 0: none
  bool stopping_ = false;
  bool pumping_ = false;
  Component::ShutdownDone stopped_;
  QueueTelemetry telemetry_;
};

absl::Status SendingQueue::Impl::Start(Host& host) {
  telemetry_.Start(context_, queued() ? queue_config().queue_size : -1);
  if (!queued()) return absl::OkStatus();
  if (queue_config().batch.has_value()) {
    const QueueBatchConfig& batch = *queue_config().batch;
    const std::string& sizer = batch.sizer.empty() ? queue_config().sizer : batch.sizer;
    batcher_ = std::make_unique<Batcher>(
        batch, sizer == "bytes" ? SizeUnit::kBytes : SizeUnit::kItems,
        [this](const std::shared_ptr<Origin>& origin, const absl::Status& status) {
          context_.log.Error("Exporting failed. Dropping data." + Hints(), {{"error", status}});
          PartFinished(origin, status);
        });
  }
  if (queue_config().storage.has_value()) return OpenStore(host);
  if (queue_config().sizer != "bytes") {
    memory_limit_ = queue_config().memory_limit;
    if (memory_limit_ == 0) memory_limit_ = memory::TotalBytes().value_or(0) / 4;
  }
  return absl::OkStatus();
}

absl::Status SendingQueue::Impl::OpenStore(Host& host) {
  Extension* extension = host.FindExtension(*queue_config().storage);
  if (extension == nullptr) return absl::FailedPreconditionError("no storage client extension found");
  auto* storage = dynamic_cast<StorageExtension*>(extension);
  if (storage == nullptr) return absl::FailedPreconditionError("requested extension is not a storage extension");
  OTELPIPE_ASSIGN_OR_RETURN(auto client,
                            storage->Open(ComponentKind::kExporter, context_.id, SignalName(context_.signal)));
  keeps_client_ = context_.gate_enabled("exporter.PersistRequestContext");
  store_ = std::make_unique<QueueStore>(std::move(client), context_.signal, keeps_client_);
  // They come back whatever the capacity: they were accepted.
  for (QueueStore::Entry& entry : store_->Load()) {
    auto origin = std::make_shared<Origin>();
    origin->stored = std::move(entry.key);
    const std::string& sizer = queue_config().sizer;
    origin->size = sizer == "items" ? entry.records : sizer == "bytes" ? entry.bytes : 1;
    size_ += origin->size;
    queue_.push_back({Batch(), std::move(origin)});
  }
  if (!queue_.empty()) {
    context_.log.Info("Loaded queue metadata", {{"items", queue_.size()}});
    context_.loop->Post([this] { Pump(); });
  }
  telemetry_.Size(size_);
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

void SendingQueue::Impl::Refuse(Item item, const absl::Status& status) {
  const auto records = static_cast<int64_t>(item.batch.records());
  if (queued()) telemetry_.EnqueueFailed(records);
  context_.log.Error("Exporting failed. Rejecting data." + Hints(), {{"error", status}, {"rejected_items", records}});
  item.origin->done.Finished(status);
}

void SendingQueue::Impl::Consume(Batch batch, Done done) {
  Item item{std::move(batch), std::make_shared<Origin>()};
  Origin& origin = *item.origin;
  origin.done = std::move(done);
  if (!queued()) {
    Request request;
    request.batch = std::move(item.batch);
    request.origins.push_back(std::move(item.origin));
    StartFlight(std::move(request));
    return;
  }
  origin.size = SizeOf(item.batch);
  origin.memory = item.batch.memory_size();
  if (origin.size == 0) {  // nothing in it: taken and done
    origin.done.Finished(absl::OkStatus());
    return;
  }
  if (origin.size > queue_config().queue_size) {
    const bool reference_says_full = queue_config().storage.has_value() && !queue_config().block_on_overflow;
    Refuse(std::move(item), absl::UnavailableError(reference_says_full ? "sending queue is full" : "element size too large"));
    return;
  }
  if (stopping_) {
    origin.done.Finished(absl::CancelledError("interrupted due to shutdown: exporter is stopping"));
    return;
  }
  if (!HasRoomFor(origin) || !waiting_.empty()) {
    if (!queue_config().block_on_overflow || !HasMemoryFor(memory_ + waiting_memory_, origin)) {
      Refuse(std::move(item), absl::UnavailableError("sending queue is full"));
      return;
    }
    waiting_memory_ += origin.memory;
    waiting_.push_back(std::move(item));
    return;
  }
  Enqueue(std::move(item));
  Pump();
}

void SendingQueue::Impl::Enqueue(Item item) {
  Origin& origin = *item.origin;
  if (store_ != nullptr) {
    absl::StatusOr<std::string> key = store_->Put(item.batch);
    if (!key.ok()) {
      Refuse(std::move(item), absl::UnavailableError(absl::StrCat("failed to store in the queue: ", key.status().message())));
      return;
    }
    origin.stored = *std::move(key);
    Done done = std::move(origin.done);
    // As in the reference, what the client sent beside the data survives the storage only behind a gate, and what an authenticator found out never.
    std::shared_ptr<ClientInfo> client;
    if (keeps_client_ && item.batch.client() != nullptr) {
      client = std::make_shared<ClientInfo>(*item.batch.client());
      client->auth.clear();
    }
    item.batch.set_client(std::move(client));
    if (kept_ + origin.memory <= kKeepInMemory) {
      kept_ += origin.memory;
    } else {
      item.batch = Batch();
    }
    size_ += origin.size;
    queue_.push_back(std::move(item));
    // On disk it survives everything this process may do; the sender need not keep it.
    done.Accepted();
    done.Finished(absl::OkStatus());
  } else {
    size_ += origin.size;
    memory_ += origin.memory;
    queued_memory_ += origin.memory;
    std::shared_ptr<Origin> keep = item.origin;
    queue_.push_back(std::move(item));
    if (!queue_config().wait_for_result) {
      keep->held_back = queued_memory_ > kUnacknowledgedAbove;
      if (keep->held_back) {
        ++held_back_;
      } else {
        keep->done.Accepted();
      }
    }
  }
  telemetry_.Size(size_);
}

void SendingQueue::Impl::AdmitWaiting() {
  while (!waiting_.empty() && HasRoomFor(*waiting_.front().origin)) {
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_memory_ -= item.origin->memory;
    Enqueue(std::move(item));
  }
}

// Gives queued items to consumers. Sends may complete within the call, so it does not recurse.
void SendingQueue::Impl::Pump() {
  if (pumping_) return;
  pumping_ = true;
  while (true) {
    AdmitWaiting();
    if (static_cast<int64_t>(flights_.size()) >= queue_config().num_consumers && queued()) break;
    if (!ready_.empty()) {
      Request request = std::move(ready_.front());
      ready_.pop_front();
      StartFlight(std::move(request));
      continue;
    }
    // A persistent queue keeps what nobody has taken for the next start.
    const bool leave = queue_.empty() || (stopping_ && store_ != nullptr);
    std::vector<Request> ready;
    if (leave) {
      if (!stopping_ || batcher_ == nullptr || batcher_->empty()) break;
      batcher_->Flush(ready);
    } else {
      Item item;
      if (!TakeFromQueue(item)) continue;
      if (batcher_ == nullptr) {
        Request request;
        request.batch = std::move(item.batch);
        request.origins.push_back(std::move(item.origin));
        StartFlight(std::move(request));
        continue;
      }
      if (batcher_->Add(std::move(item.batch), std::move(item.origin), ready)) StartBatchTimer();
    }
    if (batcher_->empty()) batch_timer_.Cancel();
    for (Request& request : ready) ready_.push_back(std::move(request));
  }
  pumping_ = false;
  MaybeStopped();
}

// False when the first item cannot be read; it is gone then.
bool SendingQueue::Impl::TakeFromQueue(Item& item) {
  item = std::move(queue_.front());
  queue_.pop_front();
  if (store_ == nullptr) {
    TakenFromMemory(*item.origin);
    return true;
  }
  if (item.batch) {
    kept_ -= item.origin->memory;
    return true;
  }
  absl::StatusOr<Batch> batch = store_->Get(item.origin->stored);
  if (batch.ok()) {
    item.batch = *std::move(batch);
    return true;
  }
  const int64_t records = QueueStore::Parse(item.origin->stored).records;
  if (!absl::IsDataLoss(batch.status()) && !absl::IsNotFound(batch.status())) {
    context_.log.Error("Failed retrieving item. It stays in the storage for the next start.",
                       {{"error", batch.status()}, {"items", records}});
    item.origin->stored.clear();
    PartFinished(item.origin, batch.status());
    return false;
  }
  context_.log.Error("Failed retrieving item", {{"error", batch.status()}, {"dropped_items", records}});
  telemetry_.SendFailed(records);
  PartFinished(item.origin, batch.status());
  return false;
}

void SendingQueue::Impl::TakenFromMemory(Origin& origin) {
  queued_memory_ -= origin.memory;
  // An acceptance may bring the next batch at once, so who is to be told is collected first.
  std::vector<std::shared_ptr<Origin>> tell;
  const bool tell_this = std::exchange(origin.held_back, false);
  if (tell_this) --held_back_;
  if (held_back_ > 0 && queued_memory_ <= kUnacknowledgedAbove) {
    for (size_t i = queue_.size() - std::exchange(held_back_, 0); i < queue_.size(); ++i) tell.push_back(queue_[i].origin);
  }
  if (tell_this) origin.done.Accepted();
  for (const std::shared_ptr<Origin>& other : tell) {
    if (std::exchange(other->held_back, false)) other->done.Accepted();
  }
}

void SendingQueue::Impl::StartBatchTimer() {
  batch_timer_.Cancel();
  const absl::Duration timeout = queue_config().batch->flush_timeout;
  if (timeout <= absl::ZeroDuration()) return;
  batch_timer_ = context_.loop->After(timeout, [this] {
    std::vector<Request> ready;
    batcher_->Flush(ready);
    for (Request& request : ready) ready_.push_back(std::move(request));
    Pump();
  });
}

void SendingQueue::Impl::StartFlight(Request request) {
  flights_.emplace_back();
  auto f = std::prev(flights_.end());
  f->request = std::move(request);
  if (config_.retry_on_failure.enabled) f->backoff.emplace(config_.retry_on_failure, context_.loop->Now());
  Attempt(f);
}

void SendingQueue::Impl::Attempt(FlightRef f) {
  sender_->Send(f->request.batch.Share(), config_.timeout,
                [this, f](absl::Status status) { AttemptDone(f, std::move(status)); });
}

void SendingQueue::Impl::AttemptDone(FlightRef f, absl::Status status) {
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

void SendingQueue::Impl::Finish(FlightRef f, absl::Status status) {
  Request request = std::move(f->request);
  flights_.erase(f);
  const auto records = static_cast<int64_t>(request.batch.records());
  if (status.ok()) {
    telemetry_.Sent(records);
  } else if (store_ != nullptr && interrupted(status)) {
    context_.log.Warn("Exporting was interrupted. The data stays in the queue.", {{"error", status}, {"items", records}});
  } else {
    telemetry_.SendFailed(records);
    if (queued()) {
      context_.log.Error("Exporting failed. Dropping data." + Hints(), {{"error", status}, {"dropped_items", records}});
    }
    if (!queued() || queue_config().wait_for_result) {
      context_.log.Error("Exporting failed. Rejecting data." + Hints(), {{"error", status}, {"rejected_items", records}});
    }
  }
  request.batch = Batch();
  for (const std::shared_ptr<Origin>& origin : request.origins) PartFinished(origin, status);
  Pump();
}

void SendingQueue::Impl::PartFinished(const std::shared_ptr<Origin>& origin, const absl::Status& status) {
  if (!status.ok()) {
    if (origin->status.ok()) {
      origin->status = status;
    } else {
      // An interrupted part makes the whole one to be kept.
      const absl::StatusCode code = interrupted(status) ? status.code() : origin->status.code();
      origin->status = absl::Status(code, absl::StrCat(origin->status.message(), "; ", status.message()));
    }
  }
  if (--origin->open > 0) return;
  if (!origin->stored.empty() && !interrupted(origin->status)) {
    absl::Status deleted = store_->Delete(origin->stored);
    if (!deleted.ok()) context_.log.Error("Error deleting item from queue", {{"error", deleted}});
  }
  if (queued()) {
    size_ -= origin->size;
    if (store_ == nullptr) memory_ -= origin->memory;
    telemetry_.Size(size_);
  }
  origin->done.Finished(origin->status);
}

void SendingQueue::Impl::Shutdown(Component::ShutdownDone done) {
  stopping_ = true;
  stopped_ = std::move(done);
  for (Item& item : std::exchange(waiting_, {})) {
    item.origin->done.Finished(absl::CancelledError("interrupted due to shutdown: the sending queue is full"));
  }
  waiting_memory_ = 0;
  // Those between two attempts are not tried again.
  std::vector<FlightRef> sleeping;
  for (auto f = flights_.begin(); f != flights_.end(); ++f) {
    if (f->timer.pending()) sleeping.push_back(f);
  }
  for (auto f : sleeping) {
    f->timer.Cancel();
    Finish(f, absl::CancelledError(absl::StrCat("interrupted due to shutdown: ", f->last_error.message())));
  }
  Pump();
}

void SendingQueue::Impl::MaybeStopped() {
  if (!stopped_ || !flights_.empty() || !ready_.empty() || (batcher_ != nullptr && !batcher_->empty())) return;
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
