// OTLP/JSON reader: which member goes where.
#include "otelpipe/base/strings.h"
#include "otelpipe/pdata/codec.h"
#include "pdata/decode_common.h"
#include "pdata/json_reader.h"

namespace otelpipe {
namespace internal {
namespace {

constexpr std::array<std::string_view, 25> kSeverityNames = {
    "UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO", "INFO2", "INFO3", "INFO4",
    "WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3", "FATAL4"};
constexpr std::array<std::string_view, 6> kSpanKindNames = {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
constexpr std::array<std::string_view, 3> kStatusNames = {"UNSET", "OK", "ERROR"};
constexpr std::array<std::string_view, 3> kTemporalityNames = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};

void ReadAttributes(JsonReader& r, JsonValue value, Map& map, int depth = 0);

void ReadValue(JsonReader& r, JsonValue json, Value& value, int depth) {
  if (depth > kMaxValueDepth) JsonReader::Fail("exceeded max depth", nullptr);
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "stringValue") {
      value = Value::Str(r.Text(v));
    } else if (name == "intValue") {
      value = Value::Int(r.Int64(v));
    } else if (name == "doubleValue") {
      value = Value::Double(r.Double(v));
    } else if (name == "boolValue") {
      value = Value::Bool(r.Bool(v));
    } else if (name == "bytesValue") {
      value = Value::Bytes(r.Base64(v));
    } else if (name == "arrayValue") {
      if (!value.is_list()) value = Value::OfList(r.arena().New<List>());
      r.Object(v, [&](std::string_view inner, JsonValue items) {
        if (inner != "values") return;
        r.Array(items, [&](JsonValue item) { ReadValue(r, item, value.list().Add(r.arena()), depth + 1); });
      });
    } else if (name == "kvlistValue") {
      if (!value.is_map()) value = Value::OfMap(r.arena().New<Map>());
      r.Object(v, [&](std::string_view inner, JsonValue items) {
        if (inner == "values") ReadAttributes(r, items, value.map(), depth + 1);
      });
    }
  });
}

void ReadAttributes(JsonReader& r, JsonValue json, Map& map, int depth) {
  r.Array(json, [&](JsonValue item) {
    KeyValue& kv = map.items().Add(r.arena());
    r.Object(item, [&](std::string_view name, JsonValue v) {
      if (name == "key") {
        kv.key = r.Text(v);
      } else if (name == "value") {
        ReadValue(r, v, kv.value, depth);
      }
    });
  });
}

// Appends an element for each item of an array; read(item, element) fills it.
template <typename T, typename F>
void ReadList(JsonReader& r, JsonValue json, Vec<T>& list, F read) {
  r.Array(json, [&](JsonValue item) { read(item, list.Add(r.arena())); });
}

void ReadStrings(JsonReader& r, JsonValue json, Vec<std::string_view>& list) {
  ReadList(r, json, list, [&](JsonValue item, std::string_view& s) { s = r.Text(item); });
}

void ReadResource(JsonReader& r, JsonValue json, Resource& resource) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "attributes") {
      ReadAttributes(r, v, resource.attributes);
    } else if (name == "droppedAttributesCount") {
      resource.dropped_attributes_count = r.Uint32(v);
    } else if (name == "entityRefs") {
      ReadList(r, v, resource.entity_refs, [&](JsonValue item, EntityRef& ref) {
        r.Object(item, [&](std::string_view inner, JsonValue x) {
          if (inner == "schemaUrl") ref.schema_url = r.Text(x);
          if (inner == "type") ref.type = r.Text(x);
          if (inner == "idKeys") ReadStrings(r, x, ref.id_keys);
          if (inner == "descriptionKeys") ReadStrings(r, x, ref.description_keys);
        });
      });
    }
  });
}

void ReadScope(JsonReader& r, JsonValue json, Scope& scope) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "name") {
      scope.name = r.Text(v);
    } else if (name == "version") {
      scope.version = r.Text(v);
    } else if (name == "attributes") {
      ReadAttributes(r, v, scope.attributes);
    } else if (name == "droppedAttributesCount") {
      scope.dropped_attributes_count = r.Uint32(v);
    }
  });
}

