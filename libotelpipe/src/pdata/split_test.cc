#include "otelpipe/pdata/split.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "otelpipe/pdata/merge.h"

namespace otelpipe {
namespace {

// Resources with scopes with so many records; bodies count up from `first`.
Batch MakeLogs(const std::vector<std::vector<size_t>>& shape, int64_t first = 0) {
  auto data = std::make_unique<LogsData>();
  Arena& arena = data->arena;
  for (size_t r = 0; r < shape.size(); ++r) {
    ResourceLogs& resource = data->resources.Add(arena);
    resource.schema_url = "r-url";
    resource.resource.attributes.Set(arena, "r", Value::Int(static_cast<int64_t>(r)));
    for (size_t records : shape[r]) {
      ScopeLogs& scope = resource.scopes.Add(arena);
      scope.scope.name = "scope";
      scope.schema_url = "s-url";
      for (size_t i = 0; i < records; ++i) scope.records.Add(arena).body = Value::Int(first++);
    }
  }
  return Batch::FromLogs(std::move(data));
}

std::vector<int64_t> Bodies(const Batch& batch) {
  std::vector<int64_t> out;
  for (const ResourceLogs& r : (*batch.ReadLogs())->resources) {
    for (const ScopeLogs& s : r.scopes) {
      for (const LogRecord& record : s.records) out.push_back(record.body.integer());
    }
  }
  return out;
}

// The same content as OTLP bytes, in two buffers.
Batch AsWire(const Batch& batch) {
  std::string all;
  for (const Buffer& b : batch.wire()) all.append(b.bytes);
  const size_t half = all.size() / 2;
  return Batch::FromWire(batch.signal(), {Buffer::FromString(all.substr(0, half)), Buffer::FromString(all.substr(half))});
}

TEST_CASE("Parts of any size hold all records in order", "[pdata][split]") {
  for (size_t step = 1; step <= 12; ++step) {
    auto splitter = BatchSplitter::Make(MakeLogs({{3, 2}, {}, {0, 4}, {1}, {0}}));
    REQUIRE(splitter.ok());
    REQUIRE(splitter->remaining() == 10);
    int64_t expected = 0;
    size_t resources = 0;
    while (splitter->remaining() > 0) {
      const size_t want = std::min(step, splitter->remaining());
      const Batch part = splitter->Take(step);
      CHECK(part.records() == want);
      for (int64_t body : Bodies(part)) CHECK(body == expected++);
      for (const ResourceLogs& r : (*part.ReadLogs())->resources) {
        ++resources;
        CHECK(r.schema_url == "r-url");
        CHECK(r.resource.attributes.Find("r") != nullptr);
        for (const ScopeLogs& s : r.scopes) {
          CHECK(s.schema_url == "s-url");
          CHECK(s.scope.name == "scope");
        }
      }
    }
    CHECK(expected == 10);
    CHECK(resources >= 5);
  }
}

TEST_CASE("Parts of a cut resource do not see each other's edits", "[pdata][split]") {
  auto splitter = BatchSplitter::Make(MakeLogs({{4}}));
  REQUIRE(splitter.ok());
  Batch first = splitter->Take(2);
  Batch second = splitter->Take(2);
  LogsData* data = *first.EditLogs();
  data->resources[0].resource.attributes.Set(data->arena, "r", Value::Str("changed"));
  CHECK((*second.ReadLogs())->resources[0].resource.attributes.Find("r")->integer() == 0);
  first = Batch();
  CHECK(Bodies(second) == std::vector<int64_t>{2, 3});
}

TEST_CASE("Spans are cut like log records", "[pdata][split]") {
  auto data = std::make_unique<TracesData>();
  ScopeSpans& scope = data->resources.Add(data->arena).scopes.Add(data->arena);
  for (int i = 0; i < 5; ++i) scope.records.Add(data->arena).kind = i;
  auto splitter = BatchSplitter::Make(Batch::FromTraces(std::move(data)));
  REQUIRE(splitter.ok());
  CHECK(splitter->Take(3).records() == 3);
  const Batch rest = splitter->Take(3);
  CHECK((*rest.ReadTraces())->resources[0].scopes[0].records[1].kind == 4);
}

TEST_CASE("Metrics are cut between data points and keep their description", "[pdata][split]") {
  auto data = std::make_unique<MetricsData>();
  Arena& arena = data->arena;
  ScopeMetrics& scope = data->resources.Add(arena).scopes.Add(arena);
  for (int m = 0; m < 2; ++m) {
    Metric& metric = scope.records.Add(arena);
    metric.name = m == 0 ? "sum" : "histogram";
    metric.unit = "By";
    metric.type = m == 0 ? MetricType::kSum : MetricType::kHistogram;
    metric.aggregation_temporality = 2;
    metric.is_monotonic = true;
    metric.metadata.Set(arena, "m", Value::Int(m));
    for (int i = 0; i < 3; ++i) {
      if (m == 0) {
        NumberDataPoint& point = metric.number_points.Add(arena);
        point.value_kind = NumberKind::kInt;
        point.as_int = i;
      } else {
        metric.histogram_points.Add(arena).count = static_cast<uint64_t>(i);
      }
    }
  }
  Batch whole = Batch::FromMetrics(std::move(data));
  auto splitter = BatchSplitter::Make(GENERATE(false, true) ? AsWire(whole) : std::move(whole));
  REQUIRE(splitter.ok());
  CHECK(splitter->remaining() == 6);
  const Batch first = splitter->Take(2);
  const Batch second = splitter->Take(2);
  const Batch third = splitter->Take(2);
  const auto& a = (*first.ReadMetrics())->resources[0].scopes[0].records;
  REQUIRE(a.size() == 1);
  CHECK(a[0].metadata.Find("m") != nullptr);
  CHECK(a[0].number_points.size() == 2);
  const auto& b = (*second.ReadMetrics())->resources[0].scopes[0].records;
  REQUIRE(b.size() == 2);
  CHECK(b[0].number_points[0].as_int == 2);
  CHECK(b[0].name == "sum");
  CHECK(b[0].is_monotonic);
  CHECK(b[1].histogram_points.size() == 1);
  CHECK(b[1].unit == "By");
  CHECK(b[1].aggregation_temporality == 2);
  const auto& c = (*third.ReadMetrics())->resources[0].scopes[0].records;
  REQUIRE(c.size() == 1);
  CHECK(c[0].histogram_points[1].count == 2);
}

TEST_CASE("OTLP bytes are merged by concatenation", "[pdata][merge]") {
  std::vector<Batch> parts;
  parts.push_back(Batch::FromWire(Signal::kLogs, MakeLogs({{2}}).wire()));
  parts.push_back(Batch::FromWire(Signal::kLogs, MakeLogs({{1}}, 2).wire()));
  const Batch merged = MergeBatches(std::move(parts), [](size_t, const absl::Status&) { FAIL(); });
  CHECK(merged.has_wire());
  CHECK(merged.wire().size() >= 2);
  CHECK(Bodies(merged) == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("Trees are joined and outlive their batches; what does not decode is reported", "[pdata][merge]") {
  std::vector<Batch> parts;
  parts.push_back(MakeLogs({{2}}));
  // A record whose attributes are broken: the skim passes, the decoder does not.
  parts.push_back(Batch::FromWire(Signal::kLogs, {Buffer::FromString(std::string("\x0a\x06\x12\x04\x12\x02\x32\x7f", 8))}));
  parts.push_back(Batch::FromWire(Signal::kLogs, MakeLogs({{1}, {1}}, 2).wire()));
  std::vector<size_t> failed;
  const Batch merged = MergeBatches(std::move(parts), [&](size_t i, const absl::Status&) { failed.push_back(i); });
  CHECK(failed == std::vector<size_t>{1});
  CHECK(Bodies(merged) == std::vector<int64_t>{0, 1, 2, 3});
  CHECK((*merged.ReadLogs())->resources.size() == 3);
}

TEST_CASE("Bytes are cut by records as trees are", "[pdata][split]") {
  for (size_t step = 1; step <= 12; ++step) {
    auto splitter = BatchSplitter::Make(AsWire(MakeLogs({{3, 2}, {}, {0, 4}, {1}, {0}})));
    REQUIRE(splitter.ok());
    std::vector<int64_t> seen;
    size_t parts = 0;
    while (splitter->remaining() > 0) {
      const Batch part = splitter->Take(step);
      CHECK(part.has_wire());
      CHECK(part.records() == (splitter->remaining() > 0 ? step : 10 - parts * step));
      for (int64_t body : Bodies(part)) seen.push_back(body);
      for (const ResourceLogs& r : (*part.ReadLogs())->resources) {
        CHECK(r.schema_url == "r-url");
        for (const ScopeLogs& s : r.scopes) CHECK((s.schema_url == "s-url" && s.scope.name == "scope"));
      }
      ++parts;
    }
    CHECK(seen == std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
    CHECK(parts == (10 + step - 1) / step);
  }
}

TEST_CASE("Parts of so many bytes hold all records in order and none is bigger", "[pdata][split]") {
  const Batch whole = MakeLogs({{3, 2}, {}, {0, 40}, {1}, {0}, {200}});
  for (size_t limit : {60, 61, 75, 100, 128, 130, 200, 300, 1000, 100000}) {
    auto splitter = BatchSplitter::Make(AsWire(whole), SizeUnit::kBytes);
    REQUIRE(splitter.ok());
    CHECK(splitter->remaining() == whole.wire_size());
    std::vector<int64_t> seen;
    size_t smallest = SIZE_MAX;
    while (splitter->remaining() > 0) {
      const Batch part = splitter->Take(limit);
      CHECK(part.wire_size() <= limit);
      if (splitter->remaining() > 0) smallest = std::min(smallest, part.wire_size());
      for (int64_t body : Bodies(part)) seen.push_back(body);
    }
    CHECK(seen.size() == 246);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    // Parts are filled as far as one more record and its heads allow.
    if (limit <= 300) CHECK(smallest + 60 > limit);
  }
}

TEST_CASE("A record that is bigger than the limit is a part of its own, or none", "[pdata][split]") {
  auto splitter = BatchSplitter::Make(AsWire(MakeLogs({{3}})), SizeUnit::kBytes);
  REQUIRE(splitter.ok());
  CHECK_FALSE(splitter->Take(5, true));
  std::vector<int64_t> seen;
  for (int i = 0; i < 3; ++i) {
    const Batch part = splitter->Take(5);
    REQUIRE(part.records() == 1);
    seen.push_back(Bodies(part)[0]);
  }
  CHECK(seen == std::vector<int64_t>{0, 1, 2});
  CHECK(splitter->remaining() == 0);
}

}  // namespace
}  // namespace otelpipe
