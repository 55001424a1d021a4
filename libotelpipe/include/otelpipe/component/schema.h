// JSON Schema of a component's settings, made from its field table.
//
//   std::string schema = JsonSchema(DescribeFields<Config>());
#pragma once

#include <string>
#include <vector>

#include "otelpipe/component/fields.h"

namespace otelpipe {

// One JSON object (draft 2020-12, without $schema) that describes a map with these fields: types, defaults, documentation, older names
// (deprecated), closed to other keys. Text that holds a reference such as ${env:X} is valid for every field, null too, as at run time. Keys
// that are refused with a reason are left out. Compact, one line.
std::string JsonSchema(const std::vector<FieldInfo>& fields);

}  // namespace otelpipe