void ReadRecord(JsonReader& r, JsonValue json, LogRecord& record) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "timeUnixNano") {
      record.time_unix_nano = r.Uint64(v);
    } else if (name == "observedTimeUnixNano") {
      record.observed_time_unix_nano = r.Uint64(v);
    } else if (name == "severityNumber") {
      record.severity_number = r.Enum(v, "SEVERITY_NUMBER_", kSeverityNames);
    } else if (name == "severityText") {
      record.severity_text = r.Text(v);
    } else if (name == "body") {
      ReadValue(r, v, record.body, 0);
    } else if (name == "attributes") {
      ReadAttributes(r, v, record.attributes);
    } else if (name == "droppedAttributesCount") {
      record.dropped_attributes_count = r.Uint32(v);
    } else if (name == "flags") {
      record.flags = r.Uint32(v);
    } else if (name == "traceId") {
      r.Id(v, record.trace_id);
    } else if (name == "spanId") {
      r.Id(v, record.span_id);
    } else if (name == "eventName") {
      record.event_name = r.Text(v);
    }
  });
}

void ReadEvent(JsonReader& r, JsonValue json, SpanEvent& event) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "timeUnixNano") {
      event.time_unix_nano = r.Uint64(v);
    } else if (name == "name") {
      event.name = r.Text(v);
    } else if (name == "attributes") {
      ReadAttributes(r, v, event.attributes);
    } else if (name == "droppedAttributesCount") {
      event.dropped_attributes_count = r.Uint32(v);
    }
  });
}

void ReadLink(JsonReader& r, JsonValue json, SpanLink& link) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "traceId") {
      r.Id(v, link.trace_id);
    } else if (name == "spanId") {
      r.Id(v, link.span_id);
    } else if (name == "traceState") {
      link.trace_state = r.Text(v);
    } else if (name == "attributes") {
      ReadAttributes(r, v, link.attributes);
    } else if (name == "droppedAttributesCount") {
      link.dropped_attributes_count = r.Uint32(v);
    } else if (name == "flags") {
      link.flags = r.Uint32(v);
    }
  });
}

void ReadRecord(JsonReader& r, JsonValue json, Span& span) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "traceId") {
      r.Id(v, span.trace_id);
    } else if (name == "spanId") {
      r.Id(v, span.span_id);
    } else if (name == "traceState") {
      span.trace_state = r.Text(v);
    } else if (name == "parentSpanId") {
      r.Id(v, span.parent_span_id, "parent_span_id");
    } else if (name == "flags") {
      span.flags = r.Uint32(v);
    } else if (name == "name") {
      span.name = r.Text(v);
    } else if (name == "kind") {
      span.kind = r.Enum(v, "SPAN_KIND_", kSpanKindNames);
    } else if (name == "startTimeUnixNano") {
      span.start_time_unix_nano = r.Uint64(v);
    } else if (name == "endTimeUnixNano") {
      span.end_time_unix_nano = r.Uint64(v);
    } else if (name == "attributes") {
      ReadAttributes(r, v, span.attributes);
    } else if (name == "droppedAttributesCount") {
      span.dropped_attributes_count = r.Uint32(v);
    } else if (name == "events") {
      ReadList(r, v, span.events, [&](JsonValue item, SpanEvent& event) { ReadEvent(r, item, event); });
    } else if (name == "droppedEventsCount") {
      span.dropped_events_count = r.Uint32(v);
    } else if (name == "links") {
      ReadList(r, v, span.links, [&](JsonValue item, SpanLink& link) { ReadLink(r, item, link); });
    } else if (name == "droppedLinksCount") {
      span.dropped_links_count = r.Uint32(v);
    } else if (name == "status") {
      r.Object(v, [&](std::string_view inner, JsonValue x) {
        if (inner == "message") span.status_message = r.Text(x);
        if (inner == "code") span.status_code = r.Enum(x, "STATUS_CODE_", kStatusNames);
      });
    }
  });
}

void ReadExemplars(JsonReader& r, JsonValue json, Vec<Exemplar>& exemplars) {
  ReadList(r, json, exemplars, [&](JsonValue item, Exemplar& exemplar) {
    r.Object(item, [&](std::string_view name, JsonValue v) {
      if (name == "filteredAttributes") {
        ReadAttributes(r, v, exemplar.filtered_attributes);
      } else if (name == "timeUnixNano") {
        exemplar.time_unix_nano = r.Uint64(v);
      } else if (name == "asInt") {
        exemplar.value_kind = NumberKind::kInt;
        exemplar.as_int = r.Int64(v);
      } else if (name == "asDouble") {
        exemplar.value_kind = NumberKind::kDouble;
        exemplar.as_double = r.Double(v);
      } else if (name == "traceId") {
        r.Id(v, exemplar.trace_id);
      } else if (name == "spanId") {
        r.Id(v, exemplar.span_id);
      }
    });
  });
}

