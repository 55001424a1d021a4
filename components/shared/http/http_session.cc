#include "shared/http/http_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "otelpipe/base/strings.h"
#include "shared/http/reason.h"

namespace otelpipe {

using namespace http_internal;  // NOLINT: the folder's own names

HttpResponder::Session::~Session() {
  state_->sessions.erase(this);
  if (state_->stopping && state_->sessions.empty() && state_->on_idle) {
    auto on_idle = std::exchange(state_->on_idle, nullptr);
    on_idle();
  }
}

std::string_view HttpServerState::Date() {
  const int64_t second = absl::ToUnixSeconds(context.loop->Now());
  if (second != date_second) {
    date_second = second;
    date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", absl::FromUnixSeconds(second), absl::UTCTimeZone());
  }
  return date;
}

namespace {

// A peer that is told to go away gets this long to read why before the socket closes.
constexpr absl::Duration kLinger = absl::Seconds(1);
constexpr absl::Duration kHandshakeLimit = absl::Seconds(10);
// Bodies below this are read to their end even when the answer is already known, so that the connection can be kept.
constexpr uint64_t kDrain = 256 << 10;
// So much memory a Content-Length gets by its mere word; the rest when that much has come.
constexpr size_t kFirstBlock = 1 << 20;
constexpr uint32_t kMaxHeader = 1 << 20;

std::string Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size()) {
      const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; };
      const int high = digit(text[i + 1]);
      const int low = digit(text[i + 2]);
      if (high < 0 || low < 0) {
        out += text[i];
        continue;
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A Host header as Go takes it: no bytes that no host name, address or port has.
bool ValidHost(std::string_view host) {
  for (const char c : host) {
    const bool alnum = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    if (!alnum && std::string_view("!$%&()*+,-.:;=[]'_~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

// What the reference finds wrong with a packed body before it looks at path and method: it opens gzip and zlib streams, and unpacks raw
// snappy blocks as a whole. All else it meets while it reads.
bool FoundBeforeRouting(Compression kind, std::string_view packed, const absl::Status& error) {
  switch (kind) {
    case Compression::kGzip:
      return packed.size() < 10 || error.message() == "gzip: invalid header";
    case Compression::kZlib:
    case Compression::kDeflate:
      return packed.size() < 2 || error.message() == "zlib: invalid header";
    case Compression::kSnappy:
      return packed.substr(0, 4) != std::string_view("\xff\x06\x00\x00", 4) && absl::IsInvalidArgument(error);
    default:
      return false;
  }
}

// Why a chunked body can't be read on.
std::string_view ChunkProblem(const error_code& error) {
  if (error == http::error::bad_chunk) return "invalid byte in chunk length";
  return "malformed chunked encoding";
}

// The first value of a query parameter; false when it is not there.
bool QueryParameter(std::string_view query, std::string_view name, std::string& value) {
  while (!query.empty()) {
    const size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const size_t equals = pair.find('=');
    if (Decode(pair.substr(0, equals)) == name) {
      value = equals == std::string_view::npos ? "" : Decode(pair.substr(equals + 1));
      return true;
    }
    if (end == std::string_view::npos) return false;
    query.remove_prefix(end + 1);
  }
  return false;
}

template <typename Stream>
class SessionOf final : public HttpResponder::Session {
 public:
  SessionOf(std::shared_ptr<HttpServerState> state, Stream stream) : Session(std::move(state)), stream_(std::move(stream)) {
    error_code ignored;
    remote_ = ToText(LowestLayer(stream_).remote_endpoint(ignored));
  }

  void Run() override {
    if constexpr (kIsTls<Stream>) {
      SetDeadline(kHandshakeLimit);
      stream_.async_handshake(asio::ssl::stream_base::server, [self = Self()](const error_code& error) {
        if (error) return self->HandshakeFailed(error);
        self->NextRequest();
      });
    } else {
      NextRequest();
    }
  }

  void Stop() override {
    stop_ = true;
    if (phase_ == Phase::kIdle) Abort();
  }

  void Abort() override {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kClosed;
    error_code ignored;
    LowestLayer(stream_).close(ignored);
  }

  void Reply(uint64_t turn, HttpReply reply) override {
    if (turn != turn_ || phase_ != Phase::kHandling || !state_->handler) return;
    Write(std::move(reply));
  }

 private:
  enum class Phase { kIdle, kHeader, kBody, kHandling, kWriting, kLingering, kClosed };
  using Parser = http::request_parser<http::string_body>;

  std::shared_ptr<SessionOf> Self() { return std::static_pointer_cast<SessionOf>(shared_from_this()); }
  void SetDeadline(absl::Duration limit) {
    deadline_ = limit > absl::ZeroDuration() ? state_->now() + absl::ToInt64Nanoseconds(limit) : 0;
  }

  void HandshakeFailed(const error_code& error) {
    // Plain text on a TLS port is answered in plain text, as the reference does.
    if (ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST) {
      static constexpr std::string_view kAnswer =
          "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
      error_code ignored;
      LowestLayer(stream_).write_some(asio::buffer(kAnswer.data(), kAnswer.size()), ignored);
    }
    state_->context.log.Debug("TLS handshake error", {{"remote", remote_}, {"error", error.message()}});
    Abort();
  }

  void NextRequest() {
    if (stop_) return Abort();
    parser_.emplace();
    parser_->header_limit(kMaxHeader);
    parser_->body_limit(std::numeric_limits<uint64_t>::max());  // "none" refuses every body in Beast 1.74
    parser_->eager(false);
    body_ = Buffer{};
    too_large_ = false;
    body_problem_ = {};
    extra_headers_.clear();
    ++turn_;
    phase_ = Phase::kIdle;
    const HttpServerConfig& c = state_->config;
    if (turn_ == 1) {
      SetDeadline(c.read_header_timeout > absl::ZeroDuration() ? c.read_header_timeout : c.read_timeout);
    } else if (state_->time_limits) {
      SetDeadline(c.idle_timeout > absl::ZeroDuration() ? c.idle_timeout : c.read_timeout);
    }
    if (buffer_.size() > 0) return OnData();
    Read();
  }

  void Read() {
    stream_.async_read_some(buffer_.prepare(kReadSize), [self = Self()](const error_code& error, size_t n) {
      if (error) return self->Abort();
      self->buffer_.commit(n);
      self->OnData();
    });
  }

  // Bytes arrived, in the phases kIdle, kHeader and (chunked) kBody.
  void OnData() {
    if (phase_ == Phase::kClosed) return;
    if (phase_ == Phase::kIdle) {
      phase_ = Phase::kHeader;
      if (turn_ > 1 && state_->time_limits) {
        const HttpServerConfig& c = state_->config;
        SetDeadline(c.read_header_timeout > absl::ZeroDuration() ? c.read_header_timeout : c.read_timeout);
      }
    }
    error_code error;
    while (buffer_.size() > 0) {
      const size_t used = parser_->put(buffer_.data(), error);
      buffer_.consume(used);
      if (error == http::error::need_more) break;
      if (error == http::error::body_limit) {
        too_large_ = true;
        return Dispatch();
      }
      if (error && phase_ == Phase::kBody) {
        // The route is known by now: the handler says in its own form what is wrong with the body.
        body_problem_ = ChunkProblem(error);
        close_ = true;
        return Dispatch();
      }
      if (error) return BadRequest(error == http::error::header_limit ? 431 : error == http::error::bad_version ? 505 : 400,
                                   error == http::error::bad_version ? "unsupported protocol version" : "");
      if (phase_ == Phase::kHeader && parser_->is_header_done()) return OnHeader();
      if (parser_->is_done()) return OnChunkedBody();
    }
    Read();
  }

  // A request that can't be taken as one. The answer is Go's, and the connection ends with it: where the next request begins is unknown.
  void BadRequest(int status, std::string_view why) {
    HttpReply reply;
    reply.content_type = "text/plain; charset=utf-8";
    reply.status = status;
    reply.body = CopyToBuffer(absl::StrCat(status, " ", A(HttpReason(status)), why.empty() ? "" : ": ", A(why)));
    close_ = true;
    phase_ = Phase::kHandling;
    Write(std::move(reply));
  }

  // Headers on which two programs could disagree about where the body ends, or about the host.
  bool Suspicious() {
    const auto& message = parser_->get();
    const size_t encodings = message.count(http::field::transfer_encoding);
    if (encodings > 1 || (encodings == 1 && !EqualFold(View(message[http::field::transfer_encoding]), "chunked"))) {
      BadRequest(501, "unsupported transfer encoding");
      return true;
    }
    if (encodings == 1 && (message.count(http::field::content_length) > 0 || message.version() == 10)) {
      BadRequest(400, "");
      return true;
    }
    const size_t hosts = message.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && message.version() == 11) || !ValidHost(View(message[http::field::host]))) {
      BadRequest(400, hosts > 1 ? "too many Host headers" : hosts == 0 ? "missing required Host header" : "malformed Host header");
      return true;
    }
    return false;
  }

  void OnHeader() {
    const auto& message = parser_->get();
    close_ = !message.keep_alive();
    if (Suspicious()) return;
    phase_ = Phase::kBody;
    if (state_->time_limits) SetDeadline(state_->config.read_timeout);
    if (state_->cors.active()) {
      const std::string_view origin = View(message[http::field::origin]);
      const auto wanted = message.find(http::field::access_control_request_method);
      if (message.method() == http::verb::options && wanted != message.end()) {
        extra_headers_ = state_->cors.Preflight(origin, View(wanted->value()),
                                                View(message[http::field::access_control_request_headers]));
        if (!parser_->is_done() && parser_->content_length_remaining().value_or(1) > 0) close_ = true;
        phase_ = Phase::kHandling;
        return Write(HttpReply{.status = 204});
      }
      extra_headers_ = state_->cors.Simple(origin);
    }
    const std::string_view expect = message.version() == 11 ? View(message[http::field::expect]) : "";
    const uint64_t length = parser_->content_length().value_or(0);
    if (!expect.empty() && !EqualFold(expect, "100-continue")) {
      close_ = true;
      phase_ = Phase::kHandling;
      return Write(HttpReply{.status = 417});
    }
    const bool chunked = parser_->chunked();
    if (!chunked && length == 0) return Dispatch();
    if (!chunked && length > state_->body_limit) {
      too_large_ = true;
      if (length > kDrain) return Dispatch();  // close after the answer instead of reading it all
    }
    if (!expect.empty()) return SendContinue();
    OnBody();
  }

  void OnBody() {
    if (!parser_->chunked()) return ReadBody(static_cast<size_t>(parser_->content_length().value_or(0)));
    parser_->body_limit(state_->body_limit);
    parser_->eager(true);
    OnData();
  }

  // Go sends this line when the handler begins to read.
  void SendContinue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()), [self = Self()](const error_code& error, size_t) {
      if (error || self->phase_ == Phase::kClosed) return self->Abort();
      self->OnBody();
    });
  }

  // A body of known length goes into its own memory: what was read with the header is copied, the rest arrives there.
  void ReadBody(size_t length) {
    const size_t first = std::min(length, kFirstBlock);
    std::shared_ptr<char[]> data(new char[first]);
    const size_t have = std::min(first, buffer_.size());
    std::memcpy(data.get(), buffer_.data().data(), have);
    buffer_.consume(have);
    char* begin = data.get();
    body_ = Buffer{std::string_view(begin, first), std::shared_ptr<const void>(std::move(data), begin)};
    ReadBodyRest(begin + have, first - have, length - first);
  }

  // `left` more bytes for the block at hand, `beyond` after it.
  void ReadBodyRest(char* to, size_t left, size_t beyond) {
    if (left == 0 && beyond > 0) {
      const size_t have = body_.bytes.size();
      std::shared_ptr<char[]> whole(new char[have + beyond]);
      std::memcpy(whole.get(), body_.bytes.data(), have);
      char* begin = whole.get();
      body_ = Buffer{std::string_view(begin, have + beyond), std::shared_ptr<const void>(std::move(whole), begin)};
      return ReadBodyRest(begin + have, beyond, 0);
    }
    if (left == 0) return Dispatch();
    if (buffer_.size() > 0) {
      const size_t n = std::min(left, buffer_.size());
      std::memcpy(to, buffer_.data().data(), n);
      buffer_.consume(n);
      return ReadBodyRest(to + n, left - n, beyond);
    }
    stream_.async_read_some(asio::buffer(to, left), [self = Self(), to, left, beyond](const error_code& error, size_t n) {
      if (error) return self->Abort();
      self->ReadBodyRest(to + n, left - n, beyond);
    });
  }

  void OnChunkedBody() {
    auto held = std::make_shared<const std::string>(std::move(parser_->get().body()));
    body_ = Buffer{*held, held};
    Dispatch();
  }

  bool BodyUnread() { return too_large_ && (parser_->chunked() || parser_->content_length().value_or(0) > kDrain); }

  void Dispatch() {
    phase_ = Phase::kHandling;
    deadline_ = 0;
    if (!state_->handler) return Abort();
    if (BodyUnread()) close_ = true;
    const auto& message = parser_->get();
    HttpServerRequest request;
    request.method = View(message.method_string());
    request.target = View(message.target());
    if (const size_t scheme = request.target.find("://"); scheme != std::string_view::npos && request.target[0] != '/') {
      // The absolute form, as proxies are sent it: the path begins after the host.
      const size_t path = request.target.find('/', scheme + 3);
      request.target = path == std::string_view::npos ? "/" : request.target.substr(path);
    }
    const size_t question = request.target.find('?');
    request.path = request.target.substr(0, question);
    if (question != std::string_view::npos) request.query = request.target.substr(question + 1);
    request.headers = std::move(headers_);
    request.headers.clear();
    for (const auto& field : message) request.headers.emplace_back(View(field.name_string()), View(field.value()));
    request.remote = remote_;
    absl::Status refused = Identify(request);
    if (!refused.ok()) return Refuse(request, 401, refused);
    absl::Status encoding = Unpack(message, request);
    if (!encoding.ok()) return Refuse(request, 400, encoding);
    if (!request.body_error.ok() && !state_->settings.take_body_errors) return Refuse(request, 400, request.body_error);
    // The handler may answer at once, from inside; `self` keeps the views of the request alive until it returns.
    const std::shared_ptr<SessionOf> self = Self();
    state_->handler(request, HttpResponder(self, turn_));
    headers_ = std::move(request.headers);
  }

  void Refuse(const HttpServerRequest& request, int status, const absl::Status& why) {
    if (state_->settings.refuse) return Write(state_->settings.refuse(request, status, why));
    Write(HttpReply::Text(status, absl::StrCat(why.message(), "\n")));
  }

  absl::Status Identify(HttpServerRequest& request) {
    if (state_->auth == nullptr && !state_->config.include_metadata) {
      if (!plain_client_) {
        auto client = std::make_shared<ClientInfo>();
        client->address = remote_;
        plain_client_ = std::move(client);
      }
      request.client = plain_client_;
      return absl::OkStatus();
    }
    auto client = std::make_shared<ClientInfo>();
    client->address = remote_;
    if (state_->config.include_metadata) {
      for (const auto& [name, value] : request.headers) client->metadata[ToLower(name)].emplace_back(value);
    }
    request.client = client;
    if (state_->auth == nullptr) return absl::OkStatus();
    Headers headers;
    for (const auto& [name, value] : request.headers) headers.emplace_back(ToLower(name), std::string(value));
    for (const std::string& parameter : state_->config.auth->request_params) {
      std::string value;
      if (!QueryParameter(request.query, parameter, value)) continue;
      const std::string name = ToLower(parameter);
      std::erase_if(headers, [&](const auto& h) { return h.first == name; });
      headers.emplace_back(name, std::move(value));
    }
    return state_->auth->Authenticate(headers, *client);
  }

  absl::Status Unpack(const Parser::value_type& message, HttpServerRequest& request) {
    const std::string_view name = View(message[http::field::content_encoding]);
    absl::StatusOr<Compression> kind = name == "none" ? absl::InvalidArgumentError("") : ParseCompression(name);
    if (!kind.ok() || !state_->encodings[static_cast<size_t>(*kind)]) {
      return absl::InvalidArgumentError(absl::StrCat("unsupported Content-Encoding: ", A(name)));
    }
    if (too_large_) {
      body_ = Buffer{};
      request.body_error = absl::InvalidArgumentError("http: request body too large");
      return absl::OkStatus();
    }
    if (!body_problem_.empty()) {
      body_ = Buffer{};
      request.body_error = absl::InvalidArgumentError(A(body_problem_));
      return absl::OkStatus();
    }
    if (*kind == Compression::kNone) {
      request.body = std::move(body_);
      return absl::OkStatus();
    }
    absl::StatusOr<Buffer> plain = state_->decompressor.Decompress(*kind, body_.bytes, state_->body_limit);
    const bool early = !plain.ok() && FoundBeforeRouting(*kind, body_.bytes, plain.status());
    body_ = Buffer{};
    if (early) return plain.status();
    if (plain.ok()) {
      request.body = *std::move(plain);
    } else {
      request.body_error = plain.status();
    }
    return absl::OkStatus();
  }

  void Write(HttpReply reply) {
    if (phase_ == Phase::kClosed) return;
    phase_ = Phase::kWriting;
    if (stop_) close_ = true;
    out_.clear();
    const std::string_view reason = HttpReason(reply.status);
    absl::StrAppend(&out_, "HTTP/1.1 ", reply.status, " ", A(reason), "\r\n");
    if (!reply.content_type.empty()) out_.append("Content-Type: ").append(reply.content_type).append("\r\n");
    out_.append(state_->fixed_headers).append(extra_headers_);
    for (const auto& [name, value] : reply.headers) out_.append(name).append(": ").append(value).append("\r\n");
    out_.append("Date: ").append(state_->Date()).append("\r\n");
    const auto& message = parser_->get();
    if (close_) {
      out_.append("Connection: close\r\n");
    } else if (message.version() == 10) {
      out_.append("Connection: keep-alive\r\n");
    }
    if (reply.status != 204 && reply.status != 304 && reply.status >= 200) {
      char length[24];
      absl::numbers_internal::FastIntToBuffer(static_cast<uint64_t>(reply.body.bytes.size()), length);
      out_.append("Content-Length: ").append(length).append("\r\n");
    }
    out_.append("\r\n");
    reply_body_ = message.method() == http::verb::head ? Buffer{} : std::move(reply.body);
    if (reply_body_.bytes.size() <= 512) {  // small ones go with the header
      out_.append(reply_body_.bytes);
      reply_body_ = Buffer{};
    }
    if (state_->time_limits) SetDeadline(state_->config.write_timeout);
    const std::array<asio::const_buffer, 2> pieces = {
        asio::buffer(out_.data(), out_.size()), asio::buffer(reply_body_.bytes.data(), reply_body_.bytes.size())};
    asio::async_write(stream_, pieces, [self = Self()](const error_code& error, size_t) {
      self->reply_body_ = Buffer{};
      if (error || self->phase_ == Phase::kClosed) return self->Abort();
      if (self->close_ || self->stop_) return self->Linger();
      self->NextRequest();
    });
  }

  // Closing while the peer still sends would reset the connection and lose the answer on its way: read on for a moment.
  void Linger() {
    phase_ = Phase::kLingering;
    SetDeadline(kLinger);
    state_->time_limits = true;
    error_code ignored;
    LowestLayer(stream_).shutdown(asio::socket_base::shutdown_send, ignored);
    buffer_.clear();
    Discard();
  }
  void Discard() {
    LowestLayer(stream_).async_read_some(buffer_.prepare(kReadSize), [self = Self()](const error_code& error, size_t) {
      if (error) return self->Abort();
      self->Discard();
    });
  }

  Stream stream_;
  Phase phase_ = Phase::kIdle;
  beast::flat_buffer buffer_;
  boost::optional<Parser> parser_;
  Buffer body_;
  std::vector<std::pair<std::string_view, std::string_view>> headers_;
  std::string remote_;
  std::shared_ptr<const ClientInfo> plain_client_;
  std::string extra_headers_;
  std::string out_;
  Buffer reply_body_;
  uint64_t turn_ = 0;
  bool close_ = false;
  bool stop_ = false;
  bool too_large_ = false;
  std::string_view body_problem_;  // of static storage; "" = none
};

}  // namespace

std::shared_ptr<HttpResponder::Session> MakeSession(std::shared_ptr<HttpServerState> state, Socket socket, SslContext tls) {
  if (!tls) return std::make_shared<SessionOf<Socket>>(std::move(state), std::move(socket));
  asio::ssl::context context = AsioContext(tls);
  return std::make_shared<SessionOf<TlsStream>>(std::move(state), TlsStream(std::move(socket), context));
}

}  // namespace otelpipe
