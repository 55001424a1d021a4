#include "exporter/loki/loki.h"

#include <cctype>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "shared/http/reason.h"

namespace otelpipe {
namespace {

// What of an answer is looked at for its first line.
constexpr size_t kMaxAnswer = 1024;
constexpr std::string_view kNoLabels = "error at least one label pair is required per stream";

// Whether Go's URL parser takes the text. It is generous: a mere word is a path.
bool IsUrl(std::string_view url) {
  if (url.empty()) return false;
  for (unsigned char c : url) {
    if (c < 0x20 || c == 0x7f) return false;
  }
  const size_t colon = url.find(':');
  const size_t slash = url.find('/');
  if (colon == std::string_view::npos || (slash != std::string_view::npos && slash < colon)) return true;
  if (colon == 0) return false;  // missing protocol scheme
  const std::string_view scheme = url.substr(0, colon);
  for (size_t i = 0; i < scheme.size(); ++i) {
    const char c = scheme[i];
    const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    const bool other = (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
    if (!letter && (!other || i == 0)) return false;  // first path segment in URL cannot contain colon
  }
  std::string_view rest = url.substr(colon + 1);
  if (!rest.starts_with("//")) return true;
  rest.remove_prefix(2);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.find_first_of(" <>\"{}|\\^`") != std::string_view::npos) return false;
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t close = authority.find(']');
    if (close == std::string_view::npos) return false;
    port = authority.substr(close + 1);
    if (!port.empty() && port[0] != ':') return false;
  } else if (const size_t last = authority.rfind(':'); last != std::string_view::npos) {
    port = authority.substr(last);
  }
  for (char c : port.empty() ? port : port.substr(1)) {
    if (c < '0' || c > '9') return false;
  }
  for (size_t i = url.find('%'); i != std::string_view::npos; i = url.find('%', i + 1)) {
    auto hex = [&url](size_t at) { return at < url.size() && std::isxdigit(static_cast<unsigned char>(url[at])) != 0; };
    if (!hex(i + 1) || !hex(i + 2)) return false;
  }
  return true;
}

LokiDefaultLabels DefaultLabels(const std::map<std::string, bool>& enabled) {
  auto on = [&enabled](const char* name) {
    auto found = enabled.find(name);
    return found == enabled.end() || found->second;
  };
  return {on("exporter"), on("job"), on("instance"), on("level")};
}

SendingConfig Sending(const LokiExporter::Config& config) {
  SendingConfig out;
  out.timeout = absl::ZeroDuration();  // the HTTP client's timeout is the only one
  out.retry_on_failure = config.retry_on_failure;
  out.sending_queue = config.sending_queue;
  return out;
}

}  // namespace

absl::Status LokiAnswer(int http_status, std::string_view body) {
  if (http_status >= 200 && http_status < 300) return absl::OkStatus();
  body = body.substr(0, kMaxAnswer);
  body = body.substr(0, body.find('\n'));
  if (body.ends_with('\r')) body.remove_suffix(1);
  std::string text = "HTTP " + std::to_string(http_status) + " \"" + std::string(HttpReason(http_status)) +
                     "\": " + std::string(body);
  if (http_status >= 400 && http_status < 500 && http_status != 429) return Permanent(absl::InternalError(text));
  return absl::UnavailableError(text);
}

void LokiExporter::Config::Describe(Fields<Config>& f) {
  f.Inline(&Config::http);
  f.Optional("default_labels_enabled", &Config::default_labels_enabled,
             "Labels that need no hint: exporter, job, instance, level, each on unless it is false here.");
  f.Optional("sending_queue", &Config::sending_queue, "Queue before the requests.");
  f.Optional("retry_on_failure", &Config::retry_on_failure, "What happens when a request fails.");
  f.Validate([](const Config& c) {
    return IsUrl(c.http.endpoint) ? absl::OkStatus() : absl::InvalidArgumentError("\"endpoint\" must be a valid URL");
  });
}

LokiExporter::Config LokiExporter::DefaultConfig() {
  Config config;
  config.http.timeout = absl::Seconds(30);
  config.http.write_buffer_size = 524288;
  return config;
}

