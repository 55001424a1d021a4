// What happens between two polls, and files that are reached by links.
#include <unistd.h>

#include <catch2/catch.hpp>

#include "shared/tail/tailer_testing.h"

namespace otelpipe::tail {

TEST_CASE("A file that came, was filled and renamed away between two polls is read", "[shared][tail]") {
  Harness h;
  h.Write("other.log", "o1\n");
  h.Start();
  h.Polls(2);
  CHECK(h.Take() == Texts{"o1"});
  // Three generations in one interval; the rotated names match nothing.
  h.Write("a.log", "a1\n");
  h.Move("a.log", "a.log.1");
  h.Write("a.log", "b1\n");
  h.Move("a.log.1", "a.log.2");
  h.Move("a.log", "a.log.1");
  h.Write("a.log", "c1\n");
  h.Polls();
  CHECK(h.Take() == Texts{"a1", "b1", "c1"});
  CHECK(h.names.back() == "a.log");
  // Somebody still writes to the file after its renaming.
  h.Append("a.log.1", "b2\n");
  h.Polls();
  CHECK(h.Take() == Texts{"b2"});
  // What never had a matching name is not read.
  h.Write("notes.txt", "n1\n");
  h.Move("notes.txt", "notes.old");
  h.Write("a.log.9", "nothing\n");
  h.Move("a.log.9", "a.log.10");
  h.Polls(3);
  CHECK(h.Take().empty());
}

TEST_CASE("A file truncated and filled to the same length between two polls starts again", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "one 1\n");
  h.Start();
  h.Polls(2);
  CHECK(h.Take() == Texts{"one 1"});
  h.Write("a.log", "two 2\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"two 2"});
  // Longer than before, and the same bytes stand before the old end.
  const std::string end = std::string(60, 'x') + "\n";
  h.Write("a.log", "first " + end);
  h.Polls(2);
  h.Write("a.log", "other " + end + "more\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"first " + end.substr(0, 60), "other " + end.substr(0, 60), "more"});
  CHECK(h.Metric("otelcol_fileconsumer_truncations") == 3);
  CHECK(h.Metric("otelcol_fileconsumer_unread_bytes") == 0);
}

TEST_CASE("Bytes that were seen and truncated away before they were read are counted", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "a1\n");
  h.Start();
  h.Polls(2);
  h.room = false;
  h.Append("a.log", "a2\na3\n");
  h.Polls();
  h.Write("a.log", "b1\n");
  h.Polls();
  h.room = true;
  h.tailer->Resume();
  h.Polls(6);
  CHECK(h.Take() == Texts{"a1", "b1"});
  CHECK(h.Metric("otelcol_fileconsumer_unread_bytes") == 6);
}

TEST_CASE("Files that are removed before anybody could open them are counted", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "a1\n");
  h.Start();
  h.Polls(2);
  // The first that leaves is held open; the second was never seen; the third is there.
  h.Append("a.log", "a2\n");
  h.Move("a.log", "a.log.1");
  h.Write("a.log", "b1\n");
  fs::remove(h.dir + "/a.log.1");
  h.Move("a.log", "a.log.1");
  h.Write("a.log", "c1\n");
  fs::remove(h.dir + "/a.log.1");
  h.Polls(2);
  CHECK(h.Take() == Texts{"a1", "a2", "c1"});
  CHECK(h.Metric("otelcol_fileconsumer_unread_files") == 1);
  // Known ones, empty ones and those that nobody wants are not.
  fs::remove(h.dir + "/a.log");
  h.Polls(2);
  h.Write("empty.log", "");
  h.Write("notes.txt", "n1\n");
  h.Polls();
  fs::remove(h.dir + "/empty.log");
  fs::remove(h.dir + "/notes.txt");
  h.Polls(2);
  CHECK(h.Metric("otelcol_fileconsumer_unread_files") == 1);
  // One that only now gets its name, by renaming, and one that moves to where nobody looks.
  h.Write("d.tmp", "d1\n");
  h.Move("d.tmp", "d.log");
  h.Polls();
  CHECK(h.Take() == Texts{"d1"});
  fs::create_directories(h.dir + "/away");
  h.Move("d.log", "away/d.log");
  h.Write("e.log", "e1\n");
  h.Move("e.log", "away/e.log");
  h.Polls(3);
  CHECK(h.Metric("otelcol_fileconsumer_unread_files") == 2);
  CHECK(h.Take().empty());
}

TEST_CASE("Files behind links are followed as promptly as others", "[shared][tail]") {
  Harness h;
  fs::create_directories(h.dir + "/data/deep");
  h.Write("data/deep/real", "r1\n");
  h.Write("data/deep/empty", "");
  fs::create_symlink("deep/real", h.dir + "/data/step");
  fs::create_symlink("data/step", h.dir + "/a.log");
  fs::create_symlink(h.dir + "/data/deep/empty", h.dir + "/b.log");
  h.Start();
  h.Polls(2);
  CHECK(h.Take() == Texts{"r1"});
  h.Append("data/deep/real", "r2\n");
  h.Append("data/deep/empty", "e1\n");
  h.Polls();
  CHECK(h.Take() == Texts{"r2", "e1"});
  // Replaced behind the links.
  h.Polls(2);
  h.Move("data/deep/real", "data/deep/real.1");
  h.Write("data/deep/real", "s1\n");
  h.Append("data/deep/real.1", "r3\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"r3", "s1"});
  // A link in between is pointed elsewhere.
  h.Write("data/deep/next", "t1\n");
  fs::remove(h.dir + "/data/step");
  fs::create_symlink("deep/next", h.dir + "/data/step");
  h.Polls(2);
  CHECK(h.Take() == Texts{"t1"});
}

TEST_CASE("A poll looks at files that changed or wait for something, not at quiet ones", "[shared][tail]") {
  Harness h;
  for (int i = 0; i < 50; ++i) h.Write(std::to_string(i) + ".log", std::to_string(i) + "\n");
  h.Start();
  h.Polls(5);
  CHECK(h.Take().size() == 50);
  CHECK(h.tailer->attended_files() == 0);
  // An unfinished record needs attention until it is whole.
  h.Append("7.log", "half");
  h.Polls();
  CHECK(h.tailer->attended_files() == 1);
  h.Polls(6);
  CHECK(h.Take() == Texts{"half"});
  h.Polls(2);
  CHECK(h.tailer->attended_files() == 0);
}

}  // namespace otelpipe::tail
