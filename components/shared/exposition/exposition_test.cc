#include <catch2/catch.hpp>

#include "shared/exposition/names.h"
#include "shared/exposition/page.h"
#include "shared/exposition/reply.h"

namespace otelpipe::exposition {
namespace {

TEST_CASE("Names of metrics with their unit and kind are the reference's", "[shared][exposition]") {
  constexpr auto kGauge = NameKind::kGauge, kCounter = NameKind::kCounter;
  struct Row {
    const char *name, *unit;
    NameKind kind;
    const char* want;
  };
  const Row rows[] = {{"http.server.requests", "{request}", kCounter, "http_server_requests_total"},
                      {"cpu.time.total", "s", kCounter, "cpu_time_seconds_total"},
                      {"mem.usage", "By", kGauge, "mem_usage_bytes"},
                      {"ratio.x", "1", kGauge, "x_ratio"},
                      {"speed", "m/s", kGauge, "speed_meters_per_second"},
                      {"rate", "By/min", kGauge, "rate_bytes_per_min"},
                      {"weird", "foo-bar/{x}", kGauge, "weird_foo_bar"},
                      {"1digit", "", kGauge, "_1digit"},
                      {"a:b_c", "", kGauge, "a_b_c"},
                      {"x.seconds", "s", kGauge, "x_seconds"},
                      {"http.total", "1", kCounter, "http_total"},
                      {"sp\xC3\xA9.cial", "", kGauge, "sp\xC3\xA9_cial"},
                      {"a\xE2\x80\x94-b", "", kGauge, "a_b"},
                      {"", "", kGauge, ""},
                      {"lat", "ms", NameKind::kOther, "lat_milliseconds"},
                      {"n", "1", NameKind::kOther, "n"}};
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(MetricName(row.name, row.unit, row.kind, "", true) == row.want);
  }
  CHECK(MetricName("1digit", "", kGauge, "my.ns", true) == "my_ns_1digit");
}

TEST_CASE("Without suffixes only forbidden characters are replaced", "[shared][exposition]") {
  CHECK(MetricName("a:b_c", "s", NameKind::kCounter, "", false) == "a:b_c");
  CHECK(MetricName("cpu.time.total", "s", NameKind::kCounter, "", false) == "cpu_time_total");
  CHECK(MetricName("1d", "", NameKind::kGauge, "", false) == "_1d");
  CHECK(MetricName("1d", "", NameKind::kGauge, "n", false) == "n_1d");
}

TEST_CASE("Own metrics follow the reader's options", "[shared][exposition]") {
  auto full = [](const char* name, const char* unit, bool counter) {
    return OwnMetricName(name, unit, counter, true, true);
  };
  CHECK(full("otelcol_receiver_accepted_spans", "{spans}", true) == "otelcol_receiver_accepted_spans__spans__total");
  CHECK(full("otelcol_exporter_queue_size", "{batches}", false) == "otelcol_exporter_queue_size__batches_");
  CHECK(full("otelcol_process_uptime", "s", true) == "otelcol_process_uptime_seconds_total");
  CHECK(full("otelcol_process_cpu_seconds", "s", true) == "otelcol_process_cpu_seconds_total");
  CHECK(full("otelcol_process_runtime_heap_alloc_bytes", "By", false) == "otelcol_process_runtime_heap_alloc_bytes");
  CHECK(full("otelcol_processor_filter_logs_filtered", "1", true) ==
        "otelcol_processor_filter_logs_filtered_ratio_total");
  CHECK(OwnMetricName("otelcol_process_uptime", "s", true, false, false) == "otelcol_process_uptime");
}

TEST_CASE("Label names get a prefix where they would be invalid", "[shared][exposition]") {
  CHECK(LabelName("k8s.pod") == "k8s_pod");
  CHECK(LabelName("1st") == "key_1st");
  CHECK(LabelName("_priv") == "key_priv");
  CHECK(LabelName("__x") == "__x");
  CHECK(EscapeLabelName("bad label") == "bad_label");
  CHECK(LabelName("\u00e9t.\u00e9") == "\u00e9t_\u00e9");  // letters beyond ASCII get no prefix
  CHECK(EscapeLabelName("\u00e9t_\u00e9") == "_t__");
  CHECK(EscapeMetricName("9a:b.\u00e9") == "_a:b__");
  CHECK(IsValidLabelName("a_1"));
  CHECK(IsValidLabelName("\u00e9 1"));
  CHECK_FALSE(IsValidLabelName("\xff"));
  CHECK_FALSE(IsValidLabelName("__x"));
  CHECK_FALSE(IsValidLabelName(""));
}

TEST_CASE("Numbers turn to exponents from a million on and below a ten-thousandth", "[shared][exposition]") {
  Page page(Format::kText);
  for (double v : {0.0, 1.0, 100000.0, 1e6, 12345678.0, -1e-7, 0.0001, 0.00001, 2.5}) page.Value("", v);
  CHECK(page.Finish() == " 0\n 1\n 100000\n 1e+06\n 1.2345678e+07\n -1e-07\n 0.0001\n 1e-05\n 2.5\n");
}

TEST_CASE("A histogram ends with +Inf, sum and count", "[shared][exposition]") {
  const Exemplar exemplar{"span_id=\"01\"", 0.3, 1700000010000000000};
  const Bucket buckets[] = {{0.5, 1, &exemplar}, {10, 3, nullptr}};
  Page text(Format::kText);
  text.Family("lat", "hi\\st\n\"", Type::kHistogram);
  text.Histogram("a=\"b\"", buckets, 6, 12.5, 1700000010000);
  CHECK(text.Finish() ==
        "# HELP lat hi\\\\st\\n\"\n# TYPE lat histogram\n"
        "lat_bucket{a=\"b\",le=\"0.5\"} 1 1700000010000\nlat_bucket{a=\"b\",le=\"10\"} 3 1700000010000\n"
        "lat_bucket{a=\"b\",le=\"+Inf\"} 6 1700000010000\nlat_sum{a=\"b\"} 12.5 1700000010000\nlat_count{a=\"b\"} 6 "
        "1700000010000\n");
  Page open(Format::kOpenMetrics);
  open.Family("lat", "h", Type::kHistogram);
  open.Histogram("", buckets, 6, 12, 1700000010000);
  CHECK(open.Finish() ==
        "# HELP lat h\n# TYPE lat histogram\n"
        "lat_bucket{le=\"0.5\"} 1 1.70000001e+09 # {span_id=\"01\"} 0.3 1.70000001e+09\n"
        "lat_bucket{le=\"10.0\"} 3 1.70000001e+09\nlat_bucket{le=\"+Inf\"} 6 1.70000001e+09\n"
        "lat_sum 12.0 1.70000001e+09\nlat_count 6 1.70000001e+09\n# EOF\n");
}

TEST_CASE("OpenMetrics names a counter without its total", "[shared][exposition]") {
  Page page(Format::kOpenMetrics);
  page.Family("sent_total", "\"q\"", Type::kCounter);
  page.Value("", 5);
  page.Family("plain", "", Type::kCounter);
  page.Value("", 1e6);
  CHECK(page.Finish() ==
        "# HELP sent \\\"q\\\"\n# TYPE sent counter\nsent_total 5.0\n# HELP plain \n# TYPE plain unknown\nplain "
        "1e+06\n# EOF\n");
}

TEST_CASE("A summary shows its quantiles", "[shared][exposition]") {
  const std::pair<double, double> quantiles[] = {{0.5, 1}, {0.99, 2.5}};
  Page page(Format::kText);
  page.Family("s", "", Type::kSummary);
  page.Summary("", quantiles, 3, 4.5);
  CHECK(page.Finish() ==
        "# HELP s \n# TYPE s summary\ns{quantile=\"0.5\"} 1\ns{quantile=\"0.99\"} 2.5\ns_sum 4.5\ns_count 3\n");
}

TEST_CASE("Label values are escaped and made valid", "[shared][exposition]") {
  CHECK(RenderLabels({{"a", "x\"\\\n"}, {"b", "\xFF"}}) == "a=\"x\\\"\\\\\\n\",b=\"\xEF\xBF\xBD\"");
}

TEST_CASE("OpenMetrics is written when it is allowed and preferred", "[shared][exposition]") {
  const char* prometheus =
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/"
      "plain;version=0.0.4;q=0.5";
  CHECK(Negotiate(prometheus, true) == Format::kOpenMetrics);
  CHECK(Negotiate(prometheus, false) == Format::kText);
  CHECK(Negotiate("text/plain, application/openmetrics-text; q=0.4", true) == Format::kText);
  CHECK(Negotiate("", true) == Format::kText);
  CHECK(Negotiate("application/openmetrics-text; version=2.0.0", true) == Format::kText);
}

TEST_CASE("gzip is used only when the client takes it", "[shared][exposition]") {
  CHECK(TakesGzip("deflate, gzip;q=0.5"));
  CHECK(TakesGzip("*"));
  CHECK_FALSE(TakesGzip("*, gzip;q=0"));
  CHECK_FALSE(TakesGzip("identity"));
  CHECK_FALSE(TakesGzip(""));
}

}  // namespace
}  // namespace otelpipe::exposition
