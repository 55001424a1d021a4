#include <sys/stat.h>
#include <zlib.h>

#include <catch2/catch.hpp>

#include "shared/tail/tailer_testing.h"

namespace otelpipe::tail {

TEST_CASE("Lines are read with numbers and offsets, and appended ones follow", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "one\n\n  two  \r\n\xff\xfe" "bad\nthree");
  h.Start();
  CHECK(h.Take() == Texts{"one", "two", "\xEF\xBF\xBD\xEF\xBF\xBD" "bad"});
  CHECK(h.numbers == std::vector<int64_t>{1, 3, 4});
  CHECK(h.offsets == std::vector<int64_t>{0, 5, 14});
  h.Polls(2);
  CHECK(h.Take().empty());
  h.Polls(2);  // the flush period is over
  CHECK(h.Take() == Texts{"three"});
  CHECK(h.numbers.back() == 5);
  CHECK(h.offsets.back() == 20);
  h.Append("a.log", " more\nfour\n");
  h.Polls();
  CHECK(h.Take() == Texts{"more", "four"});
}

TEST_CASE("A growing partial record waits for its end", "[shared][tail]") {
  Harness h;
  h.options.force_flush_period = absl::Seconds(1);
  h.Write("a.log", "x\n");
  h.Start();
  h.Take();
  for (int i = 0; i < 6; ++i) {
    h.Append("a.log", "p");
    h.Polls(3);
    CHECK(h.Take().empty());
  }
  h.Polls(4);
  CHECK(h.Take() == Texts{"pppppp"});
}

TEST_CASE("start_at end skips what is there and reads what comes", "[shared][tail]") {
  Harness h;
  h.options.from_beginning = false;
  h.Write("a.log", "old\n");
  h.Write("empty.log", "");
  h.Start();
  h.Append("a.log", "new\n");
  h.Append("empty.log", "first\n");
  h.Write("b.log", "later\n");
  h.Polls(2);
  Texts got = h.Take();
  std::sort(got.begin(), got.end());
  CHECK(got == Texts{"first", "later", "new"});
}

TEST_CASE("A file longer than many chunks is read whole and in order", "[shared][tail]") {
  Harness h;
  h.options.chunk_size = 4096;
  std::string text;
  Texts expected;
  for (int i = 0; i < 5000; ++i) {
    expected.push_back("line " + std::to_string(i) + std::string(static_cast<size_t>(i % 300), 'x'));
    text += expected.back() + "\n";
  }
  h.Write("a.log", text);
  h.Start();
  CHECK(h.Take() == expected);
  CHECK(h.slices > 100);
}

TEST_CASE("A record longer than a chunk gets a larger one, up to the limit", "[shared][tail]") {
  Harness h;
  h.options.chunk_size = 4096;
  h.options.max_log_size = 100000;
  h.Write("a.log", std::string(90000, 'a') + "\n" + std::string(250000, 'b') + "\nend\n");
  h.Start();
  CHECK(h.Take() == Texts{std::string(90000, 'a'), std::string(100000, 'b'), std::string(100000, 'b'),
                          std::string(50000, 'b'), "end"});
}

TEST_CASE("Many files progress together", "[shared][tail]") {
  Harness h;
  h.options.chunk_size = 4096;
  for (int f = 0; f < 20; ++f) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "file " + std::to_string(f) + " line " + std::to_string(i) + "\n";
    h.Write("f" + std::to_string(f) + ".log", text);
  }
  h.Start();
  CHECK(h.texts.size() == 20000);
  // No file was read to its end before another began.
  std::map<std::string, size_t> first, last;
  for (size_t i = 0; i < h.names.size(); ++i) {
    first.emplace(h.names[i], i);
    last[h.names[i]] = i;
  }
  size_t latest_first = 0, earliest_last = SIZE_MAX;
  for (auto& [name, i] : first) latest_first = std::max(latest_first, i);
  for (auto& [name, i] : last) earliest_last = std::min(earliest_last, i);
  CHECK(latest_first < earliest_last);
}

