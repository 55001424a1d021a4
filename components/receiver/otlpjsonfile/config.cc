#include <utility>

#include "otelpipe/base/status_macros.h"
#include "receiver/otlpjsonfile/otlpjsonfile.h"

namespace otelpipe {

void OtlpJsonFileConfig::Describe(Fields<OtlpJsonFileConfig>& f) {
  using C = OtlpJsonFileConfig;
  f.Optional("include", &C::include, "Patterns of files to read. Required.");
  f.Optional("exclude", &C::exclude, "Patterns of files to leave out.");
  f.Optional("exclude_older_than", &C::exclude_older_than, "Leaves out files not modified for so long; 0 = off.");
  f.Optional("start_at", &C::start_at, "Where files found at the start are read from: `beginning` or `end`.");
  f.Optional("multiline", &C::multiline, "Messages of several lines.");
  f.Optional("force_flush_period", &C::force_flush_period,
             "An unfinished last line is read when it has not grown for so long; 0 = never.");
  f.Optional("encoding", &C::encoding, "Encoding of the files.");
  f.Optional("preserve_leading_whitespaces", &C::preserve_leading_whitespaces, "Keep blanks at the start of lines.");
  f.Optional("preserve_trailing_whitespaces", &C::preserve_trailing_whitespaces, "Keep blanks at the end of lines.");
  f.Optional("include_file_name", &C::include_file_name, "Adds `log.file.name`.");
  f.Optional("include_file_path", &C::include_file_path, "Adds `log.file.path`.");
  f.Optional("include_file_name_resolved", &C::include_file_name_resolved, "Adds `log.file.name_resolved`.");
  f.Optional("include_file_path_resolved", &C::include_file_path_resolved, "Adds `log.file.path_resolved`.");
  f.Optional("include_file_owner_name", &C::include_file_owner_name, "Adds `log.file.owner.name`.");
  f.Optional("include_file_owner_group_name", &C::include_file_owner_group_name, "Adds `log.file.owner.group.name`.");
  f.Optional("include_file_record_number", &C::include_file_record_number, "Adds `log.file.record_number`.");
  f.Optional("include_file_record_offset", &C::include_file_record_offset, "Adds `log.file.record_offset`.");
  f.Optional("poll_interval", &C::poll_interval, "How often files are looked at.");
  f.Optional("fingerprint_size", &C::fingerprint_size, "Bytes of a file's start that identify it; at least 16.");
  f.Optional("initial_buffer_size", &C::initial_buffer_size, "Accepted; reading uses shared buffers of 256 KiB.");
  f.Optional("max_log_size", &C::max_log_size, "Longest line. A longer one is cut, and its pieces do not parse.");
  f.Optional("max_concurrent_files", &C::max_concurrent_files, "How many files are held open.");
  f.Optional("max_batches", &C::max_batches,
             "With n > 0, one poll begins at most n * max_concurrent_files / 2 files; the others have their turn at the next.");
  f.Optional("delete_after_read", &C::delete_after_read,
             "Removes a file when all of it is delivered (gate filelog.allowFileDeletion).");
  f.Optional("acquire_fs_lock", &C::acquire_fs_lock, "Takes a shared flock around each read.");
  f.Optional("compression", &C::compression, "`gzip`: all files; `auto`: those ending in .gz; empty: none.");
  f.Optional("replay_file", &C::replay_file, "Only false.");
  f.Optional("storage", &C::storage, "Extension that keeps the positions over a restart.");
  f.Unsupported("header", "files of OTLP JSON have no header lines");
  f.Unsupported("ordering_criteria", "narrow include and exclude instead");
}

void DecodeField(const ConfigNode& node, OtlpJsonFileConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<OtlpJsonFileConfig>(), &out, context);
}

