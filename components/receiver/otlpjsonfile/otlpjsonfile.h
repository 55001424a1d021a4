// The otlpjsonfile receiver: follows files of OTLP JSON, one message of any signal per line, as the file exporter writes them. The work is done by
// shared/tail (files), pdata (JSON) and shared/stream (delivery).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/stream/delivery.h"
#include "shared/stream/file_config.h"
#include "shared/stream/header.h"
#include "shared/tail/checkpoint.h"
#include "shared/tail/tailer.h"

namespace otelpipe {

struct OtlpJsonFileConfig : stream::FileConfig {
  bool replay_file = false;
  std::optional<ComponentId> storage;
  ConfigNode node;  // the whole block, for the places of mistakes
  static void Describe(Fields<OtlpJsonFileConfig>& f);
};
void DecodeField(const ConfigNode& node, OtlpJsonFileConfig& out, DecodeContext& context);

class OtlpJsonFileReceiver final : public Receiver, public tail::TailSink {
 public:
  static constexpr std::string_view kType = "otlpjsonfile";
  static constexpr std::array<std::string_view, 1> kAliases = {"otlp_json_file"};
  static constexpr std::string_view kStability = "alpha";
  using Config = OtlpJsonFileConfig;

  OtlpJsonFileReceiver(Config config, Context context);
  ~OtlpJsonFileReceiver() override;
  absl::Status Init();
  void SetOutput(Signal signal, Consumer* next) override;
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;

 private:
  // tail::TailSink
  Arena& arena() override { return *arena_; }
  void OnSlice(const tail::TailSlice& slice) override;
  void OnEndOfRead() override { arena_ = std::make_unique<Arena>(); }
  bool HasRoom() override { return delivery_->HasRoom(); }
  void OnHeaderLine(std::string_view line, Arena& arena, Map& attributes) override;

  // The message of `signal` in the line, with the file's attributes; an empty batch when it holds nothing.
  absl::StatusOr<Batch> Decode(Signal signal, const tail::TailLine& line, const tail::TailSlice& slice) const;
  template <typename Data>
  absl::StatusOr<std::unique_ptr<Data>> DecodeTree(const tail::TailLine& line, const tail::TailSlice& slice) const;

  Config config_;
  Context context_;
  std::array<Consumer*, 3> next_{};  // by signal; null for those that no pipeline takes
  std::optional<tail::TailOptions> options_;
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();  // of lines that had to be decoded
  std::unique_ptr<stream::HeaderProgram> header_;
  std::unique_ptr<stream::Delivery> delivery_;
  std::unique_ptr<tail::Checkpoint> checkpoint_;
  std::unique_ptr<tail::Tailer> tailer_;
};

}  // namespace otelpipe