TEST_CASE("Rotation by renaming inside the patterns reads each line once", "[shared][tail]") {
  Harness h;
  h.Write("app.log", "a1\na2\n");
  h.Start("app.log*");
  CHECK(h.Take() == Texts{"a1", "a2"});
  h.Append("app.log", "a3\n");
  h.Move("app.log", "app.log.1");
  h.Write("app.log", "b1\n");
  h.Polls();
  CHECK(h.Take() == Texts{"a3", "b1"});
  CHECK(h.names[2] == "app.log.1");
  h.Move("app.log.1", "app.log.2");
  h.Move("app.log", "app.log.1");
  h.Write("app.log", "c1\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"c1"});
}

TEST_CASE("A file renamed out of the patterns or deleted is drained", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "a1\n");
  h.Write("b.log", "b1\n");
  h.Start();
  h.Take();
  h.Append("a.log", "a2\n");
  h.Move("a.log", "a.old");
  h.Append("b.log", "b2\npartial");
  fs::remove(h.dir + "/b.log");
  h.Polls();
  Texts got = h.Take();
  std::sort(got.begin(), got.end());
  CHECK(got == Texts{"a2", "b2"});
  h.Append("a.old", "a3\n");  // still followed through its handle
  h.Polls();
  CHECK(h.Take() == Texts{"a3"});
  h.Polls(20);
  CHECK(h.Take() == Texts{"partial"});
  CHECK(h.tailer->live_files() == 0);
  CHECK(h.tailer->open_files() == 0);
  CHECK(h.tailer->known_files() == 1);  // the renamed one may come back
  h.Append("a.old", "a4\n");
  h.Move("a.old", "a.log");
  h.Polls();
  CHECK(h.Take() == Texts{"a4"});
}

TEST_CASE("Truncation starts again at the beginning, also when the file is longer than before", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "same first line\nsecond\n");
  h.Start();
  CHECK(h.Take().size() == 2);
  h.Write("a.log", "");
  h.Polls();
  h.Append("a.log", "same first line\nthird\n");
  h.Polls();
  CHECK(h.Take() == Texts{"same first line", "third"});
  // Rewritten in place between two polls, with the same start and more of it.
  h.Write("a.log", "same first line\nfourth\nfifth\nsixth\n");
  h.Polls();
  CHECK(h.Take() == Texts{"same first line", "fourth", "fifth", "sixth"});
}

TEST_CASE("copytruncate with the copy in the patterns reads each line once", "[shared][tail]") {
  Harness h;
  std::string big;
  for (int i = 0; i < 500; ++i) big += "line " + std::to_string(i) + "\n";
  h.Write("a.log", big);
  h.Start("a.log*");
  CHECK(h.Take().size() == 500);
  h.Append("a.log", "unread\n");
  fs::copy_file(h.dir + "/a.log", h.dir + "/a.log.1");
  h.Write("a.log", "");
  h.Append("a.log", "fresh\n");
  h.Polls(2);
  Texts got = h.Take();
  std::sort(got.begin(), got.end());
  CHECK(got == Texts{"fresh", "unread"});
  // The copy is seen before the truncation.
  h.Append("a.log", "f2\n");
  h.Polls();
  fs::copy_file(h.dir + "/a.log", h.dir + "/a.log.2");
  h.Polls();
  CHECK(h.Take() == Texts{"f2"});
  h.Write("a.log", "");
  h.Polls(2);
  CHECK(h.Take().empty());
}

TEST_CASE("Equal copies are read once, files that only begin alike are both read", "[shared][tail]") {
  Harness h;
  h.options.fingerprint_size = 16;
  std::string head(40, '=');
  h.Write("a.log", head + "\nA\n");
  h.Write("b.log", head + "\nB\n");
  h.Write("c.log", "copy\n");
  h.Write("d.log", "copy\n");
  h.Start();
  Texts got = h.Take();
  std::sort(got.begin(), got.end());
  CHECK(got == Texts{head, head, "A", "B", "copy"});
  h.Append("d.log", "goes on\n");
  h.Polls();
  CHECK(h.Take() == Texts{"copy", "goes on"});
}

TEST_CASE("A short file does not steal the position of another", "[shared][tail]") {
  Harness h;
  h.Write("b.log", "hdr\n");
  h.Start();
  CHECK(h.Take() == Texts{"hdr"});
  h.Write("a.log", "hdr\nfirst\n");
  h.Polls();
  CHECK(h.Take() == Texts{"hdr", "first"});
  h.Append("b.log", "own\n");
  h.Polls();
  CHECK(h.Take() == Texts{"own"});
}

