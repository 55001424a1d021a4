#include "service/old_spellings.h"

#include <catch2/catch.hpp>

#include "otelpipe/config.h"
#include "service/old_operators.h"

namespace otelpipe {
namespace {

// What `yaml` becomes (keys sorted, in one line), and the notices, one a line.
std::pair<std::string, std::string> Rewrite(ComponentKind kind, const std::string& type, const std::string& yaml) {
  ConfigNode node = Config::Parse(yaml, "t.yaml")->root();
  const ConfigNode before = node;
  std::vector<ConfigError> errors;
  const bool changed = RewriteOldSpellings(kind, type, "c::" + type, node, errors);
  CHECK(changed == !errors.empty());
  CHECK((changed || node.ToYaml() == before.ToYaml()));
  std::string notices;
  for (const ConfigError& e : errors) {
    CHECK(e.warning);
    notices += e.ToString() + "\n";
  }
  return {node.ToYaml(), notices};
}

// Both mean the same configuration.
void Same(ComponentKind kind, const std::string& type, const std::string& old, const std::string& now) {
  INFO(old);
  CHECK(Rewrite(kind, type, old).first == Config::Parse(now, "t.yaml")->root().ToYaml());
  CHECK(Rewrite(kind, type, old).second != "");
  CHECK(Rewrite(kind, type, now).second == "");
}

TEST_CASE("Old keys of exporters become what they mean today", "[unit][service]") {
  const auto exporter = ComponentKind::kExporter;
  Same(exporter, "otlp", "{endpoint: a, insecure: true, ca_file: x}", "{endpoint: a, tls: {insecure: true, ca_file: x}}");
  Same(exporter, "otlphttp", "{insecure: true, tls: {ca_file: x}}", "{tls: {ca_file: x, insecure: true}}");
  Same(exporter, "otlp_grpc", "{sending_queue: {blocking: true}}", "{sending_queue: {block_on_overflow: true}}");
  Same(exporter, "otlp", "{batcher: {enabled: true, min_size_items: 3}, sending_queue: {queue_size: 5}}",
       "{sending_queue: {queue_size: 5, batch: {min_size: 3, sizer: items, flush_timeout: 200ms}}}");
  Same(exporter, "otlp", "{batcher: {enabled: false}}", "{}");
  Same(exporter, "loki", "{tenant_id: x}", "{headers: {X-Scope-OrgID: x}}");
  Same(exporter, "loki", "{tenant: {source: static, value: x}, headers: {a: b}}", "{headers: {a: b, X-Scope-OrgID: x}}");
  Same(exporter, "debug", "{loglevel: debug}", "{verbosity: detailed}");
  CHECK(Rewrite(exporter, "otlp", "endpoint: a\ninsecure: true\n").second ==
        "t.yaml:2:1: c::otlp: 'insecure' is a form of earlier versions; write tls: {insecure: ...}\n");
  // Both forms together say nothing clear.
  CHECK(Rewrite(exporter, "otlp", "{insecure: true, tls: {insecure: false}}").second == "");
  CHECK(Rewrite(exporter, "loki", "{tenant: {source: attributes, value: x}}").second == "");
  CHECK(Rewrite(exporter, "file", "{insecure: true}").second == "");
}

TEST_CASE("Old keys of receivers, processors and extensions become what they mean today", "[unit][service]") {
  Same(ComponentKind::kReceiver, "otlp", "{endpoint: 'a:1'}", "{protocols: {grpc: {endpoint: 'a:1'}}}");
  Same(ComponentKind::kReceiver, "otlp", "{protocols: {http: {cors_allowed_origins: [a], cors_allowed_headers: [b], tls_settings: {cert_file: x}}}}",
       "{protocols: {http: {tls: {cert_file: x}, cors: {allowed_origins: [a], allowed_headers: [b]}}}}");
  Same(ComponentKind::kReceiver, "filelog", "{labels: {a: b}, converter: {worker_count: 3}, header: {multiline_pattern: x}}",
       "{attributes: {a: b}, header: {pattern: x}}");
  Same(ComponentKind::kProcessor, "memory_limiter", "{limit_mib: 1, ballast_size_mib: 3}", "{limit_mib: 1}");
  Same(ComponentKind::kProcessor, "resource", "{labels: {a: b}}", "{attributes: [{key: a, value: b, action: upsert}]}");
  Same(ComponentKind::kProcessor, "batch", "{timeout: 1s, num_tickers: 3}", "{timeout: 1s}");
  Same(ComponentKind::kExtension, "health_check", "{port: 13134}", "{endpoint: '0.0.0.0:13134'}");
}

std::string Operators(const std::string& yaml, std::string* notices = nullptr) {
  ConfigNode node = *Config::Parse("operators: " + yaml, "t.yaml")->root().Find("operators");
  std::vector<ConfigError> errors;
  RewriteOldOperators("r::operators", node, errors);
  for (const ConfigError& e : errors) {
    if (notices != nullptr) *notices += e.ToString() + "\n";
  }
  return node.ToYaml();
}
std::string Plain(const std::string& yaml) { return Config::Parse("operators: " + yaml, "t.yaml")->root().Find("operators")->ToYaml(); }

TEST_CASE("Fields with a dollar sign become those of today, in expressions too", "[unit][service]") {
  std::string notices;
  CHECK(Operators("[{type: json_parser, parse_from: $record.a, parse_to: $labels}]", &notices) ==
        Plain("[{type: json_parser, parse_from: body.a, parse_to: attributes}]"));
  CHECK(notices ==
        "t.yaml:1:45: r::operators::0: '$record.a' is a form of earlier versions; write body.a\n"
        "t.yaml:1:66: r::operators::0: '$labels' is a form of earlier versions; write attributes\n");
  CHECK(Operators("[{type: json_parser, timestamp: {parse_from: '$body[\"a\"]'}}]") ==
        Plain("[{type: json_parser, timestamp: {parse_from: 'body[\"a\"]'}}]"));
  // `$$` is one dollar sign by then.
  CHECK(Operators("[{type: noop, if: '$record.a == \"$record\" and $$labels.x == $labels_y'}]") ==
        Plain("[{type: noop, if: 'body.a == \"$record\" and attributes.x == $labels_y'}]"));
  CHECK(Operators("[{type: add, field: attributes.a, value: 'EXPR($record.x + \"$\")-$record'}]") ==
        Plain("[{type: add, field: attributes.a, value: 'EXPR(body.x + \"$\")-$record'}]"));
  CHECK(Operators("[{type: router, routes: [{expr: 'true', output: x, labels: {a: b}}]}]") ==
        Plain("[{type: router, routes: [{expr: 'true', output: x, attributes: {a: b}}]}]"));
  // Other texts stay.
  const char* const kToday = "[{type: regex_parser, regex: '^(?P<a>x)$record$', parse_from: body, if: 'body matches \"a$\"', output: $record}]";
  CHECK(Operators(kToday) == Plain(kToday));
}

TEST_CASE("metadata and restructure become the operators that they were made of", "[unit][service]") {
  CHECK(Operators("[{type: metadata, id: m, if: 'true', output: z, labels: {a: b}, resource: {c: 'EXPR($record.d)'}}]") ==
        Plain("[{type: add, field: 'attributes[\"a\"]', value: b, id: m, if: 'true'}, "
              "{type: add, field: 'resource[\"c\"]', value: 'EXPR(body.d)', if: 'true', output: z}]"));
  CHECK(Operators("[{type: restructure, ops: [{add: {field: $record.x, value_expr: '1'}}, {move: {from: body.a, to: body.b}}, {remove: c}, "
                  "{retain: [x]}, {flatten: attributes.y}]}]") ==
        Plain("[{type: add, field: body.x, value: 'EXPR(1)'}, {type: move, from: body.a, to: body.b}, {type: remove, field: body.c}, "
              "{type: retain, fields: [body.x]}, {type: flatten, field: attributes.y}]"));
  CHECK(Operators("[{type: restructure, ops: [{swap: a}]}]") == Plain("[{type: restructure, ops: [{swap: a}]}]"));
}

TEST_CASE("Errors about what is gone say what to write", "[unit][service]") {
  std::vector<ConfigError> errors = {{{}, "", "\"loki\" exporter: has invalid keys: labels", "", false},
                                     {{}, "", "\"loki\" exporter: has invalid keys: lables", "did you mean \"labels\"?", false}};
  AdviseOldSpellings(ComponentKind::kExporter, "loki", 0, errors);
  CHECK(errors[0].hint.find("loki.attribute.labels") != std::string::npos);
  CHECK(errors[1].hint == "did you mean \"labels\"?");
  CHECK(AdviceOnOperator("'operators[0]' unsupported type 'host_metadata'").find("resource processor") != std::string::npos);
  CHECK(AdviceOnOperator("'operators[0]' unsupported type 'nosuch'") == "");
}

}  // namespace
}  // namespace otelpipe
