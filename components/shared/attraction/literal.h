// Literals: values written in a configuration, kept in a form that can be put into batches.
#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/pdata/arena.h"
#include "otelpipe/pdata/value.h"

namespace otelpipe::attraction {

// Converts a configuration value, texts and nested values copied into `arena`. YAML types carry over: text, integer, float,
// boolean, list, map (in order of writing); null gives the empty value. A YAML date is the error `<Invalid value type time.Time>`,
// the reference's words: a date has no attribute type, it has to be quoted.
absl::StatusOr<Value> ToValue(const ConfigNode& node, Arena& arena);

}  // namespace otelpipe::attraction
