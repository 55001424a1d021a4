#include "extension/file_storage/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "extension/file_storage/file_storage.h"

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

}  // namespace

TEST_CASE("Values are there after reopening", "[extension][file_storage]") {
  Folder folder;
  {
    auto store = folder.Open();
    REQUIRE(store->Set("a", "1").ok());
    REQUIRE(store->Apply({{"b", std::string(100000, 'x'), false}, {"c", "3", false}, {"a", "2", false}}).ok());
    REQUIRE(store->Delete("c").ok());
    CHECK(*store->Get("a") == "2");
  }
  auto store = folder.Open();
  CHECK(folder.reports.empty());
  CHECK(*store->Get("a") == "2");
  CHECK(*store->Get("b") == std::string(100000, 'x'));
  CHECK(store->Get("c").status().code() == absl::StatusCode::kNotFound);
  CHECK(store->Keys() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("A torn or damaged end is set aside and the rest is used", "[extension][file_storage]") {
  Folder folder;
  {
    auto store = folder.Open();
    REQUIRE(store->Set("a", "1").ok());
    REQUIRE(store->Apply({{"b", "2", false}, {"c", "3", false}}).ok());
  }
  const auto size = fs::file_size(folder.Segment(1));
  SECTION("torn") { fs::resize_file(folder.Segment(1), size - 1); }
  SECTION("damaged") {
    std::fstream f(folder.Segment(1), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(static_cast<std::streamoff>(size) - 1);
    f.put('!');
  }
  {
    auto store = folder.Open();
    CHECK(folder.reports.size() == 1);
    CHECK(*store->Get("a") == "1");
    // Both writes of one Apply are gone together.
    CHECK_FALSE(store->Get("b").ok());
    CHECK_FALSE(store->Get("c").ok());
    REQUIRE(store->Set("d", "4").ok());
  }
  CHECK(fs::exists(folder.path + "/s/0000000001.damaged"));
  auto store = folder.Open();
  CHECK(folder.reports.empty());
  CHECK(store->Keys() == std::vector<std::string>{"a", "d"});
}

TEST_CASE("Any damage leaves a store that opens", "[extension][file_storage]") {
  std::mt19937 random(42);
  for (int round = 0; round < 100; ++round) {
    Folder folder;
    {
      auto store = folder.Open();
      for (int i = 0; i < 20; ++i) REQUIRE(store->Set("k" + std::to_string(i), std::string(static_cast<size_t>(i), 'v')).ok());
    }
    const auto size = static_cast<int64_t>(fs::file_size(folder.Segment(1)));
    {
      std::fstream f(folder.Segment(1), std::ios::in | std::ios::out | std::ios::binary);
      f.seekp(static_cast<int64_t>(random()) % size);
      f.put(static_cast<char>(random()));
    }
    auto store = folder.Open();
    for (const std::string& key : store->Keys()) CHECK(store->Get(key)->size() == std::stoul(key.substr(1)));
    CHECK(store->Set("new", "x").ok());
  }
}

TEST_CASE("Garbage is removed", "[extension][file_storage]") {
  Folder folder;
  StoreOptions options;
  options.segment_size = 10000;
  options.compact_above = 30000;
  {
    auto store = folder.Open(options);
    REQUIRE(store->Set("stays", "s").ok());
    REQUIRE(store->Set("gone", "g").ok());
    REQUIRE(store->Delete("gone").ok());
    for (int i = 0; i < 2000; ++i) {
      REQUIRE(store->Set("k" + std::to_string(i % 10), std::string(100, static_cast<char>('a' + i % 26))).ok());
      CHECK(store->bytes_on_disk() < 45000);
    }
  }
  auto store = folder.Open(options);
  CHECK(*store->Get("stays") == "s");
  CHECK_FALSE(store->Get("gone").ok());
  CHECK(*store->Get("k9") == std::string(100, static_cast<char>('a' + 1999 % 26)));
  REQUIRE(store->Compact().ok());
  CHECK(store->Keys().size() == 11);
  CHECK(*store->Get("k8") == std::string(100, static_cast<char>('a' + 1998 % 26)));
}

TEST_CASE("What a queue writes and removes in order costs no copies", "[extension][file_storage]") {
  Folder folder;
  StoreOptions options;
  options.segment_size = 10000;
  auto store = folder.Open(options);
  for (int i = 0; i < 500; ++i) {
    REQUIRE(store->Set(std::to_string(i), std::string(1000, 'q')).ok());
    if (i >= 5) REQUIRE(store->Delete(std::to_string(i - 5)).ok());
  }
  CHECK(store->bytes_on_disk() < 25000);
  CHECK(store->Keys().size() == 5);
}

TEST_CASE("A snapshot makes older segments void that a crash left behind", "[extension][file_storage]") {
  Folder folder;
  {
    auto store = folder.Open();
    REQUIRE(store->Set("a", "1").ok());
    fs::copy_file(folder.Segment(1), folder.path + "/old");
    REQUIRE(store->Delete("a").ok());
    REQUIRE(store->Set("b", "2").ok());
    REQUIRE(store->Compact().ok());
  }
  fs::copy_file(folder.path + "/old", folder.Segment(1));
  std::ofstream(folder.path + "/s/0000000009.tmp") << "unfinished";
  auto store = folder.Open();
  CHECK(store->Keys() == std::vector<std::string>{"b"});
  CHECK_FALSE(fs::exists(folder.path + "/s/0000000009.tmp"));
}

TEST_CASE("A second opener is refused in words", "[extension][file_storage]") {
  Folder folder;
  auto store = folder.Open();
  StoreOptions options;
  options.lock_timeout = absl::Milliseconds(30);
  auto second = Store::Open(folder.path + "/s", options, [](std::string) {});
  CHECK(second.status().message() == "timeout");
}

TEST_CASE("A kill in the middle of writing loses nothing that was written", "[extension][file_storage]") {
  Folder folder;
  int pipe_fds[2];
  REQUIRE(::pipe(pipe_fds) == 0);
  pid_t child = ::fork();
  if (child == 0) {
    StoreOptions options;
    options.segment_size = 5000;
    options.compact_above = 20000;
    auto store = Store::Open(folder.path + "/s", options, [](std::string) {});
    for (int i = 0; store.ok(); ++i) {
      if (!(*store)->Set("n", std::to_string(i)).ok()) break;
      if (::write(pipe_fds[1], &i, sizeof(i)) != sizeof(i)) break;
    }
    ::_exit(0);
  }
  int last = -1, seen = 0;
  while (seen < 3000 && ::read(pipe_fds[0], &last, sizeof(last)) == sizeof(last)) ++seen;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(pipe_fds[1]);
  while (::read(pipe_fds[0], &last, sizeof(last)) == sizeof(last)) {
  }
  ::close(pipe_fds[0]);
  auto store = folder.Open();
  CHECK(std::stoi(*store->Get("n")) >= last);
}

TEST_CASE("Names of clients are safe and the reference's", "[extension][file_storage]") {
  CHECK(ClientName(ComponentKind::kReceiver, {"filelog", ""}, "") == "receiver_filelog_");
  CHECK(ClientName(ComponentKind::kReceiver, {"filelog", "app"}, "") == "receiver_filelog_app");
  CHECK(ClientName(ComponentKind::kExporter, {"otlphttp", ""}, "logs") == "exporter_otlphttp__logs");
  CHECK(ClientName(ComponentKind::kReceiver, {"filelog", "logs/container"}, "") == "receiver_filelog_logs~002Fcontainer");
  CHECK(ClientName(ComponentKind::kReceiver, {"filelog", "\xC3\xA9"}, "") == "receiver_filelog_~00E9");
  CHECK(Crc32c("123456789") == 0xE3069283u);
}

TEST_CASE("The directory is checked in the reference's words", "[extension][file_storage]") {
  Folder folder;
  auto check = [](FileStorageConfig config) { return std::string(FileStorage(std::move(config), Context{}).Init().message()); };
  FileStorageConfig config;
  config.directory = folder.path + "/none";
  CHECK(check(config) == "directory must exist: stat " + config.directory +
                             ": no such file or directory. You can enable the create_directory option to automatically create it");
  config.create_directory = true;
  CHECK(check(config).empty());
  config.directory_permissions = "9";
  CHECK(check(config) == "directory_permissions value must be a valid octal representation");
  config.directory_permissions = "07777";
  CHECK(check(config) == "directory_permissions contain invalid bits for file access");
  config.directory_permissions = "0750";
  std::ofstream(folder.path + "/file") << "x";
  config.directory = folder.path + "/file";
  CHECK(check(config) == config.directory + " is not a directory");
}

}  // namespace otelpipe::file_storage
