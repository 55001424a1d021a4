#include "regex/scanner.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "otelpipe/regex/pattern.h"

namespace otelpipe::regex {
namespace {

using Groups = std::vector<std::optional<std::string>>;

constexpr std::string_view kLogPatterns[] = {
    R"(^(?P<time>[^ ^Z]+Z) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$)",
    R"(^(?P<time>[^ Z]+) (?P<stream>stdout|stderr) (?P<logtag>[^ ]*) ?(?P<log>.*)$)",
    R"(^.*\/(?P<namespace>[^_]+)_(?P<pod_name>[^_]+)_(?P<uid>[a-f0-9\-]{36})\/(?P<container_name>[^\._]+)\/(?P<restart_count>\d+)\.log$)",
    R"(^.*\/(?P<namespace>[^_]+)_(?P<pod_name>[^_]+)_(?P<uid>[a-f0-9\-]+)\/(?P<container_name>[^\._]+)\/(?P<restart_count>\d+)\.log$)",
    R"(^\{)",
    R"(^[^ Z]+Z)",
    R"(^[^ Z]+ )",
    R"(^{.*}$)",
    R"re(^(?P<ip>\S+) (?P<user>\S+) \[(?P<t>[^\]]+)\] "(?P<m>\w+) (?P<p>\S+)" (?P<s>\d{3})$)re",
    R"re(^(\S+) - (\S*) \[([^\]]*)\] "([^"]*)" (\d+) (\d+|-)(?: "([^"]*)" "([^"]*)")?$)re",
    R"(^(?P<time>\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?) +(?P<sev>[A-Z]+) (?P<msg>.*))",
    R"((?i)\b(error|warn(?:ing)?|info|debug)\b)",
    R"(^(?P<host>[\w.-]+):(?P<port>\d{1,5}) (?P<rest>.*?)\s*$)",
    R"((?P<key>\w+)=(?P<value>"[^"]*"|\S+))",
    R"(^(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9a-f:]+)$)",
    R"(^\[(?P<thread>.+)\] (?P<class>[\w.$]+): (?P<text>(?s:.*))$)",
    R"((?m)^\s+at (?P<frame>.+)$)",
    R"(^(?P<a>.*), (?P<b>.*), (?P<c>.*)$)",
    R"(\x1b\[[0-?]*[ -/]*[@-~])",
};

// Random patterns with a text each that has a good chance to match.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  size_t Below(size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random_); }
  bool Chance(int percent) { return Below(100) < static_cast<size_t>(percent); }

  std::string PatternText(std::string& sample) {
    std::string pattern;
    if (Chance(10)) pattern += "(?i)";
    if (Chance(7)) pattern += "(?s)";
    if (Chance(7)) pattern += "(?m)";
    if (Chance(50)) {
      pattern += '^';
    } else if (Chance(30)) {
      sample += Noise(5);
    }
    if (Chance(10)) Add(".*", Noise(8), pattern, sample);
    Alternatives(2, pattern, sample);
    if (Chance(25)) Add(Chance(50) ? "(.*)" : " ?(.*)", Noise(8), pattern, sample);
    if (Chance(50)) {
      pattern += '$';
    } else if (Chance(30)) {
      sample += Noise(5);
    }
    return pattern;
  }

  std::string Noise(size_t limit) {
    std::string out;
    for (size_t n = Below(limit + 1); n > 0; --n) out += Pick(kAlphabet);
    return out;
  }

