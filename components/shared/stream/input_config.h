// What the receivers of log streams have in common in YAML: attributes, resource, operators, retry_on_failure and the like, and the
// blocks that some of them share (multiline).
//
//   struct TcplogConfig : stream::InputConfig {
//     stream::TcpConfig tcp;
//     static void Describe(Fields<TcplogConfig>& f) { f.InlineBase<stream::InputConfig>(); f.Inline(&TcplogConfig::tcp); }
//   };
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/program.h"
#include "shared/stream/delivery.h"

namespace otelpipe::stream {

// A text that may hold EXPR(...).
struct ExprText {
  std::string text;
};
void DecodeField(const ConfigNode& node, ExprText& out, DecodeContext& context);

struct MultilineConfig {
  std::string line_start_pattern;
  std::string line_end_pattern;
  bool omit_pattern = false;
  static void Describe(Fields<MultilineConfig>& f);
};

struct InputConfig {
  std::map<std::string, ExprText> attributes;
  std::map<std::string, ExprText> resource;
  OperatorList operators;
  RetryConfig retry_on_failure;
  std::optional<ComponentId> storage;
  std::string id;
  std::string type;
  std::vector<std::string> output;
  static void Describe(Fields<InputConfig>& f);
};

// Where the value under `key` of the receiver's block is written, or the block.
Location PlaceOf(const ConfigNode& block, std::string_view key);
// An error that points at the value under `path` ("multiline::line_start_pattern", "operators::0") of the receiver's block, or at the last step that is there.
absl::Status ErrorAt(const ConfigNode& block, std::string_view path, const absl::Status& status);

}  // namespace otelpipe::stream
