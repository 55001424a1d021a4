#include "otelpipe/component/done.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace otelpipe {
namespace {

constexpr char kPermanentUrl[] = "otelpipe/permanent";
constexpr char kRetryAfterUrl[] = "otelpipe/retry-after-seconds";

class CallbackSink final : public Done::Sink {
 public:
  CallbackSink(absl::AnyInvocable<void()> accepted, absl::AnyInvocable<void(const absl::Status&)> finished)
      : accepted_(std::move(accepted)), finished_(std::move(finished)) {}
  void Accepted() override {
    if (accepted_) std::exchange(accepted_, nullptr)();
  }
  void Finished(const absl::Status& status) override {
    absl::AnyInvocable<void(const absl::Status&)> finished = std::move(finished_);
    delete this;
    if (finished) finished(status);
  }

 private:
  absl::AnyInvocable<void()> accepted_;
  absl::AnyInvocable<void(const absl::Status&)> finished_;
};

// What the parts of a Split share. Lives until the last part has finished.
struct SplitState {
  Done done;
  size_t unaccepted;
  size_t unfinished;
  absl::Status status;
  bool refused = false;

  void OneAccepted() {
    if (--unaccepted == 0 && !refused) done.Accepted();
  }
  void OneFinished(const absl::Status& s, bool was_accepted) {
    if (!s.ok()) {
      // A part refused before it was accepted: the whole can't be accepted any more.
      if (!was_accepted) refused = true;
      if (status.ok()) {
        status = s;
      } else {
        absl::Status joined(status.code(), absl::StrCat(status.message(), "; ", s.message()));
        status.ForEachPayload([&](absl::string_view url, const absl::Cord& payload) { joined.SetPayload(url, payload); });
        status = joined;
      }
    }
    if (!was_accepted) OneAccepted();
    if (--unfinished == 0) {
      done.Finished(status);
      delete this;
    }
  }
};

class SplitPart final : public Done::Sink {
 public:
  explicit SplitPart(SplitState* state) : state_(state) {}
  void Accepted() override {
    accepted_ = true;
    state_->OneAccepted();
  }
  void Finished(const absl::Status& status) override {
    SplitState* state = state_;
    bool accepted = accepted_;
    delete this;
    state->OneFinished(status, accepted);
  }

 private:
  SplitState* state_;
  bool accepted_ = false;
};

class MergedSink final : public Done::Sink {
 public:
  explicit MergedSink(std::vector<Done> parts) : parts_(std::move(parts)) {}
  void Accepted() override {
    for (Done& d : parts_) d.Accepted();
  }
  void Finished(const absl::Status& status) override {
    std::vector<Done> parts = std::move(parts_);
    delete this;
    for (Done& d : parts) d.Finished(status);
  }

 private:
  std::vector<Done> parts_;
};

}  // namespace

Done Done::OnFinished(absl::AnyInvocable<void(const absl::Status&)> finished) {
  return Done(new CallbackSink(nullptr, std::move(finished)));
}

Done Done::On(absl::AnyInvocable<void()> accepted, absl::AnyInvocable<void(const absl::Status&)> finished) {
  return Done(new CallbackSink(std::move(accepted), std::move(finished)));
}

void Done::Accepted() {
  if (sink_ != nullptr) sink_->Accepted();
}

void Done::Finished(const absl::Status& status) {
  if (sink_ != nullptr) std::exchange(sink_, nullptr)->Finished(status);
}

void Done::Drop() {
  if (sink_ != nullptr) Finished(absl::InternalError("batch was dropped without an answer"));
}

std::vector<Done> Done::Split(Done done, size_t n) {
  std::vector<Done> parts;
  if (n == 0) {
    done.Finished(absl::OkStatus());
    return parts;
  }
  if (n == 1) {
    parts.push_back(std::move(done));
    return parts;
  }
  auto* state = new SplitState{std::move(done), n, n, absl::OkStatus()};
  parts.reserve(n);
  for (size_t i = 0; i < n; ++i) parts.push_back(Done(new SplitPart(state)));
  return parts;
}

Done Done::Merge(std::vector<Done> parts) {
  if (parts.size() == 1) return std::move(parts[0]);
  return Done(new MergedSink(std::move(parts)));
}

bool IsRetryable(const absl::Status& status) {
  if (status.ok() || status.GetPayload(kPermanentUrl).has_value()) return false;
  switch (status.code()) {
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kResourceExhausted:
      return true;
    default:
      return false;
  }
}

absl::Status Permanent(absl::Status status) {
  if (!status.ok()) status.SetPayload(kPermanentUrl, absl::Cord("1"));
  return status;
}

double RetryAfterSeconds(const absl::Status& status) {
  auto payload = status.GetPayload(kRetryAfterUrl);
  double seconds = -1;
  if (payload.has_value() && absl::SimpleAtod(std::string(*payload), &seconds)) return seconds;
  return -1;
}

absl::Status WithRetryAfter(absl::Status status, double seconds) {
  if (!status.ok()) status.SetPayload(kRetryAfterUrl, absl::Cord(absl::StrCat(seconds)));
  return status;
}

}  // namespace otelpipe
