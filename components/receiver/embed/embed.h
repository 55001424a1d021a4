// Receiver `embed`: takes batches from the program that embeds the service, through Service::Push. It opens nothing.
#pragma once

#include <array>
#include <string_view>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"

namespace otelpipe {

class EmbedReceiver final : public Receiver, public PushTarget {
 public:
  static constexpr std::string_view kType = "embed";
  struct Config {
    static void Describe(Fields<Config>&) {}
  };

  EmbedReceiver(Config, Context context);

  void SetOutput(Signal signal, Consumer* next) override { outputs_[static_cast<size_t>(signal)] = next; }
  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  // Unavailable before Start and after Shutdown; InvalidArgument for an empty batch or a signal without a pipeline.
  void Push(Batch batch, Done done) override;

 private:
  Context context_;
  std::array<Consumer*, 3> outputs_{};
  std::array<Counter*, 3> accepted_{};
  std::array<Counter*, 3> refused_{};
  bool running_ = false;
};

}  // namespace otelpipe
