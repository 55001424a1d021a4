#include "exporter/file/file.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "otelpipe/pdata/codec.h"
#include "otelpipe/testing/test_loop.h"

using namespace otelpipe;
namespace fs = std::filesystem;

namespace {

const char kLine[] =
    R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"body":{"stringValue":"x"},"traceId":"","spanId":""}]}]}]})";

class NoHost final : public Host {
 public:
  Extension* FindExtension(const ComponentId&) override { return nullptr; }
  std::vector<std::pair<ComponentId, Extension*>> Extensions() override { return {}; }
  void ReportFatal(absl::Status) override {}
};

struct Harness {
  fs::path dir;
  testing::TestLoop loop;
  NoHost host;
  Metrics metrics;
  Context context;
  int accepted = 0, finished = 0, failed = 0;
  std::string error;

  Harness() {
    std::string pattern = (fs::temp_directory_path() / "otelpipe_file_XXXXXX").string();
    dir = ::mkdtemp(pattern.data());
    context.loop = &loop;
    context.metrics = &metrics;
    context.id = {"file", ""};
  }
  ~Harness() { fs::remove_all(dir); }

  FileExporter::Config Config(const std::string& name = "out.json") {
    FileExporter::Config config;
    config.path = (dir / name).string();
    return config;
  }
  void Send(FileExporter& exporter, std::string_view json = kLine, Signal signal = Signal::kLogs) {
    auto batch = BatchFromJson(signal, json);
    REQUIRE(batch.ok());
    exporter.Consume(*std::move(batch), Done::On([this] { ++accepted; }, [this](const absl::Status& s) {
                       ++(s.ok() ? finished : failed);
                       if (!s.ok()) error = std::string(s.message());
                     }));
  }
  std::string Read(const std::string& name = "out.json") {
    std::ifstream in(dir / name, std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(dir / name) << text; }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }
};

std::string Line(size_t bytes) {
  std::string head = R"({"resourceLogs":[{"resource":{},"schemaUrl":")", tail = "\"}]}";
  return head + std::string(bytes - head.size() - tail.size(), 'x') + tail;
}

std::string Tenant(const std::string& value, const std::string& url) {
  return R"({"resource":{"attributes":[{"key":"tenant","value":{"stringValue":")" + value + R"("}}]},"schemaUrl":")" + url + "\"}";
}

}  // namespace

TEST_CASE("records wait for the flush; acceptance does not, the end does", "[component][file]") {
  Harness h;
  FileExporter exporter(h.Config(), h.context);
  REQUIRE(exporter.Start(h.host).ok());
  h.Send(exporter);
  h.Send(exporter);
  CHECK(h.Read().empty());
  CHECK(h.accepted == 2);
  CHECK(h.finished == 0);
  h.loop.Advance(absl::Seconds(1));
  CHECK(h.Read() == std::string(kLine) + "\n" + kLine + "\n");
  CHECK(h.finished == 2);
  CHECK(h.metrics.AddCounter("otelcol_exporter_sent_log_records", {{"exporter", "file"}})->value() == 2);
  h.Send(exporter);
  bool stopped = false;
  exporter.Shutdown([&] { stopped = true; });
  CHECK(stopped);
  CHECK(h.finished == 3);
  CHECK(h.Read().size() == 3 * (sizeof kLine));
  h.Send(exporter);
  CHECK(h.failed == 1);
}

TEST_CASE("a full buffer is written at once", "[component][file]") {
  Harness h;
  FileExporter exporter(h.Config(), h.context);
  REQUIRE(exporter.Start(h.host).ok());
  h.Send(exporter, Line(70000));
  CHECK(h.finished == 1);
  CHECK(h.Read().size() == 70001);
}

TEST_CASE("an existing file is truncated, or appended to", "[component][file]") {
  for (bool append : {false, true}) {
    Harness h;
    h.Write("out.json", "old\n");
    auto config = h.Config();
    config.append = append;
    FileExporter exporter(config, h.context);
    REQUIRE(exporter.Start(h.host).ok());
    h.Send(exporter);
    exporter.Shutdown([] {});
    CHECK(h.Read() == (append ? "old\n" : "") + std::string(kLine) + "\n");
  }
}

TEST_CASE("a missing directory is an error in the reference's words, or created", "[component][file]") {
  Harness h;
  FileExporter exporter(h.Config("a/b/out.json"), h.context);
  CHECK(exporter.Start(h.host).message() == "open " + (h.dir / "a/b/out.json").string() + ": no such file or directory");
  auto config = h.Config("a/b/out.json");
  config.create_directory = true;
  FileExporter creating(config, h.context);
  CHECK(creating.Start(h.host).ok());
  CHECK(fs::is_directory(h.dir / "a/b"));
}