  std::string Mutated(std::string text) {
    for (size_t n = Below(4); n > 0; --n) {
      const size_t at = Below(text.size() + 1);
      switch (Below(5)) {
        case 0:
          text.insert(at, Pick(kAlphabet));
          break;
        case 1:
          if (at < text.size()) text.erase(at, 1 + Below(3));
          break;
        case 2:
          if (at < text.size()) text[at] = static_cast<char>(Below(256));
          break;
        case 3:
          text.insert(at, text.substr(Below(text.size() + 1), Below(12)));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    return text;
  }

 private:
  struct Class {
    const char* text;
    std::vector<std::string> members;
  };

  static inline const std::vector<std::string> kAlphabet = {
      "a", "b", "c", "k", "K", "s", "Z", "0", "1", "9", " ", " ", "_", "/", ".", "-", ":", "\"",
      "=", "[", "]", "\n", "\t", "\xC3\xA9", "\xE4\xB8\x96", "\xF0\x9F\x98\x80", "\xEF\xBF\xBD",
      "\xFF", "\xE2\x84\xAA", "\xC5\xBF", "\x80", "\xE4\xB8"};
  static inline const std::vector<Class> kClasses = {
      {"[^ ]", {"a", "Z", "/", "\xC3\xA9", "\xFF", "\n"}},
      {"[^ Z]", {"a", ":", "-", "\xE4\xB8\x96"}},
      {"[^_]", {"a", "/", " ", "\xF0\x9F\x98\x80"}},
      {"[^\\]]", {"a", "[", "0", "\xE4\xB8"}},
      {"[^\"]", {"b", " ", "="}},
      {"[^._]", {"c", "/", "-"}},
      {"[^abc ]", {"Z", "0", "\xEF\xBF\xBD"}},
      {"\\d", {"0", "1", "9"}},
      {"\\D", {"a", " ", "\xC3\xA9"}},
      {"\\w", {"a", "Z", "_", "9"}},
      {"\\W", {"-", " ", "\xFF"}},
      {"\\s", {" ", "\t", "\n"}},
      {"\\S", {"a", "\"", "=", "\xE4\xB8\x96"}},
      {".", {"a", " ", "\xFF", "\xC3\xA9", "Z"}},
      {"[a-c]", {"a", "b", "c"}},
      {"[a-f0-9\\-]", {"a", "0", "-"}},
      {"[\xC3\xA0-\xC3\xBF" "a]", {"\xC3\xA9", "a"}},
      {"[^\xC3\xA9]", {"a", "\xE4\xB8\x96", "\x80"}},
      {"\\x{FFFD}", {"\xEF\xBF\xBD", "\xFF"}},
      {"[k-s]", {"k", "s", "n"}},
      {"[[:alpha:]]", {"a", "Z", "k"}},
  };
  static inline const std::vector<const char*> kLiterals = {
      "a", "b", "k", "s", "Z", " ", "_", "/", ":", "-", "=", "\"", "0", "\xC3\xA9", "\xE4\xB8\x96"};

  template <typename T>
  const T& Pick(const std::vector<T>& items) {
    return items[Below(items.size())];
  }

  static void Add(std::string_view pattern_part, std::string_view sample_part,
                  std::string& pattern, std::string& sample) {
    pattern += pattern_part;
    sample += sample_part;
  }

  // A quantifier and how often its sample repeats.
  std::string Quantifier(size_t& times) {
    const size_t a = Below(3);
    const size_t b = a + Below(3);
    std::string lazy = Chance(25) ? "?" : "";
    switch (Below(6)) {
      case 0:
        times = Below(5);
        return "*" + lazy;
      case 1:
        times = 1 + Below(5);
        return "+" + lazy;
      case 2:
        times = Below(2);
        return "?" + lazy;
      case 3:
        times = a;
        return "{" + std::to_string(a) + "}" + lazy;
      case 4:
        times = a + Below(b - a + 1);
        return "{" + std::to_string(a) + "," + std::to_string(b) + "}" + lazy;
      default:
        times = a + Below(3);
        return "{" + std::to_string(a) + ",}" + lazy;
    }
  }

  void Alternatives(int depth, std::string& pattern, std::string& sample) {
    const size_t count = Chance(70) ? 1 : 2 + Below(3);
    const size_t chosen = Below(count);
    for (size_t i = 0; i < count; ++i) {
      std::string part;
      if (i > 0) pattern += '|';
      Sequence(depth, pattern, part);
      if (i == chosen) sample += part;
    }
  }

  void Sequence(int depth, std::string& pattern, std::string& sample) {
    for (size_t n = 1 + Below(5); n > 0; --n) Piece(depth, pattern, sample);
  }

  void Piece(int depth, std::string& pattern, std::string& sample) {
    size_t times = 1;
    if (depth > 0 && Chance(25)) {
      static const std::vector<const char*> kOpenings = {"(", "(?:", "(?P<n>", "(?<m>"};
      std::string part;
      pattern += Pick(kOpenings);
      Alternatives(depth - 1, pattern, part);
      pattern += ')';
      if (Chance(35)) pattern += Quantifier(times);
      for (; times > 0; --times) sample += part;
      return;
    }
    if (Chance(5)) {
      static const std::vector<const char*> kAssertions = {"\\b", "\\B", "^", "$", "\\z"};
      pattern += Pick(kAssertions);
      return;
    }
    if (Chance(45)) {
      const char* literal = Pick(kLiterals);
      pattern += literal;
      if (Chance(15)) pattern += Quantifier(times);
      for (; times > 0; --times) sample += literal;
      return;
    }
    const Class& c = Pick(kClasses);
    pattern += c.text;
    if (Chance(60)) pattern += Quantifier(times);
    for (; times > 0; --times) sample += Pick(c.members);
  }

  std::mt19937_64 random_;
};

Groups MatchedBy(const Pattern& pattern, std::string_view subject, bool re2) {
  std::vector<std::string_view> captures(pattern.capture_count());
  const bool matched = re2 ? pattern.MatchAtWithRe2ForTest(subject, 0, captures.data())
                           : pattern.Match(subject, captures.data());
  Groups groups;
  if (!matched) return groups;
  for (const std::string_view capture : captures) {
    if (capture.data() == nullptr) {
      groups.emplace_back();
      continue;
    }
    // The place counts, not only the text.
    groups.emplace_back(std::to_string(capture.data() - subject.data()) + ":" +
                        std::string(capture));
  }
  return groups;
}

// Counts subjects on which the two engines differ and reports the first.
void Compare(const Pattern& pattern, std::string_view subject) {
  const Groups scanned = MatchedBy(pattern, subject, false);
  const Groups expected = MatchedBy(pattern, subject, true);
  if (scanned == expected) return;
  INFO("pattern " << pattern.text() << "\nsubject " << subject);
  CHECK(scanned == expected);
}

bool SlowMode() { return std::getenv("OTELPIPE_SLOW_TESTS") != nullptr; }

}  // namespace

TEST_CASE("typical log patterns run on the scanner", "[unit][regex]") {
  for (const std::string_view text : kLogPatterns) {
    CAPTURE(text);
    auto pattern = Pattern::Compile(text);
    REQUIRE(pattern.ok());
    CHECK((*pattern)->uses_scanner());
  }
}

TEST_CASE("patterns that only RE2 can run are left to it", "[unit][regex]") {
  for (const std::string_view text :
       {R"(\pL+)", R"([\p{Greek}a])", "(a*)*", "(?:|a)+", "(?i)\xC3\xA9", "(?i)[\xC3\xA9-\xC3\xBF]"}) {
    CAPTURE(text);
    auto pattern = Pattern::Compile(text);
    REQUIRE(pattern.ok());
    CHECK_FALSE((*pattern)->uses_scanner());
  }
}

TEST_CASE("scanner and RE2 agree on log lines and their mutations", "[unit][regex]") {
  const std::string uid = "0a1b2c3d-1111-2222-3333-444455556666";
  const std::vector<std::string> lines = {
      "2024-03-05T06:07:08.123456789Z stdout F hello world",
      "2024-03-05T06:07:08.123456789Z stderr P ",
      "2024-03-05T06:07:08+01:00 stdout F caf\xC3\xA9 \xE4\xB8\x96\xE7\x95\x8C",
      "/var/log/pods/kube-system_coredns-5dd5_" + uid + "/coredns/0.log",
      "/var/log/a_b/ns_pod_" + uid + "/x/y/12.log",
      "{\"a\": 1}",
      "10.0.0.1 frank [05/Mar/2024:06:07:08 +0000] \"GET /a\"b\" 200",
      "10.0.0.1 - - [t] \"GET / HTTP/1.1\" 200 12 \"ref\" \"agent\"",
      "2024-03-05 06:07:08,123   WARN something happened",
      "host.example:8080 rest of it   ",
      "a=1 b=\"two words\" c==",
      "[main] com.example.Main$1: text\nmore",
      "x\n  at com.example.Main(Main.java:1)\n  at y",
      "a, b, c, d",
      "\x1b[31mred\x1b[0m",
      "an ErRoR and a warning",
  };
  const uint64_t seed = 7;
  CAPTURE(seed);
  Generator generator(seed);
  const int rounds = SlowMode() ? 4000 : 80;
  for (const std::string_view text : kLogPatterns) {
    const auto pattern = *Pattern::Compile(text);
    for (const std::string& line : lines) {
      Compare(*pattern, line);
      for (int i = 0; i < rounds; ++i) Compare(*pattern, generator.Mutated(line));
    }
  }
}

TEST_CASE("scanner and RE2 agree on random patterns and subjects", "[unit][regex]") {
  const int patterns = SlowMode() ? 100000 : 6000;
  const int subjects = 30;
  int scanned = 0;
  for (int i = 0; i < patterns; ++i) {
    const auto seed = static_cast<uint64_t>(1000 + i);
    Generator generator(seed);
    std::string sample;
    const std::string text = generator.PatternText(sample);
    INFO("seed " << seed << " pattern " << text);
    auto pattern = Pattern::Compile(text);
    REQUIRE(pattern.ok());
    if (!(*pattern)->uses_scanner()) continue;
    ++scanned;
    Compare(**pattern, sample);
    Compare(**pattern, "");
    for (int k = 0; k < subjects; ++k) {
      Compare(**pattern, generator.Chance(75) ? generator.Mutated(sample) : generator.Noise(30));
    }
  }
  CHECK(scanned > patterns / 2);
}

TEST_CASE("a subject that would take too long is handed to RE2", "[unit][regex]") {
  const std::string long_line(20000, 'a');
  for (const std::string_view text : {"(?:a+)+b", "a*a*a*a*b", "^(?:a|aa)+$", "^(.*)(.*)(.*)x$",
                                      "(?:a?){30}a{30}$", "x*a*y"}) {
    CAPTURE(text);
    auto pattern = Pattern::Compile(text);
    REQUIRE(pattern.ok());
    Compare(**pattern, long_line);
    CHECK((*pattern)->PartialMatch(long_line) ==
          !MatchedBy(**pattern, long_line, true).empty());
  }
}

TEST_CASE("runs end at the first byte outside the class, wherever it lies", "[unit][regex]") {
  const auto run = [](std::string_view text) {
    auto pattern = *Pattern::Compile("^[^ Zq]*");
    std::string_view whole;
    REQUIRE(pattern->Match(text, &whole));
    return whole.size();
  };
  for (size_t length = 0; length < 100; ++length) {
    for (size_t at = 0; at <= length; ++at) {
      std::string text(length, 'a');
      if (at < length) text[at] = "Z q"[at % 3];
      REQUIRE(run(text) == at);
    }
  }
}

}  // namespace otelpipe::regex
