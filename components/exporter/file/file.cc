#include "exporter/file/file.h"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "otelpipe/base/status_macros.h"
#include "otelpipe/base/strings.h"
#include "otelpipe/component/register.h"
#include "otelpipe/pdata/codec.h"

namespace otelpipe {
namespace {

absl::Status Invalid(std::string_view text) { return absl::InvalidArgumentError(A(text)); }

// Lexical clean-up of a slash path as Go's path.Clean does it: no empty, "." or inner ".." elements, no slash at the end.
std::string CleanPath(std::string_view path) {
  bool rooted = !path.empty() && path[0] == '/';
  std::vector<std::string_view> parts;
  for (size_t start = 0; start <= path.size();) {
    size_t end = std::min(path.find('/', start), path.size());
    std::string_view part = path.substr(start, end - start);
    start = end + 1;
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (!parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!rooted) {
      parts.push_back(part);
    }
  }
  std::string out = rooted ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += '/';
    out += parts[i];
  }
  return out.empty() ? "." : out;
}

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Octal permissions, or nothing when the text is none.
std::optional<mode_t> ParsePermissions(const std::string& text) {
  char* end = nullptr;
  unsigned long mode = std::strtoul(text.c_str(), &end, 8);
  if (text.empty() || *end != '\0' || mode > 07777) return std::nullopt;
  return static_cast<mode_t>(mode);
}

void PutLength(std::string& out, size_t at, size_t length) {
  for (int i = 0; i < 4; ++i) out[at + static_cast<size_t>(i)] = static_cast<char>(length >> (24 - 8 * i));
}

}  // namespace

void FileRotation::Describe(Fields<FileRotation>& f) {
  f.Optional("max_megabytes", &FileRotation::max_megabytes, "Size in MiB at which the file is rotated; 0 means 100.");
  f.Optional("max_days", &FileRotation::max_days, "Rotated files older than this many days are removed; 0 keeps them.");
  f.Optional("max_backups", &FileRotation::max_backups, "How many rotated files are kept; 0 keeps all.");
  f.Optional("localtime", &FileRotation::localtime, "Local time instead of UTC in the names of rotated files.");
  f.Validate([](const FileRotation& c) {
    return c.max_megabytes < 0 || c.max_days < 0 || c.max_backups < 0 ? Invalid("rotation limits must not be negative")
                                                                     : absl::OkStatus();
  });
}

void FileExporter::GroupBy::Describe(Fields<GroupBy>& f) {
  f.Optional("enabled", &GroupBy::enabled, "Write one file per value of a resource attribute.");
  f.Optional("resource_attribute", &GroupBy::resource_attribute, "The attribute whose value replaces the * in path.");
  f.Optional("max_open_files", &GroupBy::max_open_files, "How many files are open at once.");
}

void FileExporter::Config::Describe(Fields<Config>& f) {
  f.Optional("path", &Config::path, "The file, relative to the working directory.");
  f.Optional("append", &Config::append, "Append to the file; otherwise it is truncated at the start.");
  f.Optional("format", &Config::format, "json or proto.");
  f.Optional("compression", &Config::compression, "zstd or nothing.");
  f.Optional("flush_interval", &Config::flush_interval, "How long a record may stay in the buffer; 0 means 1s.");
  f.Optional("rotation", &Config::rotation, "Rotate the file by size; on as soon as the key is there.");
  f.Optional("group_by", &Config::group_by, "One file per value of a resource attribute.");
  f.Optional("create_directory", &Config::create_directory, "Create missing parent directories of the file.");
  f.Optional("directory_permissions", &Config::directory_permissions, "Octal mode of directories that create_directory makes.");
  f.Unsupported("encoding", "encoding extensions are not available; use format json or proto");
  f.Validate([](const Config& c) { return c.path.empty() ? Invalid("path must be non-empty") : absl::OkStatus(); });
  f.Validate([](const Config& c) {
    return c.append && !c.compression.empty() ? Invalid("append and compression enabled at the same time is not supported")
                                              : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return c.append && c.rotation.value ? Invalid("append and rotation enabled at the same time is not supported")
                                        : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return c.format != "json" && c.format != "proto" ? Invalid("format type is not supported") : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return !c.compression.empty() && c.compression != "zstd" ? Invalid("compression is not supported") : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return c.flush_interval < absl::ZeroDuration() ? Invalid("flush_interval must be larger than zero") : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    return !ParsePermissions(c.directory_permissions)
               ? Invalid("directory_permissions must be a valid octal string of permission bits")
               : absl::OkStatus();
  });
  f.Validate([](const Config& c) {
    if (!c.group_by.enabled) return absl::OkStatus();
    if (std::count(c.path.begin(), c.path.end(), '*') != 1) {
      return Invalid("path must contain exactly one * when group_by is enabled");
    }
    if (c.path[0] == '*') return Invalid("path must not start with * when group_by is enabled");
    if (c.group_by.resource_attribute.empty()) {
      return Invalid("resource_attribute must not be empty when group_by is enabled");
    }
    return absl::OkStatus();
  });
}

