#include "otelpipe/component/ids.h"

#include <catch2/catch.hpp>

namespace otelpipe {
namespace {

std::string ErrorOf(std::string_view text) {
  auto id = ComponentId::Parse(text);
  return id.ok() ? "" : std::string(id.status().message().data(), id.status().message().size());
}

TEST_CASE("Ids are a type and an optional name", "[config][ids]") {
  CHECK(ComponentId::Parse("nop")->ToString() == "nop");
  CHECK(ComponentId::Parse(" nop / a ")->ToString() == "nop/a");
  const auto id = ComponentId::Parse("nop/a/b");
  REQUIRE(id.ok());
  CHECK(id->type == "nop");
  CHECK(id->name == "a/b");
  CHECK(ComponentId::Parse("nop/\xC3\xA4-._:@").ok());
}

TEST_CASE("Bad ids are refused in the reference's words", "[config][ids]") {
  CHECK(ErrorOf("/x") == "in \"/x\" id: the part before / should not be empty");
  CHECK(ErrorOf("nop/") == "in \"nop/\" id: the part after / should not be empty");
  CHECK(ErrorOf("") == "id must not be empty");
  CHECK(ErrorOf("no-p") == "in \"no-p\" id: invalid character(s) in type \"no-p\"");
  CHECK(ErrorOf("1nop") == "in \"1nop\" id: invalid character(s) in type \"1nop\"");
  CHECK(ErrorOf("nop/a b") == "in \"a b\" id: invalid character(s) in name \"a b\"");
  CHECK(ErrorOf("nop/a+b") == "in \"a+b\" id: invalid character(s) in name \"a+b\"");
  CHECK(ErrorOf("nop/" + std::string(1025, 'x')).ends_with("is longer than 1024 characters (1025 characters)"));
}

}  // namespace
}  // namespace otelpipe
