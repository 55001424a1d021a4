// file_output: appends each entry to a file; the end of its chain.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/operator.h"

namespace otelpipe {

class FileOutput final : public LogOperator {
 public:
  static constexpr std::string_view kType = "file_output";
  struct Config {
    std::string type;
    std::string id;
    std::string path;
    std::string format;
    static void Describe(Fields<Config>& f);
  };
  FileOutput(const Config& config, const OperatorContext& context) : LogOperator(context), config_(config) {}
  ~FileOutput() override { Close(); }
  absl::Status Init();

  absl::Status Start() override;
  void Stop() override { Close(); }
  absl::Status Process(Entry& entry) override;
  bool can_output() const override { return false; }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>&, LogOperator*) override {
    return absl::OkStatus();
  }

 private:
  // A piece of the format: text, or the path of a field such as {"Attributes", "x"}.
  struct Piece {
    std::string text;
    std::vector<std::string> field;
  };
  absl::Status CompileFormat();
  void AppendField(const std::vector<std::string>& field, const Entry& entry);
  void Close();

  Config config_;
  std::vector<Piece> format_;
  std::string line_;
  int fd_ = -1;
};

}  // namespace otelpipe
