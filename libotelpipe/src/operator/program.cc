#include "otelpipe/operator/program.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "operator/emitter.h"
#include "operator/intern.h"
#include "operator/wiring.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/operator/transformer.h"

namespace otelpipe {
namespace {

using internal::Edges;
using internal::Emitter;
using internal::InternTable;

// Stands in the graph for members that could not be built, so that the mistakes of all others are still found.
class Node final : public LogOperator {
 public:
  explicit Node(const OperatorContext& context) : LogOperator(context) {}
  absl::Status Process(Entry&) override { return absl::InternalError("not an operator"); }
  absl::Status Connect(const std::function<LogOperator*(std::string_view)>&, LogOperator*) override {
    return absl::OkStatus();
  }
};

// The receiver's input: sends to the operators that it names.
class Input final : public Emitting {
 public:
  Input(const OperatorConfig& config, OperatorContext context) : Emitting(config, std::move(context)) {}
  absl::Status Process(Entry& entry) override { return Write(entry); }
  bool can_process() const override { return false; }
};

// The place of the value at `path` ("routes::1::expr") inside a member, or the nearest one around it.
Location PlaceOf(const ConfigNode& member, std::string_view path) {
  const ConfigNode* node = &member;
  while (!path.empty()) {
    size_t end = path.find("::");
    std::string_view step = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 2);
    const ConfigNode* next = nullptr;
    if (node->is_map()) {
      next = node->Find(step);
    } else if (node->is_list()) {
      size_t index = 0;
      for (char c : step) index = index * 10 + static_cast<size_t>(c - '0');
      if (index < node->items.size()) next = &node->items[index];
    }
    if (next == nullptr) break;
    node = next;
  }
  return node->location;
}

class Program final : public OperatorProgram {
 public:
  explicit Program(const Context& context) : loop_(context.loop), intern_(std::make_shared<InternTable>()) {}

  absl::Status Init(const OperatorList& list, std::string_view host_type, const Context& context, const std::vector<std::string>& outputs,
                    const Location& place);

  void SetOutput(Output output) override { emitter_->SetOutput(std::move(output)); }
  absl::Status Start() override {
    for (auto it = flow_.rbegin(); it != flow_.rend(); ++it) {
      absl::Status status = (*it)->Start();
      if (!status.ok()) return Annotate(status, absl::StrCat("start ", (*it)->id(), ": "));
    }
    return absl::OkStatus();
  }
  void Stop() override {
    for (LogOperator* op : flow_) op->Stop();
    Flush();
  }

  Entry NewEntry() override {
    Entry entry = emitter_->NewEntry();
    // Reading the clock costs more than making the entry; the lines of one read were all there by then.
    if (clock_uses_-- == 0) {
      clock_uses_ = kClockUses;
      now_ = loop_ == nullptr ? absl::ToUnixNanos(absl::Now()) : absl::ToUnixNanos(loop_->Now());
    }
    entry.observed_unix_nano = static_cast<uint64_t>(now_);
    return entry;
  }
  Arena& arena() override { return emitter_->arena(); }
  void KeepAlive(std::shared_ptr<const void> owner) override { emitter_->arena().KeepAlive(std::move(owner)); }
  absl::Status Process(Entry& entry) override { return first_->Process(entry); }
  void Flush() override {
    for (LogOperator* op : flow_) op->EndOfBatch();
    clock_uses_ = 0;
    emitter_->Flush();
  }
  size_t pending_records() const override { return emitter_->pending_records(); }

 private:
  static constexpr int kClockUses = 64;

  OperatorContext MakeContext(const Context& context, std::string id, std::string type);

