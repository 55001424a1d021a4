#include "redact.h"

#include "otelpipe/plugin.h"
#include "redact_operator.h"
#include "redact_processor.h"

#ifdef REDACT_OTHER_BUILD
#undef OTELPIPE_BUILD_ID
#define OTELPIPE_BUILD_ID "otelpipe 0.0.1; gcc 1; libstdc++; absl 0; plain"
#endif

namespace redact {

bool MaskDigits(std::string_view text, int min_digits, int keep, std::string& out) {
  bool masked = false;
  std::string result;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
    if (end == i) {
      result += text[i++];
      continue;
    }
    const size_t run = end - i;
    if (run >= static_cast<size_t>(min_digits)) {
      const size_t kept = run < static_cast<size_t>(keep) ? run : static_cast<size_t>(keep);
      result.append(run - kept, '*').append(text.substr(end - kept, kept));
      masked |= kept < run;
    } else {
      result.append(text.substr(i, run));
    }
    i = end;
  }
  if (masked) out = std::move(result);
  return masked;
}

}  // namespace redact

// The one entry of a plugin. The host calls it once, after it has compared build ids.
OTELPIPE_PLUGIN(registry) {
  absl::Status status = registry.AddProcessor<redact::RedactProcessor>();
  if (!status.ok()) return status;
  return registry.AddOperator(otelpipe::MakeOperatorFactory<redact::RedactOperator>());
}