absl::StatusOr<tail::TailOptions> OtlpJsonFileConfig::MakeTailOptions(const Context& context) const {
  auto at = [this](std::string_view path, const absl::Status& status) { return stream::ErrorAt(node, path, status); };
  auto wrong = [&](std::string_view path, const char* text) { return at(path, absl::InvalidArgumentError(text)); };
  tail::FinderOptions find;
  find.include = include;
  find.exclude = exclude;
  find.exclude_older_than = exclude_older_than;
  absl::StatusOr<tail::Finder> finder = tail::Finder::Create(std::move(find));
  if (!finder.ok()) {
    const std::string text(finder.status().message());
    return at(text.starts_with("include") ? "include" : text.starts_with("exclude") ? "exclude" : "", finder.status());
  }
  if (fingerprint_size.bytes < 16) return wrong("fingerprint_size", "'fingerprint_size' must be at least 16 bytes");
  if (fingerprint_size.bytes > 16 << 20) return wrong("fingerprint_size", "'fingerprint_size' must be at most 16 MiB");
  if (max_log_size.bytes <= 0) return wrong("max_log_size", "'max_log_size' must be positive");
  if (max_log_size.bytes > 1 << 30) return wrong("max_log_size", "'max_log_size' must be at most 1 GiB");
  if (max_concurrent_files < 1) return wrong("max_concurrent_files", "'max_concurrent_files' must be positive");
  if (max_batches < 0) return wrong("max_batches", "'max_batches' must not be negative");
  absl::StatusOr<tail::Encoding> decoder = tail::Encoding::Find(encoding);
  if (!decoder.ok()) return at("encoding", decoder.status());
  if (start_at != "beginning" && start_at != "end") {
    return at("start_at", absl::InvalidArgumentError("invalid start_at location '" + start_at + "'"));
  }
  if (delete_after_read) {
    if (!context.gate_enabled("filelog.allowFileDeletion")) {
      return wrong("delete_after_read", "'delete_after_read' requires feature gate 'filelog.allowFileDeletion'");
    }
    if (start_at == "end") return wrong("delete_after_read", "'delete_after_read' cannot be used with 'start_at: end'");
  }
  if (poll_interval <= absl::ZeroDuration()) return wrong("poll_interval", "'poll_interval' must be positive");
  if (!compression.empty() && compression != "gzip" && compression != "auto") {
    return at("compression", absl::InvalidArgumentError("unknown compression '" + compression + "': use gzip, auto or leave it empty"));
  }
  if (replay_file) return wrong("replay_file", "'replay_file' is not supported: files are read once");
  tail::SplitterOptions split;
  split.encoding = *decoder;
  split.line_start_pattern = multiline.line_start_pattern;
  split.line_end_pattern = multiline.line_end_pattern;
  split.omit_pattern = multiline.omit_pattern;
  split.max_size = max_log_size.bytes;
  split.trim_leading = !preserve_leading_whitespaces;
  split.trim_trailing = !preserve_trailing_whitespaces;
  absl::StatusOr<tail::Splitter> splitter = tail::Splitter::Create(std::move(split));
  if (!splitter.ok()) return at("multiline", splitter.status());
  return tail::TailOptions{
      .finder = *std::move(finder),
      .splitter = *std::move(splitter),
      .encoding = *std::move(decoder),
      .from_beginning = start_at == "beginning",
      .poll_interval = poll_interval,
      .force_flush_period = force_flush_period,
      .fingerprint_size = fingerprint_size.bytes,
      .max_log_size = max_log_size.bytes,
      .max_concurrent_files = max_concurrent_files,
      .max_batches = max_batches,
      .delete_after_read = delete_after_read,
      .acquire_lock = acquire_fs_lock,
      .compression = compression == "gzip"   ? tail::TailOptions::Compression::kGzip
                     : compression == "auto" ? tail::TailOptions::Compression::kAuto
                                             : tail::TailOptions::Compression::kNone,
      .include_name = include_file_name,
      .include_path = include_file_path,
      .include_name_resolved = include_file_name_resolved,
      .include_path_resolved = include_file_path_resolved,
      .include_owner = include_file_owner_name,
      .include_group = include_file_owner_group_name,
  };
}

}  // namespace otelpipe
