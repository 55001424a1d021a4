#include "receiver/otlp/otlp_receiver.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/codec.h"
#include "shared/net/otlp.h"
#include "shared/net/rpc_status.h"

namespace otelpipe {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kOkProto("\x0a\x00", 2);  // an empty partial success, as the reference always sends
constexpr std::string_view kOkJson = "{\"partialSuccess\":{}}";
constexpr char kScope[] = "go.opentelemetry.io/collector/receiver/receiverhelper";

size_t Index(Signal signal) { return static_cast<size_t>(signal); }

HttpReply StatusReply(int http, bool json, const absl::Status& status) {
  HttpReply reply = HttpReply::Make(http, json ? kJson : kProtobuf, json ? RpcStatusJson(status) : RpcStatusProto(status));
  if (http == 429 || http == 503) {
    const int wait = RetryAfterHeader(status);
    if (wait >= 0) reply.headers.emplace_back("Retry-After", std::to_string(wait));
  }
  return reply;
}

// Refusals before the request has a route: in the request's encoding when that is known.
HttpReply Refuse(const HttpServerRequest& request, int http, const absl::Status& why) {
  const std::string type = request.MediaType();
  if (type != kJson && type != kProtobuf) {
    return HttpReply::Make(500, kJson, "{\"code\": 13, \"message\": \"failed to marshal error message\"}");
  }
  const absl::StatusCode code = http == 401 ? absl::StatusCode::kUnauthenticated : absl::StatusCode::kInvalidArgument;
  return StatusReply(http, type == kJson, absl::Status(code, why.message()));
}

Buffer StaticBuffer(std::string_view text) { return Buffer{text, nullptr}; }

// The path without empty, "." and ".." elements, as Go's router redirects to.
std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  std::string out;
  for (const std::string_view part : parts) out.append("/").append(part);
  if (out.empty() || (path.ends_with('/') && !out.ends_with('/'))) out += '/';
  return out;
}

// The path with %XX decoded, element by element: an encoded slash does not divide. A sequence that is none stays as it is.
std::string DecodePath(std::string_view path) {
  std::string out;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; };
  for (size_t i = 0; i < path.size(); ++i) {
    const bool coded = path[i] == '%' && i + 2 < path.size() && digit(path[i + 1]) >= 0 && digit(path[i + 2]) >= 0;
    const char c = coded ? static_cast<char>(digit(path[i + 1]) * 16 + digit(path[i + 2])) : path[i];
    if (coded && c != '/') {
      out += c;
      i += 2;
    } else {
      out += path[i];
    }
  }
  return out;
}

}  // namespace

// --- configuration
OtlpGrpcProtocol::OtlpGrpcProtocol() {
  endpoint = "localhost:4317";
  read_buffer_size = 512 << 10;
}
OtlpHttpProtocol::OtlpHttpProtocol() {
  endpoint = "localhost:4318";
  read_header_timeout = write_timeout = idle_timeout = absl::ZeroDuration();
}

void OtlpGrpcProtocol::Describe(Fields<OtlpGrpcProtocol>& f) { f.InlineBase<GrpcServerConfig>(); }
void OtlpHttpProtocol::Describe(Fields<OtlpHttpProtocol>& f) {
  f.InlineBase<HttpServerConfig>();
  f.Optional("traces_url_path", &OtlpHttpProtocol::traces_url_path, "Path of traces.");
  f.Optional("metrics_url_path", &OtlpHttpProtocol::metrics_url_path, "Path of metrics.");
  f.Optional("logs_url_path", &OtlpHttpProtocol::logs_url_path, "Path of logs.");
  f.Validate([](const OtlpHttpProtocol& c) -> absl::Status {
    std::map<std::string, std::string> taken;
    for (const auto& [key, path] : {std::pair("traces_url_path", &c.traces_url_path), {"metrics_url_path", &c.metrics_url_path},
                                    {"logs_url_path", &c.logs_url_path}}) {
      absl::StatusOr<std::string> route = OtlpRoute(key, *path);
      if (!route.ok()) return Annotate(route.status(), "'protocols.http' ");
      auto [it, inserted] = taken.emplace(*route, key);
      if (!inserted) {
        return absl::InvalidArgumentError(absl::StrCat("'protocols.http' '", it->second, "' and '", key, "' are the same URL path"));
      }
    }
    return absl::OkStatus();
  });
}
void DecodeField(const ConfigNode& node, OtlpGrpcProtocol& out, DecodeContext& context) {
  out.enabled = true;
  if (!node.is_null()) internal::DecodeTable(node, TableOf<OtlpGrpcProtocol>(), &out, context);
}
void DecodeField(const ConfigNode& node, OtlpHttpProtocol& out, DecodeContext& context) {
  out.enabled = true;
  if (!node.is_null()) internal::DecodeTable(node, TableOf<OtlpHttpProtocol>(), &out, context);
}