TEST_CASE("proto records are framed by a big-endian length, compressed ones as well", "[component][file]") {
  for (bool proto : {false, true}) {
    for (bool zstd : {false, true}) {
      if (!proto && !zstd) continue;
      Harness h;
      auto config = h.Config();
      config.format = proto ? "proto" : "json";
      config.compression = zstd ? "zstd" : "";
      FileExporter exporter(config, h.context);
      REQUIRE(exporter.Start(h.host).ok());
      h.Send(exporter);
      h.Send(exporter);
      exporter.Shutdown([] {});
      std::string text = h.Read();
      Decompressor decompressor;
      int records = 0;
      for (size_t at = 0; at < text.size(); ++records) {
        REQUIRE(text.size() - at >= 4);
        size_t length = 0;
        for (int i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(text[at + static_cast<size_t>(i)]);
        std::string_view body = std::string_view(text).substr(at + 4, length);
        REQUIRE(body.size() == length);
        at += 4 + length;
        Buffer plain = Buffer::FromString(std::string(body));
        if (zstd) plain = decompressor.Decompress(Compression::kZstd, body, 1 << 20).value();
        std::string json(plain.bytes);
        if (proto) {
          json.clear();
          REQUIRE(AppendJson(Batch::FromWire(Signal::kLogs, {plain}), json).ok());
        }
        CHECK(json == kLine);
      }
      CHECK(records == 2);
    }
  }
}

TEST_CASE("a file rotates before a record that would exceed the limit", "[component][file]") {
  Harness h;
  auto config = h.Config("log.json");
  config.rotation.value = FileExporter::Rotation{1, 0, 2, false};
  FileExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  CHECK(h.Names().empty());
  for (int i = 0; i < 10; ++i) {
    h.Send(exporter, Line(400000));
    h.loop.Advance(absl::Seconds(1));
  }
  CHECK(h.accepted == 0);
  CHECK(h.finished == 10);
  auto names = h.Names();
  REQUIRE(names.size() == 3);  // the file and two backups
  CHECK(names[2] == "log.json");
  CHECK(names[0].substr(0, 4) == "log-");
  CHECK(names[0].size() == std::string("log-2006-01-02T15-04-05.000.json").size());
  for (const std::string& name : names) {
    std::string text = h.Read(name);
    CHECK(text.size() == 2 * 400001);
    CHECK(text.back() == '\n');
  }
  h.Send(exporter, Line((1 << 20) + 5));
  CHECK(h.error == "write length 1048581 exceeds maximum file size 1048576");
  exporter.Shutdown([] {});
}

TEST_CASE("rotation appends to what is there and removes old backups", "[component][file]") {
  Harness h;
  h.Write("log.json", Line(1000000) + "\n");
  h.Write("log-2001-01-02T15-04-05.000.json", "old");
  h.Write("log-other.json", "not a backup");
  auto config = h.Config("log.json");
  config.rotation.value = FileExporter::Rotation{0, 30, 0, false};
  config.rotation.value->max_megabytes = 1;
  FileExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  h.Send(exporter);
  CHECK(h.Read("log.json").size() == 1000001 + sizeof kLine);
  h.Send(exporter, Line(400000));
  auto names = h.Names();
  CHECK(names.size() == 3);
  CHECK(std::count(names.begin(), names.end(), "log-2001-01-02T15-04-05.000.json") == 0);
  CHECK(std::count(names.begin(), names.end(), "log-other.json") == 1);
}

TEST_CASE("groups go to files of their own and others are dropped", "[component][file]") {
  Harness h;
  auto config = h.Config("by/*.json");
  config.group_by.enabled = true;
  config.group_by.resource_attribute = "tenant";
  config.group_by.max_open_files = 1;
  FileExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  std::string both = R"({"resourceLogs":[)" + Tenant("a", "1") + "," + Tenant("b", "2") + "," + Tenant("a", "3") + ",{}]}";
  h.Send(exporter, both);
  h.Send(exporter, both);
  h.Send(exporter, R"({"resourceLogs":[{}]})");
  exporter.Shutdown([] {});
  CHECK(h.finished == 3);
  std::string a = R"({"resourceLogs":[)" + Tenant("a", "1") + "," + Tenant("a", "3") + "]}\n";
  std::string b = R"({"resourceLogs":[)" + Tenant("b", "2") + "]}\n";
  CHECK(h.Read("by/a.json") == a + a);  // the second record is appended though the file was closed in between
  CHECK(h.Read("by/b.json") == b + b);
}

TEST_CASE("a group's path stays below the fixed beginning", "[component][file]") {
  CHECK(FileExporter::GroupPath("/x/", "pay", ".json") == "/x/pay.json");
  CHECK(FileExporter::GroupPath("p_", "../x", "") == "p_/x");
  CHECK(FileExporter::GroupPath("/x/", "./y/z", ".json") == "/x/y/z.json");
  CHECK(FileExporter::GroupPath("/x/", "../../etc/passwd", "") == "/x/etc/passwd");
  CHECK(FileExporter::GroupPath("/x/", "a/../../../etc", "") == "/x/etc");
  CHECK(FileExporter::GroupPath("/x/", "", ".json") == "/x/.json");
}

TEST_CASE("what cannot be written is kept and written later", "[component][file]") {
  if (!fs::exists("/dev/full")) return;
  Harness h;
  FileExporter::Config config;
  config.path = "/dev/full";
  FileExporter exporter(config, h.context);
  REQUIRE(exporter.Start(h.host).ok());
  h.Send(exporter);
  h.loop.Advance(absl::Seconds(5));
  CHECK(h.finished == 0);
  CHECK(h.failed == 0);
  for (int i = 0; i < 80; ++i) h.Send(exporter, Line(70000));
  CHECK(h.failed > 0);  // more than may be held
  exporter.Shutdown([] {});
  CHECK(h.failed == 81);
  CHECK(h.error.find("no space left on device") != std::string::npos);
}

TEST_CASE("signals share the file, malformed bytes are refused", "[component][file]") {
  Harness h;
  FileExporter exporter(h.Config(), h.context);
  REQUIRE(exporter.Start(h.host).ok());
  h.Send(exporter, R"({"resourceSpans":[{}]})", Signal::kTraces);
  h.Send(exporter, R"({"resourceMetrics":[{}]})", Signal::kMetrics);
  absl::Status result;
  exporter.Consume(Batch::FromWire(Signal::kLogs, {Buffer::FromString("\x0a\x05")}),
                   Done::OnFinished([&](const absl::Status& s) { result = s; }));
  CHECK(result.message() == "unexpected EOF");
  exporter.Shutdown([] {});
  CHECK(h.Read() == "{\"resourceSpans\":[{\"resource\":{}}]}\n{\"resourceMetrics\":[{\"resource\":{}}]}\n");
}
