#include "operator/container/container.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "operator/container/cri_line.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/json.h"
#include "otelpipe/regex/pattern.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe {
namespace {

using container::CriKind;
using container::CriLine;
using container::DetectCriLine;
using container::ParseCriLine;
using timeparse::TimeLayout;

// Resource attributes in order of the groups of the pattern.
constexpr std::array<std::string_view, 5> kMetadata = {"k8s.namespace.name", "k8s.pod.name", "k8s.pod.uid",
                                                       "k8s.container.name", "k8s.container.restart_count"};
constexpr std::string_view kPathPattern =
    R"(^.*[/\\]([^_]+)_([^_]+)_([a-f0-9\-]+)[/\\]([^._]+)[/\\](\d+)\.log(?:\.\d{8}-\d{6})?$)";

absl::StatusOr<TimeLayout> GoLayout(std::string layout) {
  TimeLayout::Settings settings;
  settings.layout_type = "gotime";
  settings.layout = std::move(layout);
  settings.location = "UTC";
  return TimeLayout::Compile(settings);
}

}  // namespace

struct ContainerParser::Tools {
  TimeLayout zulu;    // docker and containerd
  TimeLayout offset;  // crio
  std::shared_ptr<const regex::Pattern> path;
  std::vector<std::string_view> captures;
};

void ContainerParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("format", &Config::format, "docker, crio or containerd; found out for each line when unset.");
  f.Optional("add_metadata_from_filepath", &Config::add_metadata_from_filepath,
             "Set namespace, pod, uid, container and restart count from attributes[\"log.file.path\"].");
  f.Optional("max_log_size", &Config::max_log_size, "Bytes after which a record of parts ends; 0 for no limit.");
}

ContainerParser::ContainerParser(const Config& config, OperatorContext context)
    : Parser(config, std::move(context)), config_(config) {
  const InternFunction& intern = this->context().intern;
  time_key_ = intern("time");
  stream_key_ = intern("stream");
  logtag_key_ = intern("logtag");
  log_key_ = intern("log");
  iostream_key_ = intern("log.iostream");
  path_key_ = intern("log.file.path");
  for (size_t i = 0; i < kMetadata.size(); ++i) metadata_keys_[i] = intern(kMetadata[i]);
}

ContainerParser::~ContainerParser() = default;

absl::Status ContainerParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Parser::Init());
  if (config_.format == "docker") {
    format_ = Format::kDocker;
  } else if (config_.format == "crio") {
    format_ = Format::kCrio;
  } else if (config_.format == "containerd") {
    format_ = Format::kContainerd;
  } else if (!config_.format.empty()) {
    AppendMistakes(errors, MistakeAt("format", WithDetails("operator config has an invalid `format` field.",
                                                           {{"format", config_.format}})));
  }
  OTELPIPE_ASSIGN_OR_RETURN(TimeLayout zulu, GoLayout("2006-01-02T15:04:05.999Z"));
  OTELPIPE_ASSIGN_OR_RETURN(TimeLayout offset, GoLayout("2006-01-02T15:04:05.999999999Z07:00"));
  OTELPIPE_ASSIGN_OR_RETURN(auto pattern, regex::Pattern::Compile(kPathPattern));
  size_t slots = pattern->capture_count();
  tools_ = std::make_unique<Tools>(Tools{std::move(zulu), std::move(offset), std::move(pattern), {}});
  tools_->captures.resize(slots);

  PartJoiner::Settings settings;
  settings.field = FieldPath::Body();
  OTELPIPE_ASSIGN_OR_RETURN(settings.source, FieldPath::Parse("attributes[\"log.file.path\"]"));
  settings.max_bytes = config_.max_log_size.bytes;
  joiner_ = std::make_unique<PartJoiner>(std::move(settings), context(), [this](Entry& entry) { return Write(entry); });
  return MistakesToStatus(errors);
}

absl::StatusOr<ContainerParser::Format> ContainerParser::Detect(const Entry& entry) {
  const Value* value = parse_from().Get(entry);
  constexpr absl::string_view kPrefix = "failed to detect a valid container log format: ";
  if (value == nullptr || !value->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat(
        kPrefix, "type '", A(value == nullptr ? "<nil>" : GoTypeName(*value)), "' cannot be parsed as container logs"));
  }
  std::string_view text = value->string();
  if (!text.empty() && text.front() == '{') return Format::kDocker;
  CriKind kind;
  has_line_ = DetectCriLine(text, kind, line_);
  if (has_line_) return kind == CriKind::kCrio ? Format::kCrio : Format::kContainerd;
  return absl::InvalidArgumentError(absl::StrCat(kPrefix, "entry cannot be parsed as container logs: ", A(text)));
}

