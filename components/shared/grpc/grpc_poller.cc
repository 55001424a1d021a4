#include "shared/grpc/grpc_poller.h"

#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <pthread.h>

#include <map>
#include <utility>

// gRPC names this class as the friend through which a test may reach the C buffer. It is the one way to hand over a buffer that is
// marked as compressed.
namespace grpc::internal {
class GrpcByteBufferPeer {
 public:
  static grpc_byte_buffer* Get(const ByteBuffer& buffer) { return const_cast<ByteBuffer&>(buffer).c_buffer(); }
  static void Set(ByteBuffer* buffer, grpc_byte_buffer* raw) { buffer->set_buffer(raw); }
};
}  // namespace grpc::internal

namespace otelpipe::grpc_internal {
namespace {

// Events that are handed to the loop in one go at most.
constexpr size_t kMostAtOnce = 64;

// One poller per loop: components of a loop find each other's here. It holds no poller alive.
struct Directory {
  std::mutex mutex;
  std::map<Loop*, std::weak_ptr<Poller>> pollers;
};
Directory& TheDirectory() {
  static Directory* const directory = new Directory;
  return *directory;
}

}  // namespace

std::shared_ptr<Poller> Poller::Of(Loop* loop) {
  Directory& d = TheDirectory();
  const std::lock_guard<std::mutex> lock(d.mutex);
  std::weak_ptr<Poller>& known = d.pollers[loop];
  std::shared_ptr<Poller> poller = known.lock();
  if (!poller) {
    poller = std::shared_ptr<Poller>(new Poller(loop));
    known = poller;
  }
  return poller;
}

Poller::~Poller() {
  {
    Directory& d = TheDirectory();
    const std::lock_guard<std::mutex> lock(d.mutex);
    const auto known = d.pollers.find(loop_);
    if (known != d.pollers.end() && known->second.expired()) d.pollers.erase(known);
  }
  for (const auto& queue : server_queues_) queue->Shutdown();
  if (own_queue_) own_queue_->Shutdown();
  for (std::thread& t : threads_) t.join();
}

grpc::ServerCompletionQueue* Poller::AddServerQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue) {
  server_queues_.push_back(std::move(queue));
  grpc::ServerCompletionQueue* added = server_queues_.back().get();
  threads_.emplace_back([this, added] { Poll(added); });
  return added;
}

grpc::CompletionQueue* Poller::client_queue() {
  if (!server_queues_.empty()) return server_queues_.front().get();
  if (!own_queue_) {
    own_queue_ = std::make_unique<grpc::CompletionQueue>();
    threads_.emplace_back([this, queue = own_queue_.get()] { Poll(queue); });
  }
  return own_queue_.get();
}

void Poller::Poll(grpc::CompletionQueue* queue) {
  pthread_setname_np(pthread_self(), "otelpipe-grpc");
  void* tag = nullptr;
  bool ok = false;
  std::vector<Event> events;
  while (queue->Next(&tag, &ok)) {
    events.push_back({static_cast<Tag*>(tag), ok});
    // What has come meanwhile goes with it: waking the loop costs more than another look.
    while (events.size() < kMostAtOnce && queue->AsyncNext(&tag, &ok, gpr_time_0(GPR_CLOCK_MONOTONIC)) == grpc::CompletionQueue::GOT_EVENT) {
      events.push_back({static_cast<Tag*>(tag), ok});
    }
    Take(events);
    events.clear();
  }
}

void Poller::Take(const std::vector<Event>& events) {
  std::unique_lock<std::mutex> lock(mutex_);
  bool wake = false;
  for (const Event& e : events) {
    TagGroup* const group = e.tag->group_;  // written before Started(), which locks too: the library's own order is not visible to checkers
    if (!group->direct_) {
      wake = wake || inbox_.empty();
      inbox_.push_back(e);
      continue;
    }
    lock.unlock();
    e.tag->OnEvent(e.ok);
    lock.lock();
    if (--group->pending_ == 0) ended_.notify_all();
  }
  lock.unlock();
  if (!wake) return;  // the loop has been told and has not looked yet
  loop_->Post([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Drain();
  });
}

