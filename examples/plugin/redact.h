// What the operator and the processor share: blacking out parts of a text.
#pragma once

#include <string>
#include <string_view>

namespace redact {

// Replaces every run of at least `min_digits` digits in `text` by as many `*`, except the last `keep` digits of a run: a card number stays
// recognisable. Returns false, with `out` untouched, when there is nothing to replace.
bool MaskDigits(std::string_view text, int min_digits, int keep, std::string& out);

}  // namespace redact
