#include "extension/zpages/zpages.h"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "extension/zpages/pages.h"
#include "otelpipe/testing/test_loop.h"
#include "shared/http/http_client.h"

namespace otelpipe {
namespace {

class TestHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {{{"zpages", "a"}, nullptr}}; }
  std::vector<PipelineInfo> Pipelines() override {
    return {{"logs/2", true, {"otlp"}, {"batch", "resource"}, {"debug"}}};
  }
  void ReportFatal(absl::Status) override {}
};

struct Fixture {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] { io.restart(), io.poll(); }};
  TestHost host;
  Metrics metrics;
  Context Make() {
    Context c;
    c.id = {"zpages", ""};
    c.kind = ComponentKind::kExtension;
    c.loop = &loop;
    c.metrics = &metrics;
    c.service_version = "1.2.3";
    return c;
  }
  std::pair<int, std::string> Get(int port, std::string path) {
    HttpClientConfig config;
    config.endpoint = "http://127.0.0.1:" + std::to_string(port);
    HttpClient client(config, Make());
    REQUIRE(client.Start(host).ok());
    HttpRequest request;
    request.method = "GET";
    request.send_body = false;
    request.url = config.endpoint + path;
    std::pair<int, std::string> result{0, ""};
    client.Send(std::move(request), [&](absl::StatusOr<HttpResponse> response) {
      result = response.ok() ? std::pair<int, std::string>(response->status, response->body)
                             : std::pair<int, std::string>(-1, "");
    });
    REQUIRE(loop.WaitFor([&] { return result.first != 0; }));
    return result;
  }
};

TEST_CASE("Each page shows its part of the service, everything else is 404", "[extension][zpages]") {
  Fixture f;
  ZPages::Config config = ZPages::DefaultConfig();
  config.http.endpoint = "127.0.0.1:0";
  ZPages pages(config, f.Make());
  REQUIRE(pages.Start(f.host).ok());
  const std::pair<const char*, const char*> wanted[] = {
      {"/debug/servicez", "<td>1.2.3</td>"},
      {"/debug/pipelinez",
       "<td>logs/2</td><td>logs</td><td>true</td><td>otlp</td><td>batch, resource</td><td>debug</td>"},
      {"/debug/extensionz", "<td>zpages/a</td>"},
      {"/debug/featurez", "<td>telemetry.UseLocalHostAsDefaultMetricsAddress</td>"},
      {"/debug/tracez", "no spans"}};
  for (const auto& [path, text] : wanted) {
    CAPTURE(path);
    auto [status, body] = f.Get(pages.port(), path);
    CHECK(status == 200);
    CHECK(body.find(text) != std::string::npos);
  }
  for (const char* path : {"/", "/debug/", "/debug/expvarz", "/debug/servicez/x"})
    CHECK(f.Get(pages.port(), path).first == 404);
}

TEST_CASE("The variables are served when asked for", "[extension][zpages]") {
  Fixture f;
  f.metrics.AddCounter("sent", {{"a", "b"}, {"c", "d"}})->Add(4);
  ZPages::Config config = ZPages::DefaultConfig();
  config.http.endpoint = "127.0.0.1:0";
  config.expvar.enabled = true;
  ZPages pages(config, f.Make());
  REQUIRE(pages.Start(f.host).ok());
  auto [status, body] = f.Get(pages.port(), "/debug/expvarz");
  CHECK(status == 200);
  CHECK(body.find("\"cmdline\": [\"") != std::string::npos);
  CHECK(body.find("\"sent{a=b,c=d}\": 4") != std::string::npos);
}

TEST_CASE("Names from the configuration cannot break a page", "[extension][zpages]") {
  CHECK(zpages::Escape("<a & 'b'>\"") == "&lt;a &amp; &#39;b&#39;&gt;&#34;");
  CHECK(zpages::ExtensionPage({"x/<script>"}).find("<script>") == std::string::npos);
}

}  // namespace
}  // namespace otelpipe
