// Loki labels: names, values and the text that names a stream, `{job="a", level="INFO"}`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace otelpipe::loki {

// Appends `name` as a valid label name: characters that are neither letters nor digits become `_`, a leading digit gets the prefix
// `key_`, a single leading underscore the prefix `key`.
void AppendLabelName(std::string& out, std::string_view name);

// Appends `value` as a quoted Go string literal.
void AppendQuoted(std::string& out, std::string_view value);

// The stream's text: names are made valid and sorted by bytes. Of names that become equal, the last of `labels` wins (the
// reference takes any of them).
std::string FormatLabels(const std::vector<std::pair<std::string_view, std::string_view>>& labels);

// The way back, for what clients send: a comma list of name="value" in braces, spaces anywhere between the parts, values in
// double quotes with Go's escapes or in backquotes. Sorted by name. InvalidArgument for anything else.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseLabels(std::string_view text);

}  // namespace otelpipe::loki
