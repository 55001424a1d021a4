#include "receiver/filelog/filelog.h"

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "otelpipe/config.h"
#include "otelpipe/registry.h"
#include "otelpipe/testing/test_loop.h"
#include "shared/tail/memory_storage.h"

namespace otelpipe {
namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;

struct Storage final : Extension, StorageExtension {
  absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind, const ComponentId&, std::string_view) override {
    return memory.Client();
  }
  tail::MemoryStorage memory;
};

struct FakeHost final : Host {
  Extension* FindExtension(const ComponentId& id) override {
    return id.type == "store" ? static_cast<Extension*>(&storage) : id.type == "other" ? &other : nullptr;
  }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
  Storage storage;
  Extension other;
};

// A pipeline that takes, refuses or holds, and notes the bodies it saw.
struct Pipeline final : Consumer {
  enum Mode { kTake, kFull, kFailLater, kHold } mode = kTake;
  void Consume(Batch batch, Done done) override {
    Texts bodies;
    const LogsData* logs = *batch.ReadLogs();
    for (const ResourceLogs& r : logs->resources) {
      for (const ScopeLogs& s : r.scopes) {
        for (const LogRecord& record : s.records) {
          bodies.push_back(record.body.AsString());
          std::string attributes;
          for (const KeyValue& kv : record.attributes) attributes += std::string(kv.key) + "=" + kv.value.AsString() + " ";
          for (const KeyValue& kv : r.resource.attributes) attributes += "r." + std::string(kv.key) + "=" + kv.value.AsString() + " ";
          last_attributes = attributes;
        }
      }
    }
    ++offers;
    switch (mode) {
      case kTake:
        taken.insert(taken.end(), bodies.begin(), bodies.end());
        done.Finished(absl::OkStatus());
        return;
      case kFull:
        done.Finished(absl::ResourceExhaustedError("sending queue is full"));
        return;
      case kFailLater:
      case kHold:
        held.emplace_back(std::move(bodies), std::move(done));
        return;
    }
  }
  void FinishHeld(const absl::Status& status) {
    auto all = std::exchange(held, {});
    for (auto& [bodies, done] : all) {
      if (status.ok()) taken.insert(taken.end(), bodies.begin(), bodies.end());
      done.Finished(status);
    }
  }
  Texts taken;
  std::string last_attributes;
  std::vector<std::pair<Texts, Done>> held;
  int offers = 0;
};

struct Rig {
  Rig() {
    std::string name = (fs::temp_directory_path() / "otelpipe-filelog-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    context.id = {"filelog", ""};
    context.loop = &loop;
    context.metrics = &metrics;
    context.registry = &registry;
    context.gate_enabled = [](std::string_view gate) { return gate == "filelog.allowHeaderMetadataParsing"; };
  }
  ~Rig() {
    receiver.reset();
    fs::remove_all(dir);
  }
  // The error of decoding or building, or "".
  std::string Make(const std::string& yaml, bool with_include = true) {
    std::string text = (with_include ? "include: [" + dir + "/*.log]\nstart_at: beginning\n" : "") + yaml;
    absl::StatusOr<Config> config = Config::Parse(text, "test");
    REQUIRE(config.ok());
    std::vector<ConfigError> errors;
    DecodeContext decode(&errors, "", "");
    decode.registry = &registry;
    FilelogConfig parsed;
    DecodeField(config->root(), parsed, decode);
    if (!errors.empty()) return errors[0].message;
    receiver = std::make_unique<FilelogReceiver>(std::move(parsed), context);
    absl::Status status = receiver->Init();
    if (!status.ok()) {
      ConfigError error = ConfigErrorsFromStatus(status)[0];
      error_line = error.location.line;
      return error.message;
    }
    receiver->SetOutput(Signal::kLogs, &pipeline);
    return "";
  }
  void Start(const std::string& yaml = "") {
    REQUIRE(Make(yaml) == "");
    REQUIRE(receiver->Start(host).ok());
    loop.RunUntilIdle();
  }
  bool Shutdown() {
    auto done = std::make_shared<bool>(false);  // may be told long after this call
    receiver->Shutdown([done] { *done = true; });
    loop.RunUntilIdle();
    return *done;
  }
  void Append(const std::string& name, const std::string& text) const {
    std::ofstream(dir + "/" + name, std::ios::app) << text;
  }
  void Poll(int n = 1) { loop.Advance(n * absl::Milliseconds(200)); }

  std::string dir;
  testing::TestLoop loop;
  Metrics metrics;
  Registry registry;
  Context context;
  FakeHost host;
  Pipeline pipeline;
  std::unique_ptr<FilelogReceiver> receiver;
  int error_line = 0;
};

}  // namespace

