#include "operator/syslog_parser/syslog_parser.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "operator/syslog_parser/syslog_message.h"
#include "otelpipe/base/status_macros.h"
#include "otelpipe/component/loop.h"
#include "otelpipe/component/register.h"
#include "otelpipe/timeparse/time_layout.h"

namespace otelpipe {
namespace {

using timeparse::TimeLayout;
using timeparse::Timestamp;

struct SeverityOfSyslog {
  int number;
  std::string_view text;
};
constexpr std::array<SeverityOfSyslog, 8> kSeverities = {{{21, "emerg"},
                                                          {19, "alert"},
                                                          {18, "crit"},
                                                          {17, "err"},
                                                          {13, "warning"},
                                                          {10, "notice"},
                                                          {9, "info"},
                                                          {5, "debug"}}};

std::string Lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

// Whether `<1 to 3 digits>` is anywhere in `text`.
bool HasPriority(std::string_view text) {
  for (size_t i = text.find('<'); i != std::string_view::npos; i = text.find('<', i + 1)) {
    size_t at = i + 1;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - i <= 3) ++at;
    if (at > i + 1 && at < text.size() && text[at] == '>') return true;
  }
  return false;
}

}  // namespace

struct SyslogParser::Layouts {
  TimeLayout stamp;    // RFC 3164, in the configured zone
  TimeLayout rfc3339;  // RFC 5424
};

void SyslogParser::Config::Describe(Fields<Config>& f) {
  f.InlineBase<ParserConfig>();
  f.Optional("protocol", &Config::protocol, "rfc3164 or rfc5424; required.");
  f.Optional("location", &Config::location, "Time zone of RFC 3164 times: an IANA name, UTC or Local.");
  f.Optional("enable_octet_counting", &Config::enable_octet_counting, "Messages have their length in front (RFC 6587); rfc5424 only.");
  f.Optional("non_transparent_framing_trailer", &Config::non_transparent_framing_trailer,
             "Messages end with this character: LF or NUL; rfc5424 only.");
  f.Optional("max_octets", &Config::max_octets, "Largest length that octet counting accepts.");
  f.Optional("allow_skip_pri_header", &Config::allow_skip_pri_header, "Take messages without priority.");
}

SyslogParser::SyslogParser(const Config& config, OperatorContext context)
    : Parser(config, std::move(context)), config_(config) {
  if (config_.max_octets <= 0) config_.max_octets = 8192;
  if (config_.location.empty()) config_.location = "UTC";
}
SyslogParser::~SyslogParser() = default;

absl::Status SyslogParser::Init() {
  std::vector<ConfigError> errors;
  AppendMistakes(errors, Parser::Init());
  std::string protocol = Lower(config_.protocol);
  rfc5424_ = protocol == "rfc5424";
  const std::string& trailer = config_.non_transparent_framing_trailer;
  if (protocol.empty()) {
    AppendMistakes(errors, absl::InvalidArgumentError("missing field 'protocol'"));
  } else if (protocol != "rfc3164" && !rfc5424_) {
    AppendMistakes(errors, MistakeAt("protocol", absl::StrCat("unsupported protocol version: ", protocol)));
  } else if (!rfc5424_ && (config_.enable_octet_counting || !trailer.empty())) {
    AppendMistakes(errors, absl::InvalidArgumentError(
                               "octet_counting and non_transparent_framing are only compatible with protocol rfc5424"));
  } else if (config_.enable_octet_counting && !trailer.empty()) {
    AppendMistakes(errors,
                   absl::InvalidArgumentError("only one of octet_counting or non_transparent_framing can be enabled"));
  } else if (!trailer.empty() && trailer != "LF" && trailer != "NUL") {
    AppendMistakes(errors, MistakeAt("non_transparent_framing_trailer",
                                     absl::StrCat("invalid non_transparent_framing_trailer '", trailer,
                                                  "'. Must be either 'LF' or 'NUL'")));
  }
  TimeLayout::Settings settings;
  settings.layout_type = "gotime";
  settings.layout = "2006-01-02T15:04:05.999999Z07:00";
  settings.location = "UTC";
  if (Loop* loop = context().loop; loop != nullptr) {
    settings.now = [loop] { return Timestamp::FromUnixNanos(absl::ToUnixNanos(loop->Now())); };
  }
  absl::StatusOr<TimeLayout> rfc3339 = TimeLayout::Compile(settings);
  if (!rfc3339.ok()) return rfc3339.status();
  settings.layout = "Jan _2 15:04:05";
  settings.location = config_.location;
  absl::StatusOr<TimeLayout> stamp = TimeLayout::Compile(settings);
  if (stamp.ok()) {
    layouts_ = std::make_unique<Layouts>(Layouts{*std::move(stamp), *std::move(rfc3339)});
  } else {
    std::string_view message = S(stamp.status().message());
    constexpr std::string_view kPrefix = "invalid 'location': ";
    if (message.starts_with(kPrefix)) message.remove_prefix(kPrefix.size());
    AppendMistakes(errors, MistakeAt("location", message));
  }
  if (!has_time_reader()) {
    TimeConfig native;
    native.layout_type = "native";
    OTELPIPE_ASSIGN_OR_RETURN(native.parse_from, FieldPath::Parse("attributes.timestamp"));
    absl::StatusOr<std::unique_ptr<EntryReader>> reader = MakeTimeReader(native, context());
    if (!reader.ok()) return reader.status();
    set_time_reader(*std::move(reader));
  }
  return MistakesToStatus(errors);
}

