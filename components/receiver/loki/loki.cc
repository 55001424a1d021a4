#include "receiver/loki/loki.h"

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "shared/loki/push_reader.h"

namespace otelpipe {
namespace {

// Of a push after unpacking snappy, whatever its size on the wire.
constexpr size_t kMaxMessage = 128 << 20;

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/x-protobuf";

absl::Status ReadPush(const HttpServerRequest& request, std::string_view media_type, const loki::PushReadOptions& options,
                      LogsData& out) {
  if (media_type == kJson) return loki::ReadPushJson(request.body.bytes, options, out);
  // A protobuf push is one snappy block. With `Content-Encoding: snappy` the server has unpacked it already.
  if (request.Header("Content-Encoding") == "snappy") return loki::ReadPushProto(request.body, options, out);
  OTELPIPE_ASSIGN_OR_RETURN(Buffer message, loki::UnpackSnappy(request.body.bytes, kMaxMessage));
  return loki::ReadPushProto(message, options, out);
}

}  // namespace

void LokiReceiver::Protocols::Describe(Fields<Protocols>& f) {
  f.Optional("http", &Protocols::http, "The HTTP server; its endpoint is localhost:3500 by default.");
  f.Unsupported("grpc", "Loki clients push over HTTP; use protocols::http");
}

void LokiReceiver::Config::Describe(Fields<Config>& f) {
  f.Optional("protocols", &Config::protocols, "How clients may push.");
  f.Optional("use_incoming_timestamp", &Config::use_incoming_timestamp,
             "Keep the time of each entry; otherwise records carry the time of their arrival.");
  f.Validate([](const Config& c) {
    return c.protocols.http ? absl::OkStatus()
                            : absl::InvalidArgumentError("must specify at least one protocol when using the Loki receiver");
  });
}

void DecodeField(const ConfigNode& node, LokiReceiver::Protocols& out, DecodeContext& context) {
  if (node.is_map() && node.Find("http") != nullptr && !out.http) {
    out.http.emplace();
    out.http->endpoint = "localhost:3500";
  }
  if (const ConfigNode* grpc = node.is_map() ? node.Find("grpc") : nullptr; grpc != nullptr && grpc->is_null()) {
    DecodeContext::In in(context, "grpc");
    context.Error(*grpc, "'grpc' is not supported: Loki clients push over HTTP; use protocols::http");
  }
  internal::DecodeTable(node, TableOf<LokiReceiver::Protocols>(), &out, context);
}

absl::Status LokiReceiver::Start(Host& host) {
  if (context_.metrics != nullptr) {
    const Labels labels = {{"receiver", context_.id.ToString()}, {"transport", "http"}};
    accepted_ = context_.metrics->AddCounter("otelcol_receiver_accepted_log_records", labels,
                                             "Number of log records successfully pushed into the pipeline.", "{records}");
    refused_ = context_.metrics->AddCounter("otelcol_receiver_refused_log_records", labels,
                                            "Number of log records that could not be pushed into the pipeline.", "{records}");
  }
  server_ = std::make_unique<HttpServer>(
      *config_.protocols.http, context_,
      [this](HttpServerRequest& request, HttpResponder responder) { Handle(request, std::move(responder)); });
  context_.log.Info("Starting HTTP server", {{"endpoint", config_.protocols.http->endpoint}});
  return server_->Start(host);
}

void LokiReceiver::Shutdown(ShutdownDone done) {
  if (!server_) return done();
  server_->Shutdown(std::move(done));
}

void LokiReceiver::Handle(HttpServerRequest& request, HttpResponder responder) {
  if (request.path != "/loki/api/v1/push" && request.path != "/api/prom/push") {
    return responder.Send(HttpReply::Text(404, "404 page not found\n"));
  }
  if (request.method != "POST") {
    return responder.Send(HttpReply::Make(405, "text/plain", "405 method not allowed, supported: [POST]"));
  }
  const std::string media_type = request.MediaType();
  if (media_type != kJson && media_type != kProtobuf) {
    return responder.Send(HttpReply::Make(
        415, "text/plain", "415 unsupported media type, supported: [application/json, application/x-protobuf]"));
  }

  auto data = std::make_unique<LogsData>();
  loki::PushReadOptions options;
  options.now_unix_nano = static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now()));
  options.use_incoming_timestamp = config_.use_incoming_timestamp;
  if (absl::Status status = ReadPush(request, media_type, options, *data); !status.ok()) {
    context_.log.Warn("at least one entry in the push request failed to process", {{"error", status}});
    return responder.Send(HttpReply::Text(400, std::string(S(status.message())) + "\n"));
  }
  Batch batch = Batch::FromLogs(std::move(data));
  batch.set_client(request.client);
  const auto records = static_cast<int64_t>(batch.records());
  if (records == 0) return responder.Send({.status = 204});

  struct Answer {
    HttpResponder responder;
    Counter* accepted;
    Counter* refused;
    int64_t records;
    bool sent = false;
    void Send(const absl::Status& status) {
      if (std::exchange(sent, true)) return;
      if (Counter* counter = status.ok() ? accepted : refused) counter->Add(records);
      if (status.ok()) return responder.Send({.status = 204});
      responder.Send(HttpReply::Text(IsRetryable(status) ? 503 : 400, std::string(S(status.message())) + "\n"));
    }
  };
  auto answer = std::make_shared<Answer>(Answer{std::move(responder), accepted_, refused_, records});
  next_->Consume(std::move(batch), Done::On([answer] { answer->Send(absl::OkStatus()); },
                                            [answer](const absl::Status& status) { answer->Send(status); }));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, loki, registry) { return registry.AddReceiver<otelpipe::LokiReceiver>(); }
