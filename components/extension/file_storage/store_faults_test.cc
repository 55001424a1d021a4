// Full disks, folders that cannot be written, and damage between good records.
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "extension/file_storage/store.h"

namespace otelpipe::file_storage {
namespace {

namespace fs = std::filesystem;

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "otelpipe-store-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  std::unique_ptr<Store> Open(StoreOptions options = {}) {
    reports.clear();
    auto store = Store::Open(path + "/s", options, [this](std::string text) { reports.push_back(text); });
    REQUIRE(store.ok());
    return *std::move(store);
  }
  std::string Segment(int number) const {
    char name[32];
    std::snprintf(name, sizeof(name), "/s/%010d.seg", number);
    return path + name;
  }
  std::string path;
  std::vector<std::string> reports;
};

void Flip(const std::string& file, int64_t offset) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  f.seekg(offset);
  const int byte = f.get();
  f.seekp(offset);
  f.put(static_cast<char>(byte ^ 0xFF));
}

// Ends the test program's right to write more than `bytes` into one file while it lives.
struct FileSizeLimit {
  explicit FileSizeLimit(rlim_t bytes) {
    old_handler = std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &old);
    rlimit now = old;
    now.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &old);
    std::signal(SIGXFSZ, old_handler);
  }
  rlimit old;
  void (*old_handler)(int);
};

}  // namespace

TEST_CASE("A flipped byte in the middle is skipped, said once and kept aside", "[extension][file_storage]") {
  Folder folder;
  {
    auto store = folder.Open();
    for (int i = 0; i < 10; ++i) REQUIRE(store->Set(std::to_string(i), std::string(100, 'v')).ok());
  }
  Flip(folder.Segment(1), static_cast<int64_t>(fs::file_size(folder.Segment(1))) / 2);
  {
    auto store = folder.Open();
    CHECK(store->Keys().size() == 9);
    REQUIRE(folder.reports.size() == 1);
    CHECK(folder.reports[0].find("9 records of this file are used") != std::string::npos);
    CHECK(store->bytes_damaged() > 100);
    REQUIRE(store->Set("new", "n").ok());
  }
  CHECK(fs::exists(folder.path + "/s/0000000001.damaged"));
  auto store = folder.Open();
  CHECK(folder.reports.empty());
  CHECK(store->Keys().size() == 10);
}

TEST_CASE("A value that was damaged since it was written is not handed out", "[extension][file_storage]") {
  Folder folder;
  auto store = folder.Open();
  REQUIRE(store->Set("k", std::string(1000, 'v')).ok());
  Flip(folder.Segment(1), 500);
  CHECK(store->Get("k").status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE("What does not fit is refused, nothing of it is kept, and removals still work", "[extension][file_storage]") {
  Folder folder;
  StoreOptions options;
  options.segment_size = 1000;
  auto store = folder.Open(options);
  REQUIRE(store->Set("a", std::string(500, 'a')).ok());
  {
    FileSizeLimit limit(2000);
    CHECK(store->Set("big", std::string(5000, 'b')).code() == absl::StatusCode::kResourceExhausted);
    CHECK(store->Apply({{"c", "1", false}, {"big", std::string(5000, 'b'), false}}).code() == absl::StatusCode::kResourceExhausted);
    CHECK(store->Keys() == std::vector<std::string>{"a"});
    // Smaller ones go into files of their own.
    for (int i = 0; i < 10; ++i) CHECK(store->Set("s" + std::to_string(i), std::string(900, 's')).ok());
  }
  {
    FileSizeLimit limit(0);
    CHECK_FALSE(store->Set("d", "4").ok());
    CHECK(store->Delete("a").ok());
    CHECK_FALSE(store->Get("a").ok());
  }
  CHECK(store->Set("big", std::string(5000, 'b')).ok());
  store.reset();
  store = folder.Open(options);
  CHECK(folder.reports.empty());
  CHECK(store->Keys().size() == 11);
  CHECK_FALSE(store->Get("a").ok());
  CHECK(store->Get("big")->size() == 5000);
}

TEST_CASE("A removal that could not be written does not remove what was written under the key since", "[extension][file_storage]") {
  Folder folder;
  auto store = folder.Open();
  REQUIRE(store->Set("k", "old").ok());
  {
    FileSizeLimit limit(0);
    CHECK(store->Delete("k").ok());
  }
  REQUIRE(store->Set("k", "new").ok());
  store.reset();
  store = folder.Open();
  CHECK(*store->Get("k") == "new");
}

TEST_CASE("A folder that cannot be written is read, and writing fails in words", "[extension][file_storage]") {
  if (::geteuid() == 0) return;  // root may write anywhere; the loss tests use a file system mounted read-only
  Folder folder;
  {
    auto store = folder.Open();
    REQUIRE(store->Set("a", "1").ok());
  }
  ::chmod((folder.path + "/s").c_str(), 0500);
  {
    auto store = folder.Open();
    CHECK(folder.reports.size() == 1);
    CHECK(*store->Get("a") == "1");
    CHECK_FALSE(store->Set("b", "2").ok());
  }
  ::chmod((folder.path + "/s").c_str(), 0700);
}

TEST_CASE("One old value among garbage does not keep the garbage", "[extension][file_storage]") {
  Folder folder;
  StoreOptions options;
  options.segment_size = 10000;
  options.compact_above = 50000;
  auto store = folder.Open(options);
  REQUIRE(store->Set("head", std::string(100, 'h')).ok());
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(store->Set(std::to_string(i), std::string(500, 'q')).ok());
    REQUIRE(store->Delete(std::to_string(i)).ok());
    CHECK(store->bytes_on_disk() < 70000);
  }
  store.reset();
  store = folder.Open(options);
  CHECK(store->Keys() == std::vector<std::string>{"head"});
  CHECK(*store->Get("head") == std::string(100, 'h'));
}

TEST_CASE("A queue of a thousand segments needs few open files", "[extension][file_storage]") {
  Folder folder;
  StoreOptions options;
  options.segment_size = 100;
  auto store = folder.Open(options);
  for (int i = 0; i < 1500; ++i) REQUIRE(store->Set(std::to_string(i), std::string(200, 'q')).ok());
  size_t open_files = 0;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) open_files += entry.path().empty() ? 0 : 1;
  CHECK(open_files < 50);
  for (int i = 0; i < 1500; i += 100) CHECK(store->Get(std::to_string(i))->size() == 200);
}

}  // namespace otelpipe::file_storage
