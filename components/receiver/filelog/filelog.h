// The filelog receiver: follows files and sends their records as logs. The work is done by shared/tail (files), OperatorProgram (records) and shared/stream
// (acknowledgement and back-pressure); this class joins them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/feed.h"
#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/program.h"
#include "receiver/filelog/config.h"
#include "receiver/filelog/fed_files.h"
#include "shared/stream/delivery.h"
#include "shared/stream/header.h"
#include "shared/tail/checkpoint.h"
#include "shared/tail/tailer.h"

namespace otelpipe {

class FilelogReceiver final : public Receiver, public FeedTarget, public tail::TailSink {
 public:
  static constexpr std::string_view kType = "filelog";
  static constexpr std::array<std::string_view, 1> kAliases = {"file_log"};
  static constexpr std::array kSignals = {Signal::kLogs};
  static constexpr std::string_view kStability = "beta";
  using Config = FilelogConfig;

  FilelogReceiver(Config config, Context context);
  ~FilelogReceiver() override;
  absl::Status Init();

  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  absl::Status StartFed() override;
  absl::Status Feed(const Input& input) override;

 private:
  // tail::TailSink
  Arena& arena() override { return program_->arena(); }
  void OnSlice(const tail::TailSlice& slice) override;
  void OnEndOfRead() override;
  bool HasRoom() override { return delivery_->HasRoom(); }
  void OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) override;

  // The configured attributes or resource of a new entry.
  absl::Status Apply(const std::vector<std::pair<std::string_view, TemplateText>>& texts, Entry& entry, Map& map);

  Config config_;
  Context context_;
  std::optional<tail::TailOptions> options_;
  std::unique_ptr<OperatorProgram> program_;
  std::unique_ptr<stream::HeaderProgram> header_;
  std::vector<std::pair<std::string_view, TemplateText>> attributes_;
  std::vector<std::pair<std::string_view, TemplateText>> resource_;
  Consumer* next_ = nullptr;
  std::unique_ptr<stream::Delivery> delivery_;
  std::unique_ptr<tail::Checkpoint> checkpoint_;
  std::unique_ptr<tail::Tailer> tailer_;
  std::unique_ptr<filelog::FedFiles> fed_;  // instead of the tailer
  int64_t bytes_collected_ = 0;  // of input in the batch under construction
};

}  // namespace otelpipe