void OtlpProtocols::Describe(Fields<OtlpProtocols>& f) {
  f.Optional("grpc", &OtlpProtocols::grpc, "OTLP/gRPC; on when the key is there.");
  f.Optional("http", &OtlpProtocols::http, "OTLP/HTTP; on when the key is there.");
}
void OtlpReceiver::Config::Describe(Fields<Config>& f) {
  f.Optional("protocols", &Config::protocols, "The protocols to serve; at least one.");
  f.Validate([](const Config& c) {
    return c.protocols.grpc.enabled || c.protocols.http.enabled
               ? absl::OkStatus()
               : absl::InvalidArgumentError("must specify at least one protocol when using the OTLP receiver");
  });
}

absl::StatusOr<std::string> OtlpRoute(std::string_view key, std::string_view url) {
  const auto fail = [&](std::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat("'", A(key), "' invalid HTTP URL path set for signal: parse \"", A(url), "\": ", A(why)));
  };
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return fail("net/url: invalid control character in URL");
    if (c == ' ' || c == '{' || c == '}') return fail("spaces and wildcards are not supported in the path");
  }
  std::string_view path = url.substr(0, url.find_first_of("?#"));
  const size_t colon = path.find(':');
  if (colon == 0) return fail("missing protocol scheme");
  if (colon != std::string_view::npos && path.find('/') > colon) {
    const bool scheme = std::all_of(path.begin(), path.begin() + static_cast<ptrdiff_t>(colon), [](char c) {
      return ((c | 32) >= 'a' && (c | 32) <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    });
    if (!scheme) return fail("first path segment in URL cannot contain colon");
    path.remove_prefix(colon + 1);
    if (path.starts_with("//")) {
      path.remove_prefix(2);
      path = path.find('/') == std::string_view::npos ? std::string_view() : path.substr(path.find('/'));
    }
  }
  return path.starts_with('/') ? std::string(path) : absl::StrCat("/", A(path));
}

// --- answers

// Hears what becomes of a batch and answers its client once.
class OtlpReceiver::Answer : public Done::Sink {
 public:
  Answer(Counts counts, size_t records) : counts_(counts), records_(static_cast<int64_t>(records)) {}
  void Accepted() final { Tell(absl::OkStatus()); }
  void Finished(const absl::Status& status) final {
    Tell(status);
    delete this;
  }

 protected:
  virtual void Reply(const absl::Status& status) = 0;

 private:
  void Tell(const absl::Status& status) {
    if (told_) return;
    told_ = true;
    (status.ok() ? counts_.accepted : counts_.refused)->Add(records_);
    Reply(status);
  }
  const Counts counts_;
  const int64_t records_;
  bool told_ = false;
};

class OtlpReceiver::GrpcAnswer final : public Answer {
 public:
  GrpcAnswer(Counts counts, size_t records, GrpcResponder responder) : Answer(counts, records), responder_(std::move(responder)) {}

 private:
  void Reply(const absl::Status& status) override { responder_.Finish(status, kOkProto); }
  GrpcResponder responder_;
};

class OtlpReceiver::HttpAnswer final : public Answer {
 public:
  HttpAnswer(Counts counts, size_t records, bool json, HttpResponder responder)
      : Answer(counts, records), json_(json), responder_(std::move(responder)) {}

