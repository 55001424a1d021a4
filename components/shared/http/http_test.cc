#include <catch2/catch.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "runtime/runtime.h"
#include "shared/http/asio_types.h"
#include "shared/http/http_client.h"
#include "shared/http/http_server.h"
#include "shared/http/url.h"

namespace otelpipe {
namespace {

using http_internal::asio::ip::tcp;

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

// A loop with one server and one client on it.
struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  Context context;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;

  World() {
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    context.service_name = "test";
    context.service_version = "1";
    runtime->Start();
  }
  ~World() {
    runtime->RunInLoop([this] {
      server.reset();
      client.reset();
    });
    runtime->Stop();
  }
  absl::Status Serve(HttpServerConfig config, HttpServer::Handler handler, HttpServerSettings settings = {}) {
    absl::Status status;
    if (config.endpoint.empty()) config.endpoint = "127.0.0.1:0";
    runtime->RunInLoop([&] {
      server = std::make_unique<HttpServer>(std::move(config), context, std::move(handler), std::move(settings));
      status = server->Start(host);
    });
    return status;
  }
  absl::Status Connect(HttpClientConfig config = {}) {
    absl::Status status;
    runtime->RunInLoop([&] {
      client = std::make_unique<HttpClient>(std::move(config), context);
      status = client->Start(host);
    });
    return status;
  }
  std::string Url(std::string path = "/x") { return "http://127.0.0.1:" + std::to_string(server->port()) + path; }
  absl::StatusOr<HttpResponse> Send(HttpRequest request) {
    std::promise<absl::StatusOr<HttpResponse>> answer;
    runtime->RunInLoop([&] {
      client->Send(std::move(request), [&](absl::StatusOr<HttpResponse> r) { answer.set_value(std::move(r)); });
    });
    return answer.get_future().get();
  }
  absl::StatusOr<HttpResponse> Post(std::string path, std::string body, Headers headers = {}) {
    HttpRequest request;
    request.url = Url(path);
    request.headers = std::move(headers);
    request.body = {CopyToBuffer(body)};
    return Send(std::move(request));
  }
  // Bytes over a socket of its own; reads until the server closes or `until` has come.
  std::string Raw(std::string bytes, std::string until = "") {
    http_internal::asio::io_context io;
    tcp::socket socket(io);
    socket.connect(tcp::endpoint(http_internal::asio::ip::address_v4::loopback(), static_cast<uint16_t>(server->port())));
    http_internal::asio::write(socket, http_internal::asio::buffer(bytes));
    std::string out;
    std::array<char, 4096> block;
    while (until.empty() || out.find(until) == std::string::npos) {
      http_internal::error_code error;
      const size_t n = socket.read_some(http_internal::asio::buffer(block), error);
      if (error) break;
      out.append(block.data(), n);
    }
    return out;
  }
};

HttpServer::Handler Echo() {
  return [](HttpServerRequest& request, HttpResponder responder) {
    HttpReply reply;
    reply.content_type = "application/echo";
    reply.body = std::move(request.body);
    reply.headers.emplace_back("X-Path", std::string(request.path));
    reply.headers.emplace_back("X-Encoding", std::string(request.Header("content-encoding")));
    reply.headers.emplace_back("X-Agent", std::string(request.Header("user-agent")));
    responder.Send(std::move(reply));
  };
}

TEST_CASE("a request reaches the server and its answer comes back", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, Echo()).ok());
  REQUIRE(w.Connect().ok());
  for (int i = 0; i < 5; ++i) {
    const std::string body(static_cast<size_t>(i) * 50000, 'b');
    absl::StatusOr<HttpResponse> r = w.Post("/a/b?c=d", body);
    REQUIRE(r.ok());
    CHECK(r->status == 200);
    CHECK(r->body == body);
    CHECK(r->Header("content-type") == "application/echo");
    CHECK(r->Header("x-path") == "/a/b");
    CHECK(r->Header("x-agent").starts_with("test/1 (linux/"));
  }
  CHECK(w.client->connections() == 1);  // kept alive
}

