// LogInput: the way of records from a stream to the pipeline: configured attributes, operators, batches, delivery.
//
//   OTELPIPE_RETURN_IF_ERROR(input_.Init(config_, config_.node, "tcp_input"));   // mistakes of operators and EXPR(...)
//   input_.SetOnRoom([this] { ReadOn(); });
//   input_.Start();
//   input_.Add(text, [&](Entry& entry) { ... });   // text and what the entry points to: copied with input_.arena(), or kept alive
//   input_.Flush(bytes_read);                      // end of a read: the batch goes out
//   if (!input_.HasRoom()) ...                     // wait for on_room
//   input_.Stop(done);
//
// Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/program.h"
#include "shared/stream/delivery.h"
#include "shared/stream/input_config.h"

namespace otelpipe::stream {

class LogInput {
 public:
  explicit LogInput(const Context& context);
  ~LogInput();
  LogInput(const LogInput&) = delete;

  // `block` is the receiver's block, for the places of mistakes; `type` names the input ("tcp_input").
  absl::Status Init(const InputConfig& config, const ConfigNode& block, std::string_view type);
  void SetOnRoom(std::function<void()> on_room) { on_room_ = std::move(on_room); }
  void SetNext(Consumer* next) { next_ = next; }
  absl::Status Start();

  Arena& arena() { return program_->arena(); }
  // One record. `text` lives in arena(). `decorate` sees the entry after the configured attributes were set.
  void Add(std::string_view text, absl::FunctionRef<void(Entry&)> decorate);
  // Ends a read of `bytes` bytes of input.
  void Flush(int64_t bytes);
  bool HasRoom() const { return delivery_->HasRoom(); }
  // Stops the operators, hands over what is left, then calls `done`.
  void Stop(absl::AnyInvocable<void()> done);

 private:
  using Texts = std::vector<std::pair<std::string, TemplateText>>;
  absl::Status Apply(const Texts& texts, Entry& entry, Map& map);
  void Report(const char* message, const char* prefix, const absl::Status& status);

  Context context_;
  std::function<void()> on_room_ = [] {};
  Consumer* next_ = nullptr;
  Texts attributes_;
  Texts resource_;
  std::unique_ptr<OperatorProgram> program_;
  std::unique_ptr<Delivery> delivery_;
  int64_t bytes_ = 0;       // of the read at hand
  bool started_ = false;
  std::string errors_;      // of the read at hand, joined
  const char* message_ = "";
  int error_count_ = 0;
};

}  // namespace otelpipe::stream
