#include "receiver/filelog/config.h"

#include <re2/re2.h>

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "shared/tail/regex_error.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe {

void DecodeField(const ConfigNode& node, ExprText& out, DecodeContext& context) {
  if (node.kind == ConfigNode::Kind::kString || node.from_expansion) {
    out.text = node.text;
  } else if (node.is_null()) {
    out.text.clear();
  } else {
    internal::ReportWrongType(node, "helper.ExprStringConfig", context);
  }
}

void DecodeField(const ConfigNode& node, FilelogConfig& out, DecodeContext& context) {
  out.node = node;
  internal::DecodeTable(node, TableOf<FilelogConfig>(), &out, context);
}

void FilelogConfig::Multiline::Describe(Fields<Multiline>& f) {
  f.Optional("line_start_pattern", &Multiline::line_start_pattern, "Regex at which a record starts.");
  f.Optional("line_end_pattern", &Multiline::line_end_pattern, "Regex at which a record ends.");
  f.Optional("omit_pattern", &Multiline::omit_pattern, "Leave what the pattern matched out of the record.");
}

void FilelogConfig::Header::Describe(Fields<Header>& f) {
  f.Optional("pattern", &Header::pattern, "Regex of header lines; the first line that does not match ends the header.");
  f.Optional("metadata_operators", &Header::metadata_operators,
             "Operators that make attributes of the header's lines; every record of the file gets them.");
}

void FilelogConfig::SortBy::Describe(Fields<SortBy>& f) {
  f.Optional("sort_type", &SortBy::sort_type, "`numeric`, `alphabetical`, `timestamp` or `mtime`.");
  f.Optional("regex_key", &SortBy::regex_key, "Named group of `regex` to sort by.");
  f.Optional("ascending", &SortBy::ascending, "Smallest first.");
  f.Optional("layout", &SortBy::layout, "strptime layout, for `timestamp`.");
  f.Optional("location", &SortBy::location, "Time zone, for `timestamp`; default UTC.");
}

void FilelogConfig::Ordering::Describe(Fields<Ordering>& f) {
  f.Optional("regex", &Ordering::regex, "Files whose path does not match are left out; its groups feed `sort_by`.");
  f.Optional("group_by", &Ordering::group_by, "Regex whose first group divides the files; the rules hold in each group.");
  f.Optional("top_n", &Ordering::top_n, "How many files are kept after sorting; 1 when `sort_by` is set.");
  f.Optional("sort_by", &Ordering::sort_by, "Rules of order; later ones dominate.");
}

void FilelogConfig::Retry::Describe(Fields<Retry>& f) {
  f.Optional("enabled", &Retry::enabled, "Offer a refused batch again.");
  f.Optional("initial_interval", &Retry::initial_interval, "First wait.");
  f.Optional("max_interval", &Retry::max_interval, "Longest wait.");
  f.Optional("max_elapsed_time", &Retry::max_elapsed_time, "When to give up and drop the batch; 0 = never.");
}

void FilelogConfig::Describe(Fields<FilelogConfig>& f) {
  using C = FilelogConfig;
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
  f.Optional("attributes", &C::attributes, "Attributes of every record; texts with EXPR(...).");
  f.Optional("resource", &C::resource, "Resource attributes of every record; texts with EXPR(...).");
  f.Optional("operators", &C::operators, "Log operators, in order.");
  f.Optional("storage", &C::storage, "Extension that keeps the positions over a restart.");
  f.Optional("header", &C::header, "Lines at the start of files that describe the rest.");
  f.Optional("retry_on_failure", &C::retry_on_failure, "What to do with batches that the pipeline refuses.");
  f.Optional("ordering_criteria", &C::ordering_criteria, "Which of the matching files are read.");
  f.Optional("compression", &C::compression, "`gzip`: all files; `auto`: those ending in .gz; empty: none.");
  f.Optional("id", &C::id, "Id of the input among the operators, and prefix of its keys in the storage.");
  f.Optional("type", &C::type, "Type of the input.");
  f.Unsupported("output", "write the operators in the order the records take, or use a router");
}

absl::Status FilelogConfig::ErrorAt(std::string_view path, const absl::Status& status) const {
  const ConfigNode* found = &node;
  for (std::string_view rest = path; !rest.empty() && found != nullptr;) {
    size_t end = rest.find("::");
    std::string_view step = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 2);
    const ConfigNode* next = nullptr;
    if (found->is_list()) {
      size_t index = 0;
      for (char c : step) index = index * 10 + static_cast<size_t>(c - '0');
      if (index < found->items.size()) next = &found->items[index];
    } else {
      next = found->Find(step);
    }
    if (next == nullptr) break;
    found = next;
  }
  return ConfigErrorAt(found->location, std::string(path), std::string(status.message()));
}

