// The one thread between gRPC's completion queues and a loop. Internal.
//
// gRPC has its own polling; a component lives on a loop. One thread per queue waits for events and hands them to the loop, several at a time:
// events that come while the loop is busy wait in an inbox and cost one wake-up together. A server and the clients of one loop share the server's
// queue, so that there is one polling thread, not two that wake each other (the library polls all sockets of a process in one epoll set).
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "otelpipe/component/loop.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe::grpc_internal {

class TagGroup;

// One started operation. OnEvent runs on the loop (or on the polling thread, see TagGroup::EnterDirect).
class Tag {
 public:
  explicit Tag(TagGroup* group) : group_(group) {}
  // May delete the tag.
  virtual void OnEvent(bool ok) = 0;

 protected:
  virtual ~Tag() = default;

 private:
  friend class Poller;
  friend class TagGroup;
  TagGroup* const group_;
};

class Poller;

// The operations of one server or client. Whoever starts an operation calls Started() first.
class TagGroup {
 public:
  explicit TagGroup(std::shared_ptr<Poller> poller) : poller_(std::move(poller)) {}
  void Started();
  // From now on events are handled at once on the polling thread; those in the inbox are handled here. For the end of a server or client: its
  // tags must do nothing but delete themselves by then, as two threads may run them. On the loop's thread, or after the loop has stopped.
  void EnterDirect();
  // Until all operations have ended. After EnterDirect.
  void Wait();
  const std::shared_ptr<Poller>& poller() const { return poller_; }

 private:
  friend class Poller;
  std::shared_ptr<Poller> poller_;
  size_t pending_ = 0;   // these two by the poller's mutex
  bool direct_ = false;
};

class Poller : public std::enable_shared_from_this<Poller> {
 public:
  // The loop's poller, made when there is none. Any thread.
  static std::shared_ptr<Poller> Of(Loop* loop);
  ~Poller();

  // Takes the queue of a server that is about to start.
  grpc::ServerCompletionQueue* AddServerQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue);
  // The queue for a client's calls.
  grpc::CompletionQueue* client_queue();

 private:
  friend class TagGroup;
  struct Event {
    Tag* tag;
    bool ok;
  };
  explicit Poller(Loop* loop) : loop_(loop) {}
  void Poll(grpc::CompletionQueue* queue);
  void Take(const std::vector<Event>& events);
  void Drain();

  Loop* const loop_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::vector<Event> inbox_;
  std::vector<Event> draining_;  // of the loop
  size_t drained_ = 0;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> server_queues_;
  std::unique_ptr<grpc::CompletionQueue> own_queue_;
  std::vector<std::thread> threads_;
};

// The C buffer inside a C++ one, and back.
grpc_byte_buffer* RawBuffer(const grpc::ByteBuffer& buffer);
void SetRawBuffer(grpc::ByteBuffer& buffer, grpc_byte_buffer* raw);

// The message of `buffer` as buffers that share its slices. Takes the content out of `buffer`.
WireBytes TakeSlices(grpc::ByteBuffer& buffer);
// A message that shares the memory of `wire`.
grpc::ByteBuffer FromWire(const WireBytes& wire);
// A message that is packed already; the call's compression algorithm must be set to gzip.
grpc::ByteBuffer FromGzip(std::string_view packed);

}  // namespace otelpipe::grpc_internal