void ReadCounts(JsonReader& r, JsonValue json, Vec<uint64_t>& counts) {
  ReadList(r, json, counts, [&](JsonValue item, uint64_t& n) { n = r.Uint64(item); });
}

// The members all points have; false when `name` is another.
template <typename Point>
bool ReadPointHead(JsonReader& r, std::string_view name, JsonValue v, Point& point) {
  if (name == "attributes") {
    ReadAttributes(r, v, point.attributes);
  } else if (name == "startTimeUnixNano") {
    point.start_time_unix_nano = r.Uint64(v);
  } else if (name == "timeUnixNano") {
    point.time_unix_nano = r.Uint64(v);
  } else if (name == "flags") {
    point.flags = r.Uint32(v);
  } else {
    return false;
  }
  return true;
}

template <typename Point>
bool ReadHistogramHead(JsonReader& r, std::string_view name, JsonValue v, Point& point) {
  if (ReadPointHead(r, name, v, point)) return true;
  if (name == "count") {
    point.count = r.Uint64(v);
  } else if (name == "sum") {
    point.has_sum = true, point.sum = r.Double(v);
  } else if (name == "min") {
    point.has_min = true, point.min = r.Double(v);
  } else if (name == "max") {
    point.has_max = true, point.max = r.Double(v);
  } else if (name == "exemplars") {
    ReadExemplars(r, v, point.exemplars);
  } else {
    return false;
  }
  return true;
}

void ReadPoint(JsonReader& r, std::string_view name, JsonValue v, NumberDataPoint& point) {
  if (ReadPointHead(r, name, v, point)) return;
  if (name == "asInt") {
    point.value_kind = NumberKind::kInt;
    point.as_int = r.Int64(v);
  } else if (name == "asDouble") {
    point.value_kind = NumberKind::kDouble;
    point.as_double = r.Double(v);
  } else if (name == "exemplars") {
    ReadExemplars(r, v, point.exemplars);
  }
}

void ReadPoint(JsonReader& r, std::string_view name, JsonValue v, HistogramDataPoint& point) {
  if (ReadHistogramHead(r, name, v, point)) return;
  if (name == "bucketCounts") {
    ReadCounts(r, v, point.bucket_counts);
  } else if (name == "explicitBounds") {
    ReadList(r, v, point.explicit_bounds, [&](JsonValue item, double& d) { d = r.Double(item); });
  }
}

void ReadBuckets(JsonReader& r, JsonValue json, ExponentialBuckets& buckets) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "offset") buckets.offset = r.PlainInt32(v);
    if (name == "bucketCounts") ReadCounts(r, v, buckets.bucket_counts);
  });
}

void ReadPoint(JsonReader& r, std::string_view name, JsonValue v, ExponentialHistogramDataPoint& point) {
  if (ReadHistogramHead(r, name, v, point)) return;
  if (name == "scale") {
    point.scale = r.PlainInt32(v);
  } else if (name == "zeroCount") {
    point.zero_count = r.Uint64(v);
    // zeroThreshold is not read, as in the reference: the same JSON gives the same metrics (conformance/gaps.md).
  } else if (name == "positive") {
    point.has_positive = true;
    ReadBuckets(r, v, point.positive);
  } else if (name == "negative") {
    point.has_negative = true;
    ReadBuckets(r, v, point.negative);
  }
}

void ReadPoint(JsonReader& r, std::string_view name, JsonValue v, SummaryDataPoint& point) {
  if (ReadPointHead(r, name, v, point)) return;
  if (name == "count") {
    point.count = r.Uint64(v);
  } else if (name == "sum") {
    point.sum = r.Double(v);
  } else if (name == "quantileValues") {
    ReadList(r, v, point.quantile_values, [&](JsonValue item, QuantileValue& q) {
      r.Object(item, [&](std::string_view inner, JsonValue x) {
        if (inner == "quantile") q.quantile = r.Double(x);
        if (inner == "value") q.value = r.Double(x);
      });
    });
  }
}