LokiExporter::LokiExporter(Config config, Context context)
    : config_(std::move(config)),
      context_(std::move(context)),
      http_(config_.http, context_),
      encoder_(DefaultLabels(config_.default_labels_enabled)),
      queue_(Sending(config_), context_, this) {}

LokiExporter::~LokiExporter() = default;

absl::Status LokiExporter::Init() {
  context_.log.Info("Deprecated component. Will be removed in future releases.");
  context_.log.Info("using the new Loki exporter");
  if (context_.metrics != nullptr) {
    missing_labels_ = context_.metrics->AddCounter(
        "otelcol_lokiexporter_send_failed_due_to_missing_labels", {},
        "Number of log records failed to send because labels were missing", "1");
  }
  return absl::OkStatus();
}

absl::Status LokiExporter::Start(Host& host) {
  OTELPIPE_RETURN_IF_ERROR(http_.Start(host));
  return queue_.Start(host);
}

void LokiExporter::Shutdown(ShutdownDone done) {
  queue_.Shutdown([this, done = std::move(done)]() mutable {
    http_.Shutdown();
    done();
  });
}

// The requests of one batch.
struct LokiExporter::Attempt {
  std::vector<LokiPush> pushes;
  size_t next = 0;
  size_t records = 0;
  std::shared_ptr<const ClientInfo> client;
  bool permanent = false;
  std::string errors;
  SendDone done;

  void Note(const absl::Status& status) {
    if (status.ok()) return;
    permanent |= !IsRetryable(status);
    if (!errors.empty()) errors += "; ";
    errors += S(status.message());
  }
};

void LokiExporter::Send(Batch batch, absl::Duration, SendDone done) {
  auto logs = batch.ReadLogs();
  if (!logs.ok()) return done(Permanent(logs.status()));
  auto attempt = std::make_shared<Attempt>();
  attempt->pushes = encoder_.Encode(**logs, static_cast<uint64_t>(absl::ToUnixNanos(context_.loop->Now())));
  attempt->client = batch.client();
  attempt->done = std::move(done);
  for (const LokiPush& push : attempt->pushes) attempt->records += push.submitted + push.dropped;
  batch = Batch();  // the requests hold all that is needed
  SendNext(std::move(attempt));
}

void LokiExporter::SendNext(std::shared_ptr<Attempt> attempt) {
  while (attempt->next < attempt->pushes.size()) {
    LokiPush& push = attempt->pushes[attempt->next++];
    if (push.submitted == 0) {
      attempt->Note(absl::InternalError("failed to transform logs into Loki log streams"));
      continue;
    }
    if (push.dropped != 0) {
      context_.log.Info("not all log entries were converted to Loki",
                        {{"dropped", push.dropped}, {"submitted", push.submitted}});
    }
    HttpRequest request;
    request.url = config_.http.endpoint;
    request.headers.emplace_back("Content-Type", "application/x-protobuf");
    if (!push.tenant.empty()) request.headers.emplace_back("X-Scope-OrgID", push.tenant);
    request.body.push_back(std::move(push.body));
    request.max_response_body = kMaxAnswer;
    request.client = attempt->client;
    http_.Send(std::move(request), [this, attempt](absl::StatusOr<HttpResponse> response) {
      if (response.ok()) {
        attempt->Note(LokiAnswer(response->status, response->body));
      } else {
        attempt->Note(absl::UnavailableError(response.status().message()));
      }
      SendNext(attempt);
    });
    return;
  }
  FinishAttempt(*attempt);
}

void LokiExporter::FinishAttempt(Attempt& attempt) {
  if (attempt.errors.empty()) return attempt.done(absl::OkStatus());
  if (missing_labels_ != nullptr && attempt.errors.find(kNoLabels) != std::string::npos) {
    missing_labels_->Add(static_cast<int64_t>(attempt.records));
  }
  if (attempt.permanent) return attempt.done(Permanent(absl::InternalError(attempt.errors)));
  attempt.done(absl::UnavailableError(attempt.errors));
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, loki, registry) { return registry.AddExporter<otelpipe::LokiExporter>(); }
