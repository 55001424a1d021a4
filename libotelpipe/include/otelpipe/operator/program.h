// OperatorProgram: the compiled `operators:` list of a receiver, and the batch it fills.
//
//   struct Config { OperatorList operators; ... f.Optional("operators", &Config::operators, "...") };
//
//   OTELPIPE_ASSIGN_OR_RETURN(program_, OperatorProgram::Build(config.operators, "file_input", context));
//   program_->SetOutput([this](Batch batch, std::vector<AckRef> acks) { ... next->Consume(...) });
//   ...
//   program_->KeepAlive(buffer.owner);                   // what the lines point into
//   Entry entry = program_->NewEntry();                  // values live in the batch under construction
//   entry.body = Value::Str(line);
//   absl::Status s = program_->Process(entry);           // reported, joined with "; ", as `failed to emit token`
//   program_->Flush();                                   // end of a read: the batch goes out
//
// Entries that reach the end become log records grouped by resource and scope (stanza.md 2.3 to 2.5). Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/operator.h"
#include "otelpipe/pdata/batch.h"

namespace otelpipe {

// The decoded list: each member's factory and its config.
struct OperatorList {
  struct Member {
    std::string type;
    std::string id;  // as written; empty when unset
    ConfigNode node;  // for the places of mistakes
    std::shared_ptr<const OperatorFactory> factory;
    AnyConfig config;
  };
  std::vector<Member> members;
};
// Needs context.registry. Errors: `missing required field 'type'`, `unsupported type 'nope'`, and what each operator's table finds.
void DecodeField(const ConfigNode& node, OperatorList& out, DecodeContext& context);

class OperatorProgram {
 public:
  // Called with each finished batch and the references to the input it came from; they are released (delivered or not) by the
  // receiver when the batch's Done says so.
  using Output = std::function<void(Batch batch, std::vector<AckRef> acks)>;

  // `host_type` is the type of the receiver's own input operator, for ids ("file_input"). `outputs` are the operators that get its entries,
  // the first of the list when empty, and `place` is where they are written. All mistakes of all operators at once.
  static absl::StatusOr<std::unique_ptr<OperatorProgram>> Build(const OperatorList& list, std::string_view host_type, const Context& context,
                                                               const std::vector<std::string>& outputs = {}, const Location& place = {});
  virtual ~OperatorProgram() = default;

  virtual void SetOutput(Output output) = 0;
  virtual absl::Status Start() = 0;
  // Stops the operators in order of flow (recombine hands over what it holds) and flushes.
  virtual void Stop() = 0;

  // An entry in the arena of the batch under construction, observed now.
  virtual Entry NewEntry() = 0;
  virtual Arena& arena() = 0;
  // Keeps input bytes alive as long as the batch under construction.
  virtual void KeepAlive(std::shared_ptr<const void> owner) = 0;
  virtual absl::Status Process(Entry& entry) = 0;
  // Ends the read: operators copy what they hold, the batch under construction goes out (if it has records) and a new one is begun.
  virtual void Flush() = 0;
  // Records in the batch under construction.
  virtual size_t pending_records() const = 0;
};

}  // namespace otelpipe