TEST_CASE("Mistakes are told in the reference's words, at their line", "[receiver][filelog]") {
  Rig rig;
  CHECK(rig.Make("", false) == "'include' must be specified");
  CHECK(rig.Make("include: ['/a/[b']", false) == "include: parse glob: syntax error in pattern");
  CHECK(rig.Make("exclude: ['/a/[b']") == "exclude: parse glob: syntax error in pattern");
  CHECK(rig.error_line == 3);
  CHECK(rig.Make("fingerprint_size: 5") == "'fingerprint_size' must be at least 16 bytes");
  CHECK(rig.Make("max_log_size: 0") == "'max_log_size' must be positive");
  CHECK(rig.Make("max_concurrent_files: 0") == "'max_concurrent_files' must be positive");
  CHECK(rig.Make("max_batches: -1") == "'max_batches' must not be negative");
  CHECK(rig.Make("encoding: nonsense") == "unsupported encoding 'nonsense'");
  CHECK(rig.Make("include: [/x]\nstart_at: middle", false) == "invalid start_at location 'middle'");
  CHECK(rig.Make("delete_after_read: true") == "'delete_after_read' requires feature gate 'filelog.allowFileDeletion'");
  CHECK(rig.Make("multiline: {line_start_pattern: a, line_end_pattern: b}") ==
        "only one of line_start_pattern or line_end_pattern can be set");
  CHECK(rig.Make("header: {pattern: '^#'}") ==
        "invalid config for 'header': at least one operator must be specified for `metadata_operators`");
  CHECK(rig.Make("include: [/x]\nheader: {pattern: '^#'}", false) == "'header' cannot be specified with 'start_at: end'");
  CHECK(rig.Make("ordering_criteria: {sort_by: [{sort_type: numeric, regex_key: a}]}") ==
        "'regex' must be specified when 'sort_by' is specified");
  CHECK(rig.Make("ordering_criteria: {regex: a, sort_by: [{sort_type: numeric}]}") == "numeric sort: regex key must be specified");
  CHECK(rig.Make("ordering_criteria: {regex: a, sort_by: [{sort_type: mtime}]}") ==
        "the \"filelog.mtimeSortType\" feature gate must be enabled to use \"mtime\" sort type");
  CHECK(rig.Make("ordering_criteria: {regex: a, sort_by: [{sort_type: timestamp, regex_key: a, layout: '%Y', location: Foo/Bar}]}") ==
        "timestamp sort: load location UTC: failed to load location Foo/Bar: unknown time zone Foo/Bar");
  CHECK(rig.Make("ordering_criteria: {group_by: '('}").rfind("compile group_by regex: error parsing regexp: missing closing )", 0) == 0);
  CHECK(rig.Make("poll_interval: 0s") == "'poll_interval' must be positive");
  CHECK(rig.Make("compression: zstd").rfind("unknown compression 'zstd'", 0) == 0);
}

TEST_CASE("Records carry what is configured", "[receiver][filelog]") {
  Rig rig;
  rig.Append("a.log", "one\ntwo\n");
  rig.Start(
      "include_file_path: true\ninclude_file_record_number: true\ninclude_file_record_offset: true\n"
      "attributes: {team: red, log.file.name: mine, body: 'EXPR(body)'}\nresource: {r: 'x-EXPR(attributes.team)'}");
  CHECK(rig.pipeline.taken == Texts{"one", "two"});
  CHECK(rig.pipeline.last_attributes == "body=two log.file.name=a.log team=red log.file.path=" + rig.dir +
                                            "/a.log log.file.record_number=2 log.file.record_offset=4 r.r=x-red ");
  CHECK(rig.Shutdown());
}

TEST_CASE("A full queue holds a batch back and loses nothing", "[receiver][filelog]") {
  Rig rig;
  rig.pipeline.mode = Pipeline::kFull;
  rig.Append("a.log", "one\n");
  rig.Start();
  rig.Poll(2);
  rig.Append("a.log", "two\n");
  rig.Poll(20);
  CHECK(rig.pipeline.offers > 3);
  CHECK(rig.pipeline.taken.empty());
  rig.pipeline.mode = Pipeline::kTake;
  rig.Poll(10);
  CHECK(rig.pipeline.taken == Texts{"one", "two"});
}

TEST_CASE("A failed delivery is dropped without retry_on_failure and offered again with it", "[receiver][filelog]") {
  Rig rig;
  rig.pipeline.mode = Pipeline::kFailLater;
  rig.Append("a.log", "one\n");
  SECTION("without") {
    rig.Start();
    REQUIRE(rig.pipeline.held.size() == 1);
    rig.pipeline.FinishHeld(absl::UnavailableError("down"));
    rig.pipeline.mode = Pipeline::kTake;
    rig.Append("a.log", "two\n");
    rig.Poll(2);
    CHECK(rig.pipeline.taken == Texts{"two"});
  }
  SECTION("with") {
    rig.Start("retry_on_failure: {enabled: true, initial_interval: 100ms}");
    rig.pipeline.FinishHeld(absl::UnavailableError("down"));
    rig.Append("a.log", "two\n");
    rig.pipeline.mode = Pipeline::kTake;
    rig.Poll(5);
    CHECK(rig.pipeline.taken == Texts{"one", "two"});
  }
  SECTION("permanent") {
    rig.Start("retry_on_failure: {enabled: true, initial_interval: 100ms}");
    rig.pipeline.FinishHeld(absl::InvalidArgumentError("bad"));
    rig.Append("a.log", "two\n");
    rig.pipeline.mode = Pipeline::kTake;
    rig.Poll(5);
    CHECK(rig.pipeline.taken == Texts{"two"});
  }
  SECTION("given up") {
    rig.Start("retry_on_failure: {enabled: true, initial_interval: 100ms, max_interval: 100ms, max_elapsed_time: 1s}");
    for (int i = 0; i < 20; ++i) {
      rig.pipeline.FinishHeld(absl::UnavailableError("down"));
      rig.Poll();
    }
    CHECK(rig.pipeline.held.empty());
    CHECK(rig.pipeline.offers > 4);
    CHECK(rig.pipeline.offers < 20);
  }
}

