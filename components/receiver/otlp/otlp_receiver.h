// The otlp receiver: OTLP over gRPC and HTTP (protobuf and JSON), for logs, traces and metrics.
//
// Protobuf requests keep their bytes: they are skimmed for framing and record counts, not decoded. A request is answered
// when the pipeline has accepted it (a queue holds it) or finished it, whichever comes first; a pipeline's error becomes the answer,
// with RetryInfo or Retry-After when it asks for a wait.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/grpc/grpc_server.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// A protocol is on when its key is there, even with a null value.
struct OtlpGrpcProtocol : GrpcServerConfig {
  bool enabled = false;
  OtlpGrpcProtocol();
  static void Describe(Fields<OtlpGrpcProtocol>& f);
};
struct OtlpHttpProtocol : HttpServerConfig {
  bool enabled = false;
  std::string traces_url_path = "/v1/traces";
  std::string metrics_url_path = "/v1/metrics";
  std::string logs_url_path = "/v1/logs";
  OtlpHttpProtocol();
  static void Describe(Fields<OtlpHttpProtocol>& f);
};
void DecodeField(const ConfigNode& node, OtlpGrpcProtocol& out, DecodeContext& context);
void DecodeField(const ConfigNode& node, OtlpHttpProtocol& out, DecodeContext& context);

struct OtlpProtocols {
  OtlpGrpcProtocol grpc;
  OtlpHttpProtocol http;
  static void Describe(Fields<OtlpProtocols>& f);
};

// The path of `url` as a route: only the path is kept, with a leading slash. InvalidArgument for what can't be one.
absl::StatusOr<std::string> OtlpRoute(std::string_view key, std::string_view url);

class OtlpReceiver final : public Receiver {
 public:
  static constexpr std::string_view kType = "otlp";
  static constexpr std::string_view kStability = "stable";
  struct Config {
    OtlpProtocols protocols;
    static void Describe(Fields<Config>& f);
  };
  OtlpReceiver(Config config, Context context);
  ~OtlpReceiver() override;
  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;

  // Bound ports, for tests and embedders that gave port 0; 0 = not running.
  int grpc_port() const;
  int http_port() const;

 private:
  class Answer;
  class GrpcAnswer;
  class HttpAnswer;
  struct Counts {
    Counter* accepted = nullptr;
    Counter* refused = nullptr;
  };
  enum Transport { kGrpc, kHttp };

  void TakeGrpc(GrpcRequest request, GrpcResponder responder);
  void TakeHttp(HttpServerRequest& request, HttpResponder responder);
  // The signal of a path with a pipeline; false for others.
  bool Route(std::string_view path, Signal& signal) const;
  Counts& CountsOf(Signal signal, Transport transport);

  const Config config_;
  const Context context_;
  std::array<Consumer*, 3> outputs_{};  // by Signal
  std::array<std::string, 3> routes_;
  std::vector<Signal> grpc_signals_;  // by index of the server's methods
  std::array<std::array<Counts, 3>, 2> counts_{};
  std::unique_ptr<GrpcServer> grpc_;
  std::unique_ptr<HttpServer> http_;
};

}  // namespace otelpipe
