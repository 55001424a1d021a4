#include "load/plan.h"

namespace otelpipe::bench {
namespace {

// Enough different bodies that no cache of the agent sees one request only.
constexpr int kBodies = 16;
constexpr uint64_t kSeed = 7;

}  // namespace

Plan::Plan(const LoadSettings& settings) : settings_(settings), random_(kSeed), writer_(1) {
  for (int i = 0; i < kBodies; ++i) {
    const int64_t first = int64_t{i} * settings_.payload.records;
    std::string body = EncodeRequest(settings_.payload, first, &random_);
    request_bytes_ += static_cast<int64_t>(body.size());
    if (settings_.gzip) body = std::string(writer_.Pack(body));
    bodies_.push_back(std::move(body));
  }
  request_bytes_ /= kBodies;
}

std::string_view Plan::Next(std::string* own) {
  if (!settings_.seq) return bodies_[NextIndex()];
  *own = EncodeRequest(settings_.payload, next_seq_, &random_);
  next_seq_ += settings_.payload.records;
  if (settings_.gzip) *own = std::string(writer_.Pack(*own));
  return *own;
}

void Plan::Begin() { begin_ = Clock::now(); }

bool Plan::Over(const Tally& tally, int64_t started) const {
  if (settings_.requests > 0 && started - tally.failed >= settings_.requests) return true;
  return Clock::now() - begin_ >= settings_.time;
}

bool Plan::GiveUp() const {
  return Clock::now() - begin_ >= settings_.time + std::chrono::seconds(30);
}

double Plan::Elapsed() const {
  return std::chrono::duration<double>(Clock::now() - begin_).count();
}

}  // namespace otelpipe::bench
