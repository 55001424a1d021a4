// The names of HTTP status codes as Go's net/http has them, which the reference puts into answers and error texts.
#pragma once

#include <string_view>

namespace otelpipe {

// "" for a code that has no name.
std::string_view HttpReason(int status);

}  // namespace otelpipe
