#include "shared/tail/glob.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "shared/tail/finder.h"

namespace otelpipe::tail {
namespace {

namespace fs = std::filesystem;

struct TempDir {
  TempDir() {
    std::string name = (fs::temp_directory_path() / "otelpipe-glob-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TempDir() { fs::remove_all(path); }
  void Make(const std::string& name, const std::string& text = "x\n") const {
    fs::create_directories(fs::path(path + "/" + name).parent_path());
    std::ofstream(path + "/" + name) << text;
  }
  std::vector<std::string> Find(const std::string& pattern) const {
    GlobWalk walk;
    Glob::Compile(path + "/" + pattern)->Find(walk);
    std::vector<std::string> out;
    for (const std::string& f : walk.files) out.push_back(f.substr(path.size() + 1));
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
  }
  std::string path;
};

bool Match(std::string_view pattern, std::string_view path) {
  auto glob = Glob::Compile(pattern);
  REQUIRE(glob.ok());
  return glob->Matches(path);
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("A glob matches paths as the reference does", "[shared][tail]") {
  CHECK(Match("/a/*.log", "/a/b.log"));
  CHECK(Match("/a/*.log", "/a/.hidden.log"));
  CHECK_FALSE(Match("/a/*.log", "/a/b/c.log"));
  CHECK(Match("/a/**/*.log", "/a/c.log"));
  CHECK(Match("/a/**/*.log", "/a/b/c/d.log"));
  CHECK(Match("/a/**", "/a/b/c"));
  CHECK(Match("/a/b**.log", "/a/bxy.log"));
  CHECK_FALSE(Match("/a/b**.log", "/a/bx/y.log"));
  CHECK(Match("/a/x[0-9]?.txt", "/a/x1a.txt"));
  CHECK_FALSE(Match("/a/x[0-9]?.txt", "/a/xaa.txt"));
  CHECK(Match("/a/[^b].txt", "/a/c.txt"));
  CHECK(Match("/a/[!b].txt", "/a/c.txt"));
  CHECK_FALSE(Match("/a/[!b].txt", "/a/b.txt"));
  CHECK(Match("/{p,q/{r,s}}/*.out", "/q/s/1.out"));
  CHECK_FALSE(Match("/{p,q}/*.out", "/r/1.out"));
  CHECK(Match("/a/\\*.log", "/a/*.log"));
  CHECK_FALSE(Match("/a/\\*.log", "/a/b.log"));
  CHECK(Match("./a/../b/*.log", "b/x.log"));
  CHECK_FALSE(Match("/b/*.log", "b/x.log"));
  CHECK(Match("/a/?.log", "/a/\xC3\xA9.log"));
}

TEST_CASE("A malformed glob is a syntax error", "[shared][tail]") {
  for (const char* pattern : {"/a/[a.log", "/a/{b", "/a/b\\", "/a/[]"}) {
    INFO(pattern);
    auto glob = Glob::Compile(pattern);
    REQUIRE_FALSE(glob.ok());
    CHECK(glob.status().message() == "syntax error in pattern");
  }
}

TEST_CASE("A walk finds files, follows links and survives loops", "[shared][tail]") {
  TempDir dir;
  dir.Make("a.log");
  dir.Make("d/e/b.log");
  dir.Make("d/c.txt");
  dir.Make("p/1.out");
  dir.Make("q/2.out");
  dir.Make("r/3.out");
  fs::create_directory_symlink(dir.path + "/d", dir.path + "/link");
  fs::create_directory_symlink(dir.path, dir.path + "/d/loop");
  fs::create_symlink("/nowhere/x", dir.path + "/broken.log");
  CHECK(dir.Find("*.log") == Paths{"a.log", "broken.log"});
  CHECK(dir.Find("{p,q}/*.out") == Paths{"p/1.out", "q/2.out"});
  CHECK(dir.Find("a.log") == Paths{"a.log"});
  CHECK(dir.Find("d/e/b.log") == Paths{"d/e/b.log"});
  CHECK(dir.Find("d").empty());
  CHECK(dir.Find("*/").empty());
  CHECK(dir.Find("**/b.log") == Paths{"d/e/b.log", "link/e/b.log"});
  CHECK(dir.Find("d/**") == Paths{"d/c.txt", "d/e/b.log"});
  CHECK(dir.Find("none/*.log").empty());
}

TEST_CASE("The finder excludes, sorts and keeps the top", "[shared][tail]") {
  TempDir dir;
  dir.Make("err.10.alfa.log");
  dir.Make("err.2.beta.log");
  dir.Make("err.1.zeta.log");
  dir.Make("other.log");
  FinderOptions options;
  options.include = {dir.path + "/*.log", dir.path + "/err*"};
  options.exclude = {dir.path + "/oth*"};
  std::vector<std::string> errors;
  auto names = [&](FinderOptions o) {
    std::vector<std::string> out;
    auto finder = Finder::Create(std::move(o));
    REQUIRE(finder.ok());
    for (const std::string& p : finder->Find(absl::Now(), errors)) out.push_back(p.substr(dir.path.size() + 1));
    return out;
  };
  CHECK(names(options) == Paths{"err.1.zeta.log", "err.10.alfa.log", "err.2.beta.log"});
  options.regex = "err\\.(?P<n>\\d+)\\.(?P<name>[a-z]+)";
  options.sort_by = {{SortRule::Type::kNumeric, "n", false, nullptr}};
  CHECK(names(options) == Paths{"err.10.alfa.log"});
  options.top_n = 2;
  options.sort_by = {{SortRule::Type::kAlphabetical, "name", true, nullptr}};
  CHECK(names(options) == Paths{"err.10.alfa.log", "err.2.beta.log"});
  options.sort_by[0].ascending = false;
  options.group_by = "err\\.(\\d)";
  options.top_n = 1;
  CHECK(names(options) == Paths{"err.1.zeta.log", "err.2.beta.log"});
  options.regex = "";
  auto bad = Finder::Create(options);
  CHECK(bad.status().message() == "'regex' must be specified when 'sort_by' is specified");
  CHECK(Finder::Create({}).status().message() == "'include' must be specified");
}

}  // namespace otelpipe::tail
