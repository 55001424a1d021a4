#include "shared/tail/gzip_reader.h"

#include <sys/mman.h>
#include <unistd.h>

#include "shared/tail/tailer_testing.h"

namespace otelpipe::tail {
namespace {

// The bytes of a gzip file with `text`, the byte `from_end` before its end changed.
std::string Damaged(const std::string& dir, const std::string& text, size_t from_end) {
  WriteGzip(dir + "/whole", text);
  std::ifstream in(dir + "/whole", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  bytes[bytes.size() - from_end] ^= 1;
  return bytes;
}

TEST_CASE("damage in a gzip file is told after what came before it, and from then on", "[shared][tail]") {
  Harness h;
  // The checksum stands eight bytes before the end, the length four.
  for (size_t from_end : {8u, 1u}) {
    const std::string bytes = Damaged(h.dir, "one\ntwo\n", from_end);
    const int fd = ::memfd_create("test", 0);
    REQUIRE(::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    GzipReader reader(0, 0);
    char buffer[100];
    absl::StatusOr<size_t> n = reader.Read(fd, buffer, sizeof(buffer));
    REQUIRE(n.ok());
    CHECK(std::string_view(buffer, *n) == "one\ntwo\n");
    CHECK_FALSE(reader.at_member_end());
    CHECK(reader.HasInput(static_cast<int64_t>(bytes.size())));
    for (int i = 0; i < 2; ++i) CHECK(absl::IsDataLoss(reader.Read(fd, buffer, sizeof(buffer)).status()));
    ::close(fd);
  }
}

TEST_CASE("lines before the damage of a gzip file come out, and so does what is appended later", "[shared][tail]") {
  Harness h;
  h.options.compression = TailOptions::Compression::kAuto;
  h.Write("a.gz", Damaged(h.dir, "one\ntwo\nlast", 8));
  h.Start("a.gz");
  CHECK(h.Take() == Texts{"one", "two"});
  h.Polls(5);
  CHECK(h.Take() == Texts{"last"});
  h.Polls(2);
  WriteGzip(h.dir + "/a.gz", "more\n", "ab");
  h.Polls(2);
  CHECK(h.Take() == Texts{"more"});
}

}  // namespace
}  // namespace otelpipe::tail
