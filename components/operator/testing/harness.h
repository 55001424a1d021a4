// OperatorHarness: runs an `operators:` list in a test, without a receiver.
//
//   OperatorHarness h("- {type: move, from: attributes.a, to: body}");
//   CHECK(h.Process("line", {{"a", "x"}}) == "");
//   CHECK(h.Take()[0].body == "x");
//
// Values are shown as JSON with sorted keys. The components of the build are registered, so a list may name any operator that is in it; the
// operator `tail` is always there.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "otelpipe/base/strings.h"
#include "otelpipe/config.h"
#include "otelpipe/operator/program.h"
#include "otelpipe/operator/transformer.h"
#include "otelpipe/service.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe::testing {

// An operator for lists under test: sets the attribute `key` to true.
class Tail final : public Transformer {
 public:
  static constexpr std::string_view kType = "tail";
  struct Config : TransformerConfig {
    std::string key = "tail";
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Optional("key", &Config::key, "Name of the attribute.");
    }
  };
  Tail(const Config& config, OperatorContext context) : Transformer(config, context), key_(context.intern(config.key)) {}
  absl::Status Init() { return Transformer::Init(); }

 protected:
  absl::Status Transform(Entry& entry) override {
    entry.attributes.Set(*entry.arena, key_, Value::Bool(true));
    entry.has_attributes = true;
    return absl::OkStatus();
  }

 private:
  std::string_view key_;
};

class OperatorHarness {
 public:
  // One record that reached the end.
  struct Record {
    std::string body;
    std::string attributes;
    std::string resource;
    std::string scope;
    std::string severity_text;
    int severity = 0;
    uint64_t time = 0;
    std::string trace_id;
    Value body_value;  // lives as long as the harness
    Map* attribute_map = nullptr;
  };
  using Attributes = std::vector<std::pair<std::string, std::string>>;

  // `yaml` is the list. See errors() when it is wrong.
  explicit OperatorHarness(std::string_view yaml) {
    (void)RegisterAllComponents(registry_);
    (void)registry_.AddOperator(MakeOperatorFactory<Tail>());
    std::string text = "operators:\n" + std::string(yaml) + "\n";
    absl::StatusOr<Config> config = Config::Parse(text, "test");
    if (!config.ok()) {
      errors_.emplace_back(S(config.status().message()));
      return;
    }
    std::vector<ConfigError> found;
    DecodeContext decode(&found, "", "");
    decode.registry = &registry_;
    OperatorList list;
    {
      DecodeContext::In in(decode, "operators");
      DecodeField(*config->root().Find("operators"), list, decode);
    }
    for (const ConfigError& e : found) (e.warning ? warnings_ : errors_).push_back(e.message);
    if (!errors_.empty()) return;
    Context context;
    context.loop = &loop_;
    context.log = Logger(sink_, {});
    context.registry = &registry_;
    context.gate_enabled = [this](std::string_view gate) { return gate == gate_; };
    absl::StatusOr<std::unique_ptr<OperatorProgram>> program = OperatorProgram::Build(list, "file_input", context);
    if (!program.ok()) {
      for (const ConfigError& e : ConfigErrorsFromStatus(program.status())) {
        errors_.push_back(e.message);
        places_.push_back(e.path + ":" + std::to_string(e.location.line));
      }
      return;
    }
    program_ = *std::move(program);
    program_->SetOutput([this](Batch batch, std::vector<AckRef> acks) {
      acks_ += acks.size();
      for (AckRef& ack : acks) kept_acks_.push_back(std::move(ack));
      Collect(std::move(batch));
    });
    start_ = program_->Start();
  }

