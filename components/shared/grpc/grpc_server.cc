#include "shared/grpc/grpc_server.h"

#include <grpc/grpc.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_posix.h>
#include <grpcpp/support/async_unary_call.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/grpc/grpc_listen.h"
#include "shared/grpc/grpc_poller.h"
#include "shared/grpc/tls_front.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {

using grpc_internal::Tag;
using grpc_internal::TagGroup;

namespace {

// Calls that wait for a request, per method. More come from the inbox at once when the loop has been busy.
constexpr int kArmed = 16;

class RawService final : public grpc::Service {
 public:
  explicit RawService(const std::vector<std::string>& methods) {
    int index = 0;
    for (const std::string& method : methods) {
      AddMethod(new grpc::internal::RpcServiceMethod(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC, nullptr));
      MarkMethodRaw(index++);
    }
  }
  void Request(size_t method, grpc::ServerContext* context, grpc::ByteBuffer* request,
               grpc::ServerAsyncResponseWriter<grpc::ByteBuffer>* writer, grpc::ServerCompletionQueue* queue, void* tag) {
    RequestAsyncUnary(static_cast<int>(method), context, request, writer, queue, queue, tag);
  }
};

std::string PeerAddress(std::string peer) {
  // "ipv4:127.0.0.1:4711", "ipv6:%5B::1%5D:4711", "unix:/path"
  const size_t colon = peer.find(':');
  if (colon != std::string::npos) peer.erase(0, colon + 1);
  for (const auto& [code, plain] : {std::pair{"%5B", '['}, std::pair{"%5D", ']'}}) {
    if (const size_t at = peer.find(code); at != std::string::npos) peer.replace(at, 3, 1, plain);
  }
  return peer;
}

std::string_view View(grpc::string_ref s) { return {s.data(), s.size()}; }

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  std::string details;
  if (RetryAfterSeconds(status) >= 0) details = RpcStatusProto(status);
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message().data(), status.message().size()),
                      details);
}

}  // namespace

// What the calls of one server share.
struct GrpcServerState {
  GrpcServerConfig config;
  Context context;
  std::vector<std::string> methods;
  GrpcServer::Handler handler;
  ServerAuth* auth = nullptr;
  Decompressor decompressor;
  std::string scratch;
  size_t limit = 4 << 20;
  std::unique_ptr<RawService> service;
  grpc::AsyncGenericService generic;
  std::unique_ptr<grpc_internal::TlsAcceptor> front;  // null when the library speaks TLS itself
  std::unique_ptr<grpc::Server> server;
  grpc::ServerCompletionQueue* queue = nullptr;
  std::unique_ptr<TagGroup> group;
  std::unordered_set<GrpcResponder::Call*> running;
  bool stopping = false;  // no more calls are armed
  bool going = false;     // the server is being destroyed: calls only end, on either thread
};

// One call, from waiting for a request to the end of its answer. Deletes itself.
class GrpcResponder::Call final : public Tag {
 public:
  Call(GrpcServerState* state, size_t method) : Tag(state->group.get()), state_(state), method_(method), writer_(&context_) {
    state_->group->Started();
    state_->service->Request(method_, &context_, &message_, &writer_, state_->queue, static_cast<Tag*>(this));
  }

  void OnEvent(bool ok) override {
    if (answering_ || !ok) {
      delete this;
      return;
    }
    if (state_->going) return Cancel();
    state_->running.insert(this);
    if (!state_->stopping) new Call(state_, method_);
    cell_ = std::make_shared<Call*>(this);
    Handle();
  }

  void Finish(const absl::Status& status, std::string_view reply) {
    Release();
    if (!status.ok()) {
      writer_.FinishWithError(ToGrpc(status), static_cast<Tag*>(this));
      return;
    }
    grpc_slice slice = grpc_slice_from_static_buffer(reply.data(), reply.size());
    grpc::ByteBuffer buffer;
    grpc_internal::SetRawBuffer(buffer, grpc_raw_byte_buffer_create(&slice, 1));
    writer_.Finish(buffer, grpc::Status::OK, static_cast<Tag*>(this));
  }

  // For a server that goes: the responder forgets the call, the client learns it.
  void Cancel() { Finish(absl::UnavailableError("the server is shutting down"), ""); }

 private:
  void Release() {
    answering_ = true;
    if (cell_) *cell_ = nullptr;
    cell_.reset();
    if (!state_->going) state_->running.erase(this);
    state_->group->Started();
  }

  void Handle() {
    GrpcServerState& s = *state_;
    GrpcRequest request;
    request.method = method_;
    auto client = std::make_shared<ClientInfo>();
    client->address = s.front ? s.front->PeerOf(context_.peer()) : PeerAddress(context_.peer());
    if (s.config.include_metadata || s.auth != nullptr) {
      Headers headers;
      for (const auto& [name, value] : context_.client_metadata()) headers.emplace_back(View(name), View(value));
      const std::string_view authority = View(context_.ExperimentalGetAuthority());
      if (std::none_of(headers.begin(), headers.end(), [](const auto& h) { return h.first == "host"; }) && !authority.empty()) {
        headers.emplace_back("host", authority);
      }
      if (s.config.include_metadata) {
        for (const auto& [name, value] : headers) client->metadata[name].push_back(value);
      }
      if (s.auth != nullptr) {
        const absl::Status status = s.auth->Authenticate(headers, *client);
        if (!status.ok()) return Finish(status, "");
      }
    }
    request.client = std::move(client);
    absl::Status status = Unpack(request.message);
    if (!status.ok()) return Finish(status, "");
    s.handler(std::move(request), GrpcResponder(cell_));
  }

