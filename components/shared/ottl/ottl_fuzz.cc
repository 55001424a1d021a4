// Reads any text as a statement and as a condition, and runs what compiles on a record, twice. What comes out must be writable.
#include <cstdlib>
#include <memory>
#include <string>

#include "otelpipe/pdata/batch.h"
#include "shared/ottl/ottl.h"

namespace {

using namespace otelpipe;

std::unique_ptr<LogsData> MakeLogs(std::string_view body, ottl::Item& item) {
  auto data = std::make_unique<LogsData>();
  Arena& arena = data->arena;
  ResourceLogs& resource = data->resources.Add(arena);
  resource.resource.attributes.Set(arena, "env", Value::Str("prod"));
  ScopeLogs& scope = resource.scopes.Add(arena);
  LogRecord& record = scope.records.Add(arena);
  record.body = Value::Str(arena.Copy(body));
  record.attributes.Set(arena, "a", Value::Str(arena.Copy(body)));
  record.attributes.Set(arena, "i", Value::Int(3));
  record.attributes.Set(arena, "d", Value::Double(2.5));
  Map* map = arena.New<Map>();
  map->Set(arena, "k", Value::Str("v"));
  record.attributes.Set(arena, "m", Value::OfMap(map));
  List* list = arena.New<List>();
  list->Add(arena) = Value::Str("x");
  list->Add(arena) = Value::Int(1);
  record.attributes.Set(arena, "l", Value::OfList(list));
  item.resource = &resource.resource;
  item.resource_schema_url = &resource.schema_url;
  item.scope = &scope.scope;
  item.scope_schema_url = &scope.schema_url;
  item.log = &record;
  return data;
}

std::unique_ptr<MetricsData> MakeMetrics(ottl::Item& item) {
  auto data = std::make_unique<MetricsData>();
  Arena& arena = data->arena;
  ResourceMetrics& resource = data->resources.Add(arena);
  ScopeMetrics& scope = resource.scopes.Add(arena);
  Metric& metric = scope.records.Add(arena);
  metric.name = "m";
  metric.type = MetricType::kHistogram;
  metric.aggregation_temporality = 2;
  HistogramDataPoint& point = metric.histogram_points.Add(arena);
  point.count = 2;
  point.sum = 3;
  point.has_sum = true;
  point.attributes.Set(arena, "a", Value::Str("x"));
  item.resource = &resource.resource;
  item.resource_schema_url = &resource.schema_url;
  item.scope = &scope.scope;
  item.scope_schema_url = &scope.schema_url;
  item.metrics = &scope.records;
  item.metric = &metric;
  item.histogram = &point;
  return data;
}

template <typename Data>
void Run(std::string_view text, ottl::ContextKind kind, ottl::Item& item, Data& data, const std::shared_ptr<Arena>& constants) {
  data.arena.KeepAlive(constants);
  auto condition = ottl::Condition::Compile(text, {kind}, *constants);
  if (condition.ok()) (void)condition->Eval(item, data.arena);
  auto statement = ottl::Statement::Compile(text, {kind}, *constants);
  if (!statement.ok()) return;
  auto prepended = ottl::PrependContext(text, kind, false);
  // What compiles without prefixes does so with them.
  if (!prepended.ok() || !ottl::Statement::Compile(*prepended, {kind, true}, *constants).ok()) std::abort();
  for (int i = 0; i < 2; ++i) {
    item.cache = nullptr;
    (void)statement->Run(item, data.arena);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (text.empty() || text.size() > 4096) return 0;
  const bool metrics = text[0] == 'M';
  text.remove_prefix(1);
  const std::string_view statement = text.substr(0, text.find('\0'));
  const std::string_view body = statement.size() < text.size() ? text.substr(statement.size() + 1) : std::string_view("GET /user/42 {\"a\":1}");
  auto constants = std::make_shared<Arena>();
  ottl::Item item;
  Batch batch;
  if (metrics) {
    auto data = MakeMetrics(item);
    Run(statement, ottl::ContextKind::kMetric, item, *data, constants);
    item.metric = &(*item.metrics)[0];
    Run(statement, ottl::ContextKind::kDataPoint, item, *data, constants);
    batch = Batch::FromMetrics(std::move(data));
  } else {
    auto data = MakeLogs(body, item);
    Run(statement, ottl::ContextKind::kLog, item, *data, constants);
    Run(statement, ottl::ContextKind::kResource, item, *data, constants);
    batch = Batch::FromLogs(std::move(data));
  }
  constants.reset();
  (void)batch.wire();
  return 0;
}
