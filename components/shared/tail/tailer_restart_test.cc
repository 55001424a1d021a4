// What survives a stop, a kill and another collector.
#include <catch2/catch.hpp>

#include "shared/tail/tailer_testing.h"

namespace otelpipe::tail {

TEST_CASE("Only acknowledged positions survive a kill", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.hold = true;
  h.Write("a.log", "a1\na2\n");
  h.Start();
  CHECK(h.Take() == Texts{"a1", "a2"});
  h.held.clear();  // delivered
  h.Polls();
  h.Append("a.log", "a3\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"a3"});  // not delivered
  h.Polls(2);
  h.Kill();
  h.hold = false;
  h.Start();
  CHECK(h.Take() == Texts{"a3"});
  CHECK(h.numbers.back() == 3);
  h.Polls();
  h.Stop();
  h.Append("a.log", "a4\n");
  h.Start();
  CHECK(h.Take() == Texts{"a4"});
}

TEST_CASE("Slices are acknowledged in order even when they finish out of order", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.hold = true;
  h.Write("a.log", "a1\n");
  h.Start();
  h.Append("a.log", "a2\n");
  h.Polls();
  h.Append("a.log", "a3\n");
  h.Polls();
  REQUIRE(h.held.size() == 3);
  h.held[2].Reset();
  h.held[1].Reset();
  h.Polls();
  h.Kill();
  h.Take();
  h.Start();
  CHECK(h.Take() == Texts{"a1", "a2", "a3"});
}

TEST_CASE("A refused slice is read again after a restart", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.hold = true;
  h.Write("a.log", "a1\n");
  h.Start();
  h.Take();
  h.held[0].Reset(false);
  h.held.clear();
  h.Stop();
  h.hold = false;
  h.Start();
  CHECK(h.Take() == Texts{"a1"});
}

TEST_CASE("Rotation while stopped goes on where it was", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.Write("app.log", "a1\na2\n");
  h.Start("app*");
  h.Take();
  h.Polls();
  h.Stop();
  h.Append("app.log", "a3\n");
  h.Move("app.log", "app.log.1");
  h.Write("app.log", "b1\n");
  h.Start("app*");
  h.Polls();
  Texts got = h.Take();
  std::sort(got.begin(), got.end());
  CHECK(got == Texts{"a3", "b1"});
  h.Stop();
  // Truncated and shorter than the saved position.
  h.Write("app.log", "");
  h.Append("app.log", "c\n");
  h.Start("app*");
  CHECK(h.Take() == Texts{"c"});
}

TEST_CASE("Files away for long after a restart keep their position", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.Write("a.log", "a1\n");
  h.Start();
  h.Take();
  h.Polls();
  h.Stop();
  h.Move("a.log", "a.away");
  h.Start();
  h.Polls(100);
  h.Move("a.away", "a.log");
  h.Append("a.log", "a2\n");
  h.Polls();
  CHECK(h.Take() == Texts{"a2"});
}

TEST_CASE("The reference's saved state is taken over", "[shared][tail]") {
  auto files = ParseKnownFiles(
      "2\n{\"Fingerprint\":{\"first_bytes\":\"YTEKYTIK\"},\"Offset\":3,\"RecordNum\":1,\"FileAttributes\":{\"log.file.name\":"
      "\"b\",\"h\":7},\"HeaderFinalized\":true,\"FlushState\":{\"LastDataChange\":\"2026-01-02T03:04:05.678901234Z\","
      "\"LastDataLength\":0},\"FileType\":\"\"}\n{\"Fingerprint\":{\"first_bytes\":\"eA==\"},\"Offset\":1} trailing");
  REQUIRE(files.ok());
  REQUIRE(files->size() == 2);
  CHECK((*files)[0]->fingerprint == "a1\na2\n");
  CHECK((*files)[0]->acked == 3);
  CHECK((*files)[0]->header_attributes->map.Find("h")->integer() == 7);
  CHECK(ParseKnownFiles("3\n{}").status().message() == "EOF");
  Harness h;
  h.use_store = true;
  REQUIRE(h.store.Client()->Set("file_input.knownFiles", "1\n{\"Fingerprint\":{\"first_bytes\":\"YTEK\"},\"Offset\":3,\"RecordNum\":1}\n").ok());
  h.Write("a.log", "a1\na2\n");
  h.Start();
  CHECK(h.Take() == Texts{"a2"});
  CHECK(h.numbers.back() == 2);
  // What was taken over is ours from the first poll on.
  CHECK(h.store.content().count("file_input.knownFiles") == 0);
  h.Stop();
  // The other collector ran in between and read further in one file, less in the other.
  h.Append("a.log", "a3\na4\n");
  h.Write("b.log", "b1\nb2\n");
  h.Start();
  CHECK(h.Take() == Texts{"a3", "a4", "b1", "b2"});
  h.Append("a.log", "a5\na6\n");
  h.Append("b.log", "b3\n");
  h.Stop();
  REQUIRE(h.store.Client()
              ->Set("file_input.knownFiles",
                    "2\n{\"Fingerprint\":{\"first_bytes\":\"YTEKYTIKYTMKYTQKYTUK\"},\"Offset\":15,\"RecordNum\":5}\n"
                    "{\"Fingerprint\":{\"first_bytes\":\"YjEK\"},\"Offset\":3,\"RecordNum\":1}\n")
              .ok());
  h.Start();
  CHECK(h.Take() == Texts{"a6", "b3"});
}

TEST_CASE("An unreadable saved record costs that record only", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.Write("a.log", "a1\n");
  h.Write("b.log", "b1\n");
  h.Start();
  h.Polls();
  h.Stop();
  REQUIRE(h.store.Client()->Set("file_input.file.1", "{broken").ok());
  h.Take();
  h.Start();
  CHECK(h.Take().size() == 1);
}

}  // namespace otelpipe::tail
