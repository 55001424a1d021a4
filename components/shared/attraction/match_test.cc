#include "shared/attraction/match.h"

#include <catch2/catch.hpp>

namespace otelpipe::attraction {
namespace {

MatchConfig Strict() {
  MatchConfig c;
  c.match_type = "strict";
  return c;
}

ConfigNode Node(std::string_view text) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kString;
  node.text = std::string(text);
  return node;
}

ConfigNode Node(int64_t n) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kInt;
  node.integer = n;
  return node;
}

bool Matches(const MatchConfig& config, const LogRecord& record) {
  auto matcher = Matcher::ForLogs(config);
  REQUIRE(matcher.ok());
  return (*matcher)->MatchScope(Resource(), Scope()) && (*matcher)->MatchLog(record);
}

std::string Message(const absl::Status& status) { return std::string(status.message().data(), status.message().size()); }

TEST_CASE("strict attribute values compare type and value", "[unit][attraction]") {
  Arena arena;
  LogRecord record;
  MatchConfig c = Strict();
  c.attributes = {{"n", Node(5)}};
  CHECK_FALSE(Matches(c, record));
  record.attributes.Set(arena, "n", Value::Int(5));
  CHECK(Matches(c, record));
  record.attributes.Set(arena, "n", Value::Str("5"));
  CHECK_FALSE(Matches(c, record));
  c.attributes = {{"n", {}}};
  CHECK(Matches(c, record));
  c.attributes.push_back({"other", {}});
  CHECK_FALSE(Matches(c, record));
}

TEST_CASE("regular expressions see scalars as text and search anywhere", "[unit][attraction]") {
  Arena arena;
  LogRecord record;
  MatchConfig c;
  c.match_type = "regexp";
  c.attributes = {{"v", Node("^1000000000000000000000$")}};
  record.attributes.Set(arena, "v", Value::Double(1e21));
  CHECK(Matches(c, record));
  c.attributes = {{"v", Node("ell")}};
  record.attributes.Set(arena, "v", Value::Str("hello"));
  CHECK(Matches(c, record));
  c.attributes = {{"v", Node(".*")}};
  record.attributes.Set(arena, "v", Value::Bytes("x"));
  CHECK_FALSE(Matches(c, record));
}

TEST_CASE("severity numbers have a floor and a rule for none", "[unit][attraction]") {
  LogRecord record;
  MatchConfig c;  // no match_type needed without text
  c.log_severity_number = MatchSeverityConfig{9, false};
  CHECK_FALSE(Matches(c, record));
  record.severity_number = 9;
  CHECK(Matches(c, record));
  record.severity_number = 8;
  CHECK_FALSE(Matches(c, record));
  record.severity_number = 0;
  c.log_severity_number->match_undefined = true;
  CHECK(Matches(c, record));
}

TEST_CASE("bodies match in their text form", "[unit][attraction]") {
  LogRecord record;
  MatchConfig c = Strict();
  c.log_bodies = {"a", "7"};
  record.body = Value::Int(7);
  CHECK(Matches(c, record));
  record.body = Value::Str("b");
  CHECK_FALSE(Matches(c, record));
}

TEST_CASE("all libraries must match, services may be missing", "[unit][attraction]") {
  MatchConfig c = Strict();
  c.libraries = {{"lib", std::nullopt}};
  auto matcher = Matcher::ForSpans(c);
  REQUIRE(matcher.ok());
  Scope scope;
  scope.name = "lib";
  scope.version = "1";
  CHECK((*matcher)->MatchScope(Resource(), scope));
  c.libraries = {{"lib", std::string()}};
  CHECK_FALSE((*Matcher::ForSpans(c))->MatchScope(Resource(), scope));
  c.libraries = {{"lib", std::nullopt}, {"other", std::nullopt}};
  CHECK_FALSE((*Matcher::ForSpans(c))->MatchScope(Resource(), scope));
  c = Strict();
  c.services = {"<nil-service-name>"};
  CHECK((*Matcher::ForSpans(c))->MatchScope(Resource(), scope));
}

TEST_CASE("span kinds match by name", "[unit][attraction]") {
  MatchConfig c = Strict();
  c.span_kinds = {"SPAN_KIND_SERVER"};
  auto matcher = Matcher::ForSpans(c);
  REQUIRE(matcher.ok());
  Span span;
  CHECK_FALSE((*matcher)->MatchSpan(span));
  span.kind = 2;
  CHECK((*matcher)->MatchSpan(span));
  span.kind = 77;
  CHECK_FALSE((*matcher)->MatchSpan(span));
}

TEST_CASE("a block of resources alone has no effect on metrics", "[unit][attraction]") {
  MatchConfig c = Strict();
  c.resources = {{"a", {}}};
  auto matcher = Matcher::ForMetrics(c);
  REQUIRE(matcher.ok());
  CHECK(*matcher == nullptr);
  c.metric_names = {"m"};
  matcher = Matcher::ForMetrics(c);
  REQUIRE(matcher.ok());
  Metric metric;
  metric.name = "m";
  CHECK((*matcher)->MatchMetric(metric));
  metric.name = "n";
  CHECK_FALSE((*matcher)->MatchMetric(metric));
}

TEST_CASE("wrong blocks are refused in the reference's words", "[unit][attraction]") {
  MatchConfig c = Strict();
  CHECK(Message(Matcher::ForLogs(c).status()) ==
        "at least one of \"attributes\", \"libraries\", \"span_kinds\", \"resources\", \"log_bodies\", \"log_severity_texts\" "
        "or \"log_severity_number\" field must be specified");
  CHECK(Message(Matcher::ForSpans(c).status()) ==
        "at least one of \"attributes\", \"libraries\",  or \"resources\" field must be specified");
  c.span_kinds = {"SERVER"};
  CHECK(Message(Matcher::ForLogs(c).status()) ==
        "services, span_names, span_kinds and metric_names are not valid for log records");
  CHECK(Message(Matcher::ForSpans(c).status()) ==
        "span_kinds string must match one of the standard span kinds when match_type=strict: [     SPAN_KIND_CLIENT "
        "SPAN_KIND_CONSUMER SPAN_KIND_INTERNAL SPAN_KIND_PRODUCER SPAN_KIND_SERVER]");
  c = MatchConfig();
  c.match_type = "loose";
  c.log_bodies = {"x"};
  CHECK(Message(Matcher::ForLogs(c).status()) ==
        "error creating log record body filters: unrecognized match_type: 'loose', valid types are: [regexp strict]");
  c.match_type = "regexp";
  c.log_bodies = {"["};
  CHECK(Message(Matcher::ForLogs(c).status()) ==
        "error creating log record body filters: error parsing regexp: missing closing ]: `[`");
  c = MatchConfig();
  c.match_type = "regexp";
  c.attributes = {{"a", Node(1)}};
  CHECK(Message(Matcher::ForLogs(c).status()) ==
        "error creating attribute filters: match_type=regexp for \"a\" only supports Str, but found Int");
}

}  // namespace
}  // namespace otelpipe::attraction