FileExporter::FileExporter(Config config, Context context)
    : config_(std::move(config)), context_(std::move(context)), counters_(context_), proto_(config_.format == "proto") {
  if (config_.flush_interval == absl::ZeroDuration()) config_.flush_interval = absl::Seconds(1);
  if (config_.compression == "zstd") compressor_.emplace(Compression::kZstd, 3);
}

FileExporter::~FileExporter() = default;

absl::Status FileExporter::Start(Host&) {
  if (config_.group_by.enabled) {
    if (config_.group_by.max_open_files <= 0) return Invalid("must provide a positive size");
    size_t star = config_.path.find('*');
    std::string_view before = std::string_view(config_.path).substr(0, star);
    prefix_ = CleanPath(before);
    if (before.back() == '/' && prefix_.back() != '/') prefix_ += '/';
    suffix_ = config_.path.substr(star + 1);
  } else {
    FileSettings settings;
    settings.path = config_.path;
    settings.append = config_.append;
    if (config_.create_directory) settings.make_directories = ParsePermissions(config_.directory_permissions);
    if (config_.rotation.value) {
      const Rotation& r = *config_.rotation.value;
      settings.rotation = RotationSettings{(r.max_megabytes == 0 ? 100 : r.max_megabytes) << 20, r.max_days, r.max_backups,
                                           r.localtime};
    }
    sink_ = std::make_unique<FileSink>(std::move(settings), [this] { return context_.loop->Now(); });
    OTELPIPE_RETURN_IF_ERROR(sink_->Open());
  }
  running_ = true;
  return absl::OkStatus();
}

void FileExporter::Shutdown(ShutdownDone done) {
  running_ = false;
  timer_.Cancel();
  auto close = [this](FileSink& sink) {
    absl::Status status = sink.Close();
    if (!status.ok()) context_.log.Error("failed to write the last records", {{"path", sink.path()}, {"error", status}});
  };
  if (sink_) close(*sink_);
  for (Group& group : groups_) close(*group.sink);
  sink_.reset();
  groups_.clear();
  open_.clear();
  done();
}

void FileExporter::Consume(Batch batch, Done done) {
  if (!running_) {
    done.Finished(absl::UnavailableError("the file exporter is not running"));
    return;
  }
  // A malformed message would spoil the file: proto records are not looked into any further.
  absl::StatusOr<size_t> records = batch.CountRecords();
  if (!records.ok()) {
    done.Finished(records.status());
    return;
  }
  // The counter speaks when the record has left the buffer, so it travels with the acknowledgement.
  auto shared = std::make_shared<Done>(std::move(done));
  Done counted = Done::On([shared] { shared->Accepted(); },
                          [this, shared, signal = batch.signal(), n = *records](const absl::Status& status) {
                            counters_.Count(signal, n, status);
                            shared->Finished(status);
                          });
  if (config_.group_by.enabled) {
    ConsumeGrouped(std::move(batch), std::move(counted));
  } else {
    WriteTo(*sink_, batch, std::move(counted));
  }
}

// One record: JSON and a line feed, or a length and the bytes.
absl::Status FileExporter::AppendRecord(const Batch& batch, std::string& out, size_t& trailing) {
  trailing = 0;
  if (!proto_ && !compressor_) {
    OTELPIPE_RETURN_IF_ERROR(AppendJson(batch, out));
    out += '\n';
    trailing = 1;
    return absl::OkStatus();
  }
  size_t at = out.size();
  out.append(4, '\0');
  if (!compressor_) {
    for (const Buffer& piece : batch.wire()) out.append(piece.bytes);
  } else if (proto_) {
    out.append(compressor_->Compress(batch.wire()));
  } else {
    scratch_.clear();
    OTELPIPE_RETURN_IF_ERROR(AppendJson(batch, scratch_));
    out.append(compressor_->Compress(scratch_));
  }
  PutLength(out, at, out.size() - at - 4);
  return absl::OkStatus();
}

void FileExporter::WriteTo(FileSink& sink, const Batch& batch, Done done) {
  if (sink.full()) {
    done.Finished(absl::UnavailableError(A("earlier records could not be written to " + sink.path())));
    return;
  }
  size_t trailing = 0;
  absl::Status status = AppendRecord(batch, sink.BeginRecord(), trailing);
  if (!status.ok()) {
    sink.Discard();
    done.Finished(status);
    return;
  }
  status = sink.EndRecord(trailing, std::move(done));
  if (!status.ok()) ReportFailure(sink, status);
  if (sink.has_pending()) ArmTimer();
}