TEST_CASE("each compression arrives unpacked", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, Echo()).ok());
  for (Compression kind : {Compression::kGzip, Compression::kZlib, Compression::kDeflate, Compression::kZstd,
                           Compression::kSnappy, Compression::kLz4}) {
    HttpClientConfig config;
    config.compression = kind;
    REQUIRE(w.Connect(config).ok());
    const std::string body(100000, 'z');
    absl::StatusOr<HttpResponse> r = w.Post("/", body);
    REQUIRE(r.ok());
    CHECK(r->body == body);
    CHECK(r->Header("x-encoding") == CompressionName(kind));
  }
}

TEST_CASE("bodies beyond the limit are refused, packed and unpacked", "[shared][http]") {
  World w;
  HttpServerConfig config;
  config.max_request_body_size = 1000;
  REQUIRE(w.Serve(config, Echo()).ok());
  REQUIRE(w.Connect().ok());
  CHECK(w.Post("/", std::string(1000, 'x'))->status == 200);
  CHECK(w.Post("/", std::string(1001, 'x'))->body == "http: request body too large\n");
  CHECK(w.Post("/", std::string(2000000, 'x'))->status == 400);
  Compressor gzip(Compression::kGzip);
  CHECK(w.Post("/", std::string(gzip.Compress(std::string(5000, 'x'))), {{"Content-Encoding", "gzip"}})->status == 400);
  CHECK(w.Raw("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n" + std::string(1500, 'x') + "\r\n0\r\n\r\n")
            .starts_with("HTTP/1.1 400"));
}

TEST_CASE("encodings are compared exactly and can be narrowed", "[shared][http]") {
  World w;
  HttpServerConfig config;
  REQUIRE(w.Serve(config, Echo()).ok());
  REQUIRE(w.Connect().ok());
  CHECK(w.Post("/", "x", {{"Content-Encoding", "br"}})->body == "unsupported Content-Encoding: br\n");
  CHECK(w.Post("/", "x", {{"Content-Encoding", "GZIP"}})->status == 400);
  CHECK(w.Post("/", "x", {{"Content-Encoding", "none"}})->status == 400);
  CHECK(w.Post("/", "x", {{"Content-Encoding", "gzip"}})->status == 400);
  config.compression_algorithms = std::vector<std::string>{"gzip"};
  REQUIRE(w.Serve(config, Echo()).ok());
  CHECK(w.Post("/", "x")->body == "unsupported Content-Encoding: \n");
}

TEST_CASE("chunked, pipelined and expected requests are read", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, Echo()).ok());
  const std::string chunked = "POST /1 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  const std::string plain = "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\nxyz";
  const std::string both = w.Raw(chunked + plain);
  CHECK(both.find("abcde") != std::string::npos);
  CHECK(both.find("xyz") > both.find("abcde"));
  CHECK(w.Raw("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi")
            .starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
  CHECK(w.Raw("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request"));
  CHECK(w.Raw("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 400 Bad Request"));
}