  Loop* loop_;
  std::shared_ptr<InternTable> intern_;
  std::unique_ptr<Emitter> emitter_;
  std::unique_ptr<LogOperator> host_;
  std::vector<std::unique_ptr<LogOperator>> operators_;
  std::vector<LogOperator*> flow_;
  LogOperator* first_ = nullptr;
  int clock_uses_ = 0;
  int64_t now_ = 0;
};

OperatorContext Program::MakeContext(const Context& context, std::string id, std::string type) {
  OperatorContext out;
  out.log = context.log.With({{"operator_id", id}, {"operator_type", type}});
  out.id = std::move(id);
  out.type = std::move(type);
  out.loop = context.loop;
  out.metrics = context.metrics;
  out.intern = [table = intern_.get()](std::string_view text) { return table->Intern(text); };
  out.flush = [this] { Flush(); };
  out.new_entry = [this] { return NewEntry(); };
  out.gate_enabled = context.gate_enabled;
  return out;
}

absl::Status Program::Init(const OperatorList& list, std::string_view host_type, const Context& context,
                           const std::vector<std::string>& outputs, const Location& place) {
  std::vector<ConfigError> errors;
  auto add_error = [&](size_t i, const absl::Status& status) {
    for (ConfigError e : ConfigErrorsFromStatus(status)) {
      if (e.location.line == 0) e.location = PlaceOf(list.members[i].node, e.path);
      e.path = absl::StrCat("operators::", i, e.path.empty() ? "" : "::", e.path);
      errors.push_back(std::move(e));
    }
  };

  std::vector<std::string> ids = internal::OperatorIds(list, host_type);
  emitter_ = std::make_unique<Emitter>(MakeContext(context, std::string(Emitter::kId), "batching_log_emitter"), intern_);
  OperatorConfig host_config;
  host_config.output = outputs;
  host_ = std::make_unique<Input>(host_config, MakeContext(context, std::string(host_type), std::string(host_type)));
  std::map<std::string, LogOperator*, std::less<>> by_id;
  if (!host_type.empty()) by_id[host_->id()] = host_.get();
  for (size_t i = 0; i < list.members.size(); ++i) {
    const OperatorList::Member& m = list.members[i];
    OperatorContext op_context = MakeContext(context, ids[i], m.type);
    std::unique_ptr<LogOperator> op;
    if (m.factory != nullptr && m.config != nullptr) {
      absl::StatusOr<std::unique_ptr<LogOperator>> made = m.factory->Make(m.config, op_context);
      if (made.ok()) {
        op = *std::move(made);
      } else {
        add_error(i, made.status());
      }
    }
    if (op == nullptr) op = std::make_unique<Node>(op_context);
    if (!by_id.emplace(ids[i], op.get()).second) {
      add_error(i, MistakeAt("id", absl::StrCat("operator with id '", ids[i], "' already exists in pipeline")));
    }
    operators_.push_back(std::move(op));
  }

  size_t n = operators_.size();
  bool emits = n == 0 || (operators_.back()->can_output() && operators_.back()->Outputs().empty());
  if (emits) by_id.emplace(Emitter::kId, emitter_.get());
  auto find = [&](std::string_view id) -> LogOperator* {
    auto found = by_id.find(id);
    return found == by_id.end() ? nullptr : found->second;
  };
  std::map<const LogOperator*, size_t> index = {{emitter_.get(), n}};
  for (size_t i = 0; i < n; ++i) index.emplace(operators_[i].get(), i);
  Edges edges(n + 1);
  for (size_t i = 0; i < n; ++i) {
    LogOperator* op = operators_[i].get();
    LogOperator* next = nullptr;
    std::vector<std::string> to_ids = op->Outputs();
    if (to_ids.empty() && op->can_output()) {
      next = i + 1 < n ? operators_[i + 1].get() : emits ? emitter_.get() : nullptr;
      if (next != nullptr) edges[i].push_back(index[next]);
    }
    absl::Status connected = op->Connect(find, next);
    if (!connected.ok()) add_error(i, connected);
    for (const std::string& id : to_ids) {
      LogOperator* to = find(id);
      auto found = to == nullptr ? index.end() : index.find(to);
      if (found != index.end()) edges[i].push_back(found->second);
    }
  }
  if (!outputs.empty()) {
    for (ConfigError e : ConfigErrorsFromStatus(host_->Connect(find, nullptr))) {
      e.location = place;
      errors.push_back(std::move(e));
    }
  }
  std::vector<std::string> names = ids;
  names.emplace_back(Emitter::kId);
  std::string cycles = internal::DescribeCycles(edges, names);
  if (!cycles.empty()) {
    errors.push_back(ConfigError{list.members[0].node.location, "operators",
                                 WithDetails("pipeline has a circular dependency", {{"cycles", cycles}}),
                                 "give one of them another `output`"});
  }
  if (!errors.empty()) return ConfigErrorsToStatus(errors);

  for (size_t i : internal::OrderOfFlow(edges)) flow_.push_back(i == n ? emitter_.get() : operators_[i].get());
  first_ = !outputs.empty() ? static_cast<LogOperator*>(host_.get()) : n == 0 ? emitter_.get() : operators_[0].get();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::unique_ptr<OperatorProgram>> OperatorProgram::Build(const OperatorList& list,
                                                                       std::string_view host_type,
                                                                       const Context& context,
                                                                       const std::vector<std::string>& outputs,
                                                                       const Location& place) {
  auto program = std::make_unique<Program>(context);
  OTELPIPE_RETURN_IF_ERROR(program->Init(list, host_type, context, outputs, place));
  return program;
}

}  // namespace otelpipe
