// bench_sink accepts what an agent sends, and counts it:
//
//   HTTP  POST /loki/api/v1/push          protobuf with snappy, or JSON (gzip too)
//   HTTP  POST /v1/{logs,traces,metrics}  OTLP protobuf or JSON (gzip, snappy)
//   gRPC  OTLP Export of logs, traces and metrics (gzip too)
//
// One JSON line of totals is printed on SIGUSR1, once --expect records have come, and at exit.
// GET /stats answers with the same line, GET /labels with the label sets seen. Faults come by
// --fault or POST /fault?mode=503|429|400|hang|close|off&for=5s; nothing is counted while one is
// on. With --seq it reads the "seq=" token of every record and reports loss and duplicates.
// It runs on two threads, one for each kind of server, and decodes only what it must.
#include <signal.h>
#include <snappy.h>
#include <time.h>

#include <CLI/CLI.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "common/grpc_raw.h"
#include "common/gzip.h"
#include "common/http_io.h"
#include "common/text.h"
#include "sink/faults.h"
#include "sink/totals.h"

namespace otelpipe::bench {
namespace {

struct Settings {
  std::string http = "127.0.0.1:0";
  std::string grpc;
  TotalsSettings totals;
  std::string fault;
  std::string delay = "0";
  std::string linger = "0";
  bool exit = false;
};

struct Shared {
  Totals* totals;
  Faults* faults;
  std::chrono::nanoseconds delay;
};

void PrintLine(const std::string& line) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::puts(line.c_str());
  std::fflush(stdout);
}

// Counts one request. False: it is not what its headers say.
class Counter {
 public:
  explicit Counter(Totals* totals) : totals_(totals) {}

  bool Count(Kind kind, bool json, std::string_view encoding, std::string_view body) {
    std::string_view plain = body;
    if (kind == Kind::kLoki && !json) encoding = "snappy";  // with or without the header
    if (encoding == "gzip") {
      if (!gzip_.Unpack(body, &plain)) return false;
    } else if (encoding == "snappy") {
      size_t size = 0;
      if (!snappy::GetUncompressedLength(body.data(), body.size(), &size) || size > kMaxBody) {
        return false;
      }
      if (buffer_.size() < size) buffer_.resize(size);
      if (!snappy::RawUncompress(body.data(), body.size(), buffer_.data())) return false;
      plain = {buffer_.data(), size};
    } else if (!encoding.empty() && encoding != "identity") {
      return false;
    }
    return CountPlain(kind, json, body.size(), plain.size(), {&plain, 1});
  }

  bool CountPlain(Kind kind, bool json, size_t wire, size_t size,
                  std::span<const std::string_view> slices) {
    SkimCounts counts;
    seqs_.clear();
    EachRecord each;
    if (totals_->wants_records()) {
      if (slices.size() > 1) return CountJoined(kind, wire, slices);
      each = [this](std::string_view record) { totals_->Look(record, &seqs_); };
    }
    const auto stream = [this](std::string_view labels) { totals_->Stream(labels); };
    const std::string_view whole = slices.empty() ? std::string_view() : slices[0];
    const Signal signal = static_cast<Signal>(kind);  // not read for Loki
    bool ok = false;
    if (kind == Kind::kLoki) {
      ok = json ? SkimLokiJson(whole, stream, each, &counts)
                : SkimLokiProto(whole, stream, each, &counts);
    } else {
      ok = json ? SkimOtlpJson(signal, whole, each, &counts)
                : SkimOtlp(signal, slices, each, &counts);
    }
    if (!ok) return false;
    totals_->Bytes(wire, size);
    totals_->Book(kind, counts, seqs_);
    return true;
  }

 private:
  bool CountJoined(Kind kind, size_t wire, std::span<const std::string_view> slices) {
    buffer_.clear();
    for (const std::string_view slice : slices) buffer_ += slice;
    const std::string_view whole = buffer_;
    return CountPlain(kind, false, wire, whole.size(), {&whole, 1});
  }

