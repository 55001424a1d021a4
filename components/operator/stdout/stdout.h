// stdout: writes each entry as a line of JSON to standard output; the end of its chain.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "otelpipe/operator/operator.h"

namespace otelpipe {

class StdoutOperator final : public LogOperator {
 public:
  static constexpr std::string_view kType = "stdout";
  struct Config {
    std::string type;
    std::string id;
    static void Describe(Fields<Config>& f);
  };
  StdoutOperator(const Config&, const OperatorContext& context) : LogOperator(context) {}

  absl::Status Process(Entry& entry) override;
  bool can_output() const override { return false; }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>&, LogOperator*) override {
    return absl::OkStatus();
  }
  // Where lines go; standard output unless a test says otherwise.
  void set_write(std::function<absl::Status(std::string_view)> write) { write_ = std::move(write); }

 private:
  std::function<absl::Status(std::string_view)> write_;
  std::string line_;
};

}  // namespace otelpipe
