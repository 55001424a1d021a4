#include "config/scalar.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "config/text.h"

namespace otelpipe::internal {
namespace {

using Kind = ConfigNode::Kind;

ConfigNode Resolve(std::string_view text) {
  ConfigNode node;
  ResolveScalar(text, node);
  return node;
}

TEST_CASE("Plain scalars are typed as by the reference's YAML library", "[config][scalar]") {
  struct Row {
    const char* text;
    Kind kind;
    double number;
  };
  const Row rows[] = {
      {"", Kind::kNull, 0},         {"~", Kind::kNull, 0},          {"null", Kind::kNull, 0},
      {"nULL", Kind::kString, 0},   {"true", Kind::kBool, 0},       {"yes", Kind::kString, 0},
      {"on", Kind::kString, 0},     {"0123", Kind::kInt, 83},       {"0o17", Kind::kInt, 15},
      {"0xff", Kind::kInt, 255},    {"0b11", Kind::kInt, 3},        {"-0x10", Kind::kInt, -16},
      {"+5", Kind::kInt, 5},        {"1_000", Kind::kInt, 1000},    {"089", Kind::kFloat, 89},
      {"1.50", Kind::kFloat, 1.5},  {".5", Kind::kFloat, 0.5},      {"1e3", Kind::kFloat, 1000},
      {"1.", Kind::kFloat, 1},      {"+1.5", Kind::kFloat, 1.5},    {"007", Kind::kInt, 7},
      {"1e", Kind::kString, 0},     {".", Kind::kString, 0},        {"-", Kind::kString, 0},
      {"1.2.3", Kind::kString, 0},  {"0x", Kind::kString, 0},       {"5s", Kind::kString, 0},
      {"_1", Kind::kString, 0},     {"2024-03-05", Kind::kTimestamp, 0},
      {"2024-13-05", Kind::kString, 0}, {"2023-02-29", Kind::kString, 0}, {"2024-02-29", Kind::kTimestamp, 0},
      {"2022-01-02 14:24:56", Kind::kTimestamp, 0}, {"2022-01-02T14:24:56Z", Kind::kTimestamp, 0},
      {"2022-01-02T14:24:56.5+01:00", Kind::kTimestamp, 0}, {"2022-01-02T14:24:56", Kind::kString, 0},
      {"9223372036854775808", Kind::kInt, 9223372036854775808.0}, {"18446744073709551616", Kind::kFloat, 18446744073709551616.0},
      {"-9223372036854775808", Kind::kInt, -9223372036854775808.0},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const ConfigNode node = Resolve(row.text);
    CHECK(node.kind == row.kind);
    CHECK(node.number == row.number);
    CHECK(node.text == row.text);
  }
  CHECK(Resolve("9223372036854775808").is_unsigned);
  CHECK(std::isinf(Resolve("-.Inf").number));
  CHECK(std::isnan(Resolve(".NaN").number));
}

TEST_CASE("Durations read and print as the reference's", "[config][duration]") {
  struct Row {
    const char* text;
    int64_t nanos;
    const char* printed;
  };
  const Row rows[] = {{"5s", 5000000000, "5s"},          {"1m0.5s", 60500000000, "1m0.5s"},
                      {"200ms", 200000000, "200ms"},     {"1h", 3600000000000, "1h0m0s"},
                      {"-1.5s", -1500000000, "-1.5s"},   {"0", 0, "0s"},
                      {"1us", 1000, "1\xC2\xB5s"},       {".5ms", 500000, "500\xC2\xB5s"},
                      {"3ns", 3, "3ns"},                 {"-9223372036854775808ns", INT64_MIN, "-2562047h47m16.854775808s"}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto nanos = ParseGoDuration(row.text);
    REQUIRE(nanos.ok());
    CHECK(*nanos == row.nanos);
    CHECK(FormatGoDuration(*nanos) == row.printed);
  }
  auto error = [](std::string_view text) { return std::string(ParseGoDuration(text).status().message()); };
  CHECK(error("5") == "time: missing unit in duration \"5\"");
  CHECK(error("abc") == "time: invalid duration \"abc\"");
  CHECK(error("5x") == "time: unknown unit \"x\" in duration \"5x\"");
  CHECK(error("") == "time: invalid duration \"\"");
  CHECK(error("9223372036854775808ns") == "time: invalid duration \"9223372036854775808ns\"");
}

TEST_CASE("Byte sizes take decimal and binary units", "[config][bytes]") {
  struct Row {
    const char* text;
    int64_t bytes;
  };
  const Row rows[] = {{"5", 5}, {"1kb", 1000}, {"1KiB", 1024}, {"2.5 kb", 2500}, {"1 MiB", 1048576}, {"1GB", 1000000000}};
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto bytes = ParseByteSize(row.text);
    REQUIRE(bytes.ok());
    CHECK(*bytes == row.bytes);
  }
  for (const char* bad : {"1k", "10b", "1,000", "0x20", "1e3", " 5", "5 elephants", "", "1.kb", "-5"}) {
    CAPTURE(bad);
    CHECK(std::string(ParseByteSize(bad).status().message()) == "invalid byte size '" + std::string(bad) + "'");
  }
}

TEST_CASE("The nearest known key is found, strangers are not", "[config][hint]") {
  const std::vector<std::string> keys{"tls", "endpoint", "max_request_body_size"};
  CHECK(Nearest("tsl", keys) == "tls");
  CHECK(Nearest("Endpoint", keys) == "endpoint");
  CHECK(Nearest("max_request_size", keys) == "max_request_body_size");
  CHECK(Nearest("cors", keys).empty());
}

TEST_CASE("Strings are quoted when they would read as something else", "[config][yaml]") {
  CHECK(YamlString("abc") == "abc");
  CHECK(YamlString("a b") == "a b");
  CHECK(YamlString("5") == "\"5\"");
  CHECK(YamlString("") == "\"\"");
  CHECK(YamlString("yes") == "\"yes\"");
  CHECK(YamlString("a: b") == "\"a: b\"");
  CHECK(YamlString("0.0.0.0:4317") == "0.0.0.0:4317");
}

}  // namespace
}  // namespace otelpipe::internal
