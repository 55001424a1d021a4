#include "inspect/tracer.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/expression_parts.h"

namespace otelpipe::inspect {
namespace {

int64_t NowNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string FieldText(const LogField& field) {
  if (const auto* text = std::get_if<std::string>(&field.data)) return *text;
  if (const auto* number = std::get_if<int64_t>(&field.data)) return absl::StrCat(*number);
  if (const auto* number = std::get_if<double>(&field.data)) return absl::StrCat(*number);
  return std::get<bool>(field.data) ? "true" : "false";
}

const LogField* Find(const std::vector<LogField>& fields, std::string_view key) {
  for (const LogField& f : fields) {
    if (f.key == key) return &f;
  }
  return nullptr;
}

// The expressions that decide what an operator does with an entry, with their paths in its block.
std::vector<std::pair<std::string, const ConfigNode*>> ConditionsOf(const ConfigNode& block) {
  std::vector<std::pair<std::string, const ConfigNode*>> out;
  for (const char* key : {"if", "expr", "is_first_entry", "is_last_entry"}) {
    if (const ConfigNode* node = block.Find(key)) out.emplace_back(key, node);
  }
  const ConfigNode* routes = block.Find("routes");
  for (size_t i = 0; routes != nullptr && i < routes->items.size(); ++i) {
    if (const ConfigNode* node = routes->items[i].Find("expr")) out.emplace_back(absl::StrCat("routes::", i, "::expr"), node);
  }
  return out;
}

}  // namespace

// --- tokens

struct Tracer::Shared {
  std::set<size_t> held;  // numbers of the records that somebody still refers to
};

// Stands for one record; whoever holds the record holds it.
class Tracer::Token final : public AckToken {
 public:
  Token(std::shared_ptr<Shared> shared, size_t number, AckRef original)
      : shared_(std::move(shared)), number_(number), original_(std::move(original)) {
    shared_->held.insert(number_);
  }

 private:
  void Release(bool delivered) override {
    shared_->held.erase(number_);
    original_.Reset(delivered);
    delete this;
  }
  std::shared_ptr<Shared> shared_;
  size_t number_;
  AckRef original_;
};

class Tracer::Sink final : public LogSink {
 public:
  explicit Sink(Tracer* tracer) : tracer_(tracer) {}
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override {
    if (tracer_ != nullptr) tracer_->OnLog(line);
  }
  void Forget() { tracer_ = nullptr; }

