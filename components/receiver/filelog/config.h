// The configuration of the filelog receiver, and its way into the options of the tailer.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "otelpipe/component/component.h"
#include "otelpipe/component/fields.h"
#include "otelpipe/operator/program.h"
#include "shared/tail/tailer.h"

namespace otelpipe {

// A text that may hold EXPR(...).
struct ExprText {
  std::string text;
};
void DecodeField(const ConfigNode& node, ExprText& out, DecodeContext& context);

struct FilelogConfig {
  struct Multiline {
    std::string line_start_pattern;
    std::string line_end_pattern;
    bool omit_pattern = false;
    static void Describe(Fields<Multiline>& f);
  };
  struct Header {
    std::string pattern;
    OperatorList metadata_operators;
    static void Describe(Fields<Header>& f);
  };
  struct SortBy {
    std::string sort_type;
    std::string regex_key;
    bool ascending = false;
    std::string layout;
    std::string location;
    static void Describe(Fields<SortBy>& f);
  };
  struct Ordering {
    std::string regex;
    std::string group_by;
    int64_t top_n = 0;
    std::vector<SortBy> sort_by;
    static void Describe(Fields<Ordering>& f);
  };
  struct Retry {
    bool enabled = false;
    absl::Duration initial_interval = absl::Seconds(1);
    absl::Duration max_interval = absl::Seconds(30);
    absl::Duration max_elapsed_time = absl::Minutes(5);
    static void Describe(Fields<Retry>& f);
  };

  std::vector<std::string> include;
  std::vector<std::string> exclude;
  absl::Duration exclude_older_than = absl::ZeroDuration();
  std::string start_at = "end";
  Multiline multiline;
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
  std::map<std::string, ExprText> attributes;
  std::map<std::string, ExprText> resource;
  OperatorList operators;
  std::optional<ComponentId> storage;
  std::optional<Header> header;
  Retry retry_on_failure;
  Ordering ordering_criteria;
  std::string compression;
  std::string id = "file_input";
  std::string type = "file_input";
  ConfigNode node;  // the whole block, for the places of mistakes

  static void Describe(Fields<FilelogConfig>& f);

  // An error that points at the value under `path` ("multiline::line_start_pattern").
  absl::Status ErrorAt(std::string_view path, const absl::Status& status) const;
  // Checks everything in the reference's order and words and builds the options; header lines are wired by the caller.
  absl::StatusOr<tail::TailOptions> MakeTailOptions(const Context& context) const;
};
void DecodeField(const ConfigNode& node, FilelogConfig& out, DecodeContext& context);

}  // namespace otelpipe