absl::Status ContainerParser::Process(Entry& entry) {
  current_ = format_;
  has_line_ = false;
  if (format_ == Format::kDetect) {
    // Before `if`, and without on_error: the reference loses such an entry.
    absl::StatusOr<Format> found = Detect(entry);
    if (!found.ok()) return found.status();
    current_ = *found;
  }
  if (has_if()) {
    absl::StatusOr<bool> matches = Matches(entry);
    if (!matches.ok()) return HandleError(entry, matches.status(), false);
    if (!*matches) return Write(entry);
  }
  return current_ == Format::kDocker ? ProcessDocker(entry) : ProcessCri(entry);
}

absl::Status ContainerParser::ProcessDocker(Entry& entry) {
  absl::Status status = ParseEntry(entry);
  bool parsed = status.ok();
  if (parsed) status = MapAttributes(entry);
  if (status.ok()) return Write(entry);
  absl::Status told = HandleError(entry, status, !parsed);
  return told.ok() ? told : Annotate(told, "failed to process the docker log: ");
}

absl::Status ContainerParser::ProcessCri(Entry& entry) {
  if (FastCri(entry)) {
    if (config_.add_metadata_from_filepath) {
      absl::Status status = AddPathMetadata(entry);
      if (!status.ok()) return Annotate(status, "failed to handle attribute mappings: ");
    }
    return Join(entry);
  }
  absl::Status status = ParseEntry(entry);
  if (!status.ok()) {
    absl::Status told = HandleError(entry, status, true);
    if (told.ok()) return told;
    return Annotate(told, current_ == Format::kCrio ? "failed to parse crio log: " : "failed to parse containerd log: ");
  }
  // From here on the reference loses the entry whatever on_error says.
  status = MapAttributes(entry);
  if (!status.ok()) return Annotate(status, "failed to handle attribute mappings: ");
  return Join(entry);
}

absl::Status ContainerParser::Join(Entry& entry) {
  const Value* tag = entry.attributes.Find(logtag_key_);
  bool full = tag != nullptr && tag->is_string() && tag->string() == "F";
  return joiner_->Append(entry, full ? PartJoiner::Part::kLast : PartJoiner::Part::kMiddle);
}

bool ContainerParser::FastCri(Entry& entry) {
  if (has_blocks() || !to_attributes()) return false;
  if (!has_line_) {
    const Value* value = parse_from().Get(entry);
    if (value == nullptr || !value->is_string() ||
        !ParseCriLine(value->string(), current_ == Format::kCrio ? CriKind::kCrio : CriKind::kContainerd, line_)) {
      return false;
    }
  }
  bool fresh = true;  // none of the keys is there
  for (const KeyValue& kv : entry.attributes) {
    if (kv.key == "time" || kv.key == "log" || kv.key == "stream") return false;
    fresh &= kv.key != "logtag" && kv.key != "log.iostream";
  }
  if (!SetTime(Value::Str(line_.time), entry).ok()) return false;
  Map& attributes = entry.attributes;
  if (fresh) {
    attributes.Append(*entry.arena, logtag_key_, Value::Str(line_.tag));
    attributes.Append(*entry.arena, iostream_key_, Value::Str(line_.stream));
  } else {
    attributes.Set(*entry.arena, logtag_key_, Value::Str(line_.tag));
    attributes.Set(*entry.arena, iostream_key_, Value::Str(line_.stream));
  }
  entry.has_attributes = true;
  entry.body = Value::Str(line_.log);
  return true;
}

absl::StatusOr<Value> ContainerParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(GoTypeName(in)), "' cannot be parsed as container logs"));
  }
  if (current_ == Format::kDocker) return ParseJsonObject(in.string(), *entry.arena);
  CriLine line;
  if (!ParseCriLine(in.string(), current_ == Format::kCrio ? CriKind::kCrio : CriKind::kContainerd, line)) {
    return absl::InvalidArgumentError("regex pattern does not match");
  }
  Map* map = entry.arena->New<Map>();
  map->Append(*entry.arena, time_key_, Value::Str(line.time));
  map->Append(*entry.arena, stream_key_, Value::Str(line.stream));
  map->Append(*entry.arena, logtag_key_, Value::Str(line.tag));
  map->Append(*entry.arena, log_key_, Value::Str(line.log));
  return Value::OfMap(map);
}