TEST_CASE("What was not delivered is read again after a stop, what was is not", "[receiver][filelog]") {
  Rig rig;
  rig.Append("a.log", "one\n");
  rig.Start("storage: store");
  CHECK(rig.pipeline.taken == Texts{"one"});
  rig.pipeline.mode = Pipeline::kHold;
  rig.Append("a.log", "two\n");
  rig.Poll(2);
  REQUIRE(rig.pipeline.held.size() == 1);
  CHECK_FALSE(rig.Shutdown());  // the batch is still with the pipeline
  SECTION("refused at the stop") {
    rig.pipeline.FinishHeld(absl::UnavailableError("down"));
    rig.receiver.reset();
    rig.pipeline.mode = Pipeline::kTake;
    rig.Start("storage: store");
    CHECK(rig.pipeline.taken == Texts{"one", "two"});
  }
  SECTION("delivered at the stop") {
    rig.pipeline.FinishHeld(absl::OkStatus());
    rig.receiver.reset();
    rig.pipeline.mode = Pipeline::kTake;
    rig.Append("a.log", "three\n");
    rig.Start("storage: store");
    CHECK(rig.pipeline.taken == Texts{"one", "two", "three"});
  }
  SECTION("killed") {
    rig.receiver.reset();
    rig.pipeline.FinishHeld(absl::OkStatus());
    rig.pipeline.taken.clear();
    rig.pipeline.mode = Pipeline::kTake;
    rig.Start("storage: store");
    CHECK(rig.pipeline.taken == Texts{"two"});
  }
}

TEST_CASE("A batch accepted by a queue and finished during the stop moves the position", "[receiver][filelog]") {
  Rig rig;
  rig.pipeline.mode = Pipeline::kHold;
  rig.Append("a.log", "one\n");
  rig.Start("storage: store");
  REQUIRE(rig.pipeline.held.size() == 1);
  rig.pipeline.held[0].second.Accepted();
  CHECK(rig.Shutdown());
  rig.pipeline.FinishHeld(absl::OkStatus());
  rig.receiver.reset();
  rig.pipeline.taken.clear();
  rig.pipeline.mode = Pipeline::kTake;
  rig.Start("storage: store");
  CHECK(rig.pipeline.taken.empty());
}

TEST_CASE("Reading stops when too much is in flight", "[receiver][filelog]") {
  Rig rig;
  rig.pipeline.mode = Pipeline::kHold;
  std::string line(1000, 'x');
  std::string text;
  for (int i = 0; i < 20000; ++i) text += line + "\n";
  rig.Append("a.log", text);
  rig.Start();
  // A queue that takes everything at once: the window is the limit.
  for (int i = 0; i < 200; ++i) {
    for (auto& [bodies, done] : rig.pipeline.held) done.Accepted();
    rig.loop.RunUntilIdle();
  }
  size_t held = 0;
  for (auto& [bodies, done] : rig.pipeline.held) held += bodies.size();
  CHECK(held * 1001 >= static_cast<size_t>(stream::Delivery::kWindowBytes) - (512 << 10));
  CHECK(held * 1001 <= static_cast<size_t>(stream::Delivery::kWindowBytes) + (512 << 10));
  rig.pipeline.mode = Pipeline::kTake;
  rig.pipeline.FinishHeld(absl::OkStatus());
  rig.Poll(2);
  CHECK(rig.pipeline.taken.size() == 20000);
}

TEST_CASE("Storage that is not there is an error at the start", "[receiver][filelog]") {
  Rig rig;
  REQUIRE(rig.Make("storage: file_storage") == "");
  CHECK(rig.receiver->Start(rig.host).message() == "test:3:10: storage: storage client: storage extension 'file_storage' not found");
  REQUIRE(rig.Make("storage: other") == "");
  CHECK(rig.receiver->Start(rig.host).message() == "test:3:10: storage: storage client: non-storage extension 'other' found");
}

TEST_CASE("A receiver that was never started shuts down", "[receiver][filelog]") {
  Rig rig;
  REQUIRE(rig.Make("") == "");
  CHECK(rig.Shutdown());
}

}  // namespace otelpipe
