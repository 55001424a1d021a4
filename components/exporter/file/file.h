// Exporter `file`: writes each request as one record, OTLP JSON lines or length-prefixed protobuf, to a file that may rotate, or to one
// file per value of a resource attribute. One instance serves all signals of its id.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "exporter/file/file_sink.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/exporter_counters.h"
#include "otelpipe/component/fields.h"
#include "shared/compression/compression.h"

namespace otelpipe {

// Not inside the exporter, where clang takes it for incomplete.
struct FileRotation {
  int64_t max_megabytes = 0;
  int64_t max_days = 0;
  int64_t max_backups = 100;
  bool localtime = false;
  static void Describe(Fields<FileRotation>& f);
};

class FileExporter final : public Exporter {
 public:
  static constexpr std::string_view kType = "file";
  static constexpr std::string_view kStability = "alpha";
  static constexpr bool kOnePerId = true;

  using Rotation = FileRotation;
  // A block that is on as soon as its key is there, also when it is empty.
  struct OptionalRotation {
    std::optional<Rotation> value;
    friend void DecodeField(const ConfigNode& node, OptionalRotation& out, DecodeContext& context) {
      if (!out.value) out.value.emplace();
      if (!node.is_null()) DecodeField(node, *out.value, context);
    }
  };
  struct GroupBy {
    bool enabled = false;
    std::string resource_attribute = "fileexporter.path_segment";
    int64_t max_open_files = 100;
    static void Describe(Fields<GroupBy>& f);
  };
  struct Config {
    std::string path;
    bool append = false;
    std::string format = "json";
    std::string compression;
    absl::Duration flush_interval = absl::Seconds(1);
    OptionalRotation rotation;
    GroupBy group_by;
    bool create_directory = false;
    std::string directory_permissions = "0755";
    static void Describe(Fields<Config>& f);
  };

  FileExporter(Config config, Context context);
  ~FileExporter() override;

  absl::Status Start(Host& host) override;
  void Shutdown(ShutdownDone done) override;
  void Consume(Batch batch, Done done) override;

  // The file of a group: `*` in the path replaced, never outside the path's fixed beginning.
  static std::string GroupPath(std::string_view prefix, std::string_view value, std::string_view suffix);

 private:
  struct Group {
    std::string path;
    std::unique_ptr<FileSink> sink;
  };

  absl::Status AppendRecord(const Batch& batch, std::string& out, size_t& trailing);
  void WriteTo(FileSink& sink, const Batch& batch, Done done);
  void ConsumeGrouped(Batch batch, Done done);
  template <typename Data>
  void WriteGroups(Data& data, Done done);
  absl::StatusOr<FileSink*> SinkOf(const std::string& path);
  void FlushAll();
  void ArmTimer();
  void ReportFailure(const FileSink& sink, const absl::Status& status);

  Config config_;
  Context context_;
  ExporterCounters counters_;
  std::optional<Compressor> compressor_;
  std::string scratch_;
  bool proto_ = false;
  bool running_ = false;
  bool failing_ = false;
  Timer timer_;

  std::unique_ptr<FileSink> sink_;  // without groups
  std::string prefix_, suffix_;     // with groups
  std::list<Group> groups_;         // open files, the one used last in front
  std::unordered_map<std::string, std::list<Group>::iterator> open_;
  std::unordered_set<std::string> opened_before_;
};

}  // namespace otelpipe
