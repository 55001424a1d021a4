#include <algorithm>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe::timeparse {
namespace {

struct Directive {
  char letter;
  std::string_view go;
};

// What each directive means in a Go layout. %s is a fraction and not seconds since the epoch, %w %i %j %k
// are offsets, %o is an underscore and a month: all as in the reference.
constexpr Directive kDirectives[] = {
    {'Y', "2006"},
    {'y', "06"},
    {'m', "01"},
    {'o', "_1"},
    {'q', "1"},
    {'b', "Jan"},
    {'h', "Jan"},
    {'B', "January"},
    {'d', "02"},
    {'e', "_2"},
    {'g', "2"},
    {'a', "Mon"},
    {'A', "Monday"},
    {'H', "15"},
    {'I', "03"},
    {'l', "3"},
    {'p', "PM"},
    {'P', "pm"},
    {'M', "04"},
    {'S', "05"},
    {'L', "999"},
    {'f', "999999"},
    {'s', "999999999"},
    {'Z', "MST"},
    {'z', "Z0700"},
    {'w', "-070000"},
    {'i', "-07"},
    {'j', "-07:00"},
    {'k', "-07:00:00"},
    {'D', "01/02/2006"},
    {'x', "01/02/2006"},
    {'F', "2006-01-02"},
    {'T', "15:04:05"},
    {'X', "15:04:05"},
    {'r', "03:04:05 pm"},
    {'R', "15:04"},
    {'c', "Mon Jan 02 15:04:05 2006"},
    {'n', "\n"},
    {'t', "\t"},
    {'%', "%"},
};

// Bytes of the character at the head of `text`; a bad byte is a character of its own.
size_t CharacterLength(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
  if (length > text.size()) return 1;
  for (size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 1;
  }
  return length;
}

}  // namespace

absl::StatusOr<std::string> StrptimeToGoLayout(std::string_view layout) {
  if (std::any_of(layout.begin(), layout.end(), [](char c) { return c >= '0' && c <= '9'; })) {
    return absl::InvalidArgumentError("format string should not contain decimals");
  }
  // A fraction must stand behind a point or a comma; the message shows the character before it.
  size_t previous = 0;
  for (size_t i = 0; i < layout.size(); previous = i, i += CharacterLength(layout.substr(i))) {
    if (i == 0 || layout[i] != '%' || i + 1 == layout.size()) continue;
    const char letter = layout[i + 1];
    if (letter != 'L' && letter != 'f' && letter != 's') continue;
    if (layout[previous] == '.' || layout[previous] == ',') continue;
    return absl::InvalidArgumentError("invalid fractional seconds directive: '" +
                                      std::string(layout.substr(previous, i + 2 - previous)) +
                                      "'. must be preceded with '.' or ','");
  }

  std::string go;
  std::string unsupported;
  for (size_t i = 0; i < layout.size();) {
    // A percent sign at the end or before a line end begins no directive.
    if (layout[i] != '%' || i + 1 == layout.size() || layout[i + 1] == '\n') {
      go += layout[i++];
      continue;
    }
    const size_t length = CharacterLength(layout.substr(i + 1));
    const auto* const found =
        std::find_if(std::begin(kDirectives), std::end(kDirectives), [&](const Directive& d) {
          return length == 1 && d.letter == layout[i + 1];
        });
    if (found != std::end(kDirectives)) {
      go += found->go;
    } else {
      if (!unsupported.empty()) unsupported += ' ';
      unsupported += "unsupported ctimefmt.ToNative() directive: ";
      unsupported += layout.substr(i, 1 + length);
    }
    i += 1 + length;
  }
  if (!unsupported.empty()) {
    return absl::InvalidArgumentError("invalid strptime format: [" + unsupported + "]");
  }
  return go;
}

}  // namespace otelpipe::timeparse