  OperatorProgram& program() { return *program_; }
  TestLoop& loop() { return loop_; }
  const std::vector<std::string>& errors() const { return errors_; }
  const std::vector<std::string>& warnings() const { return warnings_; }
  // `operators::1::regex:3` for each of errors() that came from building.
  const std::vector<std::string>& places() const { return places_; }
  const absl::Status& start_status() const { return start_; }
  std::string error() const { return errors_.empty() ? "" : errors_.front(); }
  // Log lines: message and fields as `message key=value`.
  const std::vector<std::string>& log() const { return sink_->lines; }
  size_t acks() const { return acks_; }
  void ReleaseAcks() { kept_acks_.clear(); }

  // One entry with this body; returns the error's text.
  std::string Process(std::string_view body, const Attributes& attributes = {}) {
    return ProcessEntry([&](Entry& entry) {
      entry.body = Value::Str(entry.arena->Copy(body));
      for (const auto& [key, value] : attributes) {
        entry.has_attributes = true;
        entry.attributes.Set(*entry.arena, entry.arena->Copy(key), Value::Str(entry.arena->Copy(value)));
      }
    });
  }
  std::string ProcessEntry(const std::function<void(Entry&)>& fill) {
    Entry entry = program_->NewEntry();
    fill(entry);
    absl::Status status = program_->Process(entry);
    return std::string(S(status.message()));
  }
  // Ends the read and returns the records that came out since the last call.
  std::vector<Record> Take() {
    program_->Flush();
    return std::exchange(records_, {});
  }
  // The records so far, without ending a read.
  std::vector<Record> TakeEmitted() { return std::exchange(records_, {}); }
  // The bodies of Take().
  std::vector<std::string> Bodies() {
    std::vector<std::string> out;
    for (const Record& r : Take()) out.push_back(r.body);
    return out;
  }
  // Forgets all records and log lines, so that a fuzz target may go on for ever with one program.
  void Clear() {
    records_.clear();
    batches_.clear();
    kept_acks_.clear();
    sink_->lines.clear();
  }
  std::vector<Record> Stop() {
    program_->Stop();
    return std::exchange(records_, {});
  }

 private:
  struct Sink final : LogSink {
    bool Enabled(LogLevel) const override { return true; }
    void Write(const LogLine& line) override {
      std::string text(line.message);
      for (const LogField& f : line.fields) {
        text += " " + f.key + "=";
        if (const auto* s = std::get_if<std::string>(&f.data)) text += *s;
        if (const auto* i = std::get_if<int64_t>(&f.data)) text += std::to_string(*i);
      }
      lines.push_back(std::move(text));
    }
    std::vector<std::string> lines;
  };

  void Collect(Batch batch) {
    absl::StatusOr<LogsData*> data = batch.EditLogs();
    if (!data.ok()) return;
    for (ResourceLogs& r : (*data)->resources) {
      for (ScopeLogs& s : r.scopes) {
        for (LogRecord& l : s.records) {
          Record out;
          out.body = l.body.AsString();
          out.attributes = Value::OfMap(&l.attributes).AsString();
          out.resource = Value::OfMap(&r.resource.attributes).AsString();
          out.scope = std::string(s.scope.name);
          out.severity_text = std::string(l.severity_text);
          out.severity = l.severity_number;
          out.time = l.time_unix_nano;
          if (!l.trace_id.empty()) {
            for (uint8_t b : l.trace_id.bytes) {
              out.trace_id += "0123456789abcdef"[b >> 4];
              out.trace_id += "0123456789abcdef"[b & 15];
            }
          }
          out.body_value = l.body;
          out.attribute_map = &l.attributes;
          records_.push_back(std::move(out));
        }
      }
    }
    batches_.push_back(std::move(batch));
  }

  Registry registry_;
  TestLoop loop_;
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  std::string_view gate_;
  std::vector<std::string> errors_, warnings_, places_;
  absl::Status start_;
  std::vector<Batch> batches_;
  std::vector<Record> records_;
  std::vector<AckRef> kept_acks_;
  size_t acks_ = 0;
  std::unique_ptr<OperatorProgram> program_;
};

}  // namespace otelpipe::testing
