// Faults that the sink plays on request.
//
//   Faults faults;
//   faults.Switch(Fault::kUnavailable, 5s);              // now
//   faults.Plan(Fault::kHang, 100, 5s);                  // once 100 requests have come
//   if (auto fault = faults.Now(request_number)) ...     // none: answer as usual
//
// All methods may be called from any thread, Plan before the first request.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

namespace otelpipe::bench {

enum class Fault {
  kUnavailable,  // HTTP 503, gRPC UNAVAILABLE
  kTooMany,      // HTTP 429 with Retry-After, gRPC RESOURCE_EXHAUSTED
  kBadRequest,   // HTTP 400, gRPC INVALID_ARGUMENT: refused for good
  kHang,         // no answer until the fault is over, then as kUnavailable
  kClose,        // HTTP: the connection is closed without an answer; gRPC: as kUnavailable
};

struct ActiveFault {
  Fault fault;
  std::chrono::nanoseconds left;
};

// "503", "429", "400", "hang", "close". None: another word.
std::optional<Fault> ParseFault(std::string_view name);

class Faults {
 public:
  // "MODE[,after=N][,for=D]"; false: not of that form.
  bool Plan(std::string_view text);
  void Plan(Fault fault, int64_t after, std::chrono::nanoseconds length);
  void Switch(Fault fault, std::chrono::nanoseconds length);
  void Off();
  std::optional<ActiveFault> Now(int64_t request_number);

 private:
  using Clock = std::chrono::steady_clock;
  std::mutex mutex_;
  std::optional<Fault> active_;
  Clock::time_point until_;
  std::optional<Fault> planned_;
  int64_t planned_after_ = 0;
  std::chrono::nanoseconds planned_length_{};
};

}  // namespace otelpipe::bench