  Totals* const totals_;
  GzipReader gzip_;
  std::string buffer_;
  std::vector<int64_t> seqs_;
};

std::string_view View(beast::string_view text) { return {text.data(), text.size()}; }

// ---- HTTP ----

constexpr std::string_view kNoContent = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view kProtoOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
constexpr std::string_view kJsonOk =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

std::string Answer(std::string_view status, std::string_view body, std::string_view more = "") {
  std::string head = "HTTP/1.1 ";
  head.append(status).append("\r\n").append(more);
  head.append("Content-Type: text/plain\r\nContent-Length: ");
  head.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  return head;
}

std::string Parameter(std::string_view target, std::string_view name) {
  const size_t question = target.find('?');
  std::string_view rest =
      question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  while (!rest.empty()) {
    const size_t ampersand = rest.find('&');
    const std::string_view pair = rest.substr(0, ampersand);
    const size_t equals = pair.find('=');
    if (pair.substr(0, equals) == name && equals != std::string_view::npos) {
      return std::string(pair.substr(equals + 1));
    }
    rest = ampersand == std::string_view::npos ? std::string_view() : rest.substr(ampersand + 1);
  }
  return "";
}

std::string Control(const Shared& shared, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path == "/stats") return Answer("200 OK", shared.totals->Line("stats"));
  if (path == "/labels") return Answer("200 OK", shared.totals->Labels());
  if (path == "/ready") return Answer("200 OK", "ready\n");
  if (path != "/fault") return Answer("404 Not Found", "unknown path\n");
  const std::string mode = Parameter(target, "mode");
  if (mode == "off") {
    shared.faults->Off();
    return Answer("200 OK", "off\n");
  }
  const std::optional<Fault> fault = ParseFault(mode);
  std::chrono::nanoseconds length = std::chrono::seconds(5);
  const std::string text = Parameter(target, "for");
  if (!fault || (!text.empty() && !ParseDuration(text, &length))) {
    return Answer("400 Bad Request", "want mode=503|429|400|hang|close|off and for=5s\n");
  }
  shared.faults->Switch(*fault, length);
  return Answer("200 OK", "on\n");
}

std::optional<Kind> KindOf(std::string_view path) {
  if (path == "/loki/api/v1/push") return Kind::kLoki;
  if (path == "/v1/logs") return Kind::kLogs;
  if (path == "/v1/traces") return Kind::kTraces;
  if (path == "/v1/metrics") return Kind::kMetrics;
  return std::nullopt;
}

asio::awaitable<void> Sleep(tcp::socket& socket, std::chrono::nanoseconds wait) {
  boost::system::error_code error;
  asio::steady_timer timer(socket.get_executor(), wait);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
}

// The answer a fault gives. None: the connection is to be closed.
std::optional<std::string> FaultAnswer(Fault fault) {
  switch (fault) {
    case Fault::kTooMany:
      return Answer("429 Too Many Requests", "fault", "Retry-After: 1\r\n");
    case Fault::kBadRequest:
      return Answer("400 Bad Request", "fault");
    case Fault::kClose:
      return std::nullopt;
    case Fault::kUnavailable:
    case Fault::kHang:
      break;
  }
  return Answer("503 Service Unavailable", "fault");
}

