#include "operator/file_output/file_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/register.h"
#include "otelpipe/operator/entry_json.h"
#include "otelpipe/operator/parser.h"
#include "otelpipe/pdata/text.h"
#include "otelpipe/timeparse/severity.h"
#include "otelpipe/timeparse/timestamp.h"

namespace otelpipe {
namespace {

bool IsNameCharacter(char c) { return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

// What Go's templates print for a value.
std::string PrintedValue(const Value& value) {
  if (value.is_empty()) return "<no value>";
  if (IsTime(value)) {
    EntryTime t = TimeFromValue(value);
    return timeparse::FormatGoTime(t.set ? timeparse::Timestamp{t.seconds, t.nanos} : timeparse::Timestamp::GoZero());
  }
  if (value.is_list()) {
    std::string out = "[";
    for (const Value& item : value.list()) absl::StrAppend(&out, out.size() > 1 ? " " : "", PrintedValue(item));
    return out + "]";
  }
  if (value.is_map()) {
    std::string out = "map[";
    for (const KeyValue& kv : value.map()) {
      absl::StrAppend(&out, out.size() > 4 ? " " : "", A(kv.key), ":", PrintedValue(kv.value));
    }
    return out + "]";
  }
  if (value.kind() == ValueKind::kDouble) {
    std::string out;
    AppendGoDouble(out, value.number());
    return out;
  }
  return value.AsString();
}

}  // namespace

void FileOutput::Config::Describe(Fields<Config>& f) {
  f.Optional("type", &Config::type, "Type of the operator.");
  f.Optional("id", &Config::id, "Name of this operator for `output` and for log lines.");
  f.Optional("path", &Config::path, "File that is appended to; required.");
  f.Optional("format", &Config::format, "Text with fields such as {{.Body}} and {{.Attributes.name}}; JSON lines when unset.");
}

absl::Status FileOutput::Init() {
  std::vector<ConfigError> errors;
  if (config_.path.empty()) AppendMistakes(errors, absl::InvalidArgumentError("must provide a path to output to"));
  AppendMistakes(errors, CompileFormat());
  return MistakesToStatus(errors);
}

absl::Status FileOutput::CompileFormat() {
  static constexpr std::string_view kFields[] = {"Body",         "Attributes", "Resource", "Timestamp", "ObservedTimestamp",
                                                 "SeverityText", "Severity",   "ScopeName"};
  std::string_view rest = config_.format;
  while (!rest.empty()) {
    size_t open = rest.find("{{");
    if (open != 0) {
      format_.push_back({std::string(rest.substr(0, open)), {}});
      if (open == std::string_view::npos) break;
      rest.remove_prefix(open);
    }
    size_t close = rest.find("}}");
    if (close == std::string_view::npos) return MistakeAt("format", "template: file:1: unclosed action");
    std::string_view action = rest.substr(2, close - 2);
    rest.remove_prefix(close + 2);
    while (action.starts_with(" ")) action.remove_prefix(1);
    while (action.ends_with(" ")) action.remove_suffix(1);
    Piece piece;
    std::string_view path = action;
    while (path.starts_with(".")) {
      path.remove_prefix(1);
      size_t end = 0;
      while (end < path.size() && IsNameCharacter(path[end])) ++end;
      piece.field.emplace_back(path.substr(0, end));
      path.remove_prefix(end);
    }
    bool known = false;
    for (std::string_view name : kFields) known |= !piece.field.empty() && piece.field[0] == name;
    if (!path.empty() || !known) {
      return MistakeAt("format", absl::StrCat("template action {{", A(action), "}} is not supported: only fields of the entry are, such as ",
                                              "{{.Body}} or {{.Attributes.name}}"));
    }
    format_.push_back(std::move(piece));
  }
  return absl::OkStatus();
}

absl::Status FileOutput::Start() {
  fd_ = ::open(config_.path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) return absl::UnavailableError(absl::StrCat("open ", config_.path, ": ", std::strerror(errno)));
  return absl::OkStatus();
}

void FileOutput::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void FileOutput::AppendField(const std::vector<std::string>& field, const Entry& entry) {
  const std::string& root = field[0];
  if (root == "Timestamp" || root == "ObservedTimestamp") {
    timeparse::Timestamp t = timeparse::Timestamp::FromUnixNanos(static_cast<int64_t>(entry.observed_unix_nano));
    if (root == "Timestamp") {
      t = entry.timestamp.set ? timeparse::Timestamp{entry.timestamp.seconds, entry.timestamp.nanos}
                              : timeparse::Timestamp::GoZero();
    }
    line_ += timeparse::FormatGoTime(t);
    return;
  }
  if (root == "SeverityText") {
    line_ += entry.severity_text;
    return;
  }
  if (root == "Severity") {
    line_ += entry.severity == 0 ? std::string_view("DEFAULT") : timeparse::SeverityShortName(entry.severity);
    return;
  }
  if (root == "ScopeName") {
    line_ += entry.scope_name;
    return;
  }
  Map* map = const_cast<Map*>(root == "Resource" ? &entry.resource : &entry.attributes);
  Value value = root == "Body" ? entry.body : Value::OfMap(map);
  for (size_t i = 1; i < field.size(); ++i) {
    const Value* next = value.is_map() ? value.map().Find(field[i]) : nullptr;
    value = next == nullptr ? Value() : *next;
  }
  line_ += PrintedValue(value);
}

absl::Status FileOutput::Process(Entry& entry) {
  line_.clear();
  if (format_.empty()) {
    AppendEntryJson(line_, entry, false);
    line_ += '\n';
  } else {
    for (const Piece& piece : format_) {
      line_ += piece.text;
      if (!piece.field.empty()) AppendField(piece.field, entry);
    }
  }
  std::string_view rest = line_;
  while (!rest.empty()) {
    ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return absl::UnavailableError(absl::StrCat("write ", config_.path, ": ", std::strerror(errno)));
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, file_output, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::FileOutput>());
}
