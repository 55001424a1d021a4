#include "shared/grpc/grpc_client.h"

#include <grpc/grpc.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/rpc_method.h>
#include <grpcpp/support/async_unary_call.h>

#include <chrono>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "shared/grpc/grpc_errors.h"
#include "shared/grpc/grpc_listen.h"
#include "shared/grpc/grpc_poller.h"
#include "shared/grpc/tls_front.h"
#include "shared/net/address.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {
namespace {

// Core aborts on metadata it can't send, so it is looked at before.
absl::Status CheckMetadata(const std::string& name, const std::string& value) {
  const grpc_slice key = grpc_slice_from_static_buffer(name.data(), name.size());
  const grpc_slice text = grpc_slice_from_static_buffer(value.data(), value.size());
  const bool binary = name.ends_with("-bin");
  if (grpc_header_key_is_legal(key) == 0 || (!binary && grpc_header_nonbin_value_is_legal(text) == 0)) {
    return absl::InvalidArgumentError(absl::StrCat("header \"", name, "\" has characters that gRPC can't send"));
  }
  return absl::OkStatus();
}

std::string Lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

absl::Status FromGrpc(const grpc::Status& status, std::string_view own) {
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()), grpc_internal::GoErrorText(status.error_message(), own));
  if (!status.error_details().empty()) {
    const absl::StatusOr<RpcStatusParts> parts = ParseRpcStatus(status.error_details());
    if (parts.ok() && parts->retry_after >= 0) out = WithRetryAfter(std::move(out), parts->retry_after);
  }
  return out;
}

}  // namespace

class GrpcClient::Impl {
 public:
  Impl(GrpcClientConfig config, Context context)
      : config_(std::move(config)), context_(std::move(context)), compressor_(Compression::kGzip) {}

  ~Impl() {
    if (!group_) return;
    for (OneCall* call : calls_) call->Forget();
    group_->EnterDirect();
    group_->Wait();
  }