absl::Status SyslogParser::Process(Entry& entry) {
  skipped_priority_ = false;
  if (config_.allow_skip_pri_header && !config_.enable_octet_counting) {
    // Before `if`, and without on_error: the reference loses such an entry.
    const Value* value = parse_from().Get(entry);
    if (value == nullptr || !value->is_string()) {
      return absl::InvalidArgumentError(
          absl::StrCat("unable to convert type '", A(value == nullptr ? "<nil>" : GoTypeName(*value)), "' to bytes"));
    }
    skipped_priority_ = value->string().size() > 1 && value->string()[0] != '<';
  }
  return Parser::Process(entry);
}

absl::Status SyslogParser::ParseText(std::string_view text, syslog::Message& out) const {
  return rfc5424_ ? syslog::ParseRfc5424(text, out) : syslog::ParseRfc3164(text, out);
}

absl::Status SyslogParser::ParseOctets(std::string_view text, syslog::Message& out) const {
  absl::Status last = absl::InvalidArgumentError("parsed value was not rfc3164 or rfc5424 compliant");
  while (!text.empty()) {
    size_t digits = 0;
    int64_t size = 0;
    while (digits < text.size() && text[digits] >= (digits == 0 ? '1' : '0') && text[digits] <= '9' && digits < 9) {
      size = size * 10 + (text[digits++] - '0');
    }
    if (digits == 0) {
      std::string found = text[0] == ' ' ? "WS" : absl::StrCat("ILLEGAL(", std::string(1, text[0]), ")");
      return absl::InvalidArgumentError(absl::StrCat("found ", found, ", expecting a MSGLEN"));
    }
    if (size > config_.max_octets) {
      return absl::InvalidArgumentError(
          absl::StrCat("message too long to parse. was size ", size, ", max length ", config_.max_octets));
    }
    text.remove_prefix(digits);
    if (text.empty() || text[0] != ' ') {
      std::string found = text.empty() ? "EOF" : absl::StrCat("ILLEGAL(", std::string(1, text[0]), ")");
      return absl::InvalidArgumentError(absl::StrCat("found ", found, ", expecting a WS"));
    }
    text.remove_prefix(1);
    if (static_cast<int64_t>(text.size()) < size) {
      return absl::InvalidArgumentError(absl::StrCat("found EOF after \"", A(text), "\", expecting a SYSLOGMSG containing ", size,
                                                     " octets"));
    }
    out = syslog::Message();
    last = ParseText(text.substr(0, static_cast<size_t>(size)), out);
    text.remove_prefix(static_cast<size_t>(size));
  }
  return last;
}