  // Core leaves packed messages alone (see Start): its zlib costs more than all the rest of a call.
  absl::Status Unpack(WireBytes& out) {
    GrpcServerState& s = *state_;
    const grpc_byte_buffer* raw = grpc_internal::RawBuffer(message_);
    const grpc_compression_algorithm packed = raw == nullptr ? GRPC_COMPRESS_NONE : raw->data.raw.compression;
    out = grpc_internal::TakeSlices(message_);
    if (const size_t size = WireSize(out); size > s.limit) {
      out.clear();
      return absl::ResourceExhaustedError(absl::StrCat("grpc: received message larger than max (", size, " vs. ", s.limit, ")"));
    }
    Compression kind = Compression::kNone;
    if (packed == GRPC_COMPRESS_GZIP) {
      kind = Compression::kGzip;
    } else if (packed == GRPC_COMPRESS_DEFLATE) {
      kind = Compression::kDeflate;
    } else if (!out.empty()) {
      // Names that core does not know arrive unmarked. Neither beginning can be an OTLP request.
      if (out[0].bytes.starts_with(std::string_view("\xff\x06\x00\x00sNaP", 8))) kind = Compression::kSnappyFramed;
      if (out[0].bytes.starts_with("\x28\xb5\x2f\xfd")) kind = Compression::kZstd;
    }
    if (kind == Compression::kNone) return absl::OkStatus();
    absl::StatusOr<Buffer> plain = s.decompressor.Decompress(kind, Flatten(out, s.scratch), s.limit);
    if (s.scratch.capacity() > (1 << 20)) std::string().swap(s.scratch);
    if (absl::IsResourceExhausted(plain.status())) {
      return absl::ResourceExhaustedError(
          absl::StrCat("grpc: received message after decompression larger than max ", s.limit));
    }
    if (!plain.ok()) {
      return absl::InternalError(absl::StrCat("grpc: failed to decompress the received message: ", plain.status().message()));
    }
    out.clear();
    if (!plain->bytes.empty()) out.push_back(*std::move(plain));
    return absl::OkStatus();
  }

  GrpcServerState* const state_;
  const size_t method_;
  grpc::ServerContext context_;
  grpc::ByteBuffer message_;
  grpc::ServerAsyncResponseWriter<grpc::ByteBuffer> writer_;
  std::shared_ptr<Call*> cell_;
  bool answering_ = false;
};

GrpcResponder::~GrpcResponder() {
  if (call_ && *call_ != nullptr) (*call_)->Finish(absl::InternalError("the request was dropped"), "");
}
void GrpcResponder::Finish(const absl::Status& status, std::string_view reply) {
  const std::shared_ptr<Call*> call = std::exchange(call_, nullptr);
  if (call && *call != nullptr) (*call)->Finish(status, reply);
}

namespace {

// Calls of methods that nobody serves.
class UnknownCall final : public Tag {
 public:
  explicit UnknownCall(GrpcServerState* state) : Tag(state->group.get()), state_(state), stream_(&context_) {
    state_->group->Started();
    state_->generic.RequestCall(&context_, &stream_, state_->queue, state_->queue, static_cast<Tag*>(this));
  }
  void OnEvent(bool ok) override {
    if (answering_ || !ok) {
      delete this;
      return;
    }
    answering_ = true;
    if (!state_->stopping) new UnknownCall(state_);
    state_->group->Started();
    stream_.Finish(grpc::Status(grpc::StatusCode::UNIMPLEMENTED, Text()), static_cast<Tag*>(this));
  }

 private:
  std::string Text() const {
    std::string_view path = context_.method();
    if (path.starts_with('/')) path.remove_prefix(1);
    const size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) return absl::StrCat("malformed method name: \"", A(context_.method()), "\"");
    const std::string service(path.substr(0, slash));
    for (const std::string& method : state_->methods) {
      if (method.starts_with("/" + service + "/")) {
        return absl::StrCat("unknown method ", A(path.substr(slash + 1)), " for service ", service);
      }
    }
    return absl::StrCat("unknown service ", service);
  }
  GrpcServerState* const state_;
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_;
  bool answering_ = false;
};

}  // namespace

class GrpcServer::Impl {
 public:
  Impl(GrpcServerConfig config, Context context, std::vector<std::string> methods, Handler handler) {
    state_.config = std::move(config);
    state_.context = std::move(context);
    state_.methods = std::move(methods);
    state_.handler = std::move(handler);
  }

