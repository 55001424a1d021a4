// Encodes OTLP Export requests for load: realistic resources, attributes and ids, about 320 bytes
// a log record.
//
//   std::mt19937_64 random(7);
//   std::string body = EncodeRequest({.signal = Signal::kLogs, .records = 100}, 0, &random);
//
// Same settings, same `first_seq` and same generator state give the same bytes, but for the time
// stamps, which begin at `settings.start_unix_nano`. Any thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "common/skim.h"

namespace otelpipe::bench {

struct PayloadSettings {
  Signal signal = Signal::kLogs;
  int records = 100;
  int resources = 1;
  int body_bytes = 150;  // log body; other signals have fixed shapes
  uint64_t start_unix_nano = 1767323045000000000;
};

// Each record carries "seq=%010d", counted up from `first_seq`.
std::string EncodeRequest(const PayloadSettings& settings, int64_t first_seq,
                          std::mt19937_64* random);

}  // namespace otelpipe::bench