  absl::Status Start(Host& host) {
    for (const auto& [name, value] : config_.headers) {
      headers_.emplace_back(Lower(name), value);
      OTELPIPE_RETURN_IF_ERROR(CheckMetadata(headers_.back().first, value));
    }
    grpc_internal::DialTarget target = grpc_internal::ParseDial(config_);
    if (config_.auth) {
      if (host.Extensions().empty()) return absl::FailedPreconditionError("no extensions configuration available");
      OTELPIPE_ASSIGN_OR_RETURN(auth_, FindClientAuth(*config_.auth, host, "gRPC"));
      if (auth_->requires_tls() && !target.tls) {
        return absl::FailedPreconditionError(
            "grpc: the credentials require transport level security (use grpc.WithTransportCredentials() to set)");
      }
    }
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    const bool fronted = target.tls && grpc_internal::NeedsTlsFront(config_.tls);
    if (fronted) {
      OTELPIPE_ASSIGN_OR_RETURN(dialer_, grpc_internal::TlsDialer::Start(config_.tls, target.host, target.port, context_));
      target.address = dialer_->target();
      target.loopback = true;  // no proxy before our own socket
      target.tls = false;
    } else if (target.tls) {
      OTELPIPE_ASSIGN_OR_RETURN(credentials, grpc_internal::ClientCredentials(config_.tls));
    }
    grpc::ChannelArguments arguments = grpc_internal::TuneClient(config_, target);
    if (fronted && config_.authority.empty()) {
      arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, config_.tls.server_name_override.empty() ? JoinHostPort(target.host, target.port)
                                                                                             : config_.tls.server_name_override);
    }
    arguments.SetUserAgentPrefix(UserAgent(context_));
    group_ = std::make_unique<grpc_internal::TagGroup>(grpc_internal::Poller::Of(context_.loop));
    channel_ = grpc::CreateCustomChannel(target.address, credentials, arguments);
    channel_->GetState(true);  // begins to connect
    return absl::OkStatus();
  }

  void Call(const char* method, const WireBytes& message, absl::Duration timeout, const ClientInfo* client, Done done) {
    absl::Status refused = stopped_ || !channel_ ? absl::CancelledError("the client is shut down") : absl::OkStatus();
    Headers extra;
    if (refused.ok() && auth_ != nullptr) {
      absl::StatusOr<Headers> headers = auth_->RequestHeaders(client);
      refused = headers.status();
      if (headers.ok()) {
        extra = *std::move(headers);
        for (auto& [name, value] : extra) {
          name = Lower(std::move(name));
          if (refused.ok()) refused = CheckMetadata(name, value);
        }
      }
    }
    if (!refused.ok()) {
      context_.loop->Post([done = std::move(done), refused]() mutable { done(refused); });
      return;
    }
    new OneCall(*this, method, message, timeout, extra, std::move(done));
  }

  void Shutdown() {
    stopped_ = true;
    for (OneCall* call : calls_) call->Cancel();
  }

 private:
  class OneCall final : public grpc_internal::Tag {
   public:
    OneCall(Impl& client, const char* method, const WireBytes& message, absl::Duration timeout, const Headers& extra, Done done)
        : Tag(client.group_.get()), client_(client), done_(std::move(done)) {
      if (timeout > absl::ZeroDuration()) {
        context_.set_deadline(std::chrono::system_clock::now() + absl::ToChronoNanoseconds(timeout));
      }
      if (client.config_.wait_for_ready) context_.set_wait_for_ready(true);
      for (const auto& [name, value] : client.headers_) context_.AddMetadata(name, value);
      for (const auto& [name, value] : extra) context_.AddMetadata(name, value);
      grpc::ByteBuffer packed;
      if (client.config_.compression == Compression::kGzip) {
        context_.set_compression_algorithm(GRPC_COMPRESS_GZIP);
        packed = grpc_internal::FromGzip(client.compressor_.Compress(message));
      } else {
        packed = grpc_internal::FromWire(message);
      }
      client.calls_.insert(this);
      client.group_->Started();
      reader_.reset(grpc::internal::ClientAsyncResponseReaderHelper::Create<grpc::ByteBuffer>(
          client.channel_.get(), client.group_->poller()->client_queue(), client.MethodOf(method), &context_, packed));
      reader_->StartCall();
      reader_->Finish(&reply_, &status_, static_cast<Tag*>(this));
    }

    void Cancel() { context_.TryCancel(); }
    void Forget() {
      done_ = nullptr;
      context_.TryCancel();
    }

    void OnEvent(bool) override {
      if (!done_) {  // the client is going; this may be the polling thread
        delete this;
        return;
      }
      client_.calls_.erase(this);
      Done done = std::move(done_);
      absl::StatusOr<WireBytes> result = absl::CancelledError("");
      if (status_.ok()) {
        result = grpc_internal::TakeSlices(reply_);
      } else {
        result = FromGrpc(status_, client_.dialer_ ? client_.dialer_->last_error() : "");
      }
      delete this;
      done(std::move(result));
    }

   private:
    Impl& client_;
    Done done_;
    grpc::ClientContext context_;
    std::unique_ptr<grpc::ClientAsyncResponseReader<grpc::ByteBuffer>> reader_;
    grpc::ByteBuffer reply_;
    grpc::Status status_;
  };

  // A method is registered with the channel once; core then knows its path by a handle.
  const grpc::internal::RpcMethod& MethodOf(const char* name) {
    for (const auto& [known, method] : methods_) {
      if (known == name) return *method;
    }
    methods_.emplace_back(name, std::make_unique<grpc::internal::RpcMethod>(name, grpc::internal::RpcMethod::NORMAL_RPC, channel_));
    return *methods_.back().second;
  }

  const GrpcClientConfig config_;
  const Context context_;
  Compressor compressor_;
  Headers headers_;
  ClientAuth* auth_ = nullptr;
  std::unique_ptr<grpc_internal::TagGroup> group_;
  std::unique_ptr<grpc_internal::TlsDialer> dialer_;  // null when the library speaks TLS itself
  std::shared_ptr<grpc::Channel> channel_;
  std::vector<std::pair<const char*, std::unique_ptr<grpc::internal::RpcMethod>>> methods_;
  std::unordered_set<OneCall*> calls_;
  bool stopped_ = false;
};

GrpcClient::GrpcClient(GrpcClientConfig config, Context context)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(context))) {}
GrpcClient::~GrpcClient() = default;
absl::Status GrpcClient::Start(Host& host) { return impl_->Start(host); }
void GrpcClient::Call(const char* method, const WireBytes& message, absl::Duration timeout, const ClientInfo* client, Done done) {
  impl_->Call(method, message, timeout, client, std::move(done));
}
void GrpcClient::Shutdown() { impl_->Shutdown(); }

}  // namespace otelpipe
