// What the reference knows about component types that are not registered here: an unknown type that the reference has is no misspelling, and
// its error should say so.
//
//   if (auto known = FindReferenceType(ComponentKind::kReceiver, "hostmetrics")) ... known->removed, known->advice
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "otelpipe/component/component.h"

namespace otelpipe {

struct ReferenceType {
  std::string type;          // in the reference's spelling
  bool removed = false;      // only earlier versions of the reference had it
  std::string_view advice;   // what to write instead; may be empty
};

// Compares without underscores: `k8s_attributes` and `k8sattributes` are two spellings of one type.
std::optional<ReferenceType> FindReferenceType(ComponentKind kind, std::string_view type);

}  // namespace otelpipe
