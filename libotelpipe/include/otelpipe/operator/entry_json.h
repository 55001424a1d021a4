// An entry as the JSON object that the output operators write.
#pragma once

#include <string>

#include "otelpipe/operator/entry.h"

namespace otelpipe {

// Appends one object: observed_timestamp, timestamp, body, attributes, resource, severity_text, span_id, trace_id, trace_flags, severity,
// scope_name; the keys of maps sorted, empty members left out as the reference leaves them out. No newline.
void AppendEntryJson(std::string& out, const Entry& entry, bool escape_html);

// A value as JSON with sorted keys: bytes in base64, times as RFC 3339.
void AppendValueJson(std::string& out, const Value& value, bool escape_html);

}  // namespace otelpipe