template <typename Point>
void ReadMetricData(JsonReader& r, JsonValue json, MetricType type, Metric& metric, Vec<Point>& points) {
  metric.type = type;
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "dataPoints") {
      ReadList(r, v, points, [&](JsonValue item, Point& point) {
        r.Object(item, [&](std::string_view inner, JsonValue x) { ReadPoint(r, inner, x, point); });
      });
    } else if (name == "aggregationTemporality") {
      metric.aggregation_temporality = r.Enum(v, "AGGREGATION_TEMPORALITY_", kTemporalityNames);
    } else if (name == "isMonotonic") {
      metric.is_monotonic = r.Bool(v);
    }
  });
}

// Before data of a type is read: data of another type does not count any more.
void SwitchType(Metric& metric, MetricType type) {
  if (metric.type == type) return;
  metric.number_points.Clear();
  metric.histogram_points.Clear();
  metric.exponential_points.Clear();
  metric.summary_points.Clear();
  metric.aggregation_temporality = 0;
  metric.is_monotonic = false;
}

void ReadRecord(JsonReader& r, JsonValue json, Metric& metric) {
  r.Object(json, [&](std::string_view name, JsonValue v) {
    if (name == "name") {
      metric.name = r.Text(v);
    } else if (name == "description") {
      metric.description = r.Text(v);
    } else if (name == "unit") {
      metric.unit = r.Text(v);
    } else if (name == "metadata") {
      ReadAttributes(r, v, metric.metadata);
    } else if (name == "gauge") {
      SwitchType(metric, MetricType::kGauge);
      ReadMetricData(r, v, MetricType::kGauge, metric, metric.number_points);
    } else if (name == "sum") {
      SwitchType(metric, MetricType::kSum);
      ReadMetricData(r, v, MetricType::kSum, metric, metric.number_points);
    } else if (name == "histogram") {
      SwitchType(metric, MetricType::kHistogram);
      ReadMetricData(r, v, MetricType::kHistogram, metric, metric.histogram_points);
    } else if (name == "exponentialHistogram") {
      SwitchType(metric, MetricType::kExponentialHistogram);
      ReadMetricData(r, v, MetricType::kExponentialHistogram, metric, metric.exponential_points);
    } else if (name == "summary") {
      SwitchType(metric, MetricType::kSummary);
      ReadMetricData(r, v, MetricType::kSummary, metric, metric.summary_points);
    }
  });
}

struct MemberNames {
  std::string_view resources, scopes, records;
};

template <typename Data>
void ReadTree(JsonReader& r, simdjson::ondemand::object& root, const MemberNames& names, Data& out) {
  r.Members(root, [&](std::string_view top, JsonValue list) {
    if (top != names.resources) return;
    ReadList(r, list, out.resources, [&](JsonValue resource_json, auto& resource) {
      r.Object(resource_json, [&](std::string_view name, JsonValue v) {
        if (name == "resource") {
          ReadResource(r, v, resource.resource);
        } else if (name == "schemaUrl") {
          resource.schema_url = r.Text(v);
        } else if (name == names.scopes) {
          ReadList(r, v, resource.scopes, [&](JsonValue scope_json, auto& scope) {
            r.Object(scope_json, [&](std::string_view inner, JsonValue x) {
              if (inner == "scope") {
                ReadScope(r, x, scope.scope);
              } else if (inner == "schemaUrl") {
                scope.schema_url = r.Text(x);
              } else if (inner == names.records) {
                ReadList(r, x, scope.records, [&](JsonValue item, auto& record) { ReadRecord(r, item, record); });
              }
            });
          });
        }
      });
    });
  });
}

// Where the first value of `json`, an object, ends; the whole length when it does not.
size_t FirstObjectLength(std::string_view json) {
  int depth = 0;
  for (size_t i = 0; i < json.size(); ++i) {
    char c = json[i];
    if (c == '"') {
      for (++i; i < json.size() && json[i] != '"'; ++i) {
        if (json[i] == '\\') ++i;
      }
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == '}' || c == ']') && --depth == 0) {
      return i + 1;
    }
  }
  return json.size();
}

// Bytes that are no UTF-8 become U+FFFD.
std::string MakeUtf8(std::string_view json) {
  std::string out;
  out.reserve(json.size() + json.size() / 8);
  size_t start = 0;
  while (start < json.size()) {
    // The validator gives no position, so the text is cut at its ASCII bytes.
    size_t end = start;
    while (end < json.size() && static_cast<unsigned char>(json[end]) < 0x80) ++end;
    out.append(json.substr(start, end - start));
    start = end;
    while (end < json.size() && static_cast<unsigned char>(json[end]) >= 0x80) ++end;
    while (start < end) {
      size_t n = 1;
      while (n < 4 && start + n < end && !simdjson::validate_utf8(json.data() + start, n)) ++n;
      if (simdjson::validate_utf8(json.data() + start, n)) {
        out.append(json.substr(start, n));
        start += n;
      } else {
        out += "\xEF\xBF\xBD";
        ++start;
      }
    }
  }
  return out;
}

