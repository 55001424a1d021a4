#include "processor/batch/shard.h"

#include <utility>

#include "otelpipe/pdata/merge.h"

namespace otelpipe::batching {

// A batch that came in. Finishes when all of it was sent and every send has finished; the first error wins.
struct Shard::Origin {
  explicit Origin(Done d) : done(std::move(d)) {}
  void Accept() {
    if (!std::exchange(accepted, true)) done.Accepted();
  }
  void PartFinished(const absl::Status& status) {
    if (this->status.ok()) this->status = status;
    if (--open == 0) done.Finished(this->status);
  }
  Done done;
  size_t open = 1;  // sends in flight, and one for what is still held
  bool accepted = false;
  absl::Status status;
};

struct Shard::Item {
  Batch batch;
  std::optional<BatchSplitter> rest;  // instead of `batch`, once it was cut
  size_t records;
  std::shared_ptr<Origin> origin;
};

// The acknowledgement of one send.
class Shard::Send final : public Done::Sink {
 public:
  Send(std::weak_ptr<Shard> shard, Trigger trigger, size_t records, size_t bytes, Logger log, const Instruments& instruments)
      : shard_(std::move(shard)), trigger_(trigger), records_(records), bytes_(bytes), log_(std::move(log)), instruments_(instruments) {}

  std::vector<std::shared_ptr<Origin>> origins;

  void Accepted() override { Taken(true); }
  void Finished(const absl::Status& status) override {
    if (!status.ok()) log_.Warn("Sender failed", {{"error", status}});
    for (const auto& origin : origins) origin->PartFinished(status);
    Taken(status.ok());
    delete this;
  }

 private:
  void Taken(bool ok) {
    if (std::exchange(taken_, true)) return;
    // Instruments live as long as the service, so they outlive this.
    if (ok && instruments_.send_size != nullptr) {
      (trigger_ == Trigger::kSize ? instruments_.size_trigger : instruments_.timeout_trigger)->Add(1);
      instruments_.send_size->Observe(static_cast<double>(records_));
      if (instruments_.send_size_bytes != nullptr) instruments_.send_size_bytes->Observe(static_cast<double>(bytes_));
    }
    if (auto shard = shard_.lock()) shard->Released();
  }

  std::weak_ptr<Shard> shard_;
  Trigger trigger_;
  size_t records_;
  size_t bytes_;
  Logger log_;
  Instruments instruments_;
  bool taken_ = false;
};

Shard::Shard(Limits limits, Loop* loop, Logger log, Instruments instruments, Consumer* next,
             std::shared_ptr<const ClientInfo> client)
    : limits_(limits), loop_(loop), log_(std::move(log)), instruments_(instruments), next_(next), client_(std::move(client)) {}

Shard::~Shard() = default;

void Shard::Add(Batch batch, size_t records, Done done) {
  auto keep = shared_from_this();
  auto origin = std::make_shared<Origin>(std::move(done));
  items_.push_back({std::move(batch), std::nullopt, records, origin});
  records_ += records;
  if (waiting_ && !draining_) {
    ++unaccepted_;
  } else {
    origin->Accept();
  }
  Pump();
}

void Shard::Drain() {
  auto keep = shared_from_this();
  draining_ = true;
  AcceptHeld();
  Pump();
}

void Shard::Released() {
  waiting_ = false;
  AcceptHeld();
  Pump();
}

void Shard::AcceptHeld() {
  if (unaccepted_ == 0) return;
  unaccepted_ = 0;
  // An acceptance may bring the next batch at once, so the list is taken first.
  std::vector<std::shared_ptr<Origin>> origins;
  for (const Item& item : items_) {
    if (!item.origin->accepted) origins.push_back(item.origin);
  }
  for (const auto& origin : origins) origin->Accept();
}

void Shard::Pump() {
  if (pumping_) return;
  pumping_ = true;
  bool sent = false;
  while (records_ > 0 && (!waiting_ || draining_)) {
    if (!limits_.has_timer() || records_ >= limits_.send_batch_size) {
      SendFront(Trigger::kSize);
    } else if (due_ || draining_) {
      due_ = false;
      SendFront(Trigger::kTimeout);
    } else {
      break;
    }
    sent = true;
  }
  pumping_ = false;
  if (sent) timer_.Cancel();
  if (records_ == 0) {
    due_ = false;
  } else if (limits_.has_timer() && !due_ && !timer_.pending()) {
    timer_ = loop_->After(limits_.timeout, [this] {
      auto keep = shared_from_this();
      due_ = true;
      Pump();
    });
  }
}

void Shard::SendFront(Trigger trigger) {
  size_t left = limits_.send_batch_max_size > 0 ? limits_.send_batch_max_size : SIZE_MAX;
  std::vector<Batch> parts;
  std::vector<std::shared_ptr<Origin>> origins;
  size_t sent = 0;
  auto drop_front = [this](const absl::Status& status) {
    std::shared_ptr<Origin> origin = std::move(items_.front().origin);
    records_ -= items_.front().records;
    items_.pop_front();
    origin->PartFinished(status);
  };
  while (!items_.empty() && left > 0) {
    Item& item = items_.front();
    if (item.records <= left) {
      parts.push_back(item.rest ? item.rest->Take(item.records) : std::move(item.batch));
      left -= item.records;
      sent += item.records;
      records_ -= item.records;
      origins.push_back(std::move(item.origin));  // with its share for what was held
      items_.pop_front();
      continue;
    }
    if (!item.rest) {
      auto splitter = BatchSplitter::Make(std::move(item.batch));
      if (!splitter.ok()) {
        drop_front(splitter.status());
        continue;
      }
      item.rest = *std::move(splitter);
    }
    parts.push_back(item.rest->Take(left));
    item.records -= left;
    records_ -= left;
    sent += left;
    left = 0;
    ++item.origin->open;
    origins.push_back(item.origin);
  }
  Batch batch = MergeBatches(std::move(parts), [&](size_t i, const absl::Status& status) {
    origins[i]->PartFinished(status);
    origins[i] = nullptr;
  });
  std::erase(origins, nullptr);
  if (!batch) return;
  batch.set_client(client_);
  waiting_ = true;
  const size_t bytes = instruments_.send_size_bytes != nullptr ? batch.wire_size() : 0;
  auto* send = new Send(weak_from_this(), trigger, sent, bytes, log_, instruments_);
  send->origins = std::move(origins);
  next_->Consume(std::move(batch), Done(send));
}

}  // namespace otelpipe::batching
