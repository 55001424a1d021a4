// Processor `resource`: edits the attributes of resources by a list of actions (shared/attraction/actions.h).
#pragma once

#include <optional>
#include <vector>

#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "shared/attraction/actions.h"

namespace otelpipe {

class ResourceProcessor final : public EditProcessor {
 public:
  static constexpr std::string_view kType = "resource";
  struct Config {
    std::vector<attraction::ActionConfig> attributes;
    static void Describe(Fields<Config>& f);
  };

  ResourceProcessor(Config config, Context context) : config_(std::move(config)), context_(std::move(context)) {}
  // Compiles the actions; InvalidArgument with all mistakes.
  absl::Status Init();
  absl::Status Process(Batch& batch) override;

 private:
  Config config_;
  Context context_;
  std::optional<attraction::Actions> actions_;
};

}  // namespace otelpipe
