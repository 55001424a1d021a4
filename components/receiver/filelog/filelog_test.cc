#include "receiver/filelog/filelog.h"

#include <catch2/catch.hpp>

namespace otelpipe {

TEST_CASE("The field table names every key of the reference", "[receiver][filelog]") {
  std::vector<FieldInfo> fields = DescribeFields<FilelogConfig>();
  for (const char* key : {"include", "exclude", "exclude_older_than", "start_at", "multiline", "force_flush_period", "encoding",
                          "preserve_leading_whitespaces", "preserve_trailing_whitespaces", "include_file_name", "poll_interval",
                          "fingerprint_size", "initial_buffer_size", "max_log_size", "max_concurrent_files", "max_batches",
                          "delete_after_read", "acquire_fs_lock", "attributes", "resource", "operators", "storage", "header",
                          "retry_on_failure", "ordering_criteria", "compression", "id", "type", "output"}) {
    INFO(key);
    CHECK(std::any_of(fields.begin(), fields.end(), [&](const FieldInfo& f) { return f.key == key; }));
  }
}

}  // namespace otelpipe