absl::StatusOr<tail::TailOptions> FilelogConfig::MakeTailOptions(const Context& context) const {
  auto wrong = [](std::string text) { return absl::InvalidArgumentError(text); };
  tail::FinderOptions find;
  find.include = include;
  find.exclude = exclude;
  find.exclude_older_than = exclude_older_than;
  find.group_by = ordering_criteria.group_by;
  find.regex = ordering_criteria.regex;
  find.top_n = ordering_criteria.top_n;
  for (size_t i = 0; i < ordering_criteria.sort_by.size(); ++i) {
    const SortBy& s = ordering_criteria.sort_by[i];
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
        return ErrorAt(path, wrong("the \"filelog.mtimeSortType\" feature gate must be enabled to use \"mtime\" sort type"));
      }
    } else {
      return ErrorAt(path, wrong("'sort_type' must be specified"));
    }
    if (rule.type != tail::SortRule::Type::kMtime) {
      if (ordering_criteria.regex.empty()) {
        return ErrorAt("ordering_criteria", wrong("'regex' must be specified when 'sort_by' is specified"));
      }
      if (s.regex_key.empty()) return ErrorAt(path, wrong(s.sort_type + " sort: regex key must be specified"));
    }
    if (rule.type == tail::SortRule::Type::kTimestamp) {
      if (s.layout.empty()) return ErrorAt(path, wrong("timestamp sort: layout must be specified"));
      timeparse::TimeLayout::Settings settings;
      settings.layout = s.layout;
      settings.location = s.location.empty() ? "UTC" : s.location;
      auto layout = timeparse::TimeLayout::Compile(settings);
      if (!layout.ok()) {
        absl::TimeZone zone;
        if (!s.location.empty() && s.location != "Local" && !absl::LoadTimeZone(s.location, &zone)) {
          return ErrorAt(path + "::location", wrong("timestamp sort: load location UTC: failed to load location " + s.location +
                                                    ": unknown time zone " + s.location));
        }
        return ErrorAt(path, Annotate(layout.status(), "timestamp sort: "));
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
    return ErrorAt(path, finder.status());
  }
  if (fingerprint_size.bytes < 16) {
    return ErrorAt("fingerprint_size", wrong("'fingerprint_size' must be at least 16 bytes"));
  }
  if (fingerprint_size.bytes > 16 << 20) {
    return ErrorAt("fingerprint_size", wrong("'fingerprint_size' must be at most 16 MiB"));
  }
  if (max_log_size.bytes <= 0) return ErrorAt("max_log_size", wrong("'max_log_size' must be positive"));
  if (max_log_size.bytes > 1 << 30) return ErrorAt("max_log_size", wrong("'max_log_size' must be at most 1 GiB"));
  if (max_concurrent_files < 1) return ErrorAt("max_concurrent_files", wrong("'max_concurrent_files' must be positive"));
  if (max_batches < 0) return ErrorAt("max_batches", wrong("'max_batches' must not be negative"));
  absl::StatusOr<tail::Encoding> decoder = tail::Encoding::Find(encoding);
  if (!decoder.ok()) return ErrorAt("encoding", decoder.status());
  if (delete_after_read) {
    if (!context.gate_enabled("filelog.allowFileDeletion")) {
      return ErrorAt("delete_after_read", wrong("'delete_after_read' requires feature gate 'filelog.allowFileDeletion'"));
    }
    if (start_at == "end") {
      return ErrorAt("delete_after_read", wrong("'delete_after_read' cannot be used with 'start_at: end'"));
    }
  }
  std::function<bool(std::string_view)> is_header;
  if (header.has_value()) {
    if (!context.gate_enabled("filelog.allowHeaderMetadataParsing")) {
      return ErrorAt("header", wrong("'header' requires feature gate 'filelog.allowHeaderMetadataParsing'"));
    }
    if (start_at == "end") return ErrorAt("header", wrong("'header' cannot be specified with 'start_at: end'"));
    if (header->metadata_operators.members.empty()) {
      return ErrorAt("header", wrong("invalid config for 'header': at least one operator must be specified for `metadata_operators`"));
    }
    RE2::Options quiet;
    quiet.set_log_errors(false);
    auto pattern = std::make_shared<RE2>(header->pattern, quiet);
    if (!pattern->ok()) {
      return ErrorAt("header::pattern", wrong("invalid config for 'header': failed to compile `pattern`: " + tail::RegexError(*pattern)));
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
  if (!splitter.ok()) return ErrorAt("multiline", splitter.status());
  if (start_at != "beginning" && start_at != "end") {
    return ErrorAt("start_at", wrong("invalid start_at location '" + start_at + "'"));
  }
  if (poll_interval <= absl::ZeroDuration()) return ErrorAt("poll_interval", wrong("'poll_interval' must be positive"));
  if (retry_on_failure.initial_interval < absl::ZeroDuration() || retry_on_failure.max_interval < absl::ZeroDuration() ||
      retry_on_failure.max_elapsed_time < absl::ZeroDuration()) {
    return ErrorAt("retry_on_failure", wrong("intervals of 'retry_on_failure' must not be negative"));
  }
  if (!compression.empty() && compression != "gzip" && compression != "auto") {
    return ErrorAt("compression", wrong("unknown compression '" + compression + "': use gzip, auto or leave it empty"));
  }
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
      .is_header = std::move(is_header),
  };
}

}  // namespace otelpipe
