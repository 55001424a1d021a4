// The line formats of container runtimes, taken apart by hand.
//
//   CriLine line;
//   if (ParseCriLine(text, CriKind::kContainerd, line)) Use(line.stream, line.log);
//   CriKind kind;
//   if (DetectCriLine(text, kind, line)) ...     // either
#pragma once

#include <string_view>

namespace otelpipe::container {

enum class CriKind { kCrio, kContainerd };

struct CriLine {
  std::string_view time;
  std::string_view stream;  // stdout or stderr
  std::string_view tag;     // "F": the line is complete
  std::string_view log;
};

// `time stream tag[ log]`. The time of containerd ends with the only Z in it, that of crio has none. Views into `text`.
bool ParseCriLine(std::string_view text, CriKind kind, CriLine& line);

bool DetectCriLine(std::string_view text, CriKind& kind, CriLine& line);

}  // namespace otelpipe::container
