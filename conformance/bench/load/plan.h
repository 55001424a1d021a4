// What otlp_load is to send, and what came of it. Shared by its gRPC and HTTP halves.
//
//   Plan plan(settings);
//   Tally tally;
//   RunGrpcLoad(plan, &tally);
//
// A load runs on one thread: it is a closed loop, so a second one would only take CPU from the
// agent under test.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "common/gzip.h"
#include "common/payload.h"

namespace otelpipe::bench {

using Clock = std::chrono::steady_clock;

struct LoadSettings {
  std::string protocol = "grpc";
  std::string address = "127.0.0.1:4317";
  std::string signal = "logs";
  PayloadSettings payload;
  int connections = 4;
  int in_flight = 1;
  int64_t requests = 0;
  bool gzip = false;
  bool seq = false;
  std::chrono::nanoseconds time = std::chrono::seconds(10);
  std::chrono::nanoseconds backoff = std::chrono::milliseconds(5);
  std::chrono::nanoseconds timeout = std::chrono::seconds(30);
};

struct Tally {
  int64_t accepted = 0;  // requests
  int64_t refused = 0;   // answers that ask to try again; each is sent again
  int64_t failed = 0;    // answers that do not
  std::string last_error;
  std::vector<int64_t> latencies;  // nanoseconds, accepted requests only
  double seconds = 0;
};

// Hands out request bodies and says when to stop.
class Plan {
 public:
  explicit Plan(const LoadSettings& settings);

  const LoadSettings& settings() const { return settings_; }
  // The size of a request before gzip, on average.
  int64_t request_bytes() const { return request_bytes_; }
  // The body of the next request, packed if asked. It lives for the whole run, or, with --seq,
  // until `own` changes.
  std::string_view Next(std::string* own);
  size_t NextIndex() { return turn_++ % bodies_.size(); }
  const std::vector<std::string>& bodies() const { return bodies_; }

  void Begin();
  bool Over(const Tally& tally, int64_t started) const;
  // A refused request is not tried for ever.
  bool GiveUp() const;
  double Elapsed() const;

 private:
  LoadSettings settings_;
  std::mt19937_64 random_;
  GzipWriter writer_;
  std::vector<std::string> bodies_;
  int64_t request_bytes_ = 0;
  int64_t next_seq_ = 0;
  size_t turn_ = 0;
  Clock::time_point begin_;
};

// False: the address cannot be used at all (said on stderr).
bool RunGrpcLoad(Plan* plan, Tally* tally);
bool RunHttpLoad(Plan* plan, Tally* tally);

}  // namespace otelpipe::bench
