#include "extension/file_storage/bolt.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "extension/file_storage/file_storage.h"

namespace otelpipe::file_storage {
namespace {

namespace fs = std::filesystem;
// The files there were written by the reference's library (bbolt 1.4, see testdata/README.md).
const std::string kData = OTELPIPE_SOURCE_DIR "/components/extension/file_storage/testdata/";

std::string ReadWhole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

BoltContent ReadBytes(const std::string& bytes) {
  auto file = BoltFile::OfBytes(bytes);
  REQUIRE(file.ok());
  return (*file)->Read("default");
}

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "otelpipe-bolt-XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path); }
  absl::StatusOr<std::unique_ptr<StorageClient>> Open(ComponentKind kind = ComponentKind::kReceiver) const {
    FileStorageConfig config;
    config.directory = path;
    config.timeout = absl::Milliseconds(60);
    FileStorage storage(config, Context());
    return storage.Open(kind, {"filelog", ""}, "");
  }
  std::string path;
};

}  // namespace

TEST_CASE("A small bucket is read from inside its value", "[extension][file_storage]") {
  auto file = BoltFile::Open(kData + "inline.db", absl::ZeroDuration());
  REQUIRE(file.ok());
  BoltContent content = (*file)->Read("default");
  CHECK(content.damage.empty());
  CHECK(content.values == std::map<std::string, std::string>{{"a", "1"}, {"b", "two"}, {"empty", ""}});
  CHECK((*file)->Read("another").values.empty());
  CHECK((*file)->Read("another").damage.empty());
}

TEST_CASE("A bucket of many pages is read whole, with values longer than a page", "[extension][file_storage]") {
  BoltContent content = ReadBytes(ReadWhole(kData + "pages.db"));
  CHECK(content.damage.empty());
  REQUIRE(content.values.size() == 301);
  CHECK(content.values["key-00299"] == "value 299 padpadpadpadpadpadpadpadpadpad");
  CHECK(content.values["large"].size() == 15000);
  CHECK(content.values["large"].substr(14990) == "0123456789");
}

TEST_CASE("What is no database is refused", "[extension][file_storage]") {
  CHECK(BoltFile::OfBytes("").status().message() == "invalid database");
  CHECK(BoltFile::OfBytes(std::string(70000, 'x')).status().message() == "invalid database");
  CHECK(BoltFile::Open(kData, absl::ZeroDuration()).status().message() == "invalid database");
  std::string both = ReadWhole(kData + "inline.db");
  both[20] ^= 1;
  both[4096 + 20] ^= 1;
  CHECK(BoltFile::OfBytes(both).status().message() == "invalid database");
}

TEST_CASE("A description that fails its check leaves the other one", "[extension][file_storage]") {
  const std::string whole = ReadWhole(kData + "pages.db");
  for (size_t page : {0, 4096}) {
    std::string bytes = whole;
    bytes[page + 40] ^= 0x55;
    BoltContent content = ReadBytes(bytes);
    // One of both is the state before the last write, which added "large".
    CHECK(content.values.size() >= 300);
    CHECK(content.damage.empty());
  }
}

TEST_CASE("Damage anywhere never costs more than what it hit", "[extension][file_storage]") {
  const std::string whole = ReadWhole(kData + "pages.db");
  // Cut off at any place.
  for (size_t size = 0; size < whole.size(); size += 509) {
    auto file = BoltFile::OfBytes(whole.substr(0, size));
    if (!file.ok()) continue;
    BoltContent content = (*file)->Read("default");
    CHECK(content.values.size() <= 301);
  }
  // Any page overwritten: with zeros, with ones, and with a copy of another page.
  for (size_t page = 2; page < whole.size() / 4096; ++page) {
    for (int how = 0; how < 3; ++how) {
      std::string bytes = whole;
      bytes.replace(page * 4096, 4096, how == 2 ? whole.substr((page == 2 ? 3 : 2) * 4096, 4096) : std::string(4096, how == 0 ? '\0' : '\xff'));
      BoltContent content = ReadBytes(bytes);
      CHECK(content.values.size() <= 301);
      for (const auto& [key, value] : content.values) CHECK((key == "large" || value.rfind("value ", 0) == 0));
    }
  }
}

TEST_CASE("The state of a receiver is taken over once, and again when the other collector ran since", "[extension][file_storage]") {
  Folder folder;
  const std::string database = folder.path + "/receiver_filelog_";
  fs::copy_file(kData + "receiver_filelog_", database);
  const std::string before = ReadWhole(database);
  {
    auto client = folder.Open();
    REQUIRE(client.ok());
    absl::StatusOr<std::string> known = (*client)->Get("file_input.knownFiles");
    REQUIRE(known.ok());
    CHECK(known->rfind("2\n{\"Fingerprint\":{\"first_bytes\":\"b25lCnR3bwp0aHJlZQo=\"},\"Offset\":8,\"RecordNum\":2,", 0) == 0);
    REQUIRE((*client)->Delete("file_input.knownFiles").ok());
  }
  {
    auto client = folder.Open();
    REQUIRE(client.ok());
    CHECK((*client)->Get("file_input.knownFiles").status().code() == absl::StatusCode::kNotFound);
    CHECK(ReadWhole(database) == before);
  }
  fs::copy_file(kData + "pages.db", database, fs::copy_options::overwrite_existing);
  auto client = folder.Open();
  REQUIRE(client.ok());
  CHECK((*client)->Get("large").ok());
}

TEST_CASE("While the other collector runs the start fails, and stores of exporters are taken over, too", "[extension][file_storage]") {
  Folder folder;
  const std::string database = folder.path + "/receiver_filelog_";
  fs::copy_file(kData + "receiver_filelog_", database);
  int fd = ::open(database.c_str(), O_RDWR);
  REQUIRE(::flock(fd, LOCK_EX | LOCK_NB) == 0);
  CHECK(folder.Open().status().message() == "timeout: another process has " + database + " open");
  ::close(fd);
  CHECK(folder.Open().ok());
  fs::copy_file(kData + "receiver_filelog_", folder.path + "/exporter_filelog_");
  auto client = folder.Open(ComponentKind::kExporter);
  REQUIRE(client.ok());
  CHECK(!(*client)->Keys().empty());
}

TEST_CASE("A file that is no database does not stop the start", "[extension][file_storage]") {
  Folder folder;
  std::ofstream(folder.path + "/receiver_filelog_") << "no database at all";
  auto client = folder.Open();
  REQUIRE(client.ok());
  CHECK((*client)->Keys().empty());
  REQUIRE((*client)->Set("a", "b").ok());
}

}  // namespace otelpipe::file_storage