asio::awaitable<void> Session(Shared shared, Counter* counter, tcp::socket socket) {
  ReadState state;
  HttpMessage<true> request;
  while (co_await ReadMessage(socket, &state, &request)) {
    const std::string_view target = View(request.header.target());
    const std::optional<Kind> kind = KindOf(target.substr(0, target.find('?')));
    if (!kind || request.header.method() != http::verb::post) {
      const std::string answer = Control(shared, target);
      const bool written = co_await WriteAll(socket, answer, "");
      if (!written || !request.keep_alive) co_return;
      continue;
    }
    const int64_t number = shared.totals->NewRequest();
    if (const auto active = shared.faults->Now(number)) {
      shared.totals->Faulted();
      if (active->fault == Fault::kHang) co_await Sleep(socket, active->left);
      const std::optional<std::string> answer = FaultAnswer(active->fault);
      if (!answer) co_return;
      const bool written = co_await WriteAll(socket, *answer, "");
      if (!written || !request.keep_alive) co_return;
      continue;
    }
    if (shared.delay.count() > 0) co_await Sleep(socket, shared.delay);
    const bool json =
        View(request.header[http::field::content_type]).starts_with("application/json");
    std::string refusal;
    std::string_view answer = *kind == Kind::kLoki ? kNoContent : json ? kJsonOk : kProtoOk;
    if (!counter->Count(*kind, json, View(request.header[http::field::content_encoding]),
                        request.body)) {
      shared.totals->BadRequest();
      std::fprintf(stderr, "bench_sink: %.*s: cannot read %zu bytes\n",
                   static_cast<int>(target.size()), target.data(), request.body.size());
      refusal = Answer("400 Bad Request", "cannot read the body\n");
      answer = refusal;
    }
    const bool written = co_await WriteAll(socket, answer, "");
    if (!written || !request.keep_alive) co_return;
  }
}

// ---- gRPC ----

void HandleCall(const Shared& shared, Counter* counter, ExportCall* call) {
  static thread_local std::vector<grpc::Slice> slices;
  const Kind kind = static_cast<Kind>(call->signal());
  bool ok = false;
  if (CompressionOf(call->request()) == GRPC_COMPRESS_GZIP) {
    grpc::Slice whole;
    ok = call->request().DumpToSingleSlice(&whole).ok() &&
         counter->Count(kind, false, "gzip",
                        {reinterpret_cast<const char*>(whole.begin()), whole.size()});
  } else if (CompressionOf(call->request()) == GRPC_COMPRESS_NONE) {
    const std::vector<std::string_view> views = Views(call->request(), &slices);
    const size_t size = call->request().Length();
    ok = counter->CountPlain(kind, false, size, size, views);
    slices.clear();
  }
  if (ok) {
    call->Reply(grpc::ByteBuffer(nullptr, 0));
  } else {
    shared.totals->BadRequest();
    std::fprintf(stderr, "bench_sink: gRPC: cannot read a message\n");
    call->Fail(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "cannot read the message"));
  }
}

void AnswerCall(const Shared& shared, Counter* counter, ExportCall* call) {
  const int64_t number = shared.totals->NewRequest();
  if (const auto active = shared.faults->Now(number)) {
    shared.totals->Faulted();
    grpc::StatusCode code = grpc::StatusCode::UNAVAILABLE;
    if (active->fault == Fault::kTooMany) code = grpc::StatusCode::RESOURCE_EXHAUSTED;
    if (active->fault == Fault::kBadRequest) code = grpc::StatusCode::INVALID_ARGUMENT;
    const auto fail = [call, code] { call->Fail(grpc::Status(code, "fault")); };
    if (active->fault == Fault::kHang) {
      call->After(active->left, fail);
    } else {
      fail();
    }
    return;
  }
  if (shared.delay.count() > 0) {
    call->After(shared.delay, [shared, counter, call] { HandleCall(shared, counter, call); });
  } else {
    HandleCall(shared, counter, call);
  }
}

// ---- main ----

// Prints totals on SIGUSR1 and returns at SIGTERM, SIGINT, or when told to by --exit.
void WaitForEnd(const sigset_t& signals, const Settings& settings, const Totals& totals,
                std::chrono::nanoseconds linger) {
  using Clock = std::chrono::steady_clock;
  std::optional<Clock::time_point> reached;
  while (true) {
    const timespec tick = {0, 20'000'000};
    const int number = sigtimedwait(&signals, nullptr, &tick);
    if (number == SIGUSR1) PrintLine(totals.Line("usr1"));
    if (number == SIGTERM || number == SIGINT) return;
    if (!settings.exit || !totals.expected_reached()) continue;
    if (!reached) reached = Clock::now();
    if (Clock::now() - *reached >= linger) return;
  }
}