TEST_CASE("requests on whose end two programs could disagree are refused, and the connection closes", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, Echo()).ok());
  const std::string head = "POST /x HTTP/1.1\r\nHost: h\r\n";
  const std::string hidden = "POST /y HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n";
  const std::pair<std::string, std::string> bad[] = {
      {head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 "},
      {head + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", "HTTP/1.1 400 "},
      {head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab", "HTTP/1.1 400 "},
      {head + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 501 "},
      {head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 501 "},
      {head + "Host: other\r\n\r\n", "HTTP/1.1 400 "},
      {"POST /x HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "},
      {"POST /x HTTP/1.1\r\nHost: a/b\r\n\r\n", "HTTP/1.1 400 "},
      {"POST /x HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 "},
      {head + "Expect: tea\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.1 417 "},
      {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "HTTP/1.1 400 "}};
  for (const auto& [bytes, right] : bad) {
    const std::string answer = w.Raw(bytes + hidden);
    INFO(bytes << answer);
    CHECK(answer.starts_with(right));
    CHECK(answer.find("HTTP/1.1 ", 1) == std::string::npos);
  }
  CHECK(w.Raw("POST http://h/abs?q HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n").find("X-Path: /abs\r\n") != std::string::npos);
}

TEST_CASE("a media type is what Go's mime package takes for one", "[shared][http]") {
  const auto type = [](std::string_view text) {
    HttpServerRequest request;
    request.headers = {{"content-type", text}};
    return request.MediaType();
  };
  CHECK(type("Application/JSON") == "application/json");
  CHECK(type(" application/json ; charset=utf-8; a=\"b;\\\"c\";") == "application/json");
  for (const char* bad : {"", "application/json; charset", "application/json; a=1; A=2", "a/b/c", "a/", "application/json, text/plain", "a/b; c=\"d"}) {
    CHECK(type(bad) == "");
  }
}

TEST_CASE("a slow header ends the connection", "[shared][http]") {
  World w;
  HttpServerConfig config;
  config.read_header_timeout = absl::Milliseconds(100);
  REQUIRE(w.Serve(config, Echo()).ok());
  CHECK(w.Raw("POST / HTTP/1.1\r\nHo").empty());
}

TEST_CASE("an answer may come later, and a lost responder answers 500", "[shared][http]") {
  World w;
  Timer timer;
  REQUIRE(w.Serve({}, [&](HttpServerRequest& request, HttpResponder responder) {
             if (request.path == "/lost") return;
             timer = w.runtime->loop().After(absl::Milliseconds(5), [r = std::move(responder)]() mutable {
               r.Send(HttpReply::Text(202, "later\n"));
             });
           }).ok());
  REQUIRE(w.Connect().ok());
  CHECK(w.Post("/", "x")->body == "later\n");
  CHECK(w.Post("/lost", "x")->status == 500);
  w.runtime->RunInLoop([&] { timer.Cancel(); });
}

TEST_CASE("errors of the way there have the reference's words", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, [](HttpServerRequest&, HttpResponder) {}).ok());
  HttpClientConfig config;
  config.timeout = absl::Milliseconds(50);
  REQUIRE(w.Connect(config).ok());
  HttpRequest request;
  request.url = "http://127.0.0.1:1/x";
  CHECK(w.Send(request).status().message() ==
        "Post \"http://127.0.0.1:1/x\": dial tcp 127.0.0.1:1: connect: connection refused");
  request.url = "localhost:4318/v1/logs";
  CHECK(w.Send(request).status().message() ==
        "Post \"localhost:4318/v1/logs\": unsupported protocol scheme \"localhost\"");
  std::vector<HttpResponder> held;
  REQUIRE(w.Serve({}, [&](HttpServerRequest&, HttpResponder r) { held.push_back(std::move(r)); }).ok());
  absl::StatusOr<HttpResponse> late = w.Post("/", "x");
  CHECK(absl::IsDeadlineExceeded(late.status()));
  CHECK(late.status().message() == "Post \"" + w.Url("/") + "\": context deadline exceeded");
  w.runtime->RunInLoop([&] { held.clear(); });
}

TEST_CASE("a connection closed while idle is replaced unseen", "[shared][http]") {
  World w;
  HttpServerConfig config;
  config.idle_timeout = absl::Milliseconds(30);
  REQUIRE(w.Serve(config, Echo()).ok());
  REQUIRE(w.Connect().ok());
  for (int i = 0; i < 3; ++i) {
    CHECK(w.Post("/", "x")->status == 200);
    std::this_thread::sleep_for(std::chrono::milliseconds(250));
  }
}

TEST_CASE("307 sends the body again, 302 is handed over", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, [](HttpServerRequest& request, HttpResponder responder) {
             HttpReply reply;
             if (request.path == "/from") {
               reply.status = 307;
               reply.headers.emplace_back("Location", "/to");
             } else if (request.path == "/other") {
               reply.status = 302;
               reply.headers.emplace_back("Location", "/to");
             } else {
               reply.body = request.body;
             }
             responder.Send(std::move(reply));
           }).ok());
  REQUIRE(w.Connect().ok());
  CHECK(w.Post("/from", "body")->body == "body");
  CHECK(w.Post("/other", "body")->status == 302);
}

