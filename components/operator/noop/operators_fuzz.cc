// What all operators have in common, tried on many: any bytes as the body of an entry, for an operator that the first byte chooses. With `send` exactly one
// record comes out, with `drop` one only when there was no error; the two agree on the error, and on the record when there was none.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "operator/testing/harness.h"

namespace {

using otelpipe::testing::OperatorHarness;

constexpr const char* kOperators[] = {
    "json_parser, parse_ints: true, timestamp: {parse_from: attributes.t, layout: '%Y-%m-%dT%H:%M:%S.%L%z'}, severity: {parse_from: attributes.l}, "
    "trace: {trace_id: {parse_from: attributes.i}}",
    "json_parser, parse_to: body, scope_name: {parse_from: body.s}, severity: {parse_from: body.v}",
    "json_array_parser, parse_to: body",
    "json_array_parser, header: 'a,b,c'",
    "csv_parser, header: 'a,b', ignore_quotes: true",
    "csv_parser, header: 'a;b;c', delimiter: ';', lazy_quotes: true, parse_to: body",
    "key_value_parser, delimiter: ':', pair_delimiter: ','",
    "uri_parser, parse_to: attributes.u",
    "regex_parser, regex: '^(?P<a>\\w+)\\s+(?P<b>[^ ]*)(?: (?P<c>.*))?$', severity: {parse_from: attributes.a, "
    "mapping: {warn: [4xx, {min: 1, max: 9}], error: e}}",
    "regex_parser, regex: '(?P<t>\\d+)(?P<a>x)|(?P<a>y*)', timestamp: {parse_from: attributes.t, layout_type: epoch, layout: s}",
    "syslog_parser, protocol: rfc3164, location: Europe/Berlin",
    "syslog_parser, protocol: rfc5424, parse_to: body",
    "time_parser, parse_from: body, layout: '%a %b %e %H:%M:%S %Z %Y'",
    "time_parser, parse_from: body, layout_type: gotime, layout: '2006-01-02 15:04:05.999 MST'",
    "time_parser, parse_from: body, layout_type: epoch, layout: s.ns",
    "severity_parser, parse_from: body, preset: otel, overwrite_text: true",
    "trace_parser, trace_id: {parse_from: body}, span_id: {parse_from: body}, trace_flags: {parse_from: body}",
    "scope_name_parser, parse_from: body",
    "unquote, field: body",
    "regex_replace, field: body, regex: '(a+)|(\\s)', replace_with: '[$${1}$2]'",
    "regex_replace, field: body, regex_name: ansi_control_sequences",
    "add, field: attributes.x, value: 'EXPR(split(body, \",\") | map(upper(#)) | join(\"-\"))'",
    "add, field: body.deep, value: 'EXPR(fromJSON(body))'",
    "move, from: body, to: attributes.a.b",
    "flatten, field: body",
    "assign_keys, field: body, keys: [a, b]",
    "retain, fields: [attributes.k, body.x]",
    "container, format: docker, add_metadata_from_filepath: false",
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 2000) return 0;
  const size_t choice = data[0] % std::size(kOperators);
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  static std::unique_ptr<OperatorHarness> harnesses[2][std::size(kOperators)];
  std::string errors[2], shown[2];
  for (int drop : {0, 1}) {
    std::unique_ptr<OperatorHarness>& harness = harnesses[drop][choice];
    if (harness == nullptr) {
      harness = std::make_unique<OperatorHarness>(std::string("- {type: ") + kOperators[choice] + ", on_error: " + (drop == 1 ? "drop" : "send") + "}");
      if (!harness->errors().empty()) {
        std::fprintf(stderr, "%s: %s\n", kOperators[choice], harness->error().c_str());
        std::abort();
      }
    }
    errors[drop] = harness->Process(body, {{"k", "v"}});
    const auto records = harness->Take();
    const size_t wanted = drop == 1 && !errors[drop].empty() ? 0 : 1;
    if (records.size() != wanted) {
      std::fprintf(stderr, "%s: %zu records, %s\n", kOperators[choice], records.size(), errors[drop].c_str());
      std::abort();
    }
    if (!records.empty() && errors[drop].empty()) {
      const auto& r = records[0];
      shown[drop] = r.body + "|" + r.attributes + "|" + r.scope + "|" + r.severity_text + "|" + std::to_string(r.severity) + "|" +
                    std::to_string(r.time) + "|" + r.trace_id;
    }
    harness->Clear();
  }
  if (errors[0] != errors[1] || shown[0] != shown[1]) {
    std::fprintf(stderr, "%s: send %s %s\ndrop %s %s\n", kOperators[choice], errors[0].c_str(), shown[0].c_str(), errors[1].c_str(), shown[1].c_str());
    std::abort();
  }
  return 0;
}
