"""OTLP and Loki messages as JSON-like trees, by schema, and snappy blocks: enough to read what an agent sends."""
import base64
import struct


# field: (number, type, repeated). Scalars: string bytes hex(bytes shown as hex) bool double
# uint32 uint64 int32 int64 sint32 fixed32 fixed64 sfixed64 enum; anything else names a message.
S = {
    "LogsData": {"resourceLogs": (1, "ResourceLogs", 1)},
    "ResourceLogs": {"resource": (1, "Resource", 0), "scopeLogs": (2, "ScopeLogs", 1), "schemaUrl": (3, "string", 0)},
    "ScopeLogs": {"scope": (1, "Scope", 0), "logRecords": (2, "LogRecord", 1), "schemaUrl": (3, "string", 0)},
    "LogRecord": {"timeUnixNano": (1, "fixed64", 0), "severityNumber": (2, "enum", 0), "severityText": (3, "string", 0),
                  "body": (5, "AnyValue", 0), "attributes": (6, "KeyValue", 1), "droppedAttributesCount": (7, "uint32", 0),
                  "flags": (8, "fixed32", 0), "traceId": (9, "hex", 0), "spanId": (10, "hex", 0),
                  "observedTimeUnixNano": (11, "fixed64", 0), "eventName": (12, "string", 0)},
    "Resource": {"attributes": (1, "KeyValue", 1), "droppedAttributesCount": (2, "uint32", 0)},
    "Scope": {"name": (1, "string", 0), "version": (2, "string", 0), "attributes": (3, "KeyValue", 1),
              "droppedAttributesCount": (4, "uint32", 0)},
    "KeyValue": {"key": (1, "string", 0), "value": (2, "AnyValue", 0)},
    "AnyValue": {"stringValue": (1, "string", 0), "boolValue": (2, "bool", 0), "intValue": (3, "int64", 0),
                 "doubleValue": (4, "double", 0), "arrayValue": (5, "ArrayValue", 0), "kvlistValue": (6, "KvList", 0),
                 "bytesValue": (7, "bytes", 0)},
    "ArrayValue": {"values": (1, "AnyValue", 1)},
    "KvList": {"values": (1, "KeyValue", 1)},
    "TracesData": {"resourceSpans": (1, "ResourceSpans", 1)},
    "ResourceSpans": {"resource": (1, "Resource", 0), "scopeSpans": (2, "ScopeSpans", 1), "schemaUrl": (3, "string", 0)},
    "ScopeSpans": {"scope": (1, "Scope", 0), "spans": (2, "Span", 1), "schemaUrl": (3, "string", 0)},
    "Span": {"traceId": (1, "hex", 0), "spanId": (2, "hex", 0), "traceState": (3, "string", 0),
             "parentSpanId": (4, "hex", 0), "name": (5, "string", 0), "kind": (6, "enum", 0),
             "startTimeUnixNano": (7, "fixed64", 0), "endTimeUnixNano": (8, "fixed64", 0),
             "attributes": (9, "KeyValue", 1), "droppedAttributesCount": (10, "uint32", 0), "events": (11, "Event", 1),
             "droppedEventsCount": (12, "uint32", 0), "links": (13, "Link", 1), "droppedLinksCount": (14, "uint32", 0),
             "status": (15, "SpanStatus", 0), "flags": (16, "fixed32", 0)},
    "Event": {"timeUnixNano": (1, "fixed64", 0), "name": (2, "string", 0), "attributes": (3, "KeyValue", 1),
              "droppedAttributesCount": (4, "uint32", 0)},
    "Link": {"traceId": (1, "hex", 0), "spanId": (2, "hex", 0), "traceState": (3, "string", 0),
             "attributes": (4, "KeyValue", 1), "droppedAttributesCount": (5, "uint32", 0), "flags": (6, "fixed32", 0)},
    "SpanStatus": {"message": (2, "string", 0), "code": (3, "enum", 0)},
    "MetricsData": {"resourceMetrics": (1, "ResourceMetrics", 1)},
    "ResourceMetrics": {"resource": (1, "Resource", 0), "scopeMetrics": (2, "ScopeMetrics", 1), "schemaUrl": (3, "string", 0)},
    "ScopeMetrics": {"scope": (1, "Scope", 0), "metrics": (2, "Metric", 1), "schemaUrl": (3, "string", 0)},
    "Metric": {"name": (1, "string", 0), "description": (2, "string", 0), "unit": (3, "string", 0), "gauge": (5, "Gauge", 0),
               "sum": (7, "Sum", 0), "histogram": (9, "Histogram", 0), "exponentialHistogram": (10, "ExpHistogram", 0),
               "summary": (11, "Summary", 0), "metadata": (12, "KeyValue", 1)},
    "Gauge": {"dataPoints": (1, "NumberPoint", 1)},
    "Sum": {"dataPoints": (1, "NumberPoint", 1), "aggregationTemporality": (2, "enum", 0), "isMonotonic": (3, "bool", 0)},
    "Histogram": {"dataPoints": (1, "HistPoint", 1), "aggregationTemporality": (2, "enum", 0)},
    "ExpHistogram": {"dataPoints": (1, "ExpPoint", 1), "aggregationTemporality": (2, "enum", 0)},
    "Summary": {"dataPoints": (1, "SummaryPoint", 1)},
    "NumberPoint": {"startTimeUnixNano": (2, "fixed64", 0), "timeUnixNano": (3, "fixed64", 0), "asDouble": (4, "double", 0),
                    "exemplars": (5, "Exemplar", 1), "asInt": (6, "sfixed64", 0), "attributes": (7, "KeyValue", 1),
                    "flags": (8, "uint32", 0)},
    "HistPoint": {"startTimeUnixNano": (2, "fixed64", 0), "timeUnixNano": (3, "fixed64", 0), "count": (4, "fixed64", 0),
                  "sum": (5, "double", 0), "bucketCounts": (6, "fixed64", 1), "explicitBounds": (7, "double", 1),
                  "exemplars": (8, "Exemplar", 1), "attributes": (9, "KeyValue", 1), "flags": (10, "uint32", 0),
                  "min": (11, "double", 0), "max": (12, "double", 0)},
    "ExpPoint": {"attributes": (1, "KeyValue", 1), "startTimeUnixNano": (2, "fixed64", 0), "timeUnixNano": (3, "fixed64", 0),
                 "count": (4, "fixed64", 0), "sum": (5, "double", 0), "scale": (6, "sint32", 0), "zeroCount": (7, "fixed64", 0),
                 "positive": (8, "Buckets", 0), "negative": (9, "Buckets", 0), "flags": (10, "uint32", 0),
                 "exemplars": (11, "Exemplar", 1), "min": (12, "double", 0), "max": (13, "double", 0),
                 "zeroThreshold": (14, "double", 0)},
    "Buckets": {"offset": (1, "sint32", 0), "bucketCounts": (2, "uint64", 1)},
    "SummaryPoint": {"startTimeUnixNano": (2, "fixed64", 0), "timeUnixNano": (3, "fixed64", 0), "count": (4, "fixed64", 0),
                     "sum": (5, "double", 0), "quantileValues": (6, "Quantile", 1), "attributes": (7, "KeyValue", 1),
                     "flags": (8, "uint32", 0)},
    "Quantile": {"quantile": (1, "double", 0), "value": (2, "double", 0)},
    "Exemplar": {"timeUnixNano": (2, "fixed64", 0), "asDouble": (3, "double", 0), "spanId": (4, "hex", 0),
                 "traceId": (5, "hex", 0), "asInt": (6, "sfixed64", 0), "filteredAttributes": (7, "KeyValue", 1)},
    "LogsResponse": {"partialSuccess": (1, "PartialLogs", 0)},
    "PartialLogs": {"rejectedLogRecords": (1, "int64", 0), "errorMessage": (2, "string", 0)},
    "TracesResponse": {"partialSuccess": (1, "PartialTraces", 0)},
    "PartialTraces": {"rejectedSpans": (1, "int64", 0), "errorMessage": (2, "string", 0)},
    "MetricsResponse": {"partialSuccess": (1, "PartialMetrics", 0)},
    "PartialMetrics": {"rejectedDataPoints": (1, "int64", 0), "errorMessage": (2, "string", 0)},
    "RpcStatus": {"code": (1, "int32", 0), "message": (2, "string", 0)},
    "PushRequest": {"streams": (1, "Stream", 1)},
    "Stream": {"labels": (1, "string", 0), "entries": (2, "LokiEntry", 1)},
    "LokiEntry": {"timestamp": (1, "Timestamp", 0), "line": (2, "string", 0), "structuredMetadata": (3, "LabelPair", 1)},
    "Timestamp": {"seconds": (1, "int64", 0), "nanos": (2, "int32", 0)},
    "LabelPair": {"name": (1, "string", 0), "value": (2, "string", 0)},
}
VARINT = {"bool", "uint32", "uint64", "int32", "int64", "sint32", "enum"}
FIX64 = {"fixed64": "<Q", "sfixed64": "<q", "double": "<d"}
FIX32 = {"fixed32": "<I"}
SIGNALS = {"logs": ("resourceLogs", "LogsData", "LogsResponse", "opentelemetry.proto.collector.logs.v1.LogsService"),
           "traces": ("resourceSpans", "TracesData", "TracesResponse", "opentelemetry.proto.collector.trace.v1.TraceService"),
           "metrics": ("resourceMetrics", "MetricsData", "MetricsResponse",
                       "opentelemetry.proto.collector.metrics.v1.MetricsService")}