 private:
  void Reply(const absl::Status& status) override {
    if (status.ok()) {
      HttpReply reply;
      reply.content_type = json_ ? kJson : kProtobuf;
      reply.body = StaticBuffer(json_ ? kOkJson : kOkProto);
      return responder_.Send(std::move(reply));
    }
    responder_.Send(StatusReply(HttpStatusOf(status.code()), json_, status));
  }
  const bool json_;
  HttpResponder responder_;
};

// --- life
OtlpReceiver::OtlpReceiver(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
OtlpReceiver::~OtlpReceiver() = default;

void OtlpReceiver::SetOutput(Signal signal, Consumer* next) { outputs_[Index(signal)] = next; }
int OtlpReceiver::grpc_port() const { return grpc_ ? grpc_->port() : 0; }
int OtlpReceiver::http_port() const { return http_ ? http_->port() : 0; }

absl::Status OtlpReceiver::Start(Host& host) {
  if (config_.protocols.grpc.enabled) {
    std::vector<std::string> methods;
    for (const Signal signal : kAllSignals) {
      if (outputs_[Index(signal)] == nullptr) continue;
      grpc_signals_.push_back(signal);
      methods.emplace_back(OtlpMethod(signal));
    }
    grpc_ = std::make_unique<GrpcServer>(
        config_.protocols.grpc, context_, std::move(methods),
        [this](GrpcRequest request, GrpcResponder responder) { TakeGrpc(std::move(request), std::move(responder)); });
    context_.log.Info("Starting GRPC server", {{"endpoint", config_.protocols.grpc.endpoint}});
    absl::Status status = grpc_->Start(host);
    if (!status.ok()) {
      grpc_.reset();
      return status;
    }
  }
  if (config_.protocols.http.enabled) {
    const OtlpHttpProtocol& c = config_.protocols.http;
    for (const Signal signal : kAllSignals) {
      const auto& [key, path] = signal == Signal::kTraces    ? std::pair("traces_url_path", c.traces_url_path)
                                : signal == Signal::kMetrics ? std::pair("metrics_url_path", c.metrics_url_path)
                                                             : std::pair("logs_url_path", c.logs_url_path);
      OTELPIPE_ASSIGN_OR_RETURN(routes_[Index(signal)], OtlpRoute(key, path));
    }
    http_ = std::make_unique<HttpServer>(
        c, context_,
        [this](HttpServerRequest& request, HttpResponder responder) { TakeHttp(request, std::move(responder)); },
        HttpServerSettings{.take_body_errors = true, .refuse = &Refuse});
    context_.log.Info("Starting HTTP server", {{"endpoint", c.endpoint}});
    absl::Status status = http_->Start(host);
    if (!status.ok()) {
      http_.reset();
      grpc_.reset();
      return status;
    }
  }
  return absl::OkStatus();
}

void OtlpReceiver::Shutdown(ShutdownDone done) {
  auto grpc = [this, done = std::move(done)]() mutable {
    if (grpc_) {
      grpc_->Shutdown(std::move(done));
    } else {
      done();
    }
  };
  if (http_) {
    http_->Shutdown(std::move(grpc));
  } else {
    grpc();
  }
}

OtlpReceiver::Counts& OtlpReceiver::CountsOf(Signal signal, Transport transport) {
  Counts& counts = counts_[transport][Index(signal)];
  if (counts.accepted != nullptr) return counts;
  struct Words {
    const char *name, *plural, *unit;
  };
  const Words words = signal == Signal::kTraces    ? Words{"spans", "spans", "{spans}"}
                      : signal == Signal::kMetrics ? Words{"metric_points", "metric points", "{datapoints}"}
                                                   : Words{"log_records", "log records", "{records}"};
  const Labels labels = {{"receiver", context_.id.ToString()}, {"transport", transport == kGrpc ? "grpc" : "http"}};
  counts.accepted = context_.metrics->AddCounter(absl::StrCat("otelcol_receiver_accepted_", words.name), labels,
                                                 absl::StrCat("Number of ", words.plural, " successfully pushed into the pipeline. [alpha]"),
                                                 words.unit, kScope);
  counts.refused = context_.metrics->AddCounter(absl::StrCat("otelcol_receiver_refused_", words.name), labels,
                                                absl::StrCat("Number of ", words.plural, " that could not be pushed into the pipeline. [alpha]"),
                                                words.unit, kScope);
  return counts;
}

// --- requests
void OtlpReceiver::TakeGrpc(GrpcRequest request, GrpcResponder responder) {
  const Signal signal = grpc_signals_[request.method];
  Batch batch = Batch::FromWire(signal, std::move(request.message));
  const absl::StatusOr<size_t> records = batch.CountRecords();
  if (!records.ok()) {
    return responder.Finish(
        absl::InternalError(absl::StrCat("grpc: error unmarshalling request: ", records.status().message())), "");
  }
  if (*records == 0) return responder.Finish(absl::OkStatus(), kOkProto);
  batch.set_client(std::move(request.client));
  outputs_[Index(signal)]->Consume(std::move(batch),
                                   Done(new GrpcAnswer(CountsOf(signal, kGrpc), *records, std::move(responder))));
}

bool OtlpReceiver::Route(std::string_view path, Signal& signal) const {
  size_t best = 0;
  for (const Signal s : kAllSignals) {
    if (outputs_[Index(s)] == nullptr) continue;
    const std::string& route = routes_[Index(s)];
    // A route that ends in a slash stands for all below it; the longest one wins.
    const bool fits = path == route || (route.ends_with('/') && path.starts_with(route));
    if (!fits || route.size() < best) continue;
    best = route.size();
    signal = s;
  }
  return best > 0;
}

void OtlpReceiver::TakeHttp(HttpServerRequest& request, HttpResponder responder) {
  Signal signal;
  const bool plain = request.path.find('%') == std::string_view::npos;
  bool found = plain ? Route(request.path, signal) : Route(DecodePath(request.path), signal);
  if (!found || request.path.find("//") != std::string_view::npos || request.path.find("/.") != std::string_view::npos) {
    // Go's router sends everybody to the clean form of a path, whether it leads anywhere or not, and from /a to /a/ when only that is known.
    std::string clean = CleanPath(request.path);
    found = Route(plain ? clean : DecodePath(clean), signal);
    bool redirect = clean != request.path;
    if (!found && Route(clean + "/", signal) && routes_[Index(signal)] == clean + "/") {
      clean += '/';
      redirect = true;
    }
    if (redirect) {
      HttpReply reply;
      reply.status = 307;
      reply.headers.emplace_back("Location", request.query.empty() ? clean : absl::StrCat(clean, "?", A(request.query)));
      return responder.Send(std::move(reply));
    }
    if (!found) return responder.Send(HttpReply::Text(404, "404 page not found\n"));
  }
  if (request.method != "POST") {
    return responder.Send(HttpReply::Make(405, "text/plain", "405 method not allowed, supported: [POST]"));
  }
  const std::string type = request.MediaType();
  const bool json = type == kJson;
  if (!json && type != kProtobuf) {
    return responder.Send(HttpReply::Make(
        415, "text/plain", "415 unsupported media type, supported: [application/json, application/x-protobuf]"));
  }
  const auto bad = [&](const absl::Status& why) {
    responder.Send(StatusReply(400, json, absl::InvalidArgumentError(why.message())));
  };
  if (!request.body_error.ok()) return bad(request.body_error);
  Batch batch;
  if (json) {
    absl::StatusOr<Batch> read = BatchFromJson(signal, request.body.bytes);
    if (!read.ok()) return bad(read.status());
    batch = *std::move(read);
  } else {
    WireBytes wire;
    if (!request.body.bytes.empty()) wire.push_back(std::move(request.body));
    batch = Batch::FromWire(signal, std::move(wire));
  }
  const absl::StatusOr<size_t> records = batch.CountRecords();
  if (!records.ok()) return bad(records.status());
  auto answer = new HttpAnswer(CountsOf(signal, kHttp), *records, json, std::move(responder));
  if (*records == 0) return answer->Finished(absl::OkStatus());
  batch.set_client(request.client);
  outputs_[Index(signal)]->Consume(std::move(batch), Done(answer));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(receiver, otlp, registry) { return registry.AddReceiver<otelpipe::OtlpReceiver>(); }
