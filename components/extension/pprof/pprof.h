// pprof: accepted so that configurations of the reference run. Its profiles are those of Go's runtime, which is not
// here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/http/http_server.h"

namespace otelpipe {

// Listens, and answers every request 404 with a sentence that says what to use instead. A port that is taken is a
// warning.
class Pprof final : public Extension {
 public:
  static constexpr std::string_view kType = "pprof";
  struct Config {
    std::string endpoint = "localhost:1777";
    int64_t block_profile_fraction = 0;
    int64_t mutex_profile_fraction = 0;
    std::string save_to_file;
    static void Describe(Fields<Config>& f);
  };

  Pprof(Config config, Context context);
  // Called by the registry. `"endpoint" is required when using the "pprof" extension`.
  absl::Status Init();
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override { server_.Shutdown(std::move(done)); }
  int port() const { return server_.port(); }

 private:
  const Config config_;
  const Context context_;
  HttpServer server_;
};

}  // namespace otelpipe
