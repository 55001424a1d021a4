// JSON text as a Value: numbers become doubles, null becomes nil. Texts are copied into the arena.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::expr {

absl::Status JsonToValue(std::string_view json, Arena& arena, Value& out);

}  // namespace otelpipe::expr
