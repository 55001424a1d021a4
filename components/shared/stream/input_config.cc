#include "shared/stream/input_config.h"

namespace otelpipe::stream {

void DecodeField(const ConfigNode& node, ExprText& out, DecodeContext& context) {
  if (node.kind == ConfigNode::Kind::kString || node.from_expansion) {
    out.text = node.text;
  } else if (node.is_null()) {
    out.text.clear();
  } else {
    internal::ReportWrongType(node, "helper.ExprStringConfig", context);
  }
}

void MultilineConfig::Describe(Fields<MultilineConfig>& f) {
  using C = MultilineConfig;
  f.Optional("line_start_pattern", &C::line_start_pattern, "Regex at which a record starts.");
  f.Optional("line_end_pattern", &C::line_end_pattern, "Regex at which a record ends.");
  f.Optional("omit_pattern", &C::omit_pattern, "Leave what the pattern matched out of the record.");
}

void InputConfig::Describe(Fields<InputConfig>& f) {
  using C = InputConfig;
  f.Optional("attributes", &C::attributes, "Attributes of every record; texts with EXPR(...).");
  f.Optional("resource", &C::resource, "Resource attributes of every record; texts with EXPR(...).");
  f.Optional("operators", &C::operators, "Log operators, in order.");
  f.Optional("retry_on_failure", &C::retry_on_failure, "What to do with batches that the pipeline fails to deliver.");
  f.Optional("storage", &C::storage, "Extension that keeps the state of the receiver over a restart.");
  f.Optional("id", &C::id, "Id of the input among the operators.");
  f.Optional("type", &C::type, "Type of the input.");
  f.Optional("output", &C::output, "Ids of the operators that get the records; the first of the list when unset.");
}

Location PlaceOf(const ConfigNode& block, std::string_view key) {
  const ConfigNode* found = block.is_map() ? block.Find(key) : nullptr;
  return found == nullptr ? block.location : found->location;
}

absl::Status ErrorAt(const ConfigNode& block, std::string_view path, const absl::Status& status) {
  const ConfigNode* found = &block;
  for (std::string_view rest = path; !rest.empty();) {
    const size_t end = rest.find("::");
    const ConfigNode* next = nullptr;
    if (found->is_map()) {
      next = found->Find(rest.substr(0, end));
    } else if (found->is_list()) {
      size_t index = 0;
      for (char c : rest.substr(0, end)) index = index * 10 + static_cast<size_t>(c - '0');
      if (index < found->items.size()) next = &found->items[index];
    }
    if (next == nullptr) break;
    found = next;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
  }
  return ConfigErrorAt(found->location, std::string(path), std::string(status.message()));
}

}  // namespace otelpipe::stream
