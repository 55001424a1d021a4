#include "exporter/prometheus/series_store.h"

#include <catch2/catch.hpp>
#include <memory>

#include "absl/time/time.h"

namespace otelpipe::prometheus {
namespace {

// Collects the messages of a store.
class Messages final : public LogSink {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(const LogLine& line) override { all.emplace_back(line.message); }
  std::vector<std::string> all;
};

// Builds batches of metrics by hand.
struct Source {
  std::unique_ptr<MetricsData> data = std::make_unique<MetricsData>();
  ResourceMetrics* resource = nullptr;
  ScopeMetrics* scope = nullptr;

  Source() {
    resource = &data->resources.Add(data->arena);
    scope = &resource->scopes.Add(data->arena);
  }
  Source& Attribute(std::string_view key, std::string_view value) {
    resource->resource.attributes.Set(data->arena, key, Value::Str(value));
    return *this;
  }
  Metric& Add(std::string_view name, MetricType type, int temporality = 2, bool monotonic = true) {
    Metric& m = scope->records.Add(data->arena);
    m.name = name;
    m.type = type;
    m.aggregation_temporality = type == MetricType::kGauge ? 0 : temporality;
    m.is_monotonic = type == MetricType::kSum && monotonic;
    return m;
  }
  NumberDataPoint& Number(Metric& m, int64_t value, uint64_t time, uint64_t start = 0) {
    NumberDataPoint& p = m.number_points.Add(data->arena);
    p.value_kind = NumberKind::kInt;
    p.as_int = value;
    p.time_unix_nano = time;
    p.start_time_unix_nano = start;
    return p;
  }
  HistogramDataPoint& Histogram(Metric& m, std::vector<double> bounds, std::vector<uint64_t> counts, uint64_t time,
                                uint64_t start = 0) {
    HistogramDataPoint& p = m.histogram_points.Add(data->arena);
    for (double b : bounds) p.explicit_bounds.Add(data->arena) = b;
    for (uint64_t n : counts) p.bucket_counts.Add(data->arena) = n, p.count += n;
    p.sum = static_cast<double>(p.count);
    p.time_unix_nano = time;
    p.start_time_unix_nano = start;
    return p;
  }
};

struct Fixture {
  std::shared_ptr<Messages> messages = std::make_shared<Messages>();
  SeriesStore store;
  explicit Fixture(SeriesStore::Options options = {}) : store(std::move(options), Logger(messages, {})) {}
  void Add(const Source& s, int64_t now = 1) { store.Add(*s.data, now); }
  void AddNumber(MetricType type, int64_t value, uint64_t time, uint64_t start, int temporality) {
    Source s;
    s.Number(s.Add("x", type, temporality), value, time, start);
    Add(s);
  }
  // The page without comments and scope labels.
  std::string Samples() {
    std::string out;
    const std::string page = store.Write(exposition::Format::kText, false);
    for (size_t at = 0; at < page.size();) {
      const size_t end = page.find('\n', at);
      std::string line = page.substr(at, end - at + 1);
      at = end + 1;
      if (line[0] == '#') continue;
      for (const char* label : {"otel_scope_name=\"\"", "otel_scope_schema_url=\"\"", "otel_scope_version=\"\""}) {
        const size_t found = line.find(label);
        if (found != line.npos)
          line.erase(found, std::string_view(label).size() + (line[found + std::string_view(label).size()] == ','));
      }
      out += line;
    }
    return out;
  }
};

TEST_CASE("The newest point of a series counts, an equal time replaces, an older one is ignored",
          "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kGauge, 1, 100, 0, 0);
  f.AddNumber(MetricType::kGauge, 2, 100, 0, 0);
  f.AddNumber(MetricType::kGauge, 3, 99, 0, 0);
  CHECK(f.Samples() == "x{} 2\n");
}

TEST_CASE("Delta sums add up where they join and replace where they do not", "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kSum, 2, 200, 100, 1);
  f.AddNumber(MetricType::kSum, 3, 300, 200, 1);
  CHECK(f.Samples() == "x_total{} 5\n");
  f.AddNumber(MetricType::kSum, 7, 500, 400, 1);
  CHECK(f.Samples() == "x_total{} 7\n");
}

TEST_CASE("Sums without a Prometheus form are dropped", "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kSum, 2, 200, 100, 0);
  Source s;
  s.Number(s.Add("y", MetricType::kSum, 1, false), 1, 100);
  f.Add(s);
  CHECK(f.store.size() == 0);
  s = Source();
  s.Number(s.Add("y", MetricType::kSum, 2, false), 1, 100);
  f.Add(s);
  CHECK(f.Samples() == "y{} 1\n");
  CHECK(f.store.Write(exposition::Format::kText, false).find("# TYPE y gauge\n") != std::string::npos);
}

TEST_CASE("Delta histograms add up, begin anew after a gap and drop what goes back", "[exporter][prometheus]") {
  Fixture f;
  auto add = [&](std::vector<double> bounds, std::vector<uint64_t> counts, uint64_t start, uint64_t time) {
    Source s;
    s.Histogram(s.Add("h", MetricType::kHistogram, 1), bounds, counts, time, start);
    f.Add(s);
  };
  auto page = [](const char* first, const char* all) {
    return std::string("h_bucket{le=\"1\"} ") + first + "\nh_bucket{le=\"+Inf\"} " + all + "\nh_sum{} " + all +
           "\nh_count{} " + all + "\n";
  };
  add({1}, {1, 2}, 100, 200);
  CHECK(f.Samples() == page("1", "3"));
  add({1}, {1, 1}, 200, 300);
  CHECK(f.Samples() == page("2", "5"));
  add({1}, {9, 9}, 150, 400);
  CHECK(f.Samples() == page("2", "5"));
  CHECK(f.messages->all ==
        std::vector<std::string>{"Misaligned starting timestamps", "Dropped misaligned histogram datapoint"});
  add({1}, {4, 0}, 500, 600);
  CHECK(f.Samples() == page("4", "4"));
  add({2}, {1, 0}, 600, 700);
  CHECK(f.Samples() == "h_bucket{le=\"2\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum{} 1\nh_count{} 1\n");
}

TEST_CASE("No recorded value deletes the series and ends the metric", "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kGauge, 1, 100, 0, 0);
  Source s;
  Metric& m = s.Add("x", MetricType::kGauge);
  s.Number(m, 0, 200).flags = 1;
  s.Number(m, 5, 300);
  f.Add(s);
  CHECK(f.Samples().empty());
}

TEST_CASE("Series vanish when they were not updated", "[exporter][prometheus]") {
  Fixture f;
  Source a, b;
  a.Number(a.Add("a", MetricType::kGauge), 1, 1);
  b.Number(b.Add("b", MetricType::kGauge), 1, 1);
  f.Add(a, 10);
  f.Add(b, 20);
  CHECK(f.Samples() == "a{} 1\nb{} 1\n");
  f.store.Expire(15);
  CHECK(f.Samples() == "b{} 1\n");
}

TEST_CASE("Equal label names drop the series with an error at each page", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  NumberDataPoint& p = s.Number(s.Add("x", MetricType::kGauge), 1, 1);
  p.attributes.Set(s.data->arena, "a.b", Value::Str("1"));
  p.attributes.Set(s.data->arena, "a_b", Value::Str("2"));
  f.Add(s);
  CHECK(f.Samples().empty());
  CHECK(f.Samples().empty());
  const std::string want =
      "failed to convert metric x: duplicate label names in constant and variable labels for metric \"x\"";
  CHECK(f.messages->all == std::vector<std::string>{want, want});
}

TEST_CASE("The first type of a name stays", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  s.Number(s.Add("x_total", MetricType::kGauge), 1, 1);
  s.Number(s.Add("x", MetricType::kSum), 2, 1);
  f.Add(s);
  CHECK(f.Samples() == "x_total{} 1\n");
  CHECK(f.messages->all.at(0) ==
        "failed to convert metric x: instrument type conflict, using existing type definition. instrument: x_total, "
        "existing: "
        "GAUGE, dropped: COUNTER");
}

TEST_CASE("Two series that look the same are shown once", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  s.Number(s.Add("a.b", MetricType::kGauge), 1, 1);
  s.Number(s.Add("a_b", MetricType::kGauge), 2, 1);
  f.Add(s);
  CHECK(f.Samples() == "a_b{} 1\n");
  CHECK(f.messages->all.size() == 1);
}

TEST_CASE("A metric may not be called like a part of a histogram", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  s.Histogram(s.Add("h", MetricType::kHistogram), {}, {2}, 1);
  s.Number(s.Add("h_count", MetricType::kGauge), 9, 1);
  f.Add(s);
  CHECK(f.Samples() == "h_bucket{le=\"+Inf\"} 2\nh_sum{} 2\nh_count{} 2\n");
}

TEST_CASE("The resource gives job, instance and target_info, constant labels join the others",
          "[exporter][prometheus]") {
  SeriesStore::Options options;
  options.naming.name_space = "my.ns";
  options.naming.const_labels = {{"env", "prod"}};
  Fixture f(options);
  Source s;
  s.Attribute("service.name", "svc").Attribute("service.namespace", "ns").Attribute("service.instance.id", "i1");
  s.Attribute("host.name", "h").Attribute("host_name", "g");
  s.Number(s.Add("x", MetricType::kGauge), 1, 1);
  f.Add(s);
  CHECK(f.Samples() ==
        "my_ns_target_info{host_name=\"h;g\",instance=\"i1\",job=\"ns/svc\"} 1\n"
        "my_ns_x{env=\"prod\",instance=\"i1\",job=\"ns/svc\",} 1\n");
}

TEST_CASE("Resource attributes become labels when asked to, over equal ones of the point", "[exporter][prometheus]") {
  SeriesStore::Options options;
  options.resource_labels = true;
  Fixture f(options);
  Source s;
  s.Attribute("zone", "north").Attribute("service.name", "svc");
  NumberDataPoint& p = s.Number(s.Add("x", MetricType::kGauge), 1, 1);
  p.attributes.Set(s.data->arena, "zone", Value::Str("south"));
  f.Add(s);
  CHECK(f.Samples() == "x{job=\"svc\",service_name=\"svc\",zone=\"north\"} 1\n");
}

TEST_CASE("A changed description and unit show at once", "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kGauge, 1, 100, 0, 0);
  CHECK(f.Samples() == "x{} 1\n");
  Source s;
  Metric& m = s.Add("x", MetricType::kGauge);
  m.unit = "s";
  m.description = "seconds";
  s.Number(m, 2, 200);
  f.Add(s);
  CHECK(f.Samples() == "x_seconds{} 2\n");
}

TEST_CASE("Exponential histograms are refused in words", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  s.Add("e", MetricType::kExponentialHistogram);
  f.Add(s);
  CHECK(f.messages->all == std::vector<std::string>{"failed to translate metric"});
}

TEST_CASE("Exemplars stand at the buckets of their values", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  HistogramDataPoint& p = s.Histogram(s.Add("h", MetricType::kHistogram), {1, 2}, {1, 1, 1}, 1);
  for (double value : {1.5, 9.0}) {
    Exemplar& e = p.exemplars.Add(s.data->arena);
    e.value_kind = NumberKind::kDouble;
    e.as_double = value;
    e.time_unix_nano = 1700000010000000000;
    e.span_id.bytes[7] = 1;
    e.trace_id.bytes[15] = 2;
  }
  f.Add(s);
  const std::string page = f.store.Write(exposition::Format::kOpenMetrics, false);
  const std::string ids = "{span_id=\"0000000000000001\",trace_id=\"00000000000000000000000000000002\"}";
  CHECK(page.find("le=\"2.0\"} 2 # " + ids + " 1.5 1.70000001e+09\n") != std::string::npos);
  CHECK(page.find("le=\"+Inf\"} 3 # " + ids + " 9.0 1.70000001e+09\n") != std::string::npos);
  CHECK(page.find("le=\"1.0\"} 1\n") != std::string::npos);
}

TEST_CASE("Bounds and quantiles that are there twice are shown once", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  s.Histogram(s.Add("h", MetricType::kHistogram), {1, 1, 2}, {1, 2, 3, 4}, 10);
  SummaryDataPoint& p = s.Add("s", MetricType::kSummary).summary_points.Add(s.data->arena);
  for (double value : {7.0, 8.0}) {
    QuantileValue& q = p.quantile_values.Add(s.data->arena);
    q.quantile = 0.5;
    q.value = value;
  }
  f.Add(s);
  CHECK(f.Samples() ==
        "h_bucket{le=\"1\"} 3\nh_bucket{le=\"2\"} 6\nh_bucket{le=\"+Inf\"} 10\nh_sum{} 10\nh_count{} 10\n"
        "s{quantile=\"0.5\"} 8\ns_sum{} 0\ns_count{} 0\n");
}

TEST_CASE("A gauge whose metadata says that its type is unknown is untyped", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  Metric& m = s.Add("x", MetricType::kGauge);
  s.Number(m, 1, 1);
  m.metadata.Set(s.data->arena, "prometheus.type", Value::Str("unknown"));
  f.Add(s);
  CHECK(f.store.Write(exposition::Format::kText, false).find("# TYPE x untyped\n") != std::string::npos);
  CHECK(f.store.Write(exposition::Format::kOpenMetrics, false).find("# TYPE x unknown\n") != std::string::npos);
}

TEST_CASE("Names are sorted as they are and written as a page can hold them", "[exporter][prometheus]") {
  Fixture f;
  Source s;
  Metric& m = s.Add("sp\xC3\xA9.x", MetricType::kGauge);
  NumberDataPoint& p = s.Number(m, 1, 1);
  p.attributes.Set(s.data->arena, "\xC3\xA9", Value::Str("a"));
  p.attributes.Set(s.data->arena, "z", Value::Str("b"));
  s.Number(s.Add("spz", MetricType::kGauge), 2, 1);
  s.Number(s.Add("sp\xC3\xA8.x", MetricType::kGauge), 3, 1);
  f.Add(s);
  // Of the two names that meet on the page the first stays.
  CHECK(f.Samples() == "spz{} 2\nsp__x{} 3\n");
  Fixture g;
  Source only;
  NumberDataPoint& q = only.Number(only.Add("g", MetricType::kGauge), 1, 1);
  q.attributes.Set(only.data->arena, "\xC3\xA9", Value::Str("a"));
  q.attributes.Set(only.data->arena, "z", Value::Str("b"));
  g.Add(only);
  CHECK(g.Samples() == "g{z=\"b\",_=\"a\"} 1\n");
}

TEST_CASE("A family keeps the description it was shown with first", "[exporter][prometheus]") {
  Fixture f;
  auto add = [&f](std::string_view description, uint64_t time, int64_t now) {
    Source s;
    Metric& m = s.Add("x", MetricType::kGauge);
    m.description = description;
    s.Number(m, 1, time);
    f.Add(s, now);
  };
  auto page = [&f] { return f.store.Write(exposition::Format::kText, false); };
  add("one", 1, 1);
  CHECK(page().find("# HELP x one\n") != std::string::npos);
  add("two", 2, 2);
  CHECK(page().find("# HELP x one\n") != std::string::npos);
  CHECK(f.messages->all == std::vector<std::string>{"Instrument description conflict, using existing"});
  f.store.Expire(3);
  CHECK(page().empty());
  add("three", 3, 4);
  CHECK(page().find("# HELP x three\n") != std::string::npos);
}

TEST_CASE("A family changes its type when the last series of the old type is gone", "[exporter][prometheus]") {
  Fixture f;
  f.AddNumber(MetricType::kGauge, 1, 1, 0, 0);
  CHECK(f.Samples() == "x{} 1\n");
  Source s;
  s.Number(s.Add("x", MetricType::kSum, 2, false), 2, 2);
  s.Number(s.Add("x.total", MetricType::kSum), 3, 2);
  s.Number(s.Add("x.total", MetricType::kGauge), 4, 2);
  f.Add(s, 5);
  f.store.Expire(2);
  CHECK(f.Samples() == "x{} 2\nx_total{} 3\n");
  Source later;
  later.Number(later.Add("x.total", MetricType::kGauge), 5, 9);
  f.Add(later, 9);
  f.store.Expire(6);
  f.Samples();
  CHECK(f.Samples() == "x_total{} 5\n");
}

}  // namespace
}  // namespace otelpipe::prometheus
