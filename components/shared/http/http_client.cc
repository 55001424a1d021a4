#include "shared/http/http_client.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/header_editor.h"
#include "shared/http/http_connection.h"
#include "shared/http/url.h"
#include "shared/net/address.h"

namespace otelpipe {

using namespace http_internal;  // NOLINT: the folder's own names

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

namespace {

constexpr absl::Duration kDialLimit = absl::Seconds(30);
constexpr int kMaxRedirects = 10;

bool ValidHeader(std::string_view name, std::string_view value) {
  if (name.empty()) return false;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == ':') return false;
  }
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) return false;
  }
  return true;
}

std::string_view Verb(std::string_view method) {  // as Go writes it in errors
  return method == "GET" ? "Get" : method == "POST" ? "Post" : method == "PUT" ? "Put" : method;
}

}  // namespace

class HttpClient::Impl : public std::enable_shared_from_this<HttpClient::Impl> {
 public:
  Impl(HttpClientConfig config, Context context)
      : config_(std::move(config)),
        context_(std::move(context)),
        compressor_(config_.compression, static_cast<int>(config_.compression_params.level)) {}

  absl::Status Start(Host& host) {
    // Reading the system's trust roots takes 100 ms; a client that has no TLS settings does it when the first https URL comes.
    const TlsClientConfig& t = config_.tls;
    if (!t.ca_file.empty() || !t.ca_pem.empty() || !t.cert_file.empty() || !t.cert_pem.empty() || !t.key_file.empty() ||
        !t.key_pem.empty() || !t.cipher_suites.empty() || !t.curve_preferences.empty()) {
      OTELPIPE_RETURN_IF_ERROR(tls_.Start(t, context_.loop->MonotonicNanos()));
    }
    if (config_.proxy_url.empty()) {
      proxy_ = ProxyRules::FromEnvironment();
    } else {
      absl::StatusOr<HttpUrl> url = HttpUrl::Parse(config_.proxy_url);
      if (!url.ok()) {
        return absl::InvalidArgumentError(absl::StrCat("parse \"", config_.proxy_url, "\": invalid URI for request"));
      }
      if (url->tls) return absl::InvalidArgumentError("proxy_url: proxies are spoken to in plain text; use http://");
      proxy_ = ProxyRules::Fixed(*std::move(url));
    }
    if (config_.auth) {
      if (host.Extensions().empty()) return absl::FailedPreconditionError("extensions configuration not found");
      OTELPIPE_ASSIGN_OR_RETURN(auth_, FindClientAuth(*config_.auth, host, "HTTP"));
    }
    if (config_.compression == Compression::kSnappyFramed && !context_.gate_enabled("confighttp.framedSnappy")) {
      return absl::InvalidArgumentError("x-snappy-framed is not enabled");
    }
    encoding_name_ = CompressionName(config_.compression);
    if (config_.compression == Compression::kSnappy && !context_.gate_enabled("confighttp.framedSnappy")) {
      // Without that gate the reference writes the stream format under the plain name.
      compressor_ = Compressor(Compression::kSnappyFramed);
    }
    for (const auto& [name, value] : config_.headers) {
      if (!ValidHeader(name, value)) {
        return absl::InvalidArgumentError(absl::StrCat("net/http: invalid header field name or value for \"", name, "\""));
      }
      if (name == "Host") {
        host_override_ = value;
      } else {
        fixed_headers_ += absl::StrCat(name, ": ", value, "\r\n");
      }
      fixed_names_.push_back(ToLower(name));
    }
    user_agent_ = UserAgent(context_);
    started_ = true;
    return absl::OkStatus();
  }

