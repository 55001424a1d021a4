// Processor `redact`: drops attributes of log records by name and masks long numbers in their bodies.
//
//   processors:
//     redact:
//       keys: [password, token]
//       min_digits: 12
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace redact {

class RedactProcessor final : public otelpipe::EditProcessor {
 public:
  static constexpr std::string_view kType = "redact";
  static constexpr std::array kSignals = {otelpipe::Signal::kLogs};
  struct Config {
    std::vector<std::string> keys;
    int64_t min_digits = 12;
    int64_t keep_digits = 4;
    static void Describe(otelpipe::Fields<Config>& f);
  };

  RedactProcessor(Config config, otelpipe::Context context);
  absl::Status Process(otelpipe::Batch& batch) override;

 private:
  const Config config_;
  otelpipe::Counter* dropped_;
};

}  // namespace redact
