// Actions: the list of attribute edits that the processors `resource` and `attributes` share.
//
//   OTELPIPE_ASSIGN_OR_RETURN(Actions actions, Actions::Compile(config.actions, "actions"));
//   actions.BeginBatch(logs->arena, batch.client().get());
//   for (LogRecord& record : ...) actions.Apply(record.attributes, log);
//
// The list is compiled once: keys, literals and patterns are resolved, so Apply looks nothing up by name and allocates in
// the batch's arena only. What it stores points into the compiled list, which BeginBatch makes the arena keep alive.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/component/telemetry.h"
#include "otelpipe/pdata/batch.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::attraction {

// One entry of the list as it is written.
struct ActionConfig {
  std::string key;
  std::string action;
  ConfigNode value;
  std::string from_attribute;
  std::string from_context;
  std::string pattern;
  std::string converted_type;
  Location location;  // of the entry, for errors
  static void Describe(Fields<ActionConfig>& f);
};
void DecodeField(const ConfigNode& node, ActionConfig& out, DecodeContext& context);

class Actions {
 public:
  // InvalidArgument with every mistake and its place (ConfigErrorsFromStatus); `list_key` is the key of the list in the
  // component's block. The texts are the reference's.
  static absl::StatusOr<Actions> Compile(const std::vector<ActionConfig>& configs, std::string_view list_key);

  Actions(Actions&&) = default;
  Actions& operator=(Actions&&) = default;

  // Sets where new values go and whose request it is (null: unknown), until the next call. Both must outlive the calls of Apply.
  void BeginBatch(Arena& arena, const ClientInfo* client);

  // Runs all actions in order on `attributes`, which must live in the arena of BeginBatch. Conversions that fail are logged at
  // debug level and change nothing.
  void Apply(Map& attributes, const Logger& log);

 private:
  struct Compiled;
  explicit Actions(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;
  Arena* arena_ = nullptr;
  // The values of `from_context`, by action; looked up once per batch.
  std::vector<Value> context_values_;
  std::vector<bool> context_found_;
  std::vector<std::string_view> captures_;
};

}  // namespace otelpipe::attraction