  void Send(HttpRequest request, Done done) {
    auto work = std::make_shared<Work>();
    work->done = std::move(done);
    work->method = request.method;
    work->url_text = request.url;
    work->max_body = request.max_response_body;
    absl::Status status = Prepare(request, *work);
    if (!status.ok()) {
      context_.loop->Post([self = shared_from_this(), work, status] { self->Finish(work, status); });
      return;
    }
    active_.insert(work);
    const absl::Duration timeout = request.timeout > absl::ZeroDuration() ? request.timeout : config_.timeout;
    if (timeout > absl::ZeroDuration()) {
      work->timer = context_.loop->After(timeout, [weak = weak_from_this(), weak_work = std::weak_ptr<Work>(work)] {
        const auto self = weak.lock();
        const auto w = weak_work.lock();
        if (!self || !w) return;
        self->Drop(w);
        self->Finish(w, absl::DeadlineExceededError("context deadline exceeded"));
      });
    }
    Dispatch(work);
  }

  void Shutdown() {
    started_ = false;
    while (!active_.empty()) {
      std::shared_ptr<Work> work = *active_.begin();
      Drop(work);
      Finish(work, absl::CancelledError("the client is shut down"));
    }
    CloseAll();
  }

  // The client is gone: nobody is called any more.
  void Abandon() {
    for (const auto& work : active_) {
      work->done = nullptr;
      work->timer.Cancel();
      work->dial_timer.Cancel();
      if (work->connection) work->connection->Close();
    }
    active_.clear();
    CloseAll();
  }

  size_t connections() const {
    size_t n = 0;
    for (const auto& [key, pool] : pools_) n += pool.open;
    return n;
  }

 private:
  struct Work {
    std::string method, url_text;
    HttpUrl url;
    std::string headers;  // lines after Host
    std::string wire;     // the whole header of the current attempt
    std::vector<Buffer> body;
    size_t max_body = 0;
    Done done;
    Timer timer, dial_timer;
    std::string pool;
    std::shared_ptr<Connection> connection;
    int redirects = 0;
    int attempts = 0;
    bool own_accept_encoding = false;
  };
  struct Pool {
    std::shared_ptr<const Route> route;
    std::vector<std::shared_ptr<Connection>> idle;  // the last one used last
    std::deque<std::shared_ptr<Work>> waiting;
    size_t open = 0;
    bool absolute_target = false;  // plain HTTP through a proxy
  };

  // Lets `editor` change the headers of the request: `set` is what is new or has another value, `removed` what is gone.
  absl::Status Edit(HeaderEditor& editor, const HttpRequest& request, Headers& set, std::vector<std::string>& removed) const {
    Headers before;
    const auto put = [&before](const std::string& name, const std::string& value) {
      std::string key = ToLower(name);
      auto it = std::find_if(before.begin(), before.end(), [&](const auto& header) { return header.first == key; });
      if (it == before.end()) it = before.emplace(before.end(), std::move(key), std::string());
      it->second = value;
    };
    put("user-agent", user_agent_);
    for (const auto& [name, value] : request.headers) put(std::string(name), std::string(value));
    for (const auto& [name, value] : config_.headers) {
      if (name != "Host") put(std::string(name), std::string(value));
    }
    Headers after = before;
    OTELPIPE_RETURN_IF_ERROR(editor.EditHeaders(request.client.get(), after));
    for (auto& header : after) {
      if (std::find(before.begin(), before.end(), header) == before.end()) set.push_back(header);
    }
    for (const auto& [name, value] : before) {
      const auto same = [&name = name](const auto& header) { return header.first == name; };
      if (std::none_of(after.begin(), after.end(), same)) removed.push_back(name);
    }
    return absl::OkStatus();
  }

