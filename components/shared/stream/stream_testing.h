// For tests of socket receivers: a rig with a loop, a pipeline that takes, refuses or holds, and blocking clients.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>  // Boost 1.74 needs it before Asio
#include <vector>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "otelpipe/registry.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe::stream {

using Texts = std::vector<std::string>;

struct TestHost final : Host {
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct TestPipeline final : Consumer {
  enum Mode { kTake, kFull, kHold, kFail } mode = kTake;
  void Consume(Batch batch, Done done) override {
    ++offers;
    if (mode == kFull) return done.Finished(absl::ResourceExhaustedError("sending queue is full"));
    if (mode == kFail) return done.Finished(absl::InvalidArgumentError("never"));
    for (const ResourceLogs& r : (*batch.ReadLogs())->resources) {
      for (const ScopeLogs& s : r.scopes) {
        for (const LogRecord& record : s.records) {
          taken.push_back(record.body.AsString());
          last.clear();
          for (const KeyValue& kv : record.attributes) last += std::string(kv.key) + "=" + kv.value.AsString() + " ";
          for (const KeyValue& kv : r.resource.attributes) last += "r." + std::string(kv.key) + "=" + kv.value.AsString() + " ";
          severity = record.severity_number;
        }
      }
    }
    if (mode == kHold) return held.push_back(std::move(done));
    done.Finished(absl::OkStatus());
  }
  Texts taken;
  std::string last;
  int severity = 0;
  std::vector<Done> held;
  int offers = 0;
};

// A blocking client of 127.0.0.1.
class TestClient {
 public:
  explicit TestClient(int port, int type = SOCK_STREAM) : fd_(::socket(AF_INET, type, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
  }
  ~TestClient() { Close(); }
  void Send(std::string_view text) const {
    REQUIRE(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  // Bytes that go without waiting.
  size_t TrySend(std::string_view text) const {
    const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  // True when the other side has ended the connection.
  bool Ended() const {
    char byte;
    const ssize_t n = ::recv(fd_, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
  }
  int fd() const { return fd_; }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

template <typename T>
struct TestRig {
  explicit TestRig(std::string_view type) {
    context.id = {std::string(type), ""};
    context.loop = &loop;
    context.metrics = &metrics;
    context.registry = &registry;
  }
  // The error of decoding or building, or "".
  std::string Make(const std::string& yaml) {
    absl::StatusOr<Config> config = Config::Parse(yaml, "test");
    REQUIRE(config.ok());
    std::vector<ConfigError> errors;
    DecodeContext decode(&errors, "", "");
    decode.registry = &registry;
    typename T::Config parsed;
    DecodeField(config->root(), parsed, decode);
    if (!errors.empty()) return errors[0].message;
    receiver = std::make_unique<T>(std::move(parsed), context);
    if (absl::Status status = receiver->Init(); !status.ok()) {
      const ConfigError error = ConfigErrorsFromStatus(status)[0];
      error_path = error.path;
      error_line = error.location.line;
      return error.message;
    }
    receiver->SetOutput(Signal::kLogs, &pipeline);
    return "";
  }
  void Start(const std::string& yaml) {
    REQUIRE(Make(yaml) == "");
    const absl::Status status = receiver->Start(host);
    INFO(status.ToString());
    REQUIRE(status.ok());
  }
  bool WaitFor(const std::function<bool()>& ready) { return loop.WaitFor(ready); }
  bool WaitForRecords(size_t n) {
    return loop.WaitFor([&] { return pipeline.taken.size() >= n; });
  }
  bool Shutdown() {
    bool done = false;
    receiver->Shutdown([&] { done = true; });
    loop.RunUntilIdle();
    return done;
  }
  int64_t Metric(std::string_view name) const {
    for (const MetricSample& sample : metrics.Read()) {
      if (sample.name == name) return sample.value;
    }
    return -1;
  }

  boost::asio::io_context io;
  testing::TestLoop loop{&io, [this] {
                           io.restart();
                           io.poll();
                         }};
  Metrics metrics;
  Registry registry;
  Context context;
  TestHost host;
  TestPipeline pipeline;
  std::unique_ptr<T> receiver;
  std::string error_path;
  int error_line = 0;
};

}  // namespace otelpipe::stream
