#include "sink/faults.h"

#include <charconv>

#include "common/text.h"

namespace otelpipe::bench {

std::optional<Fault> ParseFault(std::string_view name) {
  if (name == "503") return Fault::kUnavailable;
  if (name == "429") return Fault::kTooMany;
  if (name == "400") return Fault::kBadRequest;
  if (name == "hang") return Fault::kHang;
  if (name == "close") return Fault::kClose;
  return std::nullopt;
}

bool Faults::Plan(std::string_view text) {
  const auto next = [&text] {
    const size_t comma = text.find(',');
    const std::string_view part = text.substr(0, comma);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    return part;
  };
  const std::optional<Fault> fault = ParseFault(next());
  if (!fault) return false;
  int64_t after = 0;
  std::chrono::nanoseconds length = std::chrono::seconds(5);
  while (!text.empty()) {
    const std::string_view part = next();
    if (part.starts_with("after=")) {
      const std::string_view digits = part.substr(6);
      const auto [end, error] = std::from_chars(digits.begin(), digits.end(), after);
      if (error != std::errc() || end != digits.end()) return false;
    } else if (!part.starts_with("for=") || !ParseDuration(part.substr(4), &length)) {
      return false;
    }
  }
  Plan(*fault, after, length);
  return true;
}

void Faults::Plan(Fault fault, int64_t after, std::chrono::nanoseconds length) {
  const std::lock_guard lock(mutex_);
  planned_ = fault;
  planned_after_ = after;
  planned_length_ = length;
}

void Faults::Switch(Fault fault, std::chrono::nanoseconds length) {
  const std::lock_guard lock(mutex_);
  active_ = fault;
  until_ = Clock::now() + length;
}

void Faults::Off() {
  const std::lock_guard lock(mutex_);
  active_.reset();
}

std::optional<ActiveFault> Faults::Now(int64_t request_number) {
  const std::lock_guard lock(mutex_);
  if (planned_ && request_number > planned_after_) {
    active_ = planned_;
    until_ = Clock::now() + planned_length_;
    planned_.reset();
  }
  if (!active_) return std::nullopt;
  const auto left = until_ - Clock::now();
  if (left <= std::chrono::nanoseconds(0)) {
    active_.reset();
    return std::nullopt;
  }
  return ActiveFault{*active_, left};
}

}  // namespace otelpipe::bench
