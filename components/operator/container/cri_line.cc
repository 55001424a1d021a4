#include "operator/container/cri_line.h"

#include <cstring>

namespace otelpipe::container {

bool DetectCriLine(std::string_view text, CriKind& kind, CriLine& line) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0) return false;
  const std::string_view time = text.substr(0, space);
  if (time.back() == 'Z') {
    // One search per character: find_first_of takes a step for each byte of the text.
    const std::string_view digits = time.substr(0, time.size() - 1);
    if (digits.empty() || digits.find('Z') != std::string_view::npos || digits.find('^') != std::string_view::npos) return false;
    kind = CriKind::kContainerd;
  } else {
    if (time.find('Z') != std::string_view::npos) return false;
    kind = CriKind::kCrio;
  }
  // The stream names are of one length.
  const char* p = text.data() + space + 1;
  const size_t left = text.size() - space - 1;
  if (left < 7 || p[6] != ' ' || std::memcmp(p, "std", 3) != 0 ||
      (std::memcmp(p + 3, "out", 3) != 0 && std::memcmp(p + 3, "err", 3) != 0)) {
    return false;
  }
  const std::string_view rest(p + 7, left - 7);
  size_t end = 0;
  while (end < rest.size() && rest[end] != ' ') ++end;
  std::string_view log;
  if (end < rest.size()) {
    log = rest.substr(end + 1);
    if (log.find('\n') != std::string_view::npos) return false;
  }
  line = {time, std::string_view(p, 6), rest.substr(0, end), log};
  return true;
}

bool ParseCriLine(std::string_view text, CriKind kind, CriLine& line) {
  CriKind found;
  return DetectCriLine(text, found, line) && found == kind;
}

}  // namespace otelpipe::container