absl::Status JsonFailure(const JsonError& error, std::string_view json) {
  std::string text = "ReadObjectCB: " + error.reason;
  if (error.at != nullptr && error.at >= json.data() && error.at <= json.data() + json.size()) {
    size_t offset = static_cast<size_t>(error.at - json.data());
    size_t from = offset > 10 ? offset - 10 : 0;
    text += ", error found in #" + std::to_string(offset + 1) + " byte of ...|";
    text += json.substr(from, 20);
    text += "|...";
  }
  return absl::InvalidArgumentError(A(text));
}

// The parser keeps its buffers for the next text of the thread; those of a huge text are given back.
constexpr size_t kKeepCapacity = 1 << 20;

template <typename Data>
absl::Status DecodeAnyJson(std::string_view json, const MemberNames& names, Data& out) {
  size_t start = json.find_first_not_of(" \t\r\n");
  if (start == std::string_view::npos) return absl::InvalidArgumentError("ReadObjectCB: expect { or n, but found \\x00");
  json.remove_prefix(start);
  if (json.substr(0, 4) == "null") return absl::OkStatus();
  if (json[0] != '{') {
    return JsonFailure({std::string("expect { or n, but found ") + json[0], json.data()}, json);
  }

  thread_local simdjson::ondemand::parser parser;
  struct Release {
    ~Release() {
      if (parser.capacity() > kKeepCapacity) parser = simdjson::ondemand::parser();
    }
  } release;

  simdjson::padded_string padded(json);
  simdjson::ondemand::document document;
  simdjson::ondemand::object root;
  auto open = [&]() -> simdjson::error_code {
    // Three levels of JSON for each level of a value.
    if (parser.capacity() < padded.size() || parser.max_depth() < 3 * kMaxValueDepth + 64) {
      auto error = parser.allocate(std::max(padded.size(), parser.capacity()), 3 * kMaxValueDepth + 64);
      if (error) return error;
    }
    if (auto error = parser.iterate(padded).get(document)) return error;
    return document.get_object().get(root);
  };
  simdjson::error_code error = open();
  if (error == simdjson::UTF8_ERROR) {
    padded = simdjson::padded_string(MakeUtf8(json));
    error = open();
  }
  if (error != simdjson::SUCCESS) {
    // The reference reads one value and does not look at what follows it.
    std::string_view all(padded.data(), padded.size());
    padded = simdjson::padded_string(all.substr(0, FirstObjectLength(all)));
    error = open();
  }
  std::string_view text(padded.data(), padded.size());
  if (error != simdjson::SUCCESS) return JsonFailure({simdjson::error_message(error), nullptr}, text);
  try {
    JsonReader reader(out.arena);
    ReadTree(reader, root, names, out);
  } catch (const JsonError& e) {
    return JsonFailure(e, text);
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace internal

absl::Status DecodeJson(std::string_view json, LogsData& out) {
  return internal::DecodeAnyJson(json, {"resourceLogs", "scopeLogs", "logRecords"}, out);
}
absl::Status DecodeJson(std::string_view json, TracesData& out) {
  return internal::DecodeAnyJson(json, {"resourceSpans", "scopeSpans", "spans"}, out);
}
absl::Status DecodeJson(std::string_view json, MetricsData& out) {
  return internal::DecodeAnyJson(json, {"resourceMetrics", "scopeMetrics", "metrics"}, out);
}

absl::StatusOr<Batch> BatchFromJson(Signal signal, std::string_view json) {
  auto decode = [json](auto data, auto make) -> absl::StatusOr<Batch> {
    absl::Status status = DecodeJson(json, *data);
    if (!status.ok()) return status;
    return make(std::move(data));
  };
  switch (signal) {
    case Signal::kTraces: return decode(std::make_unique<TracesData>(), Batch::FromTraces);
    case Signal::kMetrics: return decode(std::make_unique<MetricsData>(), Batch::FromMetrics);
    case Signal::kLogs: return decode(std::make_unique<LogsData>(), Batch::FromLogs);
  }
  return absl::InvalidArgumentError("unknown signal");
}

}  // namespace otelpipe
