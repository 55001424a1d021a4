// gen_pods writes a deterministic tree of containerd CRI pod logs:
//
//   OUT/var/log/pods/NAMESPACE_POD_UID/CONTAINER/0.log
//
// Same flags, same bytes. Every physical line, partial (P) lines too, carries a "seq=%010d" token
// that is unique over the tree, so that a sink can tell loss and duplication. Lines are 150 to 250
// bytes long. Prints one JSON line: pods, lines, partial, records, bytes.
//
// --body says what the application wrote: `mixed` (JSON, access log, plain text in turn), `json`
// (objects with a nested one), `csv` (nine columns, some quoted) or `trace` (stack traces over
// several lines; only the first line of each has the token, and only these count as records).
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "common/text.h"

namespace otelpipe::bench {
namespace {

constexpr const char* kNamespaces[] = {"default", "kube-system", "shop", "payments", "monitoring"};
constexpr const char* kContainers[] = {"app", "server", "sidecar-proxy", "worker", "web"};
constexpr const char* kApps[] = {"frontend", "catalog", "billing", "gateway", "indexer"};
constexpr const char* kPaths[] = {"/api/v1/cart", "/api/v1/checkout",     "/healthz",
                                  "/login",       "/api/v2/products/42", "/static/js/app.9f3c.js"};
constexpr std::string_view kWords[] = {
    "connection", "established", "timeout", "retrying", "upstream", "cache",
    "miss",       "request",     "handled", "queue",    "flushed",  "worker",
    "batch",      "accepted",    "session", "expired",  "token",    "refreshed",
    "database",   "transaction", "slow",    "committed"};
constexpr const char* kLevels[] = {"debug", "info", "info", "info", "info", "warn", "error"};
constexpr int kStatus[] = {200, 200, 200, 404, 500};
constexpr int64_t kNanosPerSecond = 1'000'000'000;

enum class BodyKind { kMixed, kJson, kCsv, kTrace };

struct Settings {
  std::string out;
  BodyKind body = BodyKind::kMixed;
  int pods = 20;
  int64_t lines = 0;
  int64_t bytes = 0;
  uint64_t seed = 1;
  double partial = 0.02;
  int64_t start_unix = 1767323045;
  int restart = 0;
};

// A generator whose every draw is fixed by the standard, unlike the distributions of <random>.
class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  uint64_t Below(uint64_t n) { return engine_() % n; }
  bool Chance(double share) {
    return static_cast<double>(engine_() >> 11) * 0x1.0p-53 < share;
  }
  template <typename T, size_t N>
  const T& OneOf(const T (&list)[N]) {
    return list[Below(N)];
  }

 private:
  std::mt19937_64 engine_;
};

template <typename... Args>
void Print(std::string* out, const char* format, Args... args) {
  char text[512];
  const int size = std::snprintf(text, sizeof(text), format, args...);
  out->append(text, static_cast<size_t>(size));
}

// The calendar part of a time stamp changes once a second; gmtime_r per line would cost more than
// the rest of the line.
class Clock {
 public:
  const std::tm& Calendar(int64_t nanos) {
    const time_t second = nanos / kNanosPerSecond;
    if (second != second_) {
      second_ = second;
      gmtime_r(&second, &tm_);
    }
    return tm_;
  }

 private:
  time_t second_ = -1;
  std::tm tm_ = {};
};

void AppendTime(std::string* out, const std::tm& tm, char separator, int64_t fraction,
                int digits) {
  Print(out, "%04d-%02d-%02d%c%02d:%02d:%02d.%0*" PRId64, tm.tm_year + 1900, tm.tm_mon + 1,
        tm.tm_mday, separator, tm.tm_hour, tm.tm_min, tm.tm_sec, digits, fraction);
}

void Fill(std::string* line, Dice* dice, size_t until) {
  *line += dice->OneOf(kWords);
  while (line->size() < until) {
    *line += ' ';
    *line += dice->OneOf(kWords);
  }
}

void AppendBody(std::string* line, Dice* dice, const std::tm& tm, int64_t nanos, int64_t seq) {
  const char* level = dice->OneOf(kLevels);
  const size_t target = line->size() + 110 + dice->Below(100);
  const int64_t fraction = nanos % kNanosPerSecond;
  const uint64_t shape = dice->Below(5);
  if (shape < 3) {  // structured application log
    Print(line, R"({"level":"%s","ts":%)" PRId64 R"(.%06)" PRId64 R"(,"msg":")", level,
          nanos / kNanosPerSecond, fraction / 1000);
    Fill(line, dice, target - 75);
    const char* path = dice->OneOf(kPaths);
    const int status = dice->OneOf(kStatus);
    Print(line, R"( seq=%010)" PRId64 R"(","path":"%s","status":%d,"dur_ms":%d})", seq, path,
          status, static_cast<int>(dice->Below(900)));
  } else if (shape == 3) {  // access log
    const int a = static_cast<int>(dice->Below(256));
    const int b = static_cast<int>(dice->Below(256));
    const int c = static_cast<int>(dice->Below(256));
    char when[32];
    std::strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm);
    const char* path = dice->OneOf(kPaths);
    Print(line,
          R"(10.%d.%d.%d - - [%s] "GET %s HTTP/1.1" 200 %d seq=%010)" PRId64
          R"( "-" "Mozilla/5.0 ()",
          a, b, c, when, path, static_cast<int>(dice->Below(50'000)), seq);
    Fill(line, dice, target - 2);
    *line += ")\"";
  } else {  // plain text
    AppendTime(line, tm, ' ', fraction / 1'000'000, 3);
    Print(line, " %s [worker-%d] seq=%010" PRId64 " ", level, static_cast<int>(dice->Below(16)),
          seq);
    Fill(line, dice, target);
  }
}

void AppendJsonBody(std::string* line, Dice* dice, const std::tm& tm, int64_t nanos, int64_t seq) {
  *line += R"({"time":")";
  AppendTime(line, tm, 'T', nanos % kNanosPerSecond / 1'000'000, 3);
  const char* level = dice->OneOf(kLevels);
  const char* path = dice->OneOf(kPaths);
  Print(line, R"(Z","level":"%s","msg":")", level);
  Fill(line, dice, line->size() + 15 + dice->Below(60));
  Print(line, R"( seq=%010)" PRId64 R"(","http":{"path":"%s","status":%d},)", seq, path,
        dice->OneOf(kStatus));
  Print(line, R"("dur_ms":%d.%d,"ok":%s})", static_cast<int>(dice->Below(900)),
        static_cast<int>(dice->Below(10)), dice->Chance(0.9) ? "true" : "false");
}

