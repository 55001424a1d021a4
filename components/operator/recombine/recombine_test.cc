#include <catch2/catch.hpp>

#include "operator/testing/harness.h"

using namespace otelpipe;
using otelpipe::testing::OperatorHarness;

namespace {

// Runs the reference's vector and joins parts with spaces and records with bars. `read_size` lines per read.
std::string Run(const std::string& settings, size_t read_size) {
  OperatorHarness h("- {type: recombine, combine_field: body, combine_with: ' ', source_identifier: attributes.file, " + settings + "}");
  INFO(h.error());
  REQUIRE(h.errors().empty());
  std::string out;
  auto add = [&out](const std::vector<OperatorHarness::Record>& records) {
    for (const auto& r : records) {
      if (!out.empty()) out += " | ";
      for (char c : r.body) {
        if (c == ' ' || (c >= '0' && c <= '9')) out += c;
      }
    }
  };
  size_t n = 0;
  for (const char* line : {"log2", "log3", "log4", "log5", "log1", "log6", "log7", "log1", "log8", "log1"}) {
    CHECK(h.Process(line, {{"file", "f"}}) == "");
    if (++n % read_size == 0) add(h.Take());
  }
  add(h.Take());
  add(h.Stop());
  return out;
}

}  // namespace

TEST_CASE("records are joined as the reference does", "[operator][recombine]") {
  for (size_t read : {1u, 3u, 100u}) {
    INFO(read);
    const std::string first = "is_first_entry: 'body == \"log1\"'";
    const std::string last = "is_last_entry: 'body == \"log1\"'";
    CHECK(Run(first, read) == "2 3 4 5 | 1 6 7 | 1 8 | 1");
    CHECK(Run(last, read) == "2 3 4 5 1 | 6 7 1 | 8 1");
    CHECK(Run(first + ", max_unmatched_batch_size: 1", read) == "2 | 3 | 4 | 5 | 1 6 7 | 1 8 | 1");
    CHECK(Run(first + ", max_unmatched_batch_size: 3", read) == "2 3 4 | 5 | 1 6 7 | 1 8 | 1");
    CHECK(Run(last + ", max_unmatched_batch_size: 3", read) == "2 3 4 | 5 1 | 6 7 1 | 8 1");
    CHECK(Run(first + ", max_batch_size: 2", read) == "2 3 | 4 5 | 1 6 | 7 | 1 8 | 1");
    CHECK(Run(last + ", max_batch_size: 2", read) == "2 3 | 4 5 | 1 | 6 7 | 1 | 8 1");
    CHECK(Run(first + ", max_log_size: 7", read) == "2 3 | 4 5 | 1 6 | 7 | 1 8 | 1");
    CHECK(Run(first + ", max_log_size: 8", read) == "2 3 | 4 5 | 1 6 | 7 | 1 8 | 1");
  }
}

TEST_CASE("the oldest or the newest part gives the other fields", "[operator][recombine]") {
  for (bool newest : {false, true}) {
    OperatorHarness h(std::string("- {type: recombine, combine_field: body, is_last_entry: 'body == \"end\"', overwrite_with: ") +
                      (newest ? "newest" : "oldest") + ", source_identifier: attributes.file}");
    for (const char* line : {"a", "b", "end"}) {
      CHECK(h.Process(line, {{"file", "f"}, {"is", line}}) == "");
    }
    auto out = h.Take();
    REQUIRE(out.size() == 1);
    CHECK(out[0].body == "a\nb\nend");
    CHECK(out[0].attributes == (newest ? R"({"file":"f","is":"end"})" : R"({"file":"f","is":"a"})"));
  }
}

TEST_CASE("sources are kept apart, without one they share", "[operator][recombine]") {
  OperatorHarness h("- {type: recombine, combine_field: body, combine_with: '', is_last_entry: 'body endsWith \";\"', "
                    "source_identifier: attributes.file}");
  CHECK(h.Process("a1", {{"file", "a"}}) == "");
  CHECK(h.Process("b1", {{"file", "b"}}) == "");
  (void)h.Take();
  CHECK(h.Process("a2;", {{"file", "a"}}) == "");
  CHECK(h.Process("b2;", {{"file", "b"}}) == "");
  CHECK(h.Process("x") == "");
  CHECK(h.Process("y;") == "");
  CHECK(h.Bodies() == std::vector<std::string>{"a1a2;", "b1b2;", "xy;"});
  CHECK(h.log().size() == 2);
}

