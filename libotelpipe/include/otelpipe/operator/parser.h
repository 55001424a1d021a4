// Parser: the base of operators that read one value and write what is in it: parse_from -> parse_to, then the blocks `body`, `timestamp`,
// `severity`, `trace` and `scope_name`.
//
//   class Hex final : public Parser {
//    public:
//     static constexpr std::string_view kType = "hex_parser";
//     struct Config : ParserConfig { static void Describe(Fields<Config>& f) { f.InlineBase<ParserConfig>(); } };
//     Hex(const Config& config, OperatorContext context) : Parser(config, std::move(context)) {}
//     absl::Status Init() { return Parser::Init(); }
//     absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override { ... return Value::OfMap(map); }
//   };
//
// What Parse returns lives in entry.arena; its keys must live as long as the batch (interned, or views into the input).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "otelpipe/component/config_node.h"
#include "otelpipe/operator/transformer.h"

namespace otelpipe {

// The `timestamp` block, and the keys of time_parser.
struct TimeConfig {
  FieldPath parse_from;
  std::string layout;
  std::string layout_type = "strptime";
  std::string location;
  static void Describe(Fields<TimeConfig>& f);
};
// The `severity` block, and the keys of severity_parser.
struct SeverityConfig {
  FieldPath parse_from;
  std::string preset = "default";
  ConfigNode mapping;
  bool overwrite_text = false;
  static void Describe(Fields<SeverityConfig>& f);
};
// The `trace` block, and the keys of trace_parser.
struct TraceFieldConfig {
  FieldPath parse_from;
  static void Describe(Fields<TraceFieldConfig>& f);
};
struct TraceConfig {
  TraceFieldConfig trace_id;
  TraceFieldConfig span_id;
  TraceFieldConfig trace_flags;
  static void Describe(Fields<TraceConfig>& f);
};
// The `scope_name` block, and the keys of scope_name_parser.
struct ScopeNameConfig {
  FieldPath parse_from;
  static void Describe(Fields<ScopeNameConfig>& f);
};

// One such block at work: reads a field of the entry and sets the member it is for. Errors leave the member as it is.
class EntryReader {
 public:
  virtual ~EntryReader() = default;
  virtual absl::Status Read(Entry& entry) = 0;
};
absl::StatusOr<std::unique_ptr<EntryReader>> MakeTimeReader(const TimeConfig& config, const OperatorContext& context);
absl::StatusOr<std::unique_ptr<EntryReader>> MakeSeverityReader(const SeverityConfig& config);
absl::StatusOr<std::unique_ptr<EntryReader>> MakeTraceReader(const TraceConfig& config);
absl::StatusOr<std::unique_ptr<EntryReader>> MakeScopeNameReader(const ScopeNameConfig& config);

struct ParserConfig : TransformerConfig {
  FieldPath parse_from = FieldPath::Body();
  RootableFieldPath parse_to{FieldPath::AttributesRoot()};
  FieldPath body;
  std::optional<TimeConfig> timestamp;
  std::optional<SeverityConfig> severity;
  std::optional<TraceConfig> trace;
  std::optional<ScopeNameConfig> scope_name;
  static void Describe(Fields<ParserConfig>& f);
};

class Parser : public Transformer {
 public:
  ~Parser() override;
  absl::Status Process(Entry& entry) override;

 protected:
  Parser(const ParserConfig& config, OperatorContext context);
  // All mistakes of the common keys; a derived Init calls it and may add its own (AppendMistakes).
  absl::Status Init();
  // The value to be stored at parse_to, usually a map.
  virtual absl::StatusOr<Value> Parse(const Value& in, Entry& entry) = 0;
  // Parses and stores. Overridden where building a map first can be saved; only called when parse_to is `attributes`.
  virtual absl::Status ParseToAttributes(const Value& in, Entry& entry);
  // After all blocks; its errors are no parse errors (on_error of the quiet kinds reports them).
  virtual absl::Status AfterParse(Entry& entry) {
    (void)entry;
    return absl::OkStatus();
  }

  // The whole of parsing without `if`, on_error and sending.
  absl::Status ParseEntry(Entry& entry);
  absl::Status Transform(Entry& entry) final { return ParseEntry(entry); }

  const FieldPath& parse_from() const { return parse_from_; }
  const FieldPath& parse_to() const { return parse_to_; }
  bool to_attributes() const { return to_attributes_; }
  // Whether anything happens to an entry after its value was stored.
  bool has_blocks() const {
    return body_.is_set() || time_ != nullptr || severity_ != nullptr || trace_ != nullptr || scope_ != nullptr;
  }
  bool has_time_reader() const { return time_ != nullptr; }
  void set_time_reader(std::unique_ptr<EntryReader> reader) { time_ = std::move(reader); }

 private:
  absl::Status RunBlocks(Entry& entry);

  FieldPath parse_from_;
  FieldPath parse_to_;
  FieldPath body_;
  bool to_attributes_ = false;
  std::unique_ptr<ParserConfig> config_;
  std::unique_ptr<EntryReader> time_;
  std::unique_ptr<EntryReader> severity_;
  std::unique_ptr<EntryReader> trace_;
  std::unique_ptr<EntryReader> scope_;
};

// Adds the mistakes in `status` to `errors`, with `path` before theirs.
void AppendMistakes(std::vector<ConfigError>& errors, const absl::Status& status, std::string_view path = "");
absl::Status MistakesToStatus(const std::vector<ConfigError>& errors);

}  // namespace otelpipe