int Run(const Settings& settings) {
  std::chrono::nanoseconds delay{};
  std::chrono::nanoseconds linger{};
  Faults faults;
  if (!ParseDuration(settings.delay, &delay) || !ParseDuration(settings.linger, &linger) ||
      (!settings.fault.empty() && !faults.Plan(settings.fault))) {
    std::fprintf(stderr, "bench_sink: --delay, --linger or --fault cannot be read\n");
    return 2;
  }
  // Blocked before any thread starts, so that only WaitForEnd sees them.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGUSR1, SIGTERM, SIGINT}) sigaddset(&signals, number);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Totals totals(settings.totals, PrintLine);
  const Shared shared = {&totals, &faults, delay};
  JsonLine listening;
  listening.Add("event", "listening");

  asio::io_context context(1);
  Counter http_counter(&totals);
  std::string host;
  uint16_t port = 0;
  boost::system::error_code error;
  if (!SplitHostPort(settings.http, &host, &port)) {
    std::fprintf(stderr, "bench_sink: --http: want host:port\n");
    return 2;
  }
  auto acceptor = Listen(context, host, port, &error);
  if (!acceptor) {
    std::fprintf(stderr, "bench_sink: %s: %s\n", settings.http.c_str(), error.message().c_str());
    return 1;
  }
  listening.Add("http", host + ":" + std::to_string(acceptor->local_endpoint().port()));
  asio::co_spawn(context,
                 AcceptLoop(std::move(*acceptor),
                            [&](tcp::socket socket) {
                              return Session(shared, &http_counter, std::move(socket));
                            }),
                 asio::detached);

  Counter grpc_counter(&totals);
  std::unique_ptr<ExportServer> server;
  if (!settings.grpc.empty()) {
    server = std::make_unique<ExportServer>(
        settings.grpc, ExportServerSettings{.queues = 1, .decompress = false},
        [&](ExportCall* call) { AnswerCall(shared, &grpc_counter, call); });
    if (!server->ok() || !SplitHostPort(settings.grpc, &host, &port)) {
      std::fprintf(stderr, "bench_sink: cannot listen on %s\n", settings.grpc.c_str());
      return 1;
    }
    listening.Add("grpc", host + ":" + std::to_string(server->port()));
  }
  PrintLine(listening.Done());
  std::thread http_thread([&context] { context.run(); });
  std::thread grpc_thread;
  if (server != nullptr) grpc_thread = std::thread([&server] { server->RunQueue(0); });

  WaitForEnd(signals, settings, totals, linger);
  PrintLine(totals.Line("exit"));
  for (const std::string& sample : totals.Samples()) {
    std::fprintf(stderr, "%s\n", JsonLine().Add("sample", sample).Done().c_str());
  }
  std::fflush(nullptr);
  // Both servers run until the process ends; there is nothing left to save.
  std::_Exit(0);
}

}  // namespace
}  // namespace otelpipe::bench

int main(int argc, char** argv) {
  otelpipe::bench::Settings settings;
  CLI::App app("Counts what an agent sends by Loki push and OTLP.", "bench_sink");
  app.option_defaults()->always_capture_default();
  app.add_option("--http", settings.http, "host:port for HTTP; port 0 takes a free one");
  app.add_option("--grpc", settings.grpc, "host:port for gRPC; empty: no gRPC");
  app.add_option("--expect", settings.totals.expect, "print totals once so many records came");
  app.add_flag("--exit", settings.exit, "end once --expect is reached");
  app.add_option("--linger", settings.linger, "go on so long after --expect before --exit");
  app.add_flag("--seq", settings.totals.seq, "track seq= tokens: loss and duplicates");
  app.add_option("--sample", settings.totals.sample, "print the first N records to stderr at exit");
  app.add_option("--delay", settings.delay, "added latency per request");
  app.add_option("--fault", settings.fault, "MODE[,after=N][,for=D]");
  CLI11_PARSE(app, argc, argv);
  return otelpipe::bench::Run(settings);
}