  absl::Status Prepare(HttpRequest& request, Work& work) {
    if (!started_) return absl::CancelledError("the client is not running");
    // Requests mostly go to one or two URLs: those are parsed once.
    auto known = urls_.find(request.url);
    if (known == urls_.end()) {
      OTELPIPE_ASSIGN_OR_RETURN(HttpUrl url, HttpUrl::Parse(request.url));
      if (urls_.size() > 64) urls_.clear();
      known = urls_.emplace(request.url, std::move(url)).first;
    }
    work.url = known->second;
    Headers auth;
    std::vector<std::string> removed;
    if (auth_ != nullptr) {
      if (auto* editor = dynamic_cast<HeaderEditor*>(auth_); editor != nullptr) {
        OTELPIPE_RETURN_IF_ERROR(Edit(*editor, request, auth, removed));
      } else {
        OTELPIPE_ASSIGN_OR_RETURN(auth, auth_->RequestHeaders(request.client.get()));
      }
      for (const auto& [name, value] : auth) {
        if (!ValidHeader(name, value)) return absl::InvalidArgumentError("net/http: invalid header field value from the authenticator");
      }
    }
    const auto replaced = [&](std::string_view name) {
      for (const auto& [key, value] : auth) {
        if (EqualFold(key, name)) return true;
      }
      return std::any_of(removed.begin(), removed.end(), [&](const std::string& n) { return EqualFold(n, name); });
    };
    std::string& h = work.headers;
    bool packed = false, agent = false;
    for (const auto& [name, value] : request.headers) {
      packed |= EqualFold(name, "Content-Encoding");
      agent |= EqualFold(name, "User-Agent");
      work.own_accept_encoding |= EqualFold(name, "Accept-Encoding");
      if (replaced(name)) continue;
      if (std::any_of(fixed_names_.begin(), fixed_names_.end(), [&](const std::string& n) { return EqualFold(n, name); })) continue;
      if (!ValidHeader(name, value)) return absl::InvalidArgumentError("net/http: invalid header field name or value");
      h.append(name).append(": ").append(value).append("\r\n");
    }
    for (const std::string& n : fixed_names_) {
      agent |= n == "user-agent";
      work.own_accept_encoding |= n == "accept-encoding";
    }
    agent |= replaced("user-agent");
    if (auth.empty() && removed.empty()) {
      h += fixed_headers_;
    } else {
      for (const auto& [name, value] : config_.headers) {
        if (name != "Host" && !replaced(name)) h.append(name).append(": ").append(value).append("\r\n");
      }
      for (const auto& [name, value] : auth) h.append(name).append(": ").append(value).append("\r\n");
    }
    if (!agent) h.append("User-Agent: ").append(user_agent_).append("\r\n");
    if (!work.own_accept_encoding) h.append("Accept-Encoding: gzip\r\n");
    if (!work.url.basic.empty() && !replaced("Authorization")) {
      h.append("Authorization: Basic ").append(absl::Base64Escape(work.url.basic)).append("\r\n");
    }
    if (config_.disable_keep_alives) h.append("Connection: close\r\n");
    if (!request.send_body) return absl::OkStatus();
    if (config_.compression != Compression::kNone && !packed) {
      const std::string_view small = compressor_.Compress(request.body);
      work.body.push_back(CopyToBuffer(small));
      h.append("Content-Encoding: ").append(encoding_name_).append("\r\n");
    } else {
      work.body = std::move(request.body);
    }
    size_t size = 0;
    for (const Buffer& b : work.body) size += b.bytes.size();
    h.append(absl::StrCat("Content-Length: ", size, "\r\n"));
    return absl::OkStatus();
  }

  Pool& PoolFor(const HttpUrl& url, std::string& key) {
    key = absl::StrCat(url.tls ? "s" : "p", url.host, "|", url.port);
    Pool& pool = pools_[key];
    if (pool.route) return pool;
    auto route = std::make_shared<Route>();
    route->url = url;
    route->verify = !config_.tls.insecure_skip_verify;
    route->verify_name = config_.tls.server_name_override.empty() ? url.host : config_.tls.server_name_override;
    if (const HttpUrl* proxy = proxy_.For(url); proxy != nullptr) {
      route->proxy_host = proxy->host;
      route->proxy_port = proxy->port;
      proxy_authorization_ =
          proxy->basic.empty() ? "" : absl::StrCat("Proxy-Authorization: Basic ", absl::Base64Escape(proxy->basic), "\r\n");
      if (url.tls) {
        const std::string target = JoinHostPort(url.host, url.port);
        route->connect = absl::StrCat("CONNECT ", target, " HTTP/1.1\r\nHost: ", target, "\r\n", proxy_authorization_, "\r\n");
      } else {
        pool.absolute_target = true;
      }
    }
    pool.route = std::move(route);
    return pool;
  }

