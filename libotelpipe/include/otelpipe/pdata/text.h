// Text forms that many encoders need, appended to a string exactly as the reference writes them.
//
//   std::string out;
//   AppendJsonString(out, "a<b");    // "a\u003cb" with the quotes
//   AppendJsonDouble(out, 1e21);     // 1e+21
//   AppendHex(out, trace_id.bytes);  // lower case
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "otelpipe/pdata/records.h"

namespace otelpipe {

// A JSON string with its quotes. Escaped are " \ and control characters (\b \f \n \r \t in short), U+2028 and U+2029, and
// with `escape_html` also < > &. Each byte that is not part of well-formed UTF-8 becomes \ufffd.
void AppendJsonString(std::string& out, std::string_view text, bool escape_html = true);

// The shortest decimals that read back as the same double; positional for 1e-6 <= |v| < 1e21, else with an exponent (1e+21, 1e-7).
// Only for finite numbers.
void AppendJsonDouble(std::string& out, double value);

// Go's %g with shortest decimals, as its text formatters write floats: scientific when the decimal exponent is below -4 or at least
// `positional_limit`; exponents have a sign and two digits; "NaN", "+Inf", "-Inf".
void AppendGoDouble(std::string& out, double value, int positional_limit = 21);

// `decimals` digits after the point, as %.Nf; "NaN", "+Inf", "-Inf".
void AppendFixedDouble(std::string& out, double value, int decimals);

void AppendInt(std::string& out, int64_t value);
void AppendUint(std::string& out, uint64_t value);

// Standard base64 with padding.
void AppendBase64(std::string& out, std::string_view bytes);
// Decodes standard base64, padded; false for anything else (`out` is then unspecified).
bool DecodeBase64(std::string_view text, std::string& out);

// Two lower-case hex digits per byte.
void AppendHex(std::string& out, std::string_view bytes);
inline void AppendHex(std::string& out, const TraceId& id) {
  AppendHex(out, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}
inline void AppendHex(std::string& out, const SpanId& id) {
  AppendHex(out, std::string_view(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()));
}
// Reads hex digits of either case into exactly `size` bytes; false when the text does not fit.
bool DecodeHex(std::string_view text, uint8_t* bytes, size_t size);

// The JSON text of a map or list with the keys of every map sorted by bytes, the last of equal keys winning, bytes in base64 and empty
// values as null: what AsString() gives for them. False, with `out` unchanged, when a number in it is not finite.
bool AppendSortedJson(std::string& out, const Value& value);
bool AppendSortedJson(std::string& out, const Map& map);

}  // namespace otelpipe
