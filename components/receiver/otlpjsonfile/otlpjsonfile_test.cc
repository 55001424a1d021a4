#include "receiver/otlpjsonfile/otlpjsonfile.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "otelpipe/config.h"
#include "otelpipe/pdata/codec.h"
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
  Extension* FindExtension(const ComponentId& id) override { return id.type == "store" ? &storage : nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
  Storage storage;
};

struct Pipeline final : Consumer {
  void Consume(Batch batch, Done done) override {
    if (full) return done.Finished(absl::ResourceExhaustedError("sending queue is full"));
    std::string json;
    REQUIRE(AppendJson(batch, json).ok());
    taken.push_back(json);
    if (hold) return held.push_back(std::move(done));
    done.Finished(absl::OkStatus());
  }
  bool full = false;
  bool hold = false;
  Texts taken;
  std::vector<Done> held;
};

struct Rig {
  Rig() {
    std::string name = (fs::temp_directory_path() / "otelpipe-otlpjsonfile-XXXXXX").string();
    dir = ::mkdtemp(name.data());
    context.id = {"otlpjsonfile", ""};
    context.loop = &loop;
    context.metrics = &metrics;
  }
  ~Rig() {
    receiver.reset();
    fs::remove_all(dir);
  }
  std::string Make(const std::string& yaml, bool with_include = true) {
    absl::StatusOr<Config> config =
        Config::Parse((with_include ? "include: [" + dir + "/*.json]\nstart_at: beginning\n" : "") + yaml, "test");
    REQUIRE(config.ok());
    std::vector<ConfigError> errors;
    DecodeContext decode(&errors, "", "");
    OtlpJsonFileConfig parsed;
    DecodeField(config->root(), parsed, decode);
    if (!errors.empty()) return errors[0].message;
    receiver = std::make_unique<OtlpJsonFileReceiver>(std::move(parsed), context);
    if (absl::Status status = receiver->Init(); !status.ok()) return ConfigErrorsFromStatus(status)[0].message;
    receiver->SetOutput(Signal::kLogs, &logs);
    receiver->SetOutput(Signal::kTraces, &traces);
    return "";
  }
  void Start(const std::string& yaml = "") {
    REQUIRE(Make(yaml) == "");
    REQUIRE(receiver->Start(host).ok());
    loop.RunUntilIdle();
  }
  void Append(const std::string& name, const std::string& text) const { std::ofstream(dir + "/" + name, std::ios::app) << text; }
  void Poll(int n = 1) { loop.Advance(n * absl::Milliseconds(200)); }

  std::string dir;
  testing::TestLoop loop;
  Metrics metrics;
  Context context;
  FakeHost host;
  Pipeline logs, traces;
  std::unique_ptr<OtlpJsonFileReceiver> receiver;
};

std::string Log(const std::string& body) {
  return R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":")" + body + "\"}}]}]}]}\n";
}
const std::string kSpan = R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"op"}]}]}]})" "\n";
const std::string kMetric = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]})" "\n";

}  // namespace

TEST_CASE("Mistakes are told in the reference's words", "[component][otlpjsonfile]") {
  Rig rig;
  CHECK(rig.Make("", false) == "'include' must be specified");
  CHECK(rig.Make("fingerprint_size: 5") == "'fingerprint_size' must be at least 16 bytes");
  CHECK(rig.Make("encoding: nonsense") == "unsupported encoding 'nonsense'");
  CHECK(rig.Make("replay_file: true") == "'replay_file' is not supported: files are read once");
  CHECK(rig.Make("replay_file: false") == "");
  CHECK(rig.Make("header: {pattern: a}") == "'header' requires feature gate 'filelog.allowHeaderMetadataParsing'");
  CHECK(rig.Make("ordering_criteria: {sort_by: [{sort_type: numeric}]}") == "'regex' must be specified when 'sort_by' is specified");
}

TEST_CASE("Each line goes to the pipeline of its signal, with the name of its file", "[component][otlpjsonfile]") {
  Rig rig;
  rig.Append("a.json", Log("one") + "not json\n{}\n" + kSpan + kMetric + Log("two"));
  rig.Start("include_file_record_number: true");
  rig.Poll();
  REQUIRE(rig.logs.taken.size() == 2);
  CHECK(rig.logs.taken[0].find(R"("stringValue":"one")") != std::string::npos);
  CHECK(rig.logs.taken[1].find(R"("log.file.name","value":{"stringValue":"a.json"})") != std::string::npos);
  CHECK(rig.logs.taken[1].find(R"("log.file.record_number","value":{"intValue":"6"})") != std::string::npos);
  REQUIRE(rig.traces.taken.size() == 1);
  CHECK(rig.traces.taken[0].find(R"("name":"op")") != std::string::npos);
  CHECK(rig.traces.taken[0].find("log.file.name") != std::string::npos);
  std::string accepted;
  for (const MetricSample& sample : rig.metrics.Read()) {
    if (sample.name.find("_accepted_") != std::string::npos) accepted += sample.name + "=" + std::to_string(sample.value) + " ";
  }
  CHECK(accepted == "otelcol_receiver_accepted_log_records=2 otelcol_receiver_accepted_spans=1 ");
}

TEST_CASE("Metrics carry the name of their file as metadata", "[component][otlpjsonfile]") {
  Rig rig;
  Pipeline metrics;
  rig.Append("a.json", kMetric);
  REQUIRE(rig.Make("") == "");
  rig.receiver->SetOutput(Signal::kMetrics, &metrics);
  REQUIRE(rig.receiver->Start(rig.host).ok());
  rig.Poll();
  REQUIRE(metrics.taken.size() == 1);
  CHECK(metrics.taken[0].find(R"("metadata":[{"key":"log.file.name")") != std::string::npos);
}

TEST_CASE("A full pipeline holds lines back and loses none", "[component][otlpjsonfile]") {
  Rig rig;
  rig.logs.full = true;
  rig.Append("a.json", Log("one"));
  rig.Start();
  rig.Append("a.json", Log("two"));
  rig.Poll(10);
  CHECK(rig.logs.taken.empty());
  rig.logs.full = false;
  rig.Poll(10);
  REQUIRE(rig.logs.taken.size() == 2);
  CHECK(rig.logs.taken[1].find("two") != std::string::npos);
}

TEST_CASE("What was not delivered is read again after a restart, what was is not", "[component][otlpjsonfile]") {
  Rig rig;
  rig.Append("a.json", Log("one"));
  rig.Start("storage: store");
  CHECK(rig.logs.taken.size() == 1);
  rig.logs.hold = true;
  rig.Append("a.json", Log("two"));
  rig.Poll(2);
  REQUIRE(rig.logs.held.size() == 1);
  rig.receiver.reset();
  rig.logs.held[0].Finished(absl::OkStatus());
  rig.logs.hold = false;
  rig.logs.taken.clear();
  rig.Start("storage: store");
  REQUIRE(rig.logs.taken.size() == 1);
  CHECK(rig.logs.taken[0].find("two") != std::string::npos);
  bool done = false;
  rig.receiver->Shutdown([&] { done = true; });
  rig.loop.RunUntilIdle();
  CHECK(done);
  CHECK(rig.Make("storage: nope") == "");
  CHECK(rig.receiver->Start(rig.host).message() == "test:3:10: storage: storage client: storage extension 'nope' not found");
}

}  // namespace otelpipe