void Poller::Drain() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    draining_.swap(inbox_);
    for (const Event& e : draining_) --e.tag->group_->pending_;
  }
  for (drained_ = 0; drained_ < draining_.size();) {
    const Event event = draining_[drained_++];
    if (event.tag != nullptr) event.tag->OnEvent(event.ok);
  }
  draining_.clear();
}

void TagGroup::Started() {
  const std::lock_guard<std::mutex> lock(poller_->mutex_);
  ++pending_;
}

void TagGroup::EnterDirect() {
  std::vector<Poller::Event> mine;
  {
    Poller& p = *poller_;
    const std::lock_guard<std::mutex> lock(p.mutex_);
    direct_ = true;
    // This may run inside Drain, from an event's handler: what that has not reached yet is handled here instead.
    for (size_t i = p.drained_; i < p.draining_.size(); ++i) {
      if (p.draining_[i].tag == nullptr || p.draining_[i].tag->group_ != this) continue;
      mine.push_back(p.draining_[i]);
      p.draining_[i].tag = nullptr;
    }
    std::erase_if(p.inbox_, [&](const Poller::Event& e) {
      if (e.tag->group_ != this) return false;
      mine.push_back(e);
      --pending_;
      return true;
    });
  }
  for (const Poller::Event& e : mine) e.tag->OnEvent(e.ok);
}

void TagGroup::Wait() {
  std::unique_lock<std::mutex> lock(poller_->mutex_);
  poller_->ended_.wait(lock, [this] { return pending_ == 0; });
}

// --- messages
grpc_byte_buffer* RawBuffer(const grpc::ByteBuffer& buffer) { return grpc::internal::GrpcByteBufferPeer::Get(buffer); }
void SetRawBuffer(grpc::ByteBuffer& buffer, grpc_byte_buffer* raw) {
  grpc::internal::GrpcByteBufferPeer::Set(&buffer, raw);
}

WireBytes TakeSlices(grpc::ByteBuffer& buffer) {
  // One owner for the whole message: it holds the C++ buffer, and the views point into its slices.
  auto held = std::make_shared<grpc::ByteBuffer>();
  held->Swap(&buffer);
  WireBytes out;
  grpc_byte_buffer* raw = RawBuffer(*held);
  if (raw == nullptr) return out;
  const grpc_slice_buffer& slices = raw->data.raw.slice_buffer;
  out.reserve(slices.count);
  for (size_t i = 0; i < slices.count; ++i) {
    const grpc_slice& slice = slices.slices[i];
    if (GRPC_SLICE_LENGTH(slice) == 0) continue;
    out.push_back(Buffer{
        std::string_view(reinterpret_cast<const char*>(GRPC_SLICE_START_PTR(slice)), GRPC_SLICE_LENGTH(slice)), held});
  }
  return out;
}

grpc::ByteBuffer FromWire(const WireBytes& wire) {
  // Small pieces are copied: a reference to foreign memory costs two allocations.
  constexpr size_t kSmall = 1024;
  std::vector<grpc_slice> slices;
  slices.reserve(wire.size());
  for (const Buffer& piece : wire) {
    if (piece.bytes.empty()) continue;
    if (piece.bytes.size() < kSmall || !piece.owner) {
      slices.push_back(grpc_slice_from_copied_buffer(piece.bytes.data(), piece.bytes.size()));
      continue;
    }
    auto* owner = new std::shared_ptr<const void>(piece.owner);
    slices.push_back(grpc_slice_new_with_user_data(
        const_cast<char*>(piece.bytes.data()), piece.bytes.size(),
        [](void* p) { delete static_cast<std::shared_ptr<const void>*>(p); }, owner));
  }
  grpc::ByteBuffer out;
  SetRawBuffer(out, grpc_raw_byte_buffer_create(slices.data(), slices.size()));
  for (const grpc_slice& slice : slices) grpc_slice_unref(slice);
  return out;
}

grpc::ByteBuffer FromGzip(std::string_view packed) {
  grpc_slice slice = grpc_slice_from_copied_buffer(packed.data(), packed.size());
  grpc::ByteBuffer out;
  SetRawBuffer(out, grpc_raw_compressed_byte_buffer_create(&slice, 1, GRPC_COMPRESS_GZIP));
  grpc_slice_unref(slice);
  return out;
}

}  // namespace otelpipe::grpc_internal
