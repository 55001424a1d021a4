// Syslog. The first byte chooses the settings of the operator. What a message is taken apart into lies in the input and within the limits of the
// grammar; a message of RFC 5424 written from its parts is taken apart into the same; the operator, which reports errors and sends on, never loses
// the entry.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "operator/syslog_parser/syslog_message.h"
#include "operator/testing/harness.h"

namespace {

using namespace otelpipe::syslog;
using otelpipe::testing::OperatorHarness;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckParts(std::string_view text, const Message& m, size_t longest_name) {
  Require(m.priority >= -1 && m.priority <= 191);
  for (std::string_view part : {m.stamp, m.hostname, m.appname, m.proc_id, m.msg_id, m.message}) {
    if (part.empty()) continue;
    Require(part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
  }
  Require(m.hostname.size() <= 255 && m.appname.size() <= longest_name && (m.has_message || m.message.empty()));
  for (std::string_view name : {m.hostname, m.appname}) {
    for (char c : name) Require(c > ' ' && c < 0x7F);
  }
}

std::string Write(const Message& m) {
  auto part = [](std::string_view text) { return " " + (text.empty() ? std::string("-") : std::string(text)); };
  std::string out = "<" + std::to_string(m.priority) + ">" + std::to_string(m.version);
  for (std::string_view text : {m.stamp, m.hostname, m.appname, m.proc_id, m.msg_id}) out += part(text);
  out += ' ';
  if (m.data.empty()) out += '-';
  for (const Message::Element& element : m.data) {
    out += "[" + std::string(element.id);
    for (const Message::Param& param : element.params) {
      out += " " + std::string(param.name) + "=\"";
      for (char c : param.value) {
        if (c == '"' || c == '\\' || c == ']') out += '\\';
        out += c;
      }
      out += '"';
    }
    out += ']';
  }
  if (m.has_message) out += " " + std::string(m.message);
  return out;
}

void CheckWritten(const Message& m) {
  const std::string text = Write(m);
  Message again;
  Require(ParseRfc5424(text, again).ok());
  Require(again.priority == m.priority && again.version == m.version && again.stamp == m.stamp && again.hostname == m.hostname &&
          again.appname == m.appname && again.proc_id == m.proc_id && again.msg_id == m.msg_id && again.message == m.message &&
          again.data.size() == m.data.size());
  for (size_t i = 0; i < m.data.size(); ++i) {
    Require(again.data[i].id == m.data[i].id && again.data[i].params.size() == m.data[i].params.size());
    for (size_t j = 0; j < m.data[i].params.size(); ++j) {
      Require(again.data[i].params[j].name == m.data[i].params[j].name && again.data[i].params[j].value == m.data[i].params[j].value);
    }
  }
}

constexpr const char* kSettings[] = {"protocol: rfc3164",
                                     "protocol: rfc5424",
                                     "protocol: rfc3164, location: America/New_York, allow_skip_pri_header: true",
                                     "protocol: rfc5424, allow_skip_pri_header: true",
                                     "protocol: rfc5424, enable_octet_counting: true, max_octets: 60",
                                     "protocol: rfc5424, non_transparent_framing_trailer: LF",
                                     "protocol: rfc5424, non_transparent_framing_trailer: NUL"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 2000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Message old, message;
  if (ParseRfc3164(text, old).ok()) CheckParts(text, old, 48);
  if (ParseRfc5424(text, message).ok()) {
    CheckParts(text, message, 48);
    Require(message.version >= 1 && message.version <= 999 && message.proc_id.size() <= 128 && message.msg_id.size() <= 32);
    CheckWritten(message);
  }
  const size_t choice = data[0] % std::size(kSettings);
  static std::unique_ptr<OperatorHarness> harnesses[std::size(kSettings)];
  if (harnesses[choice] == nullptr) {
    harnesses[choice] = std::make_unique<OperatorHarness>(std::string("- {type: syslog_parser, ") + kSettings[choice] + "}");
    Require(harnesses[choice]->errors().empty());
  }
  OperatorHarness& harness = *harnesses[choice];
  (void)harness.Process(text);
  const auto records = harness.Take();
  Require(records.size() == 1 && records[0].body_value.string() == text);
  harness.Clear();
  return 0;
}
