#include "shared/stream/file_config.h"

#include <re2/re2.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/timeparse/time_layout.h"
#include "shared/tail/regex_error.h"

namespace otelpipe::stream {
namespace {

absl::Status Wrong(std::string text) { return absl::InvalidArgumentError(text); }

}  // namespace

void HeaderConfig::Describe(Fields<HeaderConfig>& f) {
  f.Optional("pattern", &HeaderConfig::pattern, "Regex of header lines; the first line that does not match ends the header.");
  f.Optional("metadata_operators", &HeaderConfig::metadata_operators,
             "Operators that make attributes of the header's lines; every record of the file gets them.");
}

void SortByConfig::Describe(Fields<SortByConfig>& f) {
  f.Optional("sort_type", &SortByConfig::sort_type, "`numeric`, `alphabetical`, `timestamp` or `mtime`.");
  f.Optional("regex_key", &SortByConfig::regex_key, "Named group of `regex` to sort by.");
  f.Optional("ascending", &SortByConfig::ascending, "Smallest first.");
  f.Optional("layout", &SortByConfig::layout, "strptime layout, for `timestamp`.");
  f.Optional("location", &SortByConfig::location, "Time zone, for `timestamp`; default UTC.");
}

void OrderingConfig::Describe(Fields<OrderingConfig>& f) {
  f.Optional("regex", &OrderingConfig::regex, "Files whose path does not match are left out; its groups feed `sort_by`.");
  f.Optional("group_by", &OrderingConfig::group_by, "Regex whose first group divides the files; the rules hold in each group.");
  f.Optional("top_n", &OrderingConfig::top_n, "How many files are kept after sorting; 1 when `sort_by` is set.");
  f.Optional("sort_by", &OrderingConfig::sort_by, "Rules of order; later ones dominate.");
}

void FileConfig::Describe(Fields<FileConfig>& f) {
  using C = FileConfig;
  f.Optional("include", &C::include, "Patterns of files to read. Required.");
  f.Optional("exclude", &C::exclude, "Patterns of files to leave out.");
  f.Optional("exclude_older_than", &C::exclude_older_than, "Leaves out files not modified for so long; 0 = off.");
  f.Optional("start_at", &C::start_at, "Where files found at the start are read from: `beginning` or `end`.");
  f.Optional("multiline", &C::multiline, "Records of several lines.");
  f.Optional("force_flush_period", &C::force_flush_period,
             "An unfinished last record is sent when it has not grown for so long; 0 = never.");
  f.Optional("encoding", &C::encoding, "Encoding of the files.");
  f.Optional("preserve_leading_whitespaces", &C::preserve_leading_whitespaces, "Keep blanks at the start of records.");
  f.Optional("preserve_trailing_whitespaces", &C::preserve_trailing_whitespaces, "Keep blanks at the end of records.");
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
  f.Optional("max_log_size", &C::max_log_size, "Longer records are cut in pieces of this size.");
  f.Optional("max_concurrent_files", &C::max_concurrent_files, "How many files are held open.");
  f.Optional("max_batches", &C::max_batches,
             "With n > 0, one poll begins at most n * max_concurrent_files / 2 files; the others have their turn at the next.");
  f.Optional("delete_after_read", &C::delete_after_read,
             "Removes a file when all of it is delivered (gate filelog.allowFileDeletion).");
  f.Optional("acquire_fs_lock", &C::acquire_fs_lock, "Takes a shared flock around each read.");
  f.Optional("header", &C::header, "Lines at the start of files that describe the rest.");
  f.Optional("ordering_criteria", &C::ordering_criteria, "Which of the matching files are read.");
  f.Optional("compression", &C::compression, "`gzip`: all files; `auto`: those ending in .gz; empty: none.");
}

absl::StatusOr<tail::Finder> FileConfig::MakeFinder(const Context& context, const ConfigNode& block) const {
  tail::FinderOptions find;
  find.include = include;
  find.exclude = exclude;
  find.exclude_older_than = exclude_older_than;
  find.group_by = ordering_criteria.group_by;
  find.regex = ordering_criteria.regex;
  find.top_n = ordering_criteria.top_n;
  for (size_t i = 0; i < ordering_criteria.sort_by.size(); ++i) {
    const SortByConfig& s = ordering_criteria.sort_by[i];
    const std::string path = absl::StrCat("ordering_criteria::sort_by::", i);
    tail::SortRule rule;
    rule.regex_key = s.regex_key;
    rule.ascending = s.ascending;
    if (s.sort_type == "numeric") {
      rule.type = tail::SortRule::Type::kNumeric;
    } else if (s.sort_type == "alphabetical") {
      rule.type = tail::SortRule::Type::kAlphabetical;
    } else if (s.sort_type == "timestamp") {
      rule.type = tail::SortRule::Type::kTimestamp;
    } else if (s.sort_type == "mtime") {
      rule.type = tail::SortRule::Type::kMtime;
      if (!context.gate_enabled("filelog.mtimeSortType")) {
        return ErrorAt(block, path, Wrong("the \"filelog.mtimeSortType\" feature gate must be enabled to use \"mtime\" sort type"));
      }
    } else {
      return ErrorAt(block, path, Wrong("'sort_type' must be specified"));
    }
    if (rule.type != tail::SortRule::Type::kMtime) {
      if (ordering_criteria.regex.empty()) {
        return ErrorAt(block, "ordering_criteria", Wrong("'regex' must be specified when 'sort_by' is specified"));
      }
      if (s.regex_key.empty()) return ErrorAt(block, path, Wrong(s.sort_type + " sort: regex key must be specified"));
    }
    if (rule.type == tail::SortRule::Type::kTimestamp) {
      if (s.layout.empty()) return ErrorAt(block, path, Wrong("timestamp sort: layout must be specified"));
      timeparse::TimeLayout::Settings settings;
      settings.layout = s.layout;
      settings.location = s.location.empty() ? "UTC" : s.location;
      auto layout = timeparse::TimeLayout::Compile(settings);
      if (!layout.ok()) {
        absl::TimeZone zone;
        if (!s.location.empty() && s.location != "Local" && !absl::LoadTimeZone(s.location, &zone)) {
          return ErrorAt(block, path + "::location", Wrong("timestamp sort: load location UTC: failed to load location " + s.location +
                                                    ": unknown time zone " + s.location));
        }
        return ErrorAt(block, path, Annotate(layout.status(), "timestamp sort: "));
      }
      rule.parse_time = [layout = *layout](std::string_view text) -> absl::StatusOr<int64_t> {
        OTELPIPE_ASSIGN_OR_RETURN(timeparse::Timestamp t, layout.Parse(text));
        return t.seconds * 1'000'000'000 + t.nanos;
      };
    }
    find.sort_by.push_back(std::move(rule));
  }
  absl::StatusOr<tail::Finder> finder = tail::Finder::Create(std::move(find));
  if (!finder.ok()) {
    const std::string text(finder.status().message());
    const char* path = text.rfind("include", 0) == 0   ? "include"
                       : text.rfind("exclude", 0) == 0 ? "exclude"
                       : text.rfind("'include'", 0) == 0 ? ""
                                                         : "ordering_criteria";
    return ErrorAt(block, path, finder.status());
  }
  return finder;
}

absl::Status FileConfig::CheckNumbers(const ConfigNode& block) const {
  if (fingerprint_size.bytes < 16) {
    return ErrorAt(block, "fingerprint_size", Wrong("'fingerprint_size' must be at least 16 bytes"));
  }
  if (fingerprint_size.bytes > 16 << 20) {
    return ErrorAt(block, "fingerprint_size", Wrong("'fingerprint_size' must be at most 16 MiB"));
  }
  if (max_log_size.bytes <= 0) return ErrorAt(block, "max_log_size", Wrong("'max_log_size' must be positive"));
  if (max_log_size.bytes > 1 << 30) return ErrorAt(block, "max_log_size", Wrong("'max_log_size' must be at most 1 GiB"));
  if (max_concurrent_files < 1) return ErrorAt(block, "max_concurrent_files", Wrong("'max_concurrent_files' must be positive"));
  if (max_batches < 0) return ErrorAt(block, "max_batches", Wrong("'max_batches' must not be negative"));
  return absl::OkStatus();
}

absl::StatusOr<tail::TailOptions> FileConfig::MakeTailOptions(const Context& context, const ConfigNode& block) const {
  OTELPIPE_ASSIGN_OR_RETURN(tail::Finder finder, MakeFinder(context, block));
  OTELPIPE_RETURN_IF_ERROR(CheckNumbers(block));
  absl::StatusOr<tail::Encoding> decoder = tail::Encoding::Find(encoding);
  if (!decoder.ok()) return ErrorAt(block, "encoding", decoder.status());
  if (delete_after_read) {
    if (!context.gate_enabled("filelog.allowFileDeletion")) {
      return ErrorAt(block, "delete_after_read", Wrong("'delete_after_read' requires feature gate 'filelog.allowFileDeletion'"));
    }
    if (start_at == "end") {
      return ErrorAt(block, "delete_after_read", Wrong("'delete_after_read' cannot be used with 'start_at: end'"));
    }
  }
  std::function<bool(std::string_view)> is_header;
  if (header.has_value()) {
    if (!context.gate_enabled("filelog.allowHeaderMetadataParsing")) {
      return ErrorAt(block, "header", Wrong("'header' requires feature gate 'filelog.allowHeaderMetadataParsing'"));
    }
    if (start_at == "end") return ErrorAt(block, "header", Wrong("'header' cannot be specified with 'start_at: end'"));
    if (header->metadata_operators.members.empty()) {
      return ErrorAt(block, "header", Wrong("invalid config for 'header': at least one operator must be specified for `metadata_operators`"));
    }
    RE2::Options quiet;
    quiet.set_log_errors(false);
    auto pattern = std::make_shared<RE2>(header->pattern, quiet);
    if (!pattern->ok()) {
      return ErrorAt(block, "header::pattern", Wrong("invalid config for 'header': failed to compile `pattern`: " + tail::RegexError(*pattern)));
    }
    is_header = [pattern](std::string_view line) { return RE2::PartialMatch(line, *pattern); };
  }
  tail::SplitterOptions split;
  split.encoding = *decoder;
  split.line_start_pattern = multiline.line_start_pattern;
  split.line_end_pattern = multiline.line_end_pattern;
  split.omit_pattern = multiline.omit_pattern;
  split.max_size = max_log_size.bytes;
  split.trim_leading = !preserve_leading_whitespaces;
  split.trim_trailing = !preserve_trailing_whitespaces;
  absl::StatusOr<tail::Splitter> splitter = tail::Splitter::Create(std::move(split));
  if (!splitter.ok()) return ErrorAt(block, "multiline", splitter.status());
  if (start_at != "beginning" && start_at != "end") {
    return ErrorAt(block, "start_at", Wrong("invalid start_at location '" + start_at + "'"));
  }
  if (poll_interval <= absl::ZeroDuration()) return ErrorAt(block, "poll_interval", Wrong("'poll_interval' must be positive"));
  if (!compression.empty() && compression != "gzip" && compression != "auto") {
    return ErrorAt(block, "compression", Wrong("unknown compression '" + compression + "': use gzip, auto or leave it empty"));
  }
  return tail::TailOptions{
      .finder = std::move(finder),
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
      .is_header = std::move(is_header),
  };
}

}  // namespace otelpipe::stream
