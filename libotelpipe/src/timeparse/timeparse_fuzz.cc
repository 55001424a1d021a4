// Feeds arbitrary layouts and values to everything in this folder that reads foreign text. Input: a byte
// that picks the reader, a layout, a line end, a value.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "otelpipe/timeparse/duration.h"
#include "otelpipe/timeparse/severity.h"
#include "otelpipe/timeparse/time_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace otelpipe::timeparse;
  if (size < 2) return 0;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const int choice = text[0] & 7;
  text.remove_prefix(1);
  const size_t line = text.find('\n');
  const std::string_view layout_text = text.substr(0, line);
  const std::string_view value =
      line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
  if (choice == 7) {
    const auto duration = ParseGoDuration(value);
    // What we print must read back as the same duration.
    if (duration.ok()) {
      const auto again = ParseGoDuration(FormatGoDuration(*duration));
      if (!again.ok() || *again != *duration) std::abort();
    }
    SeverityMapping::ForPreset("default").LookupText(value);
    return 0;
  }
  constexpr const char* kTypes[] = {"strptime", "gotime", "epoch"};
  constexpr const char* kLocations[] = {"UTC", "Europe/Berlin"};
  TimeLayout::Settings settings;
  settings.layout_type = kTypes[choice % 3];
  settings.location = kLocations[choice / 3 % 2];
  settings.layout = layout_text;
  settings.local = absl::UTCTimeZone();
  settings.now = [] { return Timestamp{1709640000, 0}; };
  const auto layout = TimeLayout::Compile(settings);
  if (!layout.ok()) return 0;
  const auto parsed = layout->Parse(value);
  if (!parsed.ok()) return 0;
  if (parsed->nanos < 0 || parsed->nanos >= 1000000000) std::abort();
  FormatGoTime(*parsed);
  return 0;
}