void FileExporter::ConsumeGrouped(Batch batch, Done done) {
  auto write = [&](auto data) {
    if (!data.ok()) {
      done.Finished(data.status());
      return;
    }
    WriteGroups(**data, std::move(done));
  };
  switch (batch.signal()) {
    case Signal::kLogs: write(batch.EditLogs()); return;
    case Signal::kTraces: write(batch.EditTraces()); return;
    case Signal::kMetrics: write(batch.EditMetrics()); return;
  }
}

template <typename Data>
void FileExporter::WriteGroups(Data& data, Done done) {
  // Groups in the order of their first resource.
  std::vector<std::pair<std::string, std::unique_ptr<Data>>> groups;
  for (auto& resource : data.resources) {
    const Value* value = resource.resource.attributes.Find(config_.group_by.resource_attribute);
    if (value == nullptr || !value->is_string()) {
      context_.log.Debug("Resource does not contain " + config_.group_by.resource_attribute + " attribute, dropping it");
      continue;
    }
    std::string path = GroupPath(prefix_, value->string(), suffix_);
    auto it = std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return g.first == path; });
    if (it == groups.end()) it = groups.insert(it, {path, std::make_unique<Data>()});
    it->second->resources.Add(it->second->arena) = std::move(resource);
  }
  if (groups.empty()) {
    done.Finished(absl::OkStatus());
    return;
  }
  std::vector<Done> parts = Done::Split(std::move(done), groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    absl::StatusOr<FileSink*> sink = SinkOf(groups[i].first);
    if (!sink.ok()) {
      ArmTimer();
      parts[i].Finished(Permanent(sink.status()));
      continue;
    }
    if constexpr (std::is_same_v<Data, LogsData>) {
      WriteTo(**sink, Batch::FromLogs(std::move(groups[i].second)), std::move(parts[i]));
    } else if constexpr (std::is_same_v<Data, TracesData>) {
      WriteTo(**sink, Batch::FromTraces(std::move(groups[i].second)), std::move(parts[i]));
    } else {
      WriteTo(**sink, Batch::FromMetrics(std::move(groups[i].second)), std::move(parts[i]));
    }
  }
}

absl::StatusOr<FileSink*> FileExporter::SinkOf(const std::string& path) {
  auto found = open_.find(path);
  if (found != open_.end()) {
    groups_.splice(groups_.begin(), groups_, found->second);
    return found->second->sink.get();
  }
  while (groups_.size() >= static_cast<size_t>(config_.group_by.max_open_files)) {
    Group& oldest = groups_.back();
    absl::Status closed = oldest.sink->Close();
    if (!closed.ok()) ReportFailure(*oldest.sink, closed);
    open_.erase(oldest.path);
    groups_.pop_back();
  }
  FileSettings settings;
  settings.path = path;
  settings.make_directories = ParsePermissions(config_.directory_permissions);
  // A file is truncated once in a run; when it comes back after it had to be closed, its first records stay.
  settings.append = config_.append || opened_before_.count(path) > 0;
  auto sink = std::make_unique<FileSink>(std::move(settings), [this] { return context_.loop->Now(); });
  OTELPIPE_RETURN_IF_ERROR(sink->Open());
  opened_before_.insert(path);
  groups_.push_front({path, std::move(sink)});
  open_[path] = groups_.begin();
  return groups_.front().sink.get();
}

std::string FileExporter::GroupPath(std::string_view prefix, std::string_view value, std::string_view suffix) {
  if (StartsWith(value, "./")) {
    value.remove_prefix(1);
  } else if (StartsWith(value, "../")) {
    value.remove_prefix(2);
  }
  std::string path = CleanPath(std::string(prefix) + std::string(value) + std::string(suffix));
  if (StartsWith(path, prefix)) return path;
  return CleanPath(std::string(prefix) + "/" + CleanPath("/" + std::string(value) + std::string(suffix)));
}

void FileExporter::ArmTimer() {
  if (timer_.pending()) return;
  timer_ = context_.loop->After(config_.flush_interval, [this] { FlushAll(); });
}

void FileExporter::FlushAll() {
  bool failed = false;
  bool pending = false;
  auto flush = [&](FileSink& sink) {
    absl::Status status = sink.Flush();
    if (!status.ok()) ReportFailure(sink, status);
    failed = failed || !status.ok();
    pending = pending || sink.has_pending();
  };
  if (sink_) flush(*sink_);
  for (Group& group : groups_) flush(*group.sink);
  if (!failed) failing_ = false;
  if (pending) ArmTimer();
}

// Once per outage: a full disk would otherwise fill the log.
void FileExporter::ReportFailure(const FileSink& sink, const absl::Status& status) {
  if (failing_) return;
  failing_ = true;
  context_.log.Error("failed to write; records are kept and written later", {{"path", sink.path()}, {"error", status}});
}

}  // namespace otelpipe

OTELPIPE_REGISTER(exporter, file, registry) { return registry.AddExporter<otelpipe::FileExporter>(); }
