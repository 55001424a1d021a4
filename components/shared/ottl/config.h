// What processors in OTTL have in common in their configuration.
#pragma once

#include <string>
#include <vector>

#include "otelpipe/component/fields.h"

namespace otelpipe::ottl {

// What a statement or condition that fails does: the batch fails, the failure is logged, or nothing. A value is read in any case, as the reference does;
// null is kPropagate.
enum class ErrorMode { kPropagate, kIgnore, kSilent };
void DecodeField(const ConfigNode& node, ErrorMode& out, DecodeContext& context);

// One statement or condition as written, with its place.
struct SourceText {
  std::string text;
  Location location;
};
void DecodeField(const ConfigNode& node, SourceText& out, DecodeContext& context);
// A text in the place of the list is taken apart at commas, as every list of texts is.
void DecodeField(const ConfigNode& node, std::vector<SourceText>& out, DecodeContext& context);

}  // namespace otelpipe::ottl
