#include "otelpipe/operator/program.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "operator/wiring.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/operator/transformer.h"
#include "otelpipe/testing/test_loop.h"

namespace otelpipe {
namespace {

// Sets an attribute or fails, as its body says.
class Mark final : public Transformer {
 public:
  static constexpr std::string_view kType = "mark";
  struct Config : TransformerConfig {
    bool bad = false;
    static void Describe(Fields<Config>& f) {
      f.InlineBase<TransformerConfig>();
      f.Optional("bad", &Config::bad, "Refuse to be built.");
    }
  };
  Mark(const Config& config, OperatorContext context) : Transformer(config, context), bad_(config.bad), key_(context.intern(context.id)) {}
  absl::Status Init() {
    if (bad_) return MistakeAt("bad", "cannot be built");
    return Transformer::Init();
  }

 protected:
  absl::Status Transform(Entry& entry) override {
    if (entry.body.string() == "fail") return absl::InvalidArgumentError("told to fail");
    entry.attributes.Set(*entry.arena, key_, Value::Bool(true));
    entry.has_attributes = true;
    return absl::OkStatus();
  }

 private:
  bool bad_;
  std::string_view key_;
};

ConfigNode Text(std::string s, int line) {
  ConfigNode n;
  n.kind = ConfigNode::Kind::kString;
  n.text = std::move(s);
  n.location = {"test", line, 1};
  return n;
}

struct Pipeline {
  Registry registry;
  testing::TestLoop loop;
  std::vector<ConfigError> errors;
  std::unique_ptr<OperatorProgram> program;
  std::vector<Batch> batches;
  std::vector<std::vector<AckRef>> acks;

