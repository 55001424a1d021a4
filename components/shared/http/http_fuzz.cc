// Bytes from a peer, at the server and at the client, each over a connection of its own. The server answers with HTTP
// or not at all and never calls its handler with a body beyond the limit; the client reports each exchange once;
// nothing waits for ever.
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <string>
#include <string_view>
#include <thread>

#include "runtime/runtime.h"
#include "shared/http/http_client.h"
#include "shared/http/http_server.h"
#include "shared/http/url.h"

namespace otelpipe {
namespace {

constexpr int64_t kLimit = 4096;

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

// Made once, never destroyed: a fuzz target has no end.
struct World {
  std::unique_ptr<Runtime> runtime = MakeRuntime(1);
  Metrics metrics;
  NoHost host;
  std::string path = "/tmp/otelpipe-http-fuzz-" + std::to_string(::getpid());
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client;
  int listener = -1;
  int port = 0;

  World() {
    Context context;
    context.loop = &runtime->loop();
    context.metrics = &metrics;
    runtime->Start();
    HttpServerConfig config;
    config.endpoint = "unix://" + path;
    config.max_request_body_size = kLimit;
    config.cors = CorsConfig{{"https://*.example"}, {}, 5};
    config.read_timeout = config.idle_timeout = config.write_timeout = absl::Milliseconds(500);
    HttpClientConfig client_config;
    client_config.timeout = absl::Seconds(2);
    runtime->RunInLoop([&] {
      server = std::make_unique<HttpServer>(
          config, context,
          [](HttpServerRequest& request, HttpResponder responder) {
            if (request.body.bytes.size() > static_cast<size_t>(kLimit)) std::abort();
            (void)request.MediaType();
            responder.Send(HttpReply::Text(request.body_error.ok() ? 200 : 400, "ok\n"));
          },
          HttpServerSettings{.take_body_errors = true});
      if (!server->Start(host).ok()) std::abort();
      client = std::make_unique<HttpClient>(client_config, context);
      if (!client->Start(host).ok()) std::abort();
    });
    listener = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 16) != 0) std::abort();
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
  }

  std::string ToServer(std::string_view bytes) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, path.size());
    std::string out;
    if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::shutdown(fd, SHUT_WR);
      char block[4096];
      for (ssize_t n; (n = ::read(fd, block, sizeof(block))) > 0;) out.append(block, static_cast<size_t>(n));
    }
    ::close(fd);
    return out;
  }

  void ToClient(std::string_view bytes) {
    std::promise<bool> answered;
    runtime->RunInLoop([&] {
      HttpRequest request;
      request.url = "http://127.0.0.1:" + std::to_string(port) + "/x";
      request.max_response_body = static_cast<size_t>(kLimit);
      client->Send(std::move(request), [&](absl::StatusOr<HttpResponse> r) {
        if (r.ok() && r->body.size() > static_cast<size_t>(kLimit)) std::abort();
        answered.set_value(r.ok());
      });
    });
    std::future<bool> done = answered.get_future();
    // A redirect, or a kept connection that ends, makes the client come again.
    while (done.wait_for(std::chrono::milliseconds(0)) != std::future_status::ready) {
      fd_set set;
      FD_ZERO(&set);
      FD_SET(listener, &set);
      timeval wait{0, 2000};
      if (::select(listener + 1, &set, nullptr, nullptr, &wait) <= 0) continue;
      const int fd = ::accept(listener, nullptr, nullptr);
      char block[1024];
      (void)!::read(fd, block, sizeof(block));
      (void)!::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ::close(fd);
    }
  }
};

}  // namespace
}  // namespace otelpipe

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace otelpipe;  // NOLINT: the file is one function
  static auto* const world = new World;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 3) {
    case 0: {
      const std::string answer = world->ToServer(bytes);
      if (!answer.empty() && !answer.starts_with("HTTP/1.1 ")) std::abort();
      break;
    }
    case 1:
      world->ToClient(bytes);
      break;
    default: {
      const absl::StatusOr<HttpUrl> url = HttpUrl::Parse(bytes);
      if (!url.ok()) break;
      if (url->host.empty() || url->target.empty() || url->target[0] != '/') std::abort();
      (void)url->Resolve(bytes.substr(bytes.size() / 2));
    }
  }
  return 0;
}
