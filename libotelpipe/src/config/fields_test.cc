#include "otelpipe/component/fields.h"

#include <catch2/catch.hpp>

#include "config/scalar.h"

namespace otelpipe {
namespace {

struct Inner {
  std::string path = "/";
  int32_t size = 3;
  static void Describe(Fields<Inner>& f) {
    f.Optional("path", &Inner::path, "Path.");
    f.Optional("size", &Inner::size, "Size.");
    f.Validate([](const Inner& c) {
      return c.size < 0 ? absl::InvalidArgumentError("size must be positive") : absl::OkStatus();
    });
  }
};

struct Sample {
  std::string endpoint;
  absl::Duration timeout = absl::Seconds(5);
  bool insecure = true;
  uint32_t count = 7;
  double ratio = 0.5;
  ByteSize limit{1024};
  std::vector<std::string> keys{"k"};
  std::map<std::string, std::string> headers;
  Inner inner;
  std::optional<Inner> extra;
  std::string level = "basic";
  static void Describe(Fields<Sample>& f) {
    f.Optional("endpoint", &Sample::endpoint, "Where.");
    f.Alias("url", "endpoint");
    f.Optional("timeout", &Sample::timeout, "Limit.");
    f.Optional("insecure", &Sample::insecure, "No TLS.");
    f.Optional("count", &Sample::count, "Count.");
    f.Optional("ratio", &Sample::ratio, "Ratio.");
    f.Optional("limit", &Sample::limit, "Bytes.");
    f.Optional("keys", &Sample::keys, "Keys.");
    f.Optional("headers", &Sample::headers, "Headers.");
    f.Optional("inner", &Sample::inner, "Block.");
    f.Optional("extra", &Sample::extra, "Optional block.");
    f.OneOf("level", &Sample::level, {"basic", "detailed"}, "unknown level ", "Level.");
    f.Unsupported("proxy_url", "set HTTPS_PROXY instead");
    f.Ignored("buffer", "buffers size themselves");
  }
};

struct Strict {
  std::string name;
  static void Describe(Fields<Strict>& f) { f.Required("name", &Strict::name, "Name."); }
};

ConfigNode Scalar(std::string_view text) {
  ConfigNode node;
  internal::ResolveScalar(text, node);
  node.location = {"a.yaml", 2, 3};
  return node;
}
ConfigNode Quoted(std::string_view text) {
  ConfigNode node = Scalar("x");
  node.text = std::string(text);
  node.quoted = true;
  return node;
}
ConfigNode Map(std::vector<std::pair<std::string, ConfigNode>> entries) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kMap;
  node.location = {"a.yaml", 1, 1};
  for (auto& [key, value] : entries) node.entries.push_back({key, {"a.yaml", 9, 1}, value});
  return node;
}
ConfigNode List(std::vector<ConfigNode> items) {
  ConfigNode node;
  node.kind = ConfigNode::Kind::kList;
  node.items = std::move(items);
  return node;
}

struct Outcome {
  Sample config;
  std::vector<ConfigError> errors;
  std::string First() const { return errors.empty() ? "" : errors[0].message; }
};
Outcome Decode(const ConfigNode& node) {
  Outcome out;
  DecodeContext context(&out.errors, "exporters::sample", "\"sample\" exporter");
  DecodeField(node, out.config, context);
  return out;
}
std::string ErrorOf(const std::string& key, ConfigNode value) { return Decode(Map({{key, std::move(value)}})).First(); }

TEST_CASE("Values of the right types arrive", "[config][fields]") {
  const Outcome o = Decode(Map({{"endpoint", Scalar("localhost")},
                                {"timeout", Scalar("1m")},
                                {"insecure", Scalar("false")},
                                {"count", Scalar("0x10")},
                                {"ratio", Scalar("2")},
                                {"limit", Scalar("1KiB")},
                                {"keys", Scalar("a,b")},
                                {"headers", Map({{"h", Scalar("v")}})},
                                {"inner", Map({{"size", Scalar("4.0")}})},
                                {"extra", Map({})},
                                {"level", Scalar("detailed")},
                                {"buffer", Scalar("5")}}));
  CHECK(o.First() == "");
  CHECK(o.config.endpoint == "localhost");
  CHECK(o.config.timeout == absl::Minutes(1));
  CHECK_FALSE(o.config.insecure);
  CHECK(o.config.count == 16);
  CHECK(o.config.ratio == 2);
  CHECK(o.config.limit.bytes == 1024);
  CHECK(o.config.keys == std::vector<std::string>{"a", "b"});
  CHECK(o.config.headers.at("h") == "v");
  CHECK(o.config.inner.size == 4);
  CHECK(o.config.inner.path == "/");
  REQUIRE(o.config.extra.has_value());
  CHECK(o.config.extra->size == 3);
  CHECK(o.config.level == "detailed");
}

TEST_CASE("A bare integer as duration means nanoseconds", "[config][fields]") {
  CHECK(Decode(Map({{"timeout", Scalar("5")}})).config.timeout == absl::Nanoseconds(5));
  CHECK(Decode(Map({{"timeout", Scalar("5.9")}})).config.timeout == absl::Nanoseconds(5));
}

TEST_CASE("Null keeps blocks and lists and zeroes scalars", "[config][fields]") {
  const Outcome o = Decode(Map({{"timeout", {}}, {"count", {}}, {"insecure", {}}, {"keys", {}}, {"inner", {}}, {"extra", {}}}));
  CHECK(o.First() == "");
  CHECK(o.config.timeout == absl::ZeroDuration());
  CHECK(o.config.count == 0);
  CHECK_FALSE(o.config.insecure);
  CHECK(o.config.keys.size() == 1);
  CHECK(o.config.inner.size == 3);
  CHECK_FALSE(o.config.extra.has_value());
  CHECK(Decode(ConfigNode()).First() == "");
}

TEST_CASE("Type errors speak the reference's words", "[config][fields]") {
  const std::string s = "\"sample\" exporter: ";
  CHECK(ErrorOf("endpoint", Scalar("5")) == s + "'endpoint' expected type 'string', got unconvertible type 'int'");
  CHECK(ErrorOf("count", Scalar("five")) == s + "'count' expected type 'uint32', got unconvertible type 'string'");
  CHECK(ErrorOf("count", Scalar("-1")) == s + "'count' cannot parse value as 'uint32': -1 overflows uint");
  CHECK(ErrorOf("count", Scalar("4294967296")) == s + "'count' cannot parse value as 'uint32': 4294967296 overflows uint32");
  CHECK(ErrorOf("insecure", Scalar("yes")) == s + "'insecure' expected type 'bool', got unconvertible type 'string'");
  CHECK(ErrorOf("timeout", Quoted("5")) == s + "'timeout' time: missing unit in duration \"5\"");
  CHECK(ErrorOf("limit", Scalar("5 elephants")) == s + "'limit' invalid byte size '5 elephants'");
  CHECK(ErrorOf("limit", Scalar("true")) == s + "'limit' expected type 'helper.ByteSize', got unconvertible type 'bool'");
  CHECK(ErrorOf("keys", Map({})) == s + "'keys' source data must be an array or slice, got map");
  CHECK(ErrorOf("keys", List({Scalar("a"), Scalar("1")})) ==
        s + "'keys[1]' expected type 'string', got unconvertible type 'int'");
  CHECK(ErrorOf("headers", Map({{"a", Scalar("1")}})) ==
        s + "'headers[a]' expected type 'string', got unconvertible type 'int'");
  CHECK(ErrorOf("headers", List({})) == s + "'headers' expected a map or struct, got \"slice\"");
  CHECK(ErrorOf("inner", Scalar("5")) == s + "'inner' expected a map or struct, got \"int\"");
  CHECK(Decode(Scalar("5")).First() == s + "expected type 'map[string]interface {}', got unconvertible type 'int'");
  CHECK(ErrorOf("level", Scalar("loud")) == s + "'level' unknown level \"loud\"");
  CHECK(ErrorOf("proxy_url", Scalar("x")) == s + "'proxy_url' is not supported: set HTTPS_PROXY instead");
  CHECK(ErrorOf("proxy_url", ConfigNode()) == "");
}

TEST_CASE("Text that came from an expansion fits text fields whatever it parses to", "[config][fields]") {
  ConfigNode number = Scalar("0123");
  number.from_expansion = true;
  CHECK(Decode(Map({{"endpoint", number}})).config.endpoint == "0123");
  CHECK(Decode(Map({{"count", number}})).config.count == 83);
  CHECK(Decode(Map({{"keys", List({number})}})).config.keys[0] == "0123");
}

TEST_CASE("Unknown keys are reported one by one with the nearest known key", "[config][fields]") {
  const Outcome o = Decode(Map({{"timout", Scalar("1s")}, {"zzzzzz", Scalar("1")}, {"inner", Map({{"pth", Scalar("x")}})}}));
  REQUIRE(o.errors.size() == 3);
  CHECK(o.errors[0].ToString() ==
        "a.yaml:9:1: exporters::sample::inner: \"sample\" exporter: 'inner' has invalid keys: pth; did you mean \"path\"?");
  CHECK(o.errors[1].message == "\"sample\" exporter: has invalid keys: timout");
  CHECK(o.errors[1].hint == "did you mean \"timeout\"?");
  CHECK(o.errors[1].path == "exporters::sample");
}

TEST_CASE("An older name works with a notice and gives way to the present one", "[config][fields]") {
  Outcome o = Decode(Map({{"url", Scalar("old")}}));
  CHECK(o.config.endpoint == "old");
  REQUIRE(o.errors.size() == 1);
  CHECK(o.errors[0].warning);
  o = Decode(Map({{"endpoint", Scalar("new")}, {"url", Scalar("old")}}));
  CHECK(o.config.endpoint == "new");
}

TEST_CASE("Checks run after decoding and point at the block", "[config][fields]") {
  const Outcome o = Decode(Map({{"inner", Map({{"size", Scalar("-1")}})}}));
  REQUIRE(o.errors.size() == 1);
  CHECK(o.errors[0].ToString() == "a.yaml:1:1: exporters::sample::inner: \"sample\" exporter: size must be positive");
}

TEST_CASE("A missing required field is an error, null counts as missing", "[config][fields]") {
  for (const ConfigNode& node : {Map({}), Map({{"name", {}}}), ConfigNode()}) {
    Strict config;
    std::vector<ConfigError> errors;
    DecodeContext context(&errors, "x", "");
    DecodeField(node, config, context);
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].message == "missing required field 'name'");
  }
}

TEST_CASE("Tolerated unknown keys become warnings", "[config][fields]") {
  Inner config;
  std::vector<ConfigError> errors;
  DecodeContext context(&errors, "x", "");
  context.tolerate_unknown_keys = true;
  DecodeField(Map({{"other", Scalar("1")}, {"size", Scalar("9")}}), config, context);
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].warning);
  CHECK(context.error_count() == 0);
  CHECK(config.size == 9);
}

TEST_CASE("The table describes itself", "[config][fields]") {
  const auto rows = DescribeFields<Sample>();
  auto row = [&](std::string_view key) {
    for (const FieldInfo& r : rows) {
      if (r.key == key) return r;
    }
    return FieldInfo();
  };
  CHECK(row("timeout").default_value == "5s");
  CHECK(row("timeout").type == "duration");
  CHECK(row("count").default_value == "7");
  CHECK(row("endpoint").default_value == "\"\"");
  CHECK(row("inner").children.size() == 2);
  CHECK(row("url").replaced_by == "endpoint");
}

}  // namespace
}  // namespace otelpipe
