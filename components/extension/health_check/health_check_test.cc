#include "extension/health_check/health_check.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "otelpipe/testing/test_loop.h"
#include "shared/http/http_client.h"

namespace otelpipe {
namespace {

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Fixture {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] { io.restart(), io.poll(); }};
  NoHost host;
  Context Make() {
    Context c;
    c.id = {"health_check", ""};
    c.kind = ComponentKind::kExtension;
    c.loop = &loop;
    return c;
  }
  // Status and body of one GET.
  std::pair<int, std::string> Get(int port, std::string path) {
    HttpClientConfig config;
    config.endpoint = "http://127.0.0.1:" + std::to_string(port);
    HttpClient client(config, Make());
    REQUIRE(client.Start(host).ok());
    std::pair<int, std::string> result{0, ""};
    HttpRequest request;
    request.method = "GET";
    request.send_body = false;
    request.url = config.endpoint + path;
    client.Send(std::move(request), [&](absl::StatusOr<HttpResponse> response) {
      result.first = response.ok() ? response->status : -1;
      if (response.ok()) result.second = response->body;
    });
    REQUIRE(loop.WaitFor([&] { return result.first != 0; }));
    return result;
  }
};

TEST_CASE("ready is 200, before and after it is 503, with the reference's bodies", "[extension][health_check]") {
  Fixture f;
  HealthCheck::Config config = HealthCheck::DefaultConfig();
  config.http.endpoint = "127.0.0.1:0";
  HealthCheck health(config, f.Make());
  REQUIRE(health.Start(f.host).ok());
  CHECK(f.Get(health.port(), "/") ==
        std::pair<int, std::string>{503, "{\"status\":\"Server not available\",\"upSince\":\"0001-01-01T00:00:00Z\",\"uptime\":\"\"}"});
  health.PipelinesReady();
  auto [status, body] = f.Get(health.port(), "/any/path");
  CHECK(status == 200);
  CHECK(body.find("{\"status\":\"Server available\",\"upSince\":\"20") == 0);
  health.PipelinesNotReady();
  CHECK(f.Get(health.port(), "/").first == 503);
}

TEST_CASE("an own path is the only one, and own bodies are text", "[extension][health_check]") {
  Fixture f;
  HealthCheck::Config config = HealthCheck::DefaultConfig();
  config.http.endpoint = "127.0.0.1:0";
  config.path = "/health";
  config.response_body.emplace();
  config.response_body->healthy = "yes";
  HealthCheck health(config, f.Make());
  REQUIRE(health.Start(f.host).ok());
  health.PipelinesReady();
  CHECK(f.Get(health.port(), "/health") == std::pair<int, std::string>{200, "yes"});
  CHECK(f.Get(health.port(), "/").first == 404);
}

}  // namespace
}  // namespace otelpipe