TEST_CASE("too many sources send what is held", "[operator][recombine]") {
  OperatorHarness h("- {type: recombine, combine_field: body, combine_with: '+', is_last_entry: 'body endsWith \";\"', max_sources: 1, "
                    "source_identifier: attributes.file}");
  CHECK(h.Process("a1", {{"file", "a"}}) == "");
  CHECK(h.Process("b1", {{"file", "b"}}) == "");
  CHECK(h.Bodies() == std::vector<std::string>{"a1"});
}

TEST_CASE("an unfinished record is sent after the period, not later for more lines", "[operator][recombine]") {
  OperatorHarness h("- {type: recombine, combine_field: body, is_first_entry: 'body == \"new\"', force_flush_period: 5s, "
                    "source_identifier: attributes.file}");
  CHECK(h.Process("new", {{"file", "a"}}) == "");
  CHECK(h.Take().empty());
  h.loop().Advance(absl::Seconds(3));
  CHECK(h.Process("more", {{"file", "a"}}) == "");
  CHECK(h.Take().empty());
  h.loop().Advance(absl::Seconds(3));
  auto out = h.TakeEmitted();
  REQUIRE(out.size() == 1);
  CHECK(out[0].body == "new\nmore");
  CHECK(h.loop().pending_timers() == 0);
}

TEST_CASE("leading empty parts vanish, bytes are joined as text", "[operator][recombine]") {
  OperatorHarness h("- {type: recombine, combine_field: body, combine_with: ',', is_last_entry: 'body == \"c\"', "
                    "source_identifier: attributes.file}");
  for (const char* line : {"", "", "b", "", "c"}) {
    CHECK(h.Process(line, {{"file", "f"}}) == "");
    CHECK(h.Take().size() == (std::string_view(line) == "c" ? 1 : 0));
  }
  OperatorHarness joined("- {type: recombine, combine_field: body, combine_with: ',', is_last_entry: 'body == \"c\"', "
                         "source_identifier: attributes.file}");
  for (const char* line : {"", "", "b", "", "c"}) CHECK(joined.Process(line, {{"file", "f"}}) == "");
  CHECK(joined.Bodies() == std::vector<std::string>{"b,,c"});
}

TEST_CASE("held entries keep their acknowledgements until they are sent", "[operator][recombine]") {
  struct Token final : AckToken {
    explicit Token(int* n) : released(n) {}
    void Release(bool) override {
      ++*released;
      delete this;
    }
    int* released;
  };
  int released = 0;
  OperatorHarness h("- {type: recombine, combine_field: body, is_last_entry: 'body == \"end\"', source_identifier: attributes.file}");
  for (const char* line : {"a", "b", "end"}) {
    auto* token = new Token(&released);
    CHECK(h.ProcessEntry([&](Entry& e) {
      e.body = Value::Str(line);
      e.attributes.Set(*e.arena, "file", Value::Str("f"));
      e.ack = AckRef(token);
    }) == "");
    if (std::string_view(line) != "end") CHECK(h.Take().empty());
    CHECK(released == 0);
  }
  CHECK(h.Take().size() == 1);
  CHECK(h.acks() == 1);
  CHECK(released == 0);
  h.ReleaseAcks();
  CHECK(released == 3);
}

TEST_CASE("recombine refuses settings that make no sense", "[operator][recombine]") {
  CHECK(OperatorHarness("- {type: recombine, is_first_entry: 'true'}").error() == "missing required argument 'combine_field'");
  CHECK(OperatorHarness("- {type: recombine, combine_field: body}").error() ==
        "one of is_first_entry and is_last_entry must be set");
  CHECK(OperatorHarness("- {type: recombine, combine_field: body, is_first_entry: 'true', is_last_entry: 'true'}").error() ==
        "only one of is_first_entry and is_last_entry can be set");
  CHECK(OperatorHarness("- {type: recombine, combine_field: body, is_first_entry: 'true', overwrite_with: middle}").error() ==
        "invalid value 'middle' for parameter 'overwrite_with'");
}

TEST_CASE("conditions on attributes that were never set are false", "[operator][recombine]") {
  OperatorHarness h("- {type: recombine, combine_field: body, combine_with: '', is_last_entry: \"attributes.tag == 'F'\"}");
  CHECK(h.Process("bad") == "");
  CHECK(h.Process("end", {{"tag", "F"}}) == "");
  CHECK(h.Bodies() == std::vector<std::string>{"badend"});
}