  void Dispatch(const std::shared_ptr<Work>& work) {
    Pool& pool = PoolFor(work->url, work->pool);
    while (!pool.idle.empty()) {
      std::shared_ptr<Connection> connection = std::move(pool.idle.back());
      pool.idle.pop_back();
      if (connection->Alive()) return Run(work, pool, std::move(connection), false);
      connection->Close();
      --pool.open;
    }
    if (config_.max_conns_per_host > 0 && pool.open >= static_cast<size_t>(config_.max_conns_per_host)) {
      pool.waiting.push_back(work);
      return;
    }
    SslContext context;
    if (work->url.tls) {
      const int64_t now = context_.loop->MonotonicNanos();
      absl::Status ready = tls_ ? absl::OkStatus() : tls_.Start(config_.tls, now);
      absl::StatusOr<SslContext> made = ready.ok() ? tls_.Get(now) : absl::StatusOr<SslContext>(ready);
      if (!made.ok()) {
        context_.loop->Post([self = shared_from_this(), work, status = made.status()] { self->Finish(work, status); });
        return;
      }
      context = *std::move(made);
    }
    ++pool.open;
    Run(work, pool, MakeConnection(context_.loop->io(), pool.route, std::move(context)), true);
  }

  void Run(const std::shared_ptr<Work>& work, Pool& pool, std::shared_ptr<Connection> connection, bool fresh) {
    ++work->attempts;
    work->connection = connection;
    work->wire = absl::StrCat(work->method, " ", pool.absolute_target ? work->url.Origin() : "", work->url.target, " HTTP/1.1\r\nHost: ",
                              host_override_.empty() ? work->url.authority : host_override_, "\r\n",
                              pool.absolute_target ? proxy_authorization_ : "", work->headers, "\r\n");
    if (fresh && (config_.timeout <= absl::ZeroDuration() || config_.timeout > kDialLimit)) {
      // A peer that swallows the handshake ends here; afterwards only the request's own limit counts.
      work->dial_timer = context_.loop->After(kDialLimit, [weak = weak_from_this(), weak_work = std::weak_ptr<Work>(work)] {
        const auto self = weak.lock();
        const auto w = weak_work.lock();
        if (!self || !w || !w->connection || w->connection->Connected()) return;
        self->Drop(w);
        self->Finish(w, absl::UnavailableError("dial tcp: i/o timeout"));
      });
    }
    connection->Exchange(work->wire, work->body, work->method == "HEAD", work->max_body,
                         [weak = weak_from_this(), work](absl::StatusOr<WireResponse> response, bool is_fresh) {
                           if (const auto self = weak.lock()) self->Answered(work, std::move(response), is_fresh);
                         });
  }

  void Answered(const std::shared_ptr<Work>& work, absl::StatusOr<WireResponse> wire, bool fresh) {
    std::shared_ptr<Connection> connection = std::exchange(work->connection, nullptr);
    work->dial_timer.Cancel();
    if (!wire.ok()) {
      Release(work->pool, connection, false);
      // A kept connection that the server closed at the same moment says nothing about the request: once more, on another one.
      if (!fresh && work->attempts < 3) return Dispatch(work);
      return Finish(work, wire.status());
    }
    Release(work->pool, connection, wire->keep && !config_.disable_keep_alives);
    HttpResponse out;
    out.status = static_cast<int>(wire->message.result_int());
    out.truncated = wire->truncated;
    for (const auto& field : wire->message) out.headers.emplace_back(ToLower(View(field.name_string())), View(field.value()));
    if ((out.status == 307 || out.status == 308) && !out.Header("location").empty()) {
      if (++work->redirects > kMaxRedirects) return Finish(work, absl::UnavailableError("stopped after 10 redirects"));
      absl::StatusOr<HttpUrl> next = work->url.Resolve(out.Header("location"));
      if (!next.ok()) return Finish(work, next.status());
      work->url = *std::move(next);
      return Dispatch(work);
    }
    out.body = std::move(wire->message.body());
    if (!work->own_accept_encoding && out.Header("content-encoding") == "gzip" && !out.body.empty() && !out.truncated) {
      absl::StatusOr<Buffer> plain = decompressor_.Decompress(Compression::kGzip, out.body, work->max_body);
      if (!plain.ok()) return Finish(work, absl::UnavailableError(plain.status().message()));
      out.body = std::string(plain->bytes);
    }
    Finish(work, std::move(out));
  }