void AppendCsvBody(std::string* line, Dice* dice, const std::tm& tm, int64_t nanos, int64_t seq) {
  AppendTime(line, tm, 'T', nanos % kNanosPerSecond / 1'000'000, 3);
  const char* level = dice->OneOf(kLevels);
  const char* app = dice->OneOf(kApps);
  const char* path = dice->OneOf(kPaths);
  const int status = dice->OneOf(kStatus);
  const int bytes = static_cast<int>(dice->Below(50'000));
  const int duration = static_cast<int>(dice->Below(900));
  Print(line, "Z,%s,%s,GET,%s,%d,%d,%d,", level, app, path, status, bytes, duration);
  const bool quoted = dice->Chance(0.2);
  Print(line, quoted ? "\"seq=%010" PRId64 ", " : "seq=%010" PRId64 " ", seq);
  Fill(line, dice, line->size() + 25 + dice->Below(70));
  if (quoted) *line += '"';
}

// The first line of a trace, and one frame of it.
void AppendTraceHead(std::string* line, Dice* dice, const std::tm& tm, int64_t nanos, int64_t seq) {
  AppendTime(line, tm, ' ', nanos % kNanosPerSecond / 1'000'000, 3);
  Print(line, " ERROR [worker-%d] seq=%010" PRId64 " ", static_cast<int>(dice->Below(16)), seq);
  Fill(line, dice, line->size() + 60 + dice->Below(60));
}

void AppendTraceFrame(std::string* line, Dice* dice) {
  const char* app = dice->OneOf(kApps);
  Print(line, "\tat com.example.shop.%s.internal.", app);
  *line += dice->OneOf(kWords);
  *line += ".Handler.";
  *line += dice->OneOf(kWords);
  Print(line, "(Handler.java:%d) ~[%s-%d.%d.jar:na]", static_cast<int>(dice->Below(900)), app,
        static_cast<int>(dice->Below(9)), static_cast<int>(dice->Below(30)));
}

int64_t Share(int64_t total, int count, int index) {
  return total / count + (index < total % count ? 1 : 0);
}

struct Totals {
  int64_t lines = 0;
  int64_t partial = 0;
  int64_t records = 0;  // after partial lines and traces have been joined
  int64_t bytes = 0;
};

std::string PodFolder(const Settings& settings, int pod, Dice* dice) {
  std::string folder = settings.out;
  const auto hex = [&](uint64_t bits) {
    return static_cast<unsigned long long>(dice->Below(uint64_t{1} << bits));
  };
  Print(&folder, "/var/log/pods/%s_%s-%08llx-%05llx_", kNamespaces[pod % 5], kApps[(pod / 3) % 5],
        hex(32), hex(20));
  Print(&folder, "%08llx-%04llx-4%03llx-a%03llx-%012llx/%s", hex(32), hex(16), hex(12), hex(12),
        hex(48), kContainers[(pod / 2) % 5]);
  return folder;
}

bool WritePod(const Settings& settings, int pod, Totals* totals) {
  Dice dice(settings.seed * 1'000'003 + static_cast<uint64_t>(pod));
  const std::filesystem::path folder = PodFolder(settings, pod, &dice);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  const std::string path = folder / (std::to_string(settings.restart) + ".log");
  std::FILE* file = error ? nullptr : std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    std::fprintf(stderr, "gen_pods: %s: %s\n", path.c_str(),
                 error ? error.message().c_str() : std::strerror(errno));
    return false;
  }
  std::setvbuf(file, nullptr, _IOFBF, 1 << 20);
  const bool by_lines = settings.lines > 0;
  const int64_t want = Share(by_lines ? settings.lines : settings.bytes, settings.pods, pod);
  Clock clock;
  int64_t now = settings.start_unix * kNanosPerSecond + int64_t{pod} * 137'000;
  int64_t lines = 0;
  int64_t bytes = 0;
  bool need_full = false;
  uint64_t frames = 0;  // that the trace still gets
  const char* stream = "stdout";
  std::string line;
  while ((by_lines ? lines : bytes) < want) {
    now += 50'000 + static_cast<int64_t>(dice.Below(4'000'000));
    // A partial line is always followed by its full end, and a file never ends with one.
    const bool last = by_lines && lines == want - 1;
    const bool trace = settings.body == BodyKind::kTrace;
    // Two bodies in one record would be neither JSON nor CSV.
    const bool partial = settings.body == BodyKind::kMixed && !need_full && !last && dice.Chance(settings.partial);
    need_full = partial;
    if (partial) ++totals->partial;
    if (trace ? frames == 0 : !partial && lines % 7 == 0) stream = dice.Below(8) == 0 ? "stderr" : "stdout";
    line.clear();
    const std::tm& tm = clock.Calendar(now);
    AppendTime(&line, tm, 'T', now % kNanosPerSecond, 9);
    Print(&line, "Z %s %c ", stream, partial ? 'P' : 'F');
    const int64_t seq = totals->lines + lines;
    switch (settings.body) {
      case BodyKind::kMixed: AppendBody(&line, &dice, tm, now, seq); break;
      case BodyKind::kJson: AppendJsonBody(&line, &dice, tm, now, seq); break;
      case BodyKind::kCsv: AppendCsvBody(&line, &dice, tm, now, seq); break;
      case BodyKind::kTrace:
        if (frames > 0) {
          AppendTraceFrame(&line, &dice);
        } else {
          AppendTraceHead(&line, &dice, tm, now, seq);
        }
        break;
    }
    if (!partial && (!trace || frames == 0)) ++totals->records;
    frames = !trace ? 0 : frames > 0 ? frames - 1 : dice.Below(12);
    line += '\n';
    ++lines;
    bytes += static_cast<int64_t>(line.size());
    std::fwrite(line.data(), 1, line.size(), file);
  }
  totals->lines += lines;
  totals->bytes += bytes;
  const bool failed = std::ferror(file) != 0;
  if (std::fclose(file) != 0 || failed) {
    std::fprintf(stderr, "gen_pods: %s: %s\n", path.c_str(), std::strerror(errno));
    return false;
  }
  return true;
}

int Run(const Settings& settings) {
  Totals totals;
  for (int pod = 0; pod < settings.pods; ++pod) {
    if (!WritePod(settings, pod, &totals)) return 1;
  }
  std::puts(JsonLine()
                .Add("pods", settings.pods)
                .Add("lines", totals.lines)
                .Add("partial", totals.partial)
                .Add("records", totals.records)
                .Add("bytes", totals.bytes)
                .Done()
                .c_str());
  return 0;
}

}  // namespace
}  // namespace otelpipe::bench

