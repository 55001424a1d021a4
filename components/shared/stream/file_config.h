// What the receivers of files have in common in YAML: which files, how they are read and cut into records, and what is told about them.
//
//   struct OtlpJsonFileConfig : stream::FileConfig {
//     static void Describe(Fields<OtlpJsonFileConfig>& f) { f.InlineBase<stream::FileConfig>(); }
//   };
//   OTELPIPE_ASSIGN_OR_RETURN(tail::TailOptions options, config.MakeTailOptions(context, block));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/program.h"
#include "shared/stream/input_config.h"
#include "shared/tail/tailer.h"

namespace otelpipe::stream {

struct HeaderConfig {
  std::string pattern;
  OperatorList metadata_operators;
  static void Describe(Fields<HeaderConfig>& f);
};

struct SortByConfig {
  std::string sort_type;
  std::string regex_key;
  bool ascending = false;
  std::string layout;
  std::string location;
  static void Describe(Fields<SortByConfig>& f);
};

struct OrderingConfig {
  std::string regex;
  std::string group_by;
  int64_t top_n = 0;
  std::vector<SortByConfig> sort_by;
  static void Describe(Fields<OrderingConfig>& f);
};

struct FileConfig {
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  absl::Duration exclude_older_than = absl::ZeroDuration();
  std::string start_at = "end";
  MultilineConfig multiline;
  absl::Duration force_flush_period = absl::Milliseconds(500);
  std::string encoding = "utf-8";
  bool preserve_leading_whitespaces = false;
  bool preserve_trailing_whitespaces = false;
  bool include_file_name = true;
  bool include_file_path = false;
  bool include_file_name_resolved = false;
  bool include_file_path_resolved = false;
  bool include_file_owner_name = false;
  bool include_file_owner_group_name = false;
  bool include_file_record_number = false;
  bool include_file_record_offset = false;
  absl::Duration poll_interval = absl::Milliseconds(200);
  ByteSize fingerprint_size{1000};
  ByteSize initial_buffer_size{16 << 10};
  ByteSize max_log_size{1 << 20};
  int64_t max_concurrent_files = 1024;
  int64_t max_batches = 0;
  bool delete_after_read = false;
  bool acquire_fs_lock = false;
  std::optional<HeaderConfig> header;
  OrderingConfig ordering_criteria;
  std::string compression;
  static void Describe(Fields<FileConfig>& f);

  // Checks everything in the reference's order and words. Errors point into `block`, the receiver's.
  absl::StatusOr<tail::TailOptions> MakeTailOptions(const Context& context, const ConfigNode& block) const;

 private:
  absl::StatusOr<tail::Finder> MakeFinder(const Context& context, const ConfigNode& block) const;
  absl::Status CheckNumbers(const ConfigNode& block) const;
};

}  // namespace otelpipe::stream