  ~Impl() {
    if (!state_.server) return;
    state_.stopping = true;
    const std::vector<GrpcResponder::Call*> running(state_.running.begin(), state_.running.end());
    for (GrpcResponder::Call* call : running) call->Cancel();
    state_.going = true;
    state_.front.reset();
    state_.group->EnterDirect();
    state_.server->Shutdown(std::chrono::system_clock::now());
    state_.group->Wait();
    state_.server.reset();
  }

  absl::Status Start(Host& host) {
    GrpcServerState& s = state_;
    if (s.config.auth) {
      OTELPIPE_ASSIGN_OR_RETURN(s.auth, FindServerAuth(*s.config.auth, host));
    }
    if (s.config.max_recv_msg_size_mib > 0) s.limit = static_cast<size_t>(s.config.max_recv_msg_size_mib) << 20;
    OTELPIPE_ASSIGN_OR_RETURN(const grpc_internal::ListenTarget target,
                              grpc_internal::CheckListen(s.config.endpoint, s.config.transport));
    const bool fronted = s.config.tls && grpc_internal::NeedsTlsFront(*s.config.tls);
    if (fronted && s.config.transport == "unix") {
      return absl::InvalidArgumentError("tls: versions, cipher_suites and curve_preferences can't be chosen with transport unix");
    }
    s.service = std::make_unique<RawService>(s.methods);
    grpc::ServerBuilder builder;
    int port = 0;
    if (!fronted) {
      OTELPIPE_ASSIGN_OR_RETURN(std::shared_ptr<grpc::ServerCredentials> credentials, grpc_internal::ServerCredentials(s.config.tls));
      builder.AddListeningPort(target.address, credentials, &port);
    }
    builder.RegisterService(s.service.get());
    builder.RegisterAsyncGenericService(&s.generic);
    // We look at the size: the library reads a message to its end in any case, and has other words for the refusal.
    builder.SetMaxReceiveMessageSize(-1);
    builder.SetMaxSendMessageSize(-1);
    grpc_internal::TuneServer(s.config, builder);
    std::unique_ptr<grpc::ServerCompletionQueue> queue = builder.AddCompletionQueue();
    s.server = builder.BuildAndStart();
    if (!s.server) {
      queue->Shutdown();
      return absl::UnavailableError(absl::StrCat("listen ", s.config.transport, " ", target.shown, ": bind: address is not available"));
    }
    port_ = s.config.transport == "unix" ? 0 : port;
    std::shared_ptr<grpc_internal::Poller> poller = grpc_internal::Poller::Of(s.context.loop);
    s.queue = poller->AddServerQueue(std::move(queue));
    s.group = std::make_unique<TagGroup>(std::move(poller));
    for (size_t m = 0; m < s.methods.size(); ++m) {
      for (int i = 0; i < kArmed; ++i) new GrpcResponder::Call(&s, m);
    }
    for (int i = 0; i < 2; ++i) new UnknownCall(&s);
    if (fronted) {
      OTELPIPE_ASSIGN_OR_RETURN(s.front, grpc_internal::TlsAcceptor::Listen(s.config, s.context, [server = s.server.get()](int fd) {
                                  grpc::AddInsecureChannelFromFd(server, fd);
                                }));
      port_ = s.front->port();
    }
    return absl::OkStatus();
  }

  int port() const { return port_; }

  void Shutdown(Component::ShutdownDone done) {
    if (!state_.server || state_.stopping) return done();
    state_.stopping = true;
    if (state_.front) state_.front->StopAccepting();
    new Stopped(state_.group.get(), std::move(done), state_.server->c_server(), state_.queue->cq());
  }

 private:
  // Core tells by a tag when the last call of a stopping server has ended; the C++ class would block for it.
  class Stopped final : public Tag, public grpc::internal::CompletionQueueTag {
   public:
    Stopped(TagGroup* group, Component::ShutdownDone done, grpc_server* server, grpc_completion_queue* queue)
        : Tag(group), done_(std::move(done)) {
      group->Started();
      grpc_server_shutdown_and_notify(server, queue, static_cast<grpc::internal::CompletionQueueTag*>(this));
    }
    bool FinalizeResult(void** tag, bool*) override {
      *tag = static_cast<Tag*>(this);
      return true;
    }
    void OnEvent(bool) override {
      Component::ShutdownDone done = std::move(done_);
      delete this;
      done();
    }

   private:
    Component::ShutdownDone done_;
  };

  GrpcServerState state_;
  int port_ = 0;
};

GrpcServer::GrpcServer(GrpcServerConfig config, Context context, std::vector<std::string> methods, Handler handler)
    : impl_(std::make_shared<Impl>(std::move(config), std::move(context), std::move(methods), std::move(handler))) {}
GrpcServer::~GrpcServer() = default;
absl::Status GrpcServer::Start(Host& host) { return impl_->Start(host); }
int GrpcServer::port() const { return impl_->port(); }
void GrpcServer::Shutdown(Component::ShutdownDone done) { impl_->Shutdown(std::move(done)); }

}  // namespace otelpipe
