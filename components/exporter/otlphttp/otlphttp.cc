#include "exporter/otlphttp/otlphttp.h"

#include <simdjson.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/codec.h"
#include "shared/http/url.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {
namespace {

constexpr std::string_view kProto = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
// What of an answer is read, as in the reference.
constexpr size_t kMaxAnswer = 64 << 10;

SendingConfig Sending(const OtlpHttpExporter::Config& config) {
  SendingConfig out;
  out.timeout = absl::ZeroDuration();  // the HTTP client has its own
  out.retry_on_failure = config.retry_on_failure;
  out.sending_queue = config.sending_queue;
  return out;
}

// {"partialSuccess": {"rejectedSpans": "3", "errorMessage": "..."}}; the count may be text or a number.
absl::StatusOr<PartialSuccess> ParsePartialSuccessJson(std::string_view json) {
  PartialSuccess out;
  simdjson::dom::parser parser;
  simdjson::dom::element whole;
  if (parser.parse(json.data(), json.size()).get(whole) != simdjson::SUCCESS) return absl::InvalidArgumentError("not a JSON object");
  if (whole.is_null()) return out;
  simdjson::dom::object root;
  if (whole.get(root) != simdjson::SUCCESS) return absl::InvalidArgumentError("not a JSON object");
  simdjson::dom::object partial;
  if (root["partialSuccess"].get(partial) != simdjson::SUCCESS && root["partial_success"].get(partial) != simdjson::SUCCESS) return out;
  for (const auto& field : partial) {
    std::string_view text;
    int64_t number = 0;
    if (field.key == "errorMessage" || field.key == "error_message") {
      if (field.value.get(text) == simdjson::SUCCESS) out.message = std::string(text);
    } else if (field.key.substr(0, 8) == "rejected") {
      if (field.value.get(number) == simdjson::SUCCESS || (field.value.get(text) == simdjson::SUCCESS && absl::SimpleAtoi(A(text), &number))) {
        out.rejected = number;
      }
    }
  }
  return out;
}

const std::string& OwnEndpoint(const OtlpHttpExporter::Config& config, Signal signal) {
  switch (signal) {
    case Signal::kTraces: return config.traces_endpoint;
    case Signal::kMetrics: return config.metrics_endpoint;
    case Signal::kLogs: break;
  }
  return config.logs_endpoint;
}

}  // namespace

void OtlpHttpExporter::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("traces_endpoint", &Config::traces_endpoint, "URL for traces, used as it is.");
  f.Optional("metrics_endpoint", &Config::metrics_endpoint, "URL for metrics, used as it is.");
  f.Optional("logs_endpoint", &Config::logs_endpoint, "URL for logs, used as it is.");
  f.Optional("encoding", &Config::encoding, "Form of the body: proto or json.");
  f.Optional("retry_on_failure", &Config::retry_on_failure, "What happens when a request fails.");
  f.Optional("sending_queue", &Config::sending_queue, "Queue before the requests.");
  f.Validate([](const Config& c) -> absl::Status {
    if (c.encoding != "proto" && c.encoding != "json") {
      return absl::InvalidArgumentError(absl::StrCat("encoding: invalid encoding type: ", c.encoding));
    }
    if (c.http.endpoint.empty() && c.traces_endpoint.empty() && c.metrics_endpoint.empty() && c.logs_endpoint.empty()) {
      return absl::InvalidArgumentError("at least one endpoint must be specified");
    }
    return absl::OkStatus();
  });
}

OtlpHttpExporter::Config OtlpHttpExporter::DefaultConfig() {
  Config c;
  c.http.timeout = absl::Seconds(30);
  c.http.compression = Compression::kGzip;
  c.http.write_buffer_size = 512 << 10;
  return c;
}

OtlpHttpExporter::OtlpHttpExporter(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      client_(config_.http, context_),
      queue_(Sending(config_), context_, this) {}

absl::Status OtlpHttpExporter::Init() {
  const std::string name = absl::StrCat(A(SignalName(context_.signal)), "_endpoint");
  const std::string& own = OwnEndpoint(config_, context_.signal);
  if (!own.empty()) {
    if (!CheckUrl(own).ok()) {
      return absl::InvalidArgumentError(absl::StrCat(name, " must be a valid URL"));
    }
    url_ = own;
    return absl::OkStatus();
  }
  if (config_.http.endpoint.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("either endpoint or ", name, " must be specified"));
  }
  if (!CheckUrl(config_.http.endpoint).ok()) {
    return absl::InvalidArgumentError("endpoint must be a valid URL");
  }
  url_ = absl::StrCat(config_.http.endpoint, config_.http.endpoint.back() == '/' ? "" : "/", "v1/", A(SignalName(context_.signal)));
  return absl::OkStatus();
}

