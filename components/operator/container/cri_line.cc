#include "operator/container/cri_line.h"

namespace otelpipe::container {

bool ParseCriLine(std::string_view text, CriKind kind, CriLine& line) {
  size_t space = text.find(' ');
  if (space == std::string_view::npos || space == 0) return false;
  std::string_view time = text.substr(0, space);
  if (kind == CriKind::kContainerd) {
    if (time.back() != 'Z' || time.size() < 2) return false;
    // One search per character: find_first_of takes a step for each byte of the text.
    std::string_view digits = time.substr(0, time.size() - 1);
    if (digits.find('Z') != std::string_view::npos || digits.find('^') != std::string_view::npos) return false;
  } else if (time.find('Z') != std::string_view::npos) {
    return false;
  }
  // The stream names are of one length.
  std::string_view rest = text.substr(space + 1);
  if (rest.size() < 7 || rest[6] != ' ') return false;
  std::string_view stream = rest.substr(0, 6);
  if (stream != "stdout" && stream != "stderr") return false;
  rest.remove_prefix(7);
  size_t end = rest.find(' ');
  std::string_view log;
  if (end == std::string_view::npos) {
    end = rest.size();
  } else {
    log = rest.substr(end + 1);
    if (log.find('\n') != std::string_view::npos) return false;
  }
  line = {time, stream, rest.substr(0, end), log};
  return true;
}

}  // namespace otelpipe::container