def _varint(n):
    n &= (1 << 64) - 1
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def pb_encode(kind, obj):
    out = bytearray()
    for name, val in obj.items():
        if name not in S[kind]:
            raise ValueError("unknown field %s in %s" % (name, kind))
        num, typ, rep = S[kind][name]
        vals = val if rep else [val]
        if rep and typ in FIX64 or rep and typ in VARINT:
            body = b"".join(_scalar(typ, v) for v in vals)
            out += _varint(num << 3 | 2) + _varint(len(body)) + body
            continue
        for v in vals:
            if typ in S:
                body = pb_encode(typ, v)
                out += _varint(num << 3 | 2) + _varint(len(body)) + body
            elif typ in ("string", "bytes", "hex"):
                body = v.encode() if typ == "string" else base64.b64decode(v) if typ == "bytes" else bytes.fromhex(v)
                out += _varint(num << 3 | 2) + _varint(len(body)) + body
            else:
                out += _varint(num << 3 | (1 if typ in FIX64 else 5 if typ in FIX32 else 0)) + _scalar(typ, v)
    return bytes(out)


def _scalar(typ, v):
    if typ in FIX64:
        return struct.pack(FIX64[typ], float(v) if typ == "double" else int(v))
    if typ in FIX32:
        return struct.pack(FIX32[typ], int(v))
    v = int(v)
    if typ == "sint32":
        v = v << 1 if v >= 0 else ((-v) << 1) - 1
    return _varint(v)