 private:
  Tracer* tracer_;
};

Tracer::Tracer() : shared_(std::make_shared<Shared>()), sink_(std::make_shared<Sink>(this)) {}
Tracer::~Tracer() { sink_->Forget(); }
std::shared_ptr<LogSink> Tracer::sink() { return sink_; }

void Tracer::OnLog(const LogLine& line) {
  const LogField* error = Find(line.fields, "error");
  const LogField* id = Find(line.component, "operator_id");
  if (id != nullptr && error != nullptr && !open_.empty()) {
    for (auto open = open_.rbegin(); open != open_.rend(); ++open) {
      if (open->step < 0) continue;
      ExplainedStep& step = records_.back().steps[static_cast<size_t>(open->step)];
      if (step.id != FieldText(*id)) continue;
      // Those with several outputs repeat what came back from one.
      if (std::find(open->child_errors.begin(), open->child_errors.end(), FieldText(*error)) != open->child_errors.end()) return;
      step.error = FieldText(*error);
      if (const LogField* action = Find(line.fields, "action")) step.on_error = FieldText(*action);
      return;
    }
  }
  // The receiver repeats what its operators reported.
  if (line.level < LogLevel::kWarn || line.message == "failed to emit token" || line.message == "Failed to write entry") return;
  std::string text(line.message);
  for (const LogField& f : line.fields) absl::StrAppend(&text, " ", f.key, "=", FieldText(f));
  log_.push_back(std::move(text));
}

// --- entries

void Tracer::AddConditions(const OperatorPlace& place, const Entry& entry, ExplainedStep& step) {
  bool taken = false;  // routes behind the one that is taken are not asked
  for (const auto& [key, node] : ConditionsOf(place.node)) {
    if (taken) break;
    absl::StatusOr<std::vector<ExpressionPart>> explained = ExplainExpression(node->text, entry);
    if (!explained.ok()) continue;
    std::vector<ExpressionPart> parts = *std::move(explained);
    const bool holds = parts[0].value == "true" && !parts[0].failed;
    taken = holds && key.starts_with("routes");
    if (key == "if" && !holds && !parts[0].failed) step.skipped = true;
    step.conditions.push_back({key, std::move(parts)});
    if (step.skipped) break;
  }
}

void Tracer::Enter(const OperatorPlace& place, Entry& entry) {
  if (open_.empty()) {
    ExplainedRecord& record = records_.emplace_back();
    record.fields = Flatten(entry);
    record.was_held = dynamic_cast<Token*>(entry.ack.get()) != nullptr;
    numbers_.push_back(next_number_++);
    if (!record.was_held) entry.ack = AckRef(new Token(shared_, numbers_.back(), std::move(entry.ack)));
  }
  ExplainedRecord& record = records_.back();
  Flat now = Flatten(entry);
  int parent = -1;
  if (!open_.empty()) {
    Open& sender = open_.back();
    parent = sender.step;
    if (sender.step >= 0) {
      ExplainedStep& step = record.steps[static_cast<size_t>(sender.step)];
      step.sent_to.push_back(place.is_end ? "" : place.id);
      if (std::exchange(sender.first_sent, false)) {
        step.changes = Compare(sender.before, now);
        step.sent_held = sender.ack != nullptr && entry.ack.get() != nullptr && entry.ack.get() != sender.ack;
      }
    }
  }
  Open& open = open_.emplace_back();
  open.ack = entry.ack.get();
  if (place.is_end) return;
  open.step = static_cast<int>(record.steps.size());
  open.before = std::move(now);
  ExplainedStep& step = record.steps.emplace_back();
  step.id = place.id;
  step.type = place.type;
  step.location = place.node.location;
  step.parent = parent;
  if (WritesElsewhere(place.type)) step.outcome = ExplainedStep::Outcome::kMuted;
  AddConditions(place, entry, step);
}

void Tracer::Leave(const OperatorPlace&, Entry&, const absl::Status& status) {
  Open open = std::move(open_.back());
  open_.pop_back();
  const std::string text(S(status.message()));
  if (open.step >= 0) {
    ExplainedStep& step = records_.back().steps[static_cast<size_t>(open.step)];
    const bool of_child = std::find(open.child_errors.begin(), open.child_errors.end(), text) != open.child_errors.end();
    if (!status.ok() && !of_child && step.error.empty()) step.error = text;
  }
  if (!status.ok() && !open_.empty()) open_.back().child_errors.push_back(text);
}

std::vector<ExplainedRecord> Tracer::TakeRecords() {
  for (size_t i = 0; i < records_.size(); ++i) {
    ExplainedRecord& record = records_[i];
    const bool held = shared_->held.count(numbers_[i]) > 0;
    for (ExplainedStep& step : record.steps) {
      // What it got is still with it, so it sent something else.
      step.sent_held = step.sent_held && held;
      if (!step.sent_to.empty() || step.outcome == ExplainedStep::Outcome::kMuted) continue;
      const bool holds = step.error.empty() && (held || step.type == "recombine");
      step.outcome = holds ? ExplainedStep::Outcome::kHeld : ExplainedStep::Outcome::kDropped;
    }
  }
  numbers_.clear();
  return std::exchange(records_, {});
}

std::vector<std::string> Tracer::TakeLog() { return std::exchange(log_, {}); }

// --- time

void Stopwatch::Enter(const OperatorPlace& place, Entry&) {
  running_.push_back({laps_.size(), 0, 0, place.is_end});
  if (!place.is_end) laps_.push_back({place.id, 0});
  running_.back().since = NowNanos();
}

void Stopwatch::Leave(const OperatorPlace&, Entry&, const absl::Status&) {
  const Running done = running_.back();
  const int64_t spent = NowNanos() - done.since;
  running_.pop_back();
  if (!done.is_end) laps_[done.lap].nanos = spent - done.inner;
  if (!running_.empty()) running_.back().inner += spent;
}

}  // namespace otelpipe::inspect