TEST_CASE("Two names of one file are one file", "[shared][tail]") {
  Harness h;
  h.Write("a.log", "x\n");
  fs::create_hard_link(h.dir + "/a.log", h.dir + "/b.log");
  fs::create_symlink(h.dir + "/a.log", h.dir + "/c.log");
  h.Start();
  h.Append("a.log", "y\n");
  h.Polls(2);
  CHECK(h.Take() == Texts{"x", "y"});
  CHECK(h.names == Texts{"a.log", "a.log"});
}

TEST_CASE("Things that are no regular files do no harm", "[shared][tail]") {
  Harness h;
  ::mkfifo((h.dir + "/f.log").c_str(), 0600);
  fs::create_symlink("/nowhere", h.dir + "/broken.log");
  h.Write("a.log", "x\n");
  h.Start();
  h.Polls(2);
  CHECK(h.Take() == Texts{"x"});
}

TEST_CASE("A full sink stops reading and goes on when it has room", "[shared][tail]") {
  Harness h;
  h.options.chunk_size = 4096;
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i) + "\n";
  h.Write("a.log", text);
  h.room = false;
  h.Start();
  h.Polls(5);
  CHECK(h.Take().empty());
  h.room = true;
  h.tailer->Resume();
  h.loop.RunUntilIdle();
  CHECK(h.Take().size() == 2000);
}

TEST_CASE("gzip files: last line without newline, appended members, restarts", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.options.compression = TailOptions::Compression::kAuto;
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i) + "\n";
  h.options.chunk_size = 4096;
  WriteGzip(h.dir + "/a.gz", text + "last");
  h.Write("b.txt", "plain\n");
  h.Start("*");
  CHECK(h.Take().size() == 3001);
  h.Polls(5);
  CHECK(h.Take() == Texts{"last"});
  WriteGzip(h.dir + "/a.gz", "more\n", "ab");
  h.Polls();
  CHECK(h.Take() == Texts{"more"});
  h.Polls();
  h.Stop();
  WriteGzip(h.dir + "/a.gz", "after\n", "ab");
  h.Start("*");
  CHECK(h.Take() == Texts{"after"});
}

TEST_CASE("A gzip file that is still being written is not lost", "[shared][tail]") {
  Harness h;
  h.options.compression = TailOptions::Compression::kGzip;
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  WriteGzip(h.dir + "/whole", text);
  std::ifstream in(h.dir + "/whole", std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  h.Write("a.gz", bytes.substr(0, bytes.size() / 2));
  h.Start("*.gz");
  h.Append("a.gz", bytes.substr(bytes.size() / 2));
  h.Polls(2);
  CHECK(h.Take().size() == 3000);
}

TEST_CASE("A header is taken off and its attributes stay", "[shared][tail]") {
  Harness h;
  h.use_store = true;
  h.options.is_header = [](std::string_view line) { return !line.empty() && line[0] == '#'; };
  h.Write("a.log", "#one\n#two\nbody\n#later\n");
  h.Start();
  CHECK(h.Take() == Texts{"body", "#later"});
  CHECK(h.numbers == std::vector<int64_t>{1, 2});
  CHECK(h.offsets[0] == 10);
  h.Polls();
  h.Stop();
  h.Append("a.log", "#x\n");
  h.Start();
  CHECK(h.Take() == Texts{"#x"});
}

TEST_CASE("delete_after_read removes a file when all of it is delivered", "[shared][tail]") {
  Harness h;
  h.options.delete_after_read = true;
  h.hold = true;
  h.Write("a.log", "a1\ntail");
  h.Start();
  h.Polls(5);
  CHECK(h.Take() == Texts{"a1", "tail"});
  CHECK(fs::exists(h.dir + "/a.log"));
  h.held.clear();
  h.Polls(2);
  CHECK_FALSE(fs::exists(h.dir + "/a.log"));
}

TEST_CASE("max_batches limits a poll, not what is read in the end", "[shared][tail]") {
  Harness h;
  h.options.max_concurrent_files = 2;
  h.options.max_batches = 1;
  for (int i = 0; i < 5; ++i) h.Write("f" + std::to_string(i) + ".log", "x" + std::to_string(i) + "\n");
  h.Start();
  CHECK(h.Take().size() == 1);
  h.Polls(6);
  CHECK(h.Take().size() == 4);
}

}  // namespace otelpipe::tail