  // Members as id=output pairs; an id of "" is left out, so is an output of "".
  explicit Pipeline(std::vector<std::vector<std::pair<std::string, std::string>>> members) {
    REQUIRE(registry.AddOperator(MakeOperatorFactory<Mark>()).ok());
    ConfigNode list;
    list.kind = ConfigNode::Kind::kList;
    int line = 0;
    for (auto& member : members) {
      ConfigNode node;
      node.kind = ConfigNode::Kind::kMap;
      node.location = {"test", ++line, 1};
      for (auto& [key, value] : member) {
        ConfigNode v = Text(value, line * 10);
        if (value == "true") {
          v.kind = ConfigNode::Kind::kBool;
          v.boolean = true;
        }
        if (value == "5") {
          v.kind = ConfigNode::Kind::kInt;
          v.integer = 5;
        }
        node.entries.push_back({key, v.location, v});
      }
      list.items.push_back(node);
    }
    DecodeContext context(&errors, "receivers::filelog", "");
    context.registry = &registry;
    OperatorList decoded;
    {
      DecodeContext::In in(context, "operators");
      DecodeField(list, decoded, context);
    }
    if (context.error_count() > 0) return;
    errors.clear();
    Context component;
    component.loop = &loop;
    component.registry = &registry;
    auto built = OperatorProgram::Build(decoded, "file_input", component);
    if (!built.ok()) {
      errors = ConfigErrorsFromStatus(built.status());
      return;
    }
    program = *std::move(built);
    program->SetOutput([this](Batch batch, std::vector<AckRef> refs) {
      batches.push_back(std::move(batch));
      acks.push_back(std::move(refs));
    });
  }
  std::string error() const { return errors.empty() ? "" : errors[0].message; }
  std::string Line(std::string_view body, AckToken* token = nullptr, std::string_view resource = "", bool integer = false) {
    Entry entry = program->NewEntry();
    entry.body = Value::Str(body);
    if (!resource.empty()) {
      entry.resource.Set(*entry.arena, "r", integer ? Value::Int(resource[0]) : Value::Str(resource));
      entry.has_resource = true;
    }
    entry.ack = AckRef(token);
    return std::string(S(program->Process(entry).message()));
  }
};
using Member = std::vector<std::pair<std::string, std::string>>;

TEST_CASE("ids are the types, numbered past those that are taken", "[operator][program]") {
  OperatorList list;
  for (auto [type, id] : std::vector<std::pair<std::string, std::string>>{{"noop", ""}, {"noop", "noop1"}, {"noop", ""}, {"noop", "noop"}}) {
    OperatorList::Member m;
    m.type = type;
    m.id = id;
    list.members.push_back(m);
  }
  CHECK(internal::OperatorIds(list, "file_input") == std::vector<std::string>{"noop", "noop1", "noop2", "noop3"});
}

TEST_CASE("an entry runs through the list to the end", "[operator][program]") {
  Pipeline p({Member{{"type", "mark"}}, Member{{"type", "mark"}}});
  REQUIRE(p.error() == "");
  CHECK(p.Line("x") == "");
  p.program->Flush();
  REQUIRE(p.batches.size() == 1);
  CHECK((*p.batches[0].ReadLogs())->resources[0].scopes[0].records[0].attributes.size() == 2);
}

TEST_CASE("an empty list emits entries as they are, an empty read emits nothing", "[operator][program]") {
  Pipeline p({});
  p.program->Flush();
  CHECK(p.batches.empty());
  CHECK(p.Line("x") == "");
  CHECK(p.program->pending_records() == 1);
  p.program->Flush();
  CHECK(p.batches.size() == 1);
}

TEST_CASE("mistakes in the list are told in the reference's words", "[operator][program]") {
  CHECK(Pipeline({Member{{"regex", "x"}}}).error() == "'operators[0]' missing required field 'type'");
  CHECK(Pipeline({Member{{"type", "5"}}}).error() == "'operators[0]' non-string type int for field 'type'");
  CHECK(Pipeline({Member{{"type", "nope"}}}).error() == "'operators[0]' unsupported type 'nope'");
  CHECK(Pipeline({Member{{"type", "mark"}, {"if", "true"}}}).error().find("unmarshal to mark: 'if' expected type 'string'") != std::string::npos);
  CHECK(Pipeline({Member{{"type", "mark"}, {"output", "zz"}}}).error() == "operator 'zz' does not exist: {\"operator_id\":\"mark\"}");
  CHECK(Pipeline({Member{{"type", "mark"}, {"id", "a"}, {"output", "file_input"}}}).error() ==
        "operator 'file_input' can not process entries: {\"operator_id\":\"a\"}");
  CHECK(Pipeline({Member{{"type", "mark"}, {"id", "a"}}, Member{{"type", "mark"}, {"id", "a"}}}).error() ==
        "operator with id 'a' already exists in pipeline");
  CHECK(Pipeline({Member{{"type", "mark"}, {"id", "a"}, {"output", "b"}}, Member{{"type", "mark"}, {"id", "b"}, {"output", "a"}}}).error() ==
        "pipeline has a circular dependency: {\"cycles\":\"(a -\\u003e b -\\u003e a)\"}");
}

TEST_CASE("all mistakes are told at once, with their places", "[operator][program]") {
  Pipeline p({Member{{"type", "mark"}, {"bad", "true"}}, Member{{"type", "mark"}, {"output", "x,mark2"}}, Member{{"type", "mark"}, {"on_error", "explode"}}});
  REQUIRE(p.errors.size() == 3);
  CHECK(p.errors[0].message == "cannot be built");
  CHECK(p.errors[0].path == "operators::0::bad");
  CHECK(p.errors[0].location.line == 10);
  CHECK(p.errors[1].message == "operator config has an invalid `on_error` field.: {\"on_error\":\"explode\"}");
  CHECK(p.errors[1].location.line == 30);
  CHECK(p.errors[2].message == "operator 'x' does not exist: {\"operator_id\":\"mark1\"}");
}

TEST_CASE("unknown keys of operators are notices", "[operator][program]") {
  Pipeline p({Member{{"type", "mark"}, {"foo", "bar"}}});
  CHECK(p.program != nullptr);
}

TEST_CASE("records are grouped by resource in order of appearance", "[operator][emitter]") {
  Pipeline p({});
  for (auto [body, resource] : std::vector<std::pair<const char*, const char*>>{{"1", "a"}, {"2", "b"}, {"3", "a"}, {"4", ""}, {"5", "b"}}) {
    p.Line(body, nullptr, resource);
  }
  p.Line("6", nullptr, "i", true);
  p.Line("7", nullptr, "j", true);
  p.program->Flush();
  const LogsData* data = *p.batches[0].ReadLogs();
  REQUIRE(data->resources.size() == 5);
  CHECK(data->resources[0].scopes[0].records.size() == 2);
  CHECK(data->resources[0].scopes[0].records[1].body.string() == "3");
  CHECK(data->resources[1].scopes[0].records.size() == 2);
  CHECK(data->resources[2].resource.attributes.empty());
}

TEST_CASE("acknowledgements go with the batch, or at once when an entry is dropped", "[operator][emitter]") {
  struct Token final : AckToken {
    explicit Token(int* n) : released(n) {}
    void Release(bool) override {
      ++*released;
      delete this;
    }
    int* released;
  };
  int released = 0;
  Pipeline p({Member{{"type", "mark"}, {"on_error", "drop"}}});
  auto* token = new Token(&released);
  AckRef hold(token);
  CHECK(p.Line("1", token) == "");
  CHECK(p.Line("2", token) == "");
  hold.Reset();
  CHECK(released == 0);
  p.program->Flush();
  REQUIRE(p.acks.size() == 1);
  CHECK(p.acks[0].size() == 1);
  p.acks.clear();
  CHECK(released == 1);
  CHECK(p.Line("fail", new Token(&released)) == "told to fail");
  CHECK(released == 2);
}

TEST_CASE("kinds without an OTLP form become text at the end", "[operator][emitter]") {
  Pipeline p({});
  Entry entry = p.program->NewEntry();
  Value duration = Value::Int(3600000000000);
  duration.set_tag(kTagDuration);
  entry.attributes.Set(*entry.arena, "d", duration);
  Map* map = entry.arena->New<Map>();
  map->Set(*entry.arena, "t", TimeToValue(EntryTime{1577836800, 500000000, true}, *entry.arena));
  entry.body = Value::OfMap(map);
  CHECK(p.program->Process(entry).ok());
  p.program->Flush();
  const LogRecord& record = (*p.batches[0].ReadLogs())->resources[0].scopes[0].records[0];
  CHECK(record.attributes.Find("d")->string() == "1h0m0s");
  CHECK(record.body.map().Find("t")->string() == "2020-01-01 00:00:00.5 +0000 UTC");
}

}  // namespace
}  // namespace otelpipe
