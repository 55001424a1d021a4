// Small text helpers the bench programs share: durations, host:port, one-line JSON.
//
//   std::chrono::nanoseconds wait;
//   if (!ParseDuration("250ms", &wait)) ...
//   JsonLine line;
//   line.Add("event", "exit").Add("records", 12);
//   puts(line.Done().c_str());
//
// Free functions and value types; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace otelpipe::bench {

// Reads "10s", "250ms", "1.5m", "20us" or a bare number of seconds. False: not a duration.
bool ParseDuration(std::string_view text, std::chrono::nanoseconds* out);

// Splits "host:port" at the last colon. False: no colon, or a port that is not 0..65535.
bool SplitHostPort(std::string_view text, std::string* host, uint16_t* port);

// One flat JSON object, written in the order of the calls.
class JsonLine {
 public:
  JsonLine& Add(std::string_view key, std::string_view value);
  JsonLine& Add(std::string_view key, const char* value) {
    return Add(key, std::string_view(value));
  }
  JsonLine& Add(std::string_view key, int64_t value);
  JsonLine& Add(std::string_view key, uint64_t value) {
    return Add(key, static_cast<int64_t>(value));
  }
  JsonLine& Add(std::string_view key, int value) { return Add(key, static_cast<int64_t>(value)); }
  JsonLine& AddFixed(std::string_view key, double value, int digits);
  std::string Done() const { return text_ + "}"; }

 private:
  void Key(std::string_view key);
  std::string text_ = "{";
};

}  // namespace otelpipe::bench
