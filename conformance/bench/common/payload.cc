#include "common/payload.h"

#include <cstdio>
#include <iterator>
#include <protozero/pbf_writer.hpp>
#include <string_view>

namespace otelpipe::bench {
namespace {

using protozero::pbf_writer;

constexpr std::string_view kWords[] = {"connection", "established", "timeout", "retrying",
                                       "upstream",   "cache",       "miss",    "request",
                                       "handled",    "queue",       "flushed", "worker"};

// std::uniform_int_distribution may differ between standard libraries; a remainder does not.
uint64_t Pick(std::mt19937_64* random, uint64_t below) { return (*random)() % below; }

void AddText(pbf_writer* parent, uint32_t field, std::string_view key, std::string_view text) {
  pbf_writer pair(*parent, field);
  pair.add_string(1, key.data(), key.size());
  pbf_writer value(pair, 2);
  value.add_string(1, text.data(), text.size());
}

void AddInteger(pbf_writer* parent, uint32_t field, std::string_view key, int64_t number) {
  pbf_writer pair(*parent, field);
  pair.add_string(1, key.data(), key.size());
  pbf_writer value(pair, 2);
  value.add_int64(3, number);
}

std::string Text(std::mt19937_64* random, size_t size, int64_t seq) {
  char token[32];
  std::snprintf(token, sizeof(token), "seq=%010lld", static_cast<long long>(seq));
  std::string text = token;
  const size_t least = text.size();
  while (text.size() < size) {
    text += ' ';
    text += kWords[Pick(random, std::size(kWords))];
  }
  text.resize(std::max(size, least));
  return text;
}

std::string Id(std::mt19937_64* random, size_t bytes) {
  std::string id(bytes, '\0');
  for (char& c : id) c = static_cast<char>(Pick(random, 256));
  return id;
}

void AddLog(pbf_writer* scope, const PayloadSettings& settings, uint64_t time, int64_t seq,
            std::mt19937_64* random) {
  pbf_writer record(*scope, 2);
  record.add_fixed64(1, time);
  record.add_enum(2, 9);
  record.add_string(3, "INFO");
  {
    pbf_writer body(record, 5);
    body.add_string(1, Text(random, static_cast<size_t>(settings.body_bytes), seq));
  }
  AddText(&record, 6, "http.method", "GET");
  AddText(&record, 6, "http.route", "/api/v1/cart/{id}");
  AddInteger(&record, 6, "http.status_code", 200);
  AddText(&record, 6, "thread.name", "worker-7");
  record.add_bytes(9, Id(random, 16));
  record.add_bytes(10, Id(random, 8));
  record.add_fixed64(11, time + 500);
}

void AddSpan(pbf_writer* scope, uint64_t time, int64_t seq, std::mt19937_64* random) {
  pbf_writer span(*scope, 2);
  span.add_bytes(1, Id(random, 16));
  span.add_bytes(2, Id(random, 8));
  span.add_bytes(4, Id(random, 8));
  span.add_string(5, "GET /api/v1/cart/{id}");
  span.add_enum(6, 2);
  span.add_fixed64(7, time);
  span.add_fixed64(8, time + 1'500'000);
  AddText(&span, 9, "http.method", "GET");
  AddText(&span, 9, "http.route", "/api/v1/cart/{id}");
  AddText(&span, 9, "http.target", "/api/v1/cart/" + std::to_string(Pick(random, 1'000'000)));
  AddInteger(&span, 9, "http.status_code", 200);
  AddText(&span, 9, "net.peer.ip", "10.1.22.3");
  AddText(&span, 9, "note", Text(random, 30, seq));
  pbf_writer status(span, 15);
  status.add_enum(3, 1);
}

void AddMetric(pbf_writer* scope, uint64_t time, int index, int64_t seq,
               std::mt19937_64* random) {
  pbf_writer metric(*scope, 2);
  metric.add_string(1, "http_requests_" + std::to_string(index % 50) + "_total");
  metric.add_string(3, "1");
  pbf_writer sum(metric, 7);
  {
    pbf_writer point(sum, 1);
    AddText(&point, 7, "http.method", "GET");
    AddText(&point, 7, "http.route", "/r/" + std::to_string(index));
    AddText(&point, 7, "note", Text(random, 14, seq));
    point.add_fixed64(2, time - 60'000'000'000);
    point.add_fixed64(3, time);
    point.add_double(4, static_cast<double>(Pick(random, 1'000'000)) / 1000.0);
  }
  sum.add_enum(2, 2);
  sum.add_bool(3, true);
}

}  // namespace

std::string EncodeRequest(const PayloadSettings& settings, int64_t first_seq,
                          std::mt19937_64* random) {
  std::string request;
  pbf_writer root(request);
  int64_t seq = first_seq;
  for (int r = 0; r < settings.resources; ++r) {
    pbf_writer block(root, 1);
    {
      pbf_writer resource(block, 1);
      char pod[32];
      std::snprintf(pod, sizeof(pod), "billing-%08x",
                    static_cast<unsigned>(Pick(random, uint64_t{1} << 32)));
      AddText(&resource, 1, "service.name", "shop-" + std::to_string(Pick(random, 20)));
      AddText(&resource, 1, "service.version", "1.14.2");
      AddText(&resource, 1, "k8s.namespace.name", "payments");
      AddText(&resource, 1, "k8s.pod.name", pod);
      AddText(&resource, 1, "k8s.node.name", "node-3");
      AddText(&resource, 1, "host.name", "node-3.cluster.local");
    }
    pbf_writer scope(block, 2);
    {
      pbf_writer name(scope, 1);
      name.add_string(1, "shop/http");
      name.add_string(2, "0.4.1");
    }
    const int share = settings.records / settings.resources +
                      (r < settings.records % settings.resources ? 1 : 0);
    for (int i = 0; i < share; ++i, ++seq) {
      const uint64_t time = settings.start_unix_nano + static_cast<uint64_t>(i) * 1000;
      switch (settings.signal) {
        case Signal::kLogs:
          AddLog(&scope, settings, time, seq, random);
          break;
        case Signal::kTraces:
          AddSpan(&scope, time, seq, random);
          break;
        case Signal::kMetrics:
          AddMetric(&scope, time, i, seq, random);
          break;
      }
    }
  }
  return request;
}

}  // namespace otelpipe::bench
