#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

struct TempFile {
  std::string path = "file_output_test." + std::to_string(::getpid());
  ~TempFile() { std::remove(path.c_str()); }
  std::string Read() const {
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
};

}  // namespace

TEST_CASE("file_output appends JSON lines", "[operator][file_output]") {
  TempFile file;
  OperatorHarness h("- {type: file_output, path: '" + file.path + "'}");
  REQUIRE(h.error() == "");
  CHECK(h.start_status().ok());
  CHECK(h.Process("a<b", {{"k", "v"}}) == "");
  CHECK(h.Take().empty());
  std::string text = file.Read();
  CHECK(text.find("\"body\":\"a<b\",\"attributes\":{\"k\":\"v\"},\"severity\":0,\"scope_name\":\"\"}\n") != std::string::npos);
  struct stat info {};
  CHECK(::stat(file.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
}

TEST_CASE("file_output writes fields by a format", "[operator][file_output]") {
  TempFile file;
  OperatorHarness h("- {type: file_output, path: '" + file.path + "', format: '{{.Body}}={{ .Attributes.k }} {{.Attributes.none}};'}");
  REQUIRE(h.error() == "");
  CHECK(h.Process("x", {{"k", "v"}}) == "");
  CHECK(file.Read() == "x=v <no value>;");
}

TEST_CASE("file_output refuses what it cannot do", "[operator][file_output]") {
  CHECK(OperatorHarness("- {type: file_output}").error() == "must provide a path to output to");
  CHECK(OperatorHarness("- {type: file_output, path: x, format: '{{.Body'}").error() == "template: file:1: unclosed action");
  CHECK(OperatorHarness("- {type: file_output, path: x, format: '{{if .Body}}'}").error().find("is not supported") != std::string::npos);
  OperatorHarness h("- {type: file_output, path: /nonexistent/dir/file}");
  CHECK_FALSE(h.start_status().ok());
}
