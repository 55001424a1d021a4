// What an unquoted YAML scalar is, by the rules of the reference's YAML library (a mix of YAML 1.1 and 1.2):
// `yes` is text, `0123` and `0o17` are octal, `1_000` is an integer, `2024-03-05` a time.
#pragma once

#include <string_view>

#include "otelpipe/component/config_node.h"

namespace otelpipe::internal {

// Sets kind, boolean, integer, is_unsigned, number and text of `node` from plain text.
void ResolveScalar(std::string_view text, ConfigNode& node);

// True when `text` is written as `2024-03-05`, `2024-3-5 7:08:09.5` or `2024-03-05T07:08:09Z` and exists in the calendar.
bool IsYamlTimestamp(std::string_view text);

// `text` as a YAML scalar that reads back as the same string.
std::string YamlString(std::string_view text);

}  // namespace otelpipe::internal