absl::Status ContainerParser::SetTime(const Value& value, Entry& entry) {
  const TimeLayout& layout = current_ == Format::kCrio ? tools_->offset : tools_->zulu;
  if (!value.is_string() && (value.kind() != ValueKind::kBytes || IsTime(value))) {
    return absl::InvalidArgumentError(
        absl::StrCat("failed to parse time: type ", A(GoTypeName(value)), " cannot be parsed as a time"));
  }
  absl::StatusOr<timeparse::Timestamp> time = layout.Parse(value.string());
  if (!time.ok()) return Annotate(time.status(), "failed to parse time: ");
  entry.timestamp = EntryTime{time->seconds, time->nanos, !time->is_go_zero()};
  return absl::OkStatus();
}

absl::Status ContainerParser::MapAttributes(Entry& entry) {
  // Each step stays done when a later one fails.
  const Value* time = entry.attributes.Find(time_key_);
  if (time == nullptr) {
    return absl::InvalidArgumentError("failed to parse time: failed to get the time from attributes.time");
  }
  OTELPIPE_RETURN_IF_ERROR(SetTime(*time, entry));
  entry.attributes.Remove(time_key_);
  const Value* log = entry.attributes.Find(log_key_);
  if (log == nullptr) return absl::InvalidArgumentError("move: field log does not exist");
  Value moved = *log;
  entry.attributes.Remove(log_key_);
  OTELPIPE_RETURN_IF_ERROR(FieldPath::Body().Set(entry, moved));
  const Value* stream = entry.attributes.Find(stream_key_);
  if (stream == nullptr) return absl::InvalidArgumentError("move: field stream does not exist");
  moved = *stream;
  entry.attributes.Remove(stream_key_);
  entry.attributes.Set(*entry.arena, iostream_key_, moved);
  return config_.add_metadata_from_filepath ? AddPathMetadata(entry) : absl::OkStatus();
}

const ContainerParser::PathMetadata& ContainerParser::LookUpPath(const Value& path) {
  // Paths that are a file's constants are remembered by address, others use the last slot for one call.
  constexpr size_t kSlots = 128;
  if (paths_.empty()) paths_.resize(kSlots + 1);
  std::string_view text = path.string();
  bool constant = path.tag() == kTagFileConstant;
  size_t index = constant ? (reinterpret_cast<uintptr_t>(text.data()) / 16 * 0x9E3779B1u >> 8) % kSlots : kSlots;
  PathMetadata& slot = paths_[index];
  if (constant && slot.data == text.data() && slot.size == text.size()) return slot;
  slot.data = text.data();
  slot.size = text.size();
  slot.matched = tools_->path->Match(text, tools_->captures.data());
  for (size_t i = 0; slot.matched && i < slot.values.size(); ++i) {
    slot.values[i] = Value::Str(tools_->captures[i + 1]);
    slot.values[i].set_tag(path.tag());
  }
  return slot;
}

absl::Status ContainerParser::AddPathMetadata(Entry& entry) {
  const Value* path = entry.attributes.Find(path_key_);
  if (path == nullptr || !path->is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("type '", A(path == nullptr ? "<nil>" : GoTypeName(*path)),
                                                   "' cannot be parsed as log path field"));
  }
  const PathMetadata& found = LookUpPath(*path);
  if (!found.matched) return absl::InvalidArgumentError("failed to detect a valid log path");
  entry.has_resource = true;
  const bool fresh = entry.resource.size() == 0;
  if (fresh) entry.resource.Reserve(*entry.arena, static_cast<uint32_t>(metadata_keys_.size()));
  for (size_t i = 0; i < metadata_keys_.size(); ++i) {
    if (fresh) {
      entry.resource.Append(*entry.arena, metadata_keys_[i], found.values[i]);
    } else {
      entry.resource.Set(*entry.arena, metadata_keys_[i], found.values[i]);
    }
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, container, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::ContainerParser>());
}
