// Processor `transform`: changes telemetry by statements in OTTL (shared/ottl/ottl.h).
//
// Groups run one after the other, each over the whole batch, in the context that is written in the group or that its paths tell. Statements are
// compiled when the configuration is read; nothing is parsed per record.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/ottl/config.h"
#include "shared/ottl/ottl.h"

namespace otelpipe {

namespace transform {

using Text = ottl::SourceText;
using ottl::ErrorMode;

struct Group {
  std::string context;  // empty: inferred
  std::optional<ErrorMode> error_mode;
  std::vector<Text> conditions, statements;
  Location location;
  static void Describe(Fields<Group>& f);
};
// A list of texts is one group without a context; a list of blocks is one group each.
void DecodeField(const ConfigNode& node, std::vector<Group>& out, DecodeContext& context);

struct Config {
  ErrorMode error_mode = ErrorMode::kPropagate;
  bool flatten_data = false;
  std::vector<Group> trace_statements, metric_statements, log_statements;
  static void Describe(Fields<Config>& f);
};
// Statements are compiled here already, so that mistakes are found in processors that no pipeline uses.
void DecodeField(const ConfigNode& node, Config& out, DecodeContext& context);

// A group ready to run.
struct Program {
  ottl::ContextKind kind = ottl::ContextKind::kLog;
  ErrorMode error_mode = ErrorMode::kPropagate;
  std::vector<ottl::Condition> conditions;  // any of them must hold; none always does
  std::vector<ottl::Statement> statements;
  std::vector<std::string> modified;  // statements that got the name of their context
};
// Adds mistakes to `errors`, each at its place, with paths below `path`.
Program Compile(const Group& group, std::string_view path, Signal signal, ErrorMode mode, Arena& constants, std::vector<ConfigError>& errors);

}  // namespace transform

class TransformProcessor final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "transform";
  static constexpr std::string_view kStability = "beta";
  using Config = transform::Config;

  TransformProcessor(Config config, Context context)
      : config_(std::move(config)), context_(std::move(context)), constants_(std::make_shared<Arena>()) {}
  // Compiles what the signal of the pipeline needs; InvalidArgument with all mistakes.
  absl::Status Init();
  // Unavailable when a statement or condition fails and error_mode is propagate.
  absl::Status Process(Batch& batch) override;
  void Consume(Batch batch, Done done) override;

 private:
  absl::Status RunItem(const transform::Program& program, ottl::Item& item, Arena& arena);
  template <typename Data>
  absl::Status Run(Data& data);
  template <typename R, typename S>
  absl::Status RunScope(const transform::Program& program, ottl::Item& item, R& resource, S& scope, Arena& arena);

  Config config_;
  Context context_;
  // Literals, which statements put into batches; each batch keeps them alive.
  std::shared_ptr<Arena> constants_;
  std::vector<transform::Program> programs_;
};

}  // namespace otelpipe
