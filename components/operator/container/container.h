// container: lines as docker, containerd and CRI-O write them: time and stream, parts joined, pod metadata from the file's path.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "operator/container/cri_line.h"
#include "otelpipe/operator/parser.h"
#include "otelpipe/operator/part_joiner.h"

namespace otelpipe {

class ContainerParser final : public Parser {
 public:
  static constexpr std::string_view kType = "container";
  struct Config : ParserConfig {
    std::string format;
    bool add_metadata_from_filepath = true;
    ByteSize max_log_size;
    static void Describe(Fields<Config>& f);
  };
  ContainerParser(const Config& config, OperatorContext context);
  ~ContainerParser() override;
  absl::Status Init();

  absl::Status Process(Entry& entry) override;
  void EndOfBatch() override { joiner_->EndOfBatch(); }
  void Stop() override { joiner_->FlushAll(); }

 protected:
  absl::StatusOr<Value> Parse(const Value& in, Entry& entry) override;

 private:
  enum class Format { kDetect, kDocker, kCrio, kContainerd };
  struct Tools;  // time layouts and the pattern of paths
  struct PathMetadata {
    const char* data = nullptr;
    size_t size = 0;
    bool matched = false;
    std::array<Value, 5> values;
  };

  // Leaves a CRI line taken apart in line_.
  absl::StatusOr<Format> Detect(const Entry& entry);
  absl::Status ProcessDocker(Entry& entry);
  absl::Status ProcessCri(Entry& entry);
  // Parses a CRI line right into its final places; false (and nothing changed) when anything is unusual.
  bool FastCri(Entry& entry);
  absl::Status MapAttributes(Entry& entry);
  absl::Status SetTime(const Value& value, Entry& entry);
  absl::Status AddPathMetadata(Entry& entry);
  const PathMetadata& LookUpPath(const Value& path);
  absl::Status Join(Entry& entry);

  Config config_;
  Format format_ = Format::kDetect;
  Format current_ = Format::kDetect;  // of the entry at hand
  container::CriLine line_;
  bool has_line_ = false;
  std::unique_ptr<Tools> tools_;
  std::unique_ptr<PartJoiner> joiner_;
  std::vector<PathMetadata> paths_;
  std::string_view time_key_, stream_key_, logtag_key_, log_key_, iostream_key_, path_key_;
  std::array<std::string_view, 5> metadata_keys_;
};

}  // namespace otelpipe
