#include "extension/pprof/pprof.h"

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

TEST_CASE("Profiles are answered 404 with a sentence, and a taken port is no failure", "[extension][pprof]") {
  boost::asio::io_context io;
  testing::TestLoop loop{&io, [&] { io.restart(), io.poll(); }};
  NoHost host;
  Context context;
  context.loop = &loop;
  Pprof::Config config;
  config.endpoint = "127.0.0.1:0";
  Pprof pprof(config, context);
  REQUIRE(pprof.Init().ok());
  REQUIRE(pprof.Start(host).ok());

  HttpClientConfig client_config;
  client_config.endpoint = "http://127.0.0.1:" + std::to_string(pprof.port());
  HttpClient client(client_config, context);
  REQUIRE(client.Start(host).ok());
  HttpRequest request;
  request.method = "GET";
  request.send_body = false;
  request.url = client_config.endpoint + "/debug/pprof/heap";
  int status = 0;
  std::string body;
  client.Send(std::move(request), [&](absl::StatusOr<HttpResponse> response) {
    status = response.ok() ? response->status : -1;
    if (response.ok()) body = std::string(response->body);
  });
  REQUIRE(loop.WaitFor([&] { return status != 0; }));
  CHECK(status == 404);
  CHECK(body.find("no Go profiles") != std::string::npos);

  config.endpoint = "127.0.0.1:" + std::to_string(pprof.port());
  Pprof second(config, context);
  CHECK(second.Start(host).ok());
}

TEST_CASE("An empty endpoint is refused in the reference's words", "[extension][pprof]") {
  boost::asio::io_context io;
  testing::TestLoop loop{&io};
  Context context;
  context.loop = &loop;
  Pprof::Config config;
  config.endpoint = "";
  CHECK(Pprof(config, context).Init().message() == "\"endpoint\" is required when using the \"pprof\" extension");
}

}  // namespace
}  // namespace otelpipe