TEST_CASE("cross-origin rules", "[shared][http]") {
  World w;
  HttpServerConfig config;
  config.cors.emplace();
  config.cors->allowed_origins = {"https://*.example.com"};
  config.cors->max_age = 60;
  REQUIRE(w.Serve(config, Echo()).ok());
  REQUIRE(w.Connect().ok());
  HttpRequest preflight;
  preflight.method = "OPTIONS";
  preflight.url = w.Url();
  preflight.headers = {{"Origin", "https://a.example.com"},
                       {"Access-Control-Request-Method", "POST"},
                       {"Access-Control-Request-Headers", "content-type"}};
  absl::StatusOr<HttpResponse> yes = w.Send(preflight);
  REQUIRE(yes.ok());
  CHECK(yes->status == 204);
  CHECK(yes->Header("access-control-allow-origin") == "https://a.example.com");
  CHECK(yes->Header("access-control-allow-headers") == "content-type");
  CHECK(yes->Header("access-control-max-age") == "60");
  preflight.headers[0].second = "https://evil.test";
  CHECK(w.Send(preflight)->Header("access-control-allow-origin").empty());
  absl::StatusOr<HttpResponse> simple = w.Post("/", "x", {{"Origin", "https://a.example.com"}});
  CHECK(simple->Header("access-control-allow-origin") == "https://a.example.com");
  CHECK(simple->Header("vary") == "Origin");
}

TEST_CASE("a server that stops answers what runs and then is done", "[shared][http]") {
  World w;
  HttpResponder held;
  std::promise<void> arrived, stopped;
  REQUIRE(w.Serve({}, [&](HttpServerRequest&, HttpResponder r) {
             held = std::move(r);
             arrived.set_value();
           }).ok());
  REQUIRE(w.Connect().ok());
  std::promise<absl::StatusOr<HttpResponse>> answer;
  w.runtime->RunInLoop([&] {
    HttpRequest request;
    request.url = w.Url();
    w.client->Send(std::move(request), [&](absl::StatusOr<HttpResponse> r) { answer.set_value(std::move(r)); });
  });
  arrived.get_future().wait();
  w.runtime->RunInLoop([&] { w.server->Shutdown([&] { stopped.set_value(); }); });
  w.runtime->RunInLoop([&] { held.Send(HttpReply{.status = 204}); });
  CHECK(answer.get_future().get()->status == 204);
  stopped.get_future().wait();
}

TEST_CASE("a port that is taken is refused in the reference's words", "[shared][http]") {
  World w;
  REQUIRE(w.Serve({}, Echo()).ok());
  HttpServerConfig config;
  config.endpoint = "127.0.0.1:" + std::to_string(w.server->port());
  absl::Status status;
  w.runtime->RunInLoop([&] {
    HttpServer second(config, w.context, Echo());
    status = second.Start(w.host);
  });
  CHECK(status.message() == "listen tcp " + config.endpoint + ": bind: address already in use");
}

TEST_CASE("URLs that Go can't parse are known", "[shared][http]") {
  for (const char* good : {"", "http://h:1/a?b=c#d", "localhost:4318", "https://[::1]:4318/x", "http://u:p@h/a b", "//h/x", "/a:b", "http://h:/"}) {
    CHECK(CheckUrl(good).ok());
  }
  const std::pair<const char*, const char*> bad[] = {{":x", "missing protocol scheme"}, {"127.0.0.1:4318", "first path segment in URL cannot contain colon"},
                                                     {"http://h:port/", "invalid port \":port\" after host"}, {"http://[::1/x", "missing ']' in host"},
                                                     {"http://a b/", "invalid character \" \" in host name"}, {"http://h/%zz", "invalid URL escape"},
                                                     {"http://h/\x01", "net/url: invalid control character in URL"}};
  for (const auto& [url, why] : bad) CHECK(std::string(CheckUrl(url).message()) == std::string("parse \"") + url + "\": " + why);
}

TEST_CASE("URLs are read as Go reads them", "[shared][http]") {
  absl::StatusOr<HttpUrl> url = HttpUrl::Parse("HTTPS://user:pw@[::1]:4318/base/?q=1#frag");
  REQUIRE(url.ok());
  CHECK(url->tls);
  CHECK(url->host == "::1");
  CHECK(url->port == "4318");
  CHECK(url->authority == "[::1]:4318");
  CHECK(url->target == "/base/?q=1");
  CHECK(url->basic == "user:pw");
  CHECK(url->Resolve("/x")->target == "/x");
  CHECK(HttpUrl::Parse("http://host")->target == "/");
  CHECK_FALSE(HttpUrl::Parse("http://").ok());
  CHECK_FALSE(HttpUrl::Parse("http://h:99999/").ok());
}

}  // namespace
}  // namespace otelpipe
