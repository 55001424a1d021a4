#include "receiver/zipkin/zipkin.h"

#include <utility>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "receiver/zipkin/span.h"

namespace otelpipe {
namespace {

constexpr char kScope[] = "go.opentelemetry.io/collector/receiver/receiverhelper";

absl::Status ReadV2(std::string_view body, bool proto, bool parse_tags, TracesData& out) {
  // Texts of the request are copied to the records, so the spans between may go.
  Arena arena;
  OTELPIPE_ASSIGN_OR_RETURN(std::vector<zipkin::Span> spans, proto ? zipkin::ReadProto(body, arena) : zipkin::ReadJson(body, arena));
  return zipkin::Translate(std::move(spans), parse_tags, out);
}

}  // namespace

void ZipkinReceiver::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("parse_string_tags", &Config::parse_string_tags, "Tags that look like numbers or booleans become such.");
  f.Validate([](const Config& c) {
    return c.http.endpoint.empty() ? absl::InvalidArgumentError("endpoint must be specified") : absl::OkStatus();
  });
}

ZipkinReceiver::Config ZipkinReceiver::DefaultConfig() {
  Config c;
  c.http.endpoint = "localhost:9411";
  return c;
}

absl::Status ZipkinReceiver::Start(Host& host) {
  server_ = std::make_unique<HttpServer>(config_.http, context_,
                                         [this](HttpServerRequest& request, HttpResponder responder) { Handle(request, std::move(responder)); });
  return server_->Start(host);
}

void ZipkinReceiver::Shutdown(ShutdownDone done) {
  if (!server_) return done();
  server_->Shutdown(std::move(done));
}

ZipkinReceiver::Counters ZipkinReceiver::CountersOf(std::string_view transport) {
  auto at = counters_.find(transport);
  if (at != counters_.end() || context_.metrics == nullptr) return at != counters_.end() ? at->second : Counters();
  const Labels labels = {{"receiver", context_.id.ToString()}, {"transport", std::string(transport)}};
  Counters made;
  made.accepted = context_.metrics->AddCounter("otelcol_receiver_accepted_spans", labels,
                                               "Number of spans successfully pushed into the pipeline. [alpha]", "{spans}", kScope);
  made.refused = context_.metrics->AddCounter("otelcol_receiver_refused_spans", labels,
                                              "Number of spans that could not be pushed into the pipeline. [alpha]", "{spans}", kScope);
  return counters_.emplace(transport, made).first->second;
}

void ZipkinReceiver::Handle(HttpServerRequest& request, HttpResponder responder) {
  const bool v1 = request.path.find("api/v1/spans") != std::string::npos;
  const std::string_view type = request.Header("Content-Type");
  const bool thrift = v1 && type == "application/x-thrift";
  const bool proto = !v1 && type == "application/x-protobuf";
  auto data = std::make_unique<TracesData>();
  absl::Status status;
  if (thrift) {
    status = absl::InvalidArgumentError("Thrift is not supported: send JSON to /api/v1/spans, or JSON or protobuf to /api/v2/spans");
  } else if (v1) {
    status = zipkin::ReadJsonV1(request.body.bytes, config_.parse_string_tags, static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now())), *data);
  } else {
    status = ReadV2(request.body.bytes, proto, config_.parse_string_tags, *data);
  }
  if (!status.ok()) return responder.Send(HttpReply::Text(400, std::string(S(status.message())) + "\n"));
  Batch batch = Batch::FromTraces(std::move(data));
  batch.set_client(request.client);
  const auto spans = static_cast<int64_t>(batch.records());
  if (spans == 0) return responder.Send({.status = 202});

  struct Answer {
    HttpResponder responder;
    Counters counters;
    int64_t spans;
    bool sent = false;
    void Send(const absl::Status& status) {
      if (std::exchange(sent, true)) return;
      if (Counter* counter = status.ok() ? counters.accepted : counters.refused) counter->Add(spans);
      if (status.ok()) return responder.Send({.status = 202});
      const bool again = IsRetryable(status);
      responder.Send(HttpReply::Text(again ? 500 : 400, again ? "\"Internal Server Error\"" : "\"Bad Request\""));
    }
  };
  const char* transport = v1 ? "http_v1_json" : proto ? "http_v2_proto" : "http_v2_json";
  auto answer = std::make_shared<Answer>(Answer{std::move(responder), CountersOf(transport), spans});
  next_->Consume(std::move(batch), Done::On([answer] { answer->Send(absl::OkStatus()); },
                                            [answer](const absl::Status& status) { answer->Send(status); }));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, zipkin, registry) { return registry.AddReceiver<otelpipe::ZipkinReceiver>(); }
