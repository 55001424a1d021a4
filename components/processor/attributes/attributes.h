// Processor `attributes`: edits the attributes of spans, log records and data points by a list of actions
// (shared/attraction/actions.h), for the items that `include` and `exclude` choose (shared/attraction/match.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/attraction/actions.h"
#include "shared/attraction/match.h"

namespace otelpipe {

class AttributesProcessor final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "attributes";
  struct Config {
    std::vector<attraction::ActionConfig> actions;
    std::optional<attraction::MatchConfig> include;
    std::optional<attraction::MatchConfig> exclude;
    static void Describe(Fields<Config>& f);
  };

  AttributesProcessor(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
  // Compiles actions and matchers for the signal of the pipeline; InvalidArgument with all mistakes.
  absl::Status Init();
  absl::Status Process(Batch& batch) override;

 private:
  absl::Status EditLogs(Batch& batch);
  absl::Status EditTraces(Batch& batch);
  absl::Status EditMetrics(Batch& batch);

  Config config_;
  Context context_;
  std::optional<attraction::Actions> actions_;
  std::unique_ptr<attraction::Matcher> include_;  // null: everything
  std::unique_ptr<attraction::Matcher> exclude_;  // null: nothing
};

}  // namespace otelpipe