absl::Status SyslogParser::ParseTrailers(std::string_view text, char trailer, syslog::Message& out) const {
  // Of several messages the last one counts.
  while (!text.empty() && text.back() == trailer) text.remove_suffix(1);
  size_t before = text.rfind(trailer);
  if (before != std::string_view::npos) text.remove_prefix(before + 1);
  return ParseText(text, out);
}

absl::StatusOr<Value> SyslogParser::Parse(const Value& in, Entry& entry) {
  if (!in.is_string()) {
    return absl::InvalidArgumentError(absl::StrCat("unable to convert type '", A(GoTypeName(in)), "' to bytes"));
  }
  std::string_view text = in.string();
  if (config_.allow_skip_pri_header && !config_.enable_octet_counting && !HasPriority(text)) {
    text = entry.arena->Copy(absl::StrCat("<0>", A(text)));
  }
  syslog::Message message;
  absl::Status parsed;
  if (config_.enable_octet_counting) {
    parsed = ParseOctets(text, message);
  } else if (!config_.non_transparent_framing_trailer.empty()) {
    parsed = ParseTrailers(text, config_.non_transparent_framing_trailer == "LF" ? '\n' : '\0', message);
  } else {
    parsed = ParseText(text, message);
  }
  if (!parsed.ok()) return parsed;
  size_t shift = message.stamp.empty() ? 0 : static_cast<size_t>(message.stamp.data() - text.data());
  return ToMap(message, *entry.arena, shift);
}

absl::StatusOr<Value> SyslogParser::ToMap(const syslog::Message& m, Arena& arena, size_t column) {
  Map* map = arena.New<Map>();
  auto put = [&](std::string_view key, Value value) { map->Set(arena, context().intern(key), value); };
  if (!m.stamp.empty()) {
    absl::StatusOr<Timestamp> time = (rfc5424_ ? layouts_->rfc3339 : layouts_->stamp).Parse(m.stamp);
    if (!time.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(time.status().message(), " [col ", column + m.stamp.size(), "]"));
    }
    put("timestamp", TimeToValue(EntryTime{time->seconds, time->nanos, true}, arena));
  }
  if (!skipped_priority_) {
    put("priority", Value::Int(m.priority));
    put("facility", Value::Int(m.priority / 8));
    put("severity", Value::Int(m.priority % 8));
  }
  if (!m.hostname.empty()) put("hostname", Value::Str(m.hostname));
  if (!m.appname.empty()) put("appname", Value::Str(m.appname));
  if (!m.proc_id.empty()) put("proc_id", Value::Str(m.proc_id));
  if (!m.msg_id.empty()) put("msg_id", Value::Str(m.msg_id));
  if (m.has_message) put("message", Value::Str(m.message));
  if (m.version >= 0) put("version", Value::Int(m.version));
  if (m.has_data) {
    Map* data = arena.New<Map>();
    for (const syslog::Message::Element& element : m.data) {
      Map* params = arena.New<Map>();
      for (const syslog::Message::Param& p : element.params) params->Set(arena, p.name, Value::Str(arena.Copy(p.value)));
      data->Set(arena, element.id, Value::OfMap(params));
    }
    put("structured_data", Value::OfMap(data));
  }
  return Value::OfMap(map);
}

absl::Status SyslogParser::AfterParse(Entry& entry) {
  if (!skipped_priority_) {
    const Value* severity = entry.attributes.Find("severity");
    if (severity == nullptr) return absl::InvalidArgumentError("severity field does not exist");
    if (severity->kind() != ValueKind::kInt || severity->integer() < 0 || severity->integer() > 7) {
      return absl::InvalidArgumentError("severity field is not an int");
    }
    const SeverityOfSyslog& found = kSeverities[static_cast<size_t>(severity->integer())];
    entry.severity = found.number;
    entry.severity_text = found.text;
    entry.attributes.Remove("severity");
  }
  entry.attributes.Remove("timestamp");
  return absl::OkStatus();
}

}  // namespace otelpipe

OTELPIPE_REGISTER(operator, syslog_parser, registry) {
  return registry.AddOperator(otelpipe::MakeOperatorFactory<otelpipe::SyslogParser>());
}