absl::Status OtlpHttpExporter::Start(Host& host) {
  OTELPIPE_RETURN_IF_ERROR(client_.Start(host));
  return queue_.Start(host);
}

void OtlpHttpExporter::Shutdown(ShutdownDone done) {
  queue_.Shutdown([this, done = std::move(done)]() mutable {
    client_.Shutdown();
    done();
  });
}

void OtlpHttpExporter::Send(Batch batch, absl::Duration, SendDone done) {
  HttpRequest request;
  request.url = url_;
  request.client = batch.client();
  request.max_response_body = kMaxAnswer;
  if (config_.encoding == "json") {
    std::string json;
    absl::Status status = AppendJson(batch, json);
    if (!status.ok()) return done(Permanent(status));
    request.headers.emplace_back("Content-Type", std::string(kJson));
    request.body.push_back(Buffer::FromString(std::move(json)));
  } else {
    request.headers.emplace_back("Content-Type", std::string(kProto));
    request.body = batch.wire();
  }
  client_.Send(std::move(request), [this, done = std::move(done)](absl::StatusOr<HttpResponse> response) mutable {
    if (response.ok()) return done(Judge(*response));
    absl::Status failed = response.status();
    // Whatever kept the request from being made may have passed at the next attempt.
    if (!IsRetryable(failed)) failed = absl::UnavailableError(failed.message());
    done(Annotate(failed, "failed to make an HTTP request: "));
  });
}

absl::Status OtlpHttpExporter::Judge(const HttpResponse& response) const {
  const std::string_view type = response.Header("content-type");
  if (response.status >= 200 && response.status < 300) {
    if (response.body.empty() || (type != kProto && type != kJson)) return absl::OkStatus();
    absl::StatusOr<PartialSuccess> partial =
        type == kProto ? ParsePartialSuccess(response.body) : ParsePartialSuccessJson(response.body);
    if (!partial.ok()) {
      return absl::UnavailableError(
          absl::StrCat("error parsing ", type == kProto ? "protobuf" : "json", " response: ", partial.status().message()));
    }
    if (partial->any()) {
      const char* noun = context_.signal == Signal::kTraces    ? "dropped_spans"
                         : context_.signal == Signal::kMetrics ? "dropped_data_points"
                                                               : "dropped_log_records";
      context_.log.Warn("Partial success response", {{"message", partial->message}, {noun, static_cast<int64_t>(partial->rejected)}});
    }
    return absl::OkStatus();
  }
  std::string text = absl::StrCat("error exporting items, request to ", url_, " responded with HTTP Status Code ", response.status);
  if (response.status >= 400) {
    absl::StatusOr<RpcStatusParts> parts = ParseRpcStatus(response.body);
    if (parts.ok()) absl::StrAppend(&text, ", Message=", parts->message, ", Details=[", parts->details > 0 ? "..." : "", "]");
  }
  const absl::StatusCode code = CodeOfHttpStatus(response.status);
  // A retryable error reaches a client of the receiver with its own text, a permanent one with all that is around it, as in the reference.
  const bool passing = response.status == 429 || (response.status >= 502 && response.status <= 504);
  const std::string whole = absl::StrCat("rpc error: code = ", A(RpcCodeName(static_cast<int>(code))), " desc = ", text);
  if (!passing) return Permanent(absl::Status(code, whole));
  double seconds = 0;
  if ((response.status == 429 || response.status == 503) &&
      ParseRetryAfter(response.Header("retry-after"), absl::ToDoubleSeconds(context_.loop->Now() - absl::UnixEpoch()), seconds) &&
      seconds > 0) {
    // The queue puts its own words around this one.
    return WithRetryAfter(absl::Status(code, whole), seconds);
  }
  return absl::Status(code, text);
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, otlphttp, registry) { return registry.AddExporter<otelpipe::OtlpHttpExporter>(); }
