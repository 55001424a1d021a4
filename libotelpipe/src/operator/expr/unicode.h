// Upper and lower case of UTF-8 text, character by character.
#pragma once

#include <string>
#include <string_view>

namespace otelpipe::expr {

std::string ChangeCase(std::string_view text, bool upper);

}  // namespace otelpipe::expr