def _read_varint(b, i):
    shift = val = 0
    while True:
        c = b[i]
        i += 1
        val |= (c & 127) << shift
        shift += 7
        if c < 128:
            return val, i


def pb_decode(kind, b):
    by_num = {f[0]: (n, f[1], f[2]) for n, f in S[kind].items()}
    out, i = {}, 0
    while i < len(b):
        key, i = _read_varint(b, i)
        num, wire = key >> 3, key & 7
        name, typ, rep = by_num.get(num, ("field%d" % num, "?", 1))
        if wire == 0:
            raw, i = _read_varint(b, i)
            vals = [_unvar(typ, raw)]
        elif wire == 1:
            vals = [struct.unpack(FIX64.get(typ, "<Q"), b[i:i + 8])[0]]
            i += 8
        elif wire == 5:
            vals = [struct.unpack("<I", b[i:i + 4])[0]]
            i += 4
        elif wire == 2:
            n, i = _read_varint(b, i)
            chunk = b[i:i + n]
            if len(chunk) != n:
                raise ValueError("short message")
            i += n
            if typ in S:
                vals = [pb_decode(typ, chunk)]
            elif typ == "string":
                vals = [chunk.decode("utf-8", "backslashreplace")]
            elif typ == "hex":
                vals = [chunk.hex()]
            elif typ in FIX64:
                vals = [struct.unpack(FIX64[typ], chunk[k:k + 8])[0] for k in range(0, len(chunk), 8)]
            elif typ in VARINT:
                vals, k = [], 0
                while k < len(chunk):
                    raw, k = _read_varint(chunk, k)
                    vals.append(_unvar(typ, raw))
            else:
                vals = [base64.b64encode(chunk).decode()]
        else:
            raise ValueError("bad wire type %d" % wire)
        if rep:
            out.setdefault(name, []).extend(vals)
        else:
            out[name] = vals[-1]
    return out


def _unvar(typ, raw):
    if typ == "bool":
        return bool(raw)
    if typ == "sint32":
        return raw >> 1 if not raw & 1 else -((raw + 1) >> 1)
    if typ in ("int32", "int64") and raw >= 1 << 63:
        return raw - (1 << 64)
    return raw


def snappy_decode(b):
    n, i = _read_varint(b, 0)
    out = bytearray()
    while i < len(b):
        tag = b[i]
        i += 1
        kind = tag & 3
        if kind == 0:
            ln = tag >> 2
            if ln >= 60:
                k = ln - 59
                ln = int.from_bytes(b[i:i + k], "little")
                i += k
            out += b[i:i + ln + 1]
            i += ln + 1
            continue
        if kind == 1:
            ln, off = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | b[i]
            i += 1
        elif kind == 2:
            ln, off = (tag >> 2) + 1, int.from_bytes(b[i:i + 2], "little")
            i += 2
        else:
            ln, off = (tag >> 2) + 1, int.from_bytes(b[i:i + 4], "little")
            i += 4
        for _ in range(ln):
            out.append(out[-off])
    if len(out) != n:
        raise ValueError("snappy length")
    return bytes(out)
