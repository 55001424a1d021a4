// Transformer: the base of operators that read and change an entry. It takes care of `if`, `on_error`, `output`, copies for several outputs, and
// the reference's error handling; an operator writes Transform only. See operator.h for an example, and parser.h for the base of parsers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/operator/expression.h"
#include "otelpipe/operator/field_path.h"
#include "otelpipe/operator/operator.h"

namespace otelpipe {

// Keys every operator has.
struct OperatorConfig {
  std::string type;
  std::string id;
  std::vector<std::string> output;
  static void Describe(Fields<OperatorConfig>& f);
};

struct TransformerConfig : OperatorConfig {
  std::string on_error = "send";
  std::string if_expression;
  static void Describe(Fields<TransformerConfig>& f);
};

// What to do with an entry whose operator failed.
enum class OnError { kSend, kSendQuiet, kDrop, kDropQuiet };

// Logs `Failed to process entry` with the error, the action, the entry's time and its attributes.
void LogFailedEntry(const Logger& log, LogLevel level, const Entry& entry, const absl::Status& error, std::string_view action);

// An operator that sends entries on: wiring, and fan-out to several outputs.
class Emitting : public LogOperator {
 public:
  std::vector<std::string> Outputs() const override { return output_ids_; }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>& find, LogOperator* next) override;

 protected:
  Emitting(const OperatorConfig& config, OperatorContext context);
  // To every output: copies to all but the last, whose error is returned.
  absl::Status Write(Entry& entry) {
    if (single_ != nullptr) return single_->Process(entry);
    return WriteAll(entry);
  }
  const OperatorContext& context() const { return context_; }
  const Logger& log() const { return context_.log; }

 private:
  absl::Status WriteAll(Entry& entry);
  OperatorContext context_;
  std::vector<std::string> output_ids_;
  std::vector<LogOperator*> outputs_;
  LogOperator* single_ = nullptr;
};

class Transformer : public Emitting {
 public:
  absl::Status Process(Entry& entry) override;

 protected:
  Transformer(const TransformerConfig& config, OperatorContext context);
  // Compiles `if` and checks `on_error`; a derived Init calls it first.
  absl::Status Init();
  // Changes the entry in place. An error goes through on_error.
  virtual absl::Status Transform(Entry& entry) = 0;
  // Applies on_error to a failed entry: logs, sends or drops. Returns what the caller reports: with `parse_error` nothing for the quiet kinds.
  absl::Status HandleError(Entry& entry, const absl::Status& error, bool parse_error);
  // True when there is no `if` or it holds. An error is the reference's `running if expr: ...`.
  absl::StatusOr<bool> Matches(const Entry& entry) const;
  OnError on_error() const { return on_error_; }
  bool has_if() const { return if_ != nullptr; }

 private:
  TransformerConfig config_;
  OnError on_error_ = OnError::kSend;
  std::shared_ptr<const Expression> if_;
};

}  // namespace otelpipe
