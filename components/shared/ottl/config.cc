#include "shared/ottl/config.h"

#include <utility>

namespace otelpipe::ottl {

void DecodeField(const ConfigNode& node, ErrorMode& out, DecodeContext& context) {
  std::string text;
  const size_t before = context.error_count();
  DecodeField(node, text, context);
  if (context.error_count() != before) return;
  std::string lower = text;
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  if (lower == "propagate" || node.is_null()) {
    out = ErrorMode::kPropagate;
  } else if (lower == "ignore") {
    out = ErrorMode::kIgnore;
  } else if (lower == "silent") {
    out = ErrorMode::kSilent;
  } else {
    context.Error(node, "unknown error mode " + lower, "use ignore, silent or propagate");
  }
}

void DecodeField(const ConfigNode& node, SourceText& out, DecodeContext& context) {
  out.location = node.location;
  DecodeField(node, out.text, context);
}

void DecodeField(const ConfigNode& node, std::vector<SourceText>& out, DecodeContext& context) {
  std::vector<std::string> texts;
  DecodeField(node, texts, context);
  out.clear();
  for (size_t i = 0; i < texts.size(); ++i) {
    out.push_back({std::move(texts[i]), node.is_list() && i < node.items.size() ? node.items[i].location : node.location});
  }
}

}  // namespace otelpipe::ottl