  void Release(const std::string& key, const std::shared_ptr<Connection>& connection, bool keep) {
    Pool& pool = pools_[key];
    const auto per_host = static_cast<size_t>(config_.max_idle_conns_per_host);
    if (keep && (config_.max_idle_conns == 0 || pool.idle.size() < static_cast<size_t>(config_.max_idle_conns)) &&
        (per_host == 0 || pool.idle.size() < per_host || !pool.waiting.empty())) {
      connection->idle_since = context_.loop->MonotonicNanos();
      pool.idle.push_back(connection);
      WatchIdle();
    } else {
      connection->Close();
      --pool.open;
    }
    if (!pool.waiting.empty()) {
      std::shared_ptr<Work> next = std::move(pool.waiting.front());
      pool.waiting.pop_front();
      Dispatch(next);
    }
  }

  // Takes `work` off its connection or waiting line.
  void Drop(const std::shared_ptr<Work>& work) {
    if (auto connection = std::exchange(work->connection, nullptr)) {
      connection->Close();
      Release(work->pool, connection, false);
    } else if (auto pool = pools_.find(work->pool); pool != pools_.end()) {
      std::erase(pool->second.waiting, work);
    }
  }

  void Finish(const std::shared_ptr<Work>& work, absl::StatusOr<HttpResponse> result) {
    work->timer.Cancel();
    work->dial_timer.Cancel();
    active_.erase(work);
    if (!work->done) return;
    if (!result.ok()) {
      result = absl::Status(result.status().code(),
                            absl::StrCat(A(Verb(work->method)), " \"", work->url_text, "\": ", result.status().message()));
    }
    Done done = std::exchange(work->done, nullptr);
    done(std::move(result));
  }

  void WatchIdle() {
    if (idle_timer_.pending() || config_.idle_conn_timeout <= absl::ZeroDuration()) return;
    idle_timer_ = context_.loop->After(config_.idle_conn_timeout, [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      const int64_t oldest = self->context_.loop->MonotonicNanos() - absl::ToInt64Nanoseconds(self->config_.idle_conn_timeout);
      bool more = false;
      for (auto& [key, pool] : self->pools_) {
        pool.open -= std::erase_if(pool.idle, [&](const std::shared_ptr<Connection>& c) {
          if (c->idle_since > oldest) return false;
          c->Close();
          return true;
        });
        more |= !pool.idle.empty();
      }
      if (more) self->WatchIdle();
    });
  }

  void CloseAll() {
    idle_timer_.Cancel();
    for (auto& [key, pool] : pools_) {
      for (const auto& connection : pool.idle) connection->Close();
      pool.open -= pool.idle.size();
      pool.idle.clear();
    }
  }

  const HttpClientConfig config_;
  const Context context_;
  Compressor compressor_;
  Decompressor decompressor_;
  ReloadingContext tls_;
  ProxyRules proxy_;
  ClientAuth* auth_ = nullptr;
  std::string_view encoding_name_;
  std::string fixed_headers_, host_override_, user_agent_, proxy_authorization_;
  std::vector<std::string> fixed_names_;
  std::unordered_map<std::string, HttpUrl> urls_;
  std::map<std::string, Pool> pools_;
  std::unordered_set<std::shared_ptr<Work>> active_;
  Timer idle_timer_;
  bool started_ = false;
};

HttpClient::HttpClient(HttpClientConfig config, Context context)
    : impl_(std::make_shared<Impl>(std::move(config), std::move(context))) {}
HttpClient::~HttpClient() { impl_->Abandon(); }
absl::Status HttpClient::Start(Host& host) { return impl_->Start(host); }
void HttpClient::Send(HttpRequest request, Done done) { impl_->Send(std::move(request), std::move(done)); }
void HttpClient::Shutdown() { impl_->Shutdown(); }
size_t HttpClient::connections() const { return impl_->connections(); }

}  // namespace otelpipe