int main(int argc, char** argv) {
  otelpipe::bench::Settings settings;
  CLI::App app("Writes a deterministic tree of CRI pod logs.", "gen_pods");
  app.option_defaults()->always_capture_default();
  app.add_option("--out", settings.out, "root folder to write under")->required();
  app.add_option("--pods", settings.pods, "pods, one container and one file each")
      ->check(CLI::Range(1, 100'000));
  auto* lines = app.add_option("--lines", settings.lines, "lines in all")
                    ->check(CLI::Range(int64_t{1}, int64_t{9'999'999'999}));
  auto* bytes = app.add_option("--bytes", settings.bytes, "bytes in all, instead of --lines")
                    ->check(CLI::Range(int64_t{1}, int64_t{1} << 40));
  app.add_option("--seed", settings.seed, "random seed");
  const std::map<std::string, otelpipe::bench::BodyKind> bodies = {
      {"mixed", otelpipe::bench::BodyKind::kMixed},
      {"json", otelpipe::bench::BodyKind::kJson},
      {"csv", otelpipe::bench::BodyKind::kCsv},
      {"trace", otelpipe::bench::BodyKind::kTrace}};
  app.add_option("--body", settings.body, "what the application writes: mixed, json, csv, trace")
      ->transform(CLI::CheckedTransformer(bodies));
  app.add_option("--partial", settings.partial, "share of partial (P) lines of mixed bodies")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--start", settings.start_unix, "Unix time of the first line");
  app.add_option("--restart", settings.restart, "restart count, the N of N.log");
  lines->excludes(bytes);
  CLI11_PARSE(app, argc, argv);
  if (settings.lines == 0 && settings.bytes == 0) {
    std::fprintf(stderr, "gen_pods: --lines or --bytes is required\n");
    return 2;
  }
  return otelpipe::bench::Run(settings);
}
