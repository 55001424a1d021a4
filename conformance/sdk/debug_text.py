"""What the `debug` exporter must print for a request at `verbosity: detailed`, written from the rules of the format, not from our code."""
import base64
import datetime
import math

import otlp

_SEVERITY = ["Unspecified"] + [n + str(i or "") for n in ("Trace", "Debug", "Info", "Warn", "Error", "Fatal") for i in (None, 2, 3, 4)]
_KIND = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
_STATUS = ["Unset", "Ok", "Error"]
_TEMPORALITY = ["Unspecified", "Delta", "Cumulative"]
_DATA = {"gauge": "Gauge", "sum": "Sum", "histogram": "Histogram", "exponential_histogram": "ExponentialHistogram", "summary": "Summary"}
_TITLES = {"traces": ("ResourceSpans", "ScopeSpans"), "metrics": ("ResourceMetrics", "ScopeMetrics"), "logs": ("ResourceLog", "ScopeLogs")}
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


def _name(names, number):
    return names[number] if 0 <= number < len(names) else ""


def _number(value):
    """A double as a JSON number: shortest digits, an exponent below 1e-6 and from 1e21 on."""
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, exponent = ("%r" % abs(value)), 0
    if "e" in digits:
        digits, e = digits.split("e")
        exponent = int(e)
    whole, _, fraction = digits.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + exponent
    all_digits = (whole + fraction).lstrip("0")
    point -= len(whole + fraction) - len(all_digits)
    all_digits = all_digits.rstrip("0")
    sign = "-" if value < 0 else ""
    if 1e-6 <= abs(value) < 1e21:
        if point <= 0:
            return sign + "0." + "0" * -point + all_digits
        if point >= len(all_digits):
            return sign + all_digits + "0" * (point - len(all_digits))
        return sign + all_digits[:point] + "." + all_digits[point:]
    e = point - 1
    mantissa = all_digits[0] + ("." + all_digits[1:] if len(all_digits) > 1 else "")
    return "%s%se%s%s" % (sign, mantissa, "+" if e > 0 else "-", abs(e))


def _fixed(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return "%.6f" % value


def _quoted(text):
    out = '"'
    for c in text:
        if c in _ESCAPES:
            out += _ESCAPES[c]
        elif c < " " or c in "<>&\u2028\u2029":
            out += "\\u%04x" % ord(c)
        else:
            out += c
    return out + '"'


class _NoNumber(ValueError):
    pass


def _json(value):
    kind = value.WhichOneof("value")
    if kind is None:
        return "null"
    if kind == "string_value":
        return _quoted(value.string_value)
    if kind == "bytes_value":
        return '"' + base64.b64encode(value.bytes_value).decode() + '"'
    if kind == "array_value":
        return "[" + ",".join(_json(v) for v in value.array_value.values) + "]"
    if kind == "kvlist_value":
        entries = {kv.key: kv.value for kv in value.kvlist_value.values}
        return "{" + ",".join(_quoted(k) + ":" + _json(entries[k]) for k in sorted(entries, key=lambda k: k.encode())) + "}"
    if kind == "double_value" and not math.isfinite(value.double_value):
        raise _NoNumber
    return _plain(value)[1]


def _plain(value):
    """(type, text) of a value."""
    kind = value.WhichOneof("value")
    if kind is None:
        return "Empty", ""
    if kind == "string_value":
        return "Str", value.string_value
    if kind == "bool_value":
        return "Bool", "true" if value.bool_value else "false"
    if kind == "int_value":
        return "Int", str(value.int_value)
    if kind == "double_value":
        if not math.isfinite(value.double_value):
            return "Double", "json: unsupported value: " + _fixed(value.double_value)
        return "Double", _number(value.double_value)
    if kind == "bytes_value":
        return "Bytes", base64.b64encode(value.bytes_value).decode()
    try:
        return ("Slice" if kind == "array_value" else "Map"), _json(value)
    except _NoNumber:
        return ("Slice" if kind == "array_value" else "Map"), ""


def _typed(value):
    return "%s(%s)" % _plain(value)


def _time(nanos):
    seconds, fraction = divmod(nanos if nanos < 1 << 63 else nanos - (1 << 64), 10**9)
    text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
    return text + (("." + "%09d" % fraction).rstrip("0") if fraction else "") + " +0000 UTC"


def _id(raw):
    return raw.hex() if any(raw) else ""


def _attributes(out, header, attributes):
    if attributes:
        out.append(header + ":")
        out += ["     -> %s: %s" % (a.key, _typed(a.value)) for a in attributes]


def _inner(out, header, attributes):
    if attributes:
        out.append("     -> " + header)
        out += ["          -> %s: %s" % (a.key, _typed(a.value)) for a in attributes]


def _log(out, record):
    out += ["ObservedTimestamp: " + _time(record.observed_time_unix_nano), "Timestamp: " + _time(record.time_unix_nano),
            "SeverityText: " + record.severity_text,
            "SeverityNumber: %s(%d)" % (_name(_SEVERITY, record.severity_number), record.severity_number)]
    if record.event_name:
        out.append("EventName: " + record.event_name)
    out.append("Body: " + _typed(record.body))
    _attributes(out, "Attributes", record.attributes)
    out += ["Trace ID: " + _id(record.trace_id), "Span ID: " + _id(record.span_id), "Flags: %d" % record.flags]


def _span(out, span):
    def field(label, value):
        out.append("    %-15s: %s" % (label, value))

    field("Trace ID", _id(span.trace_id))
    field("Parent ID", _id(span.parent_span_id))
    field("ID", _id(span.span_id))
    field("Name", span.name)
    field("Kind", _name(_KIND, span.kind))
    if span.trace_state:
        field("TraceState", span.trace_state)
    field("Start time", _time(span.start_time_unix_nano))
    field("End time", _time(span.end_time_unix_nano))
    field("Status code", _name(_STATUS, span.status.code))
    field("Status message", span.status.message)
    _attributes(out, "Attributes", span.attributes)
    if span.events:
        out.append("Events:")
    for i, event in enumerate(span.events):
        out += ["SpanEvent #%d" % i, "     -> Name: " + event.name, "     -> Timestamp: " + _time(event.time_unix_nano),
                "     -> DroppedAttributesCount: %d" % event.dropped_attributes_count]
        _inner(out, "Attributes::", event.attributes)
    if span.links:
        out.append("Links:")
    for i, link in enumerate(span.links):
        out += ["SpanLink #%d" % i, "     -> Trace ID: " + _id(link.trace_id), "     -> ID: " + _id(link.span_id),
                "     -> TraceState: " + link.trace_state, "     -> DroppedAttributesCount: %d" % link.dropped_attributes_count]
        _inner(out, "Attributes::", link.attributes)


def _value(out, indent, point):
    kind = point.WhichOneof("value")
    if kind == "as_int":
        out.append("%sValue: %d" % (indent, point.as_int))
    elif kind == "as_double":
        out.append("%sValue: %s" % (indent, _fixed(point.as_double)))


def _exemplars(out, exemplars):
    if exemplars:
        out.append("Exemplars:")
    for i, exemplar in enumerate(exemplars):
        out += ["Exemplar #%d" % i, "     -> Trace ID: " + _id(exemplar.trace_id), "     -> Span ID: " + _id(exemplar.span_id),
                "     -> Timestamp: " + _time(exemplar.time_unix_nano)]
        _value(out, "     -> ", exemplar)
        _inner(out, "FilteredAttributes:", exemplar.filtered_attributes)


def _bound(index, scale):
    x = index * math.ldexp(math.log(2), -scale)
    return math.inf if x >= 1024 * math.log(2) else math.exp(x)


def _point(out, kind, i, point):
    out.append("%s #%d" % ({"gauge": "NumberDataPoints", "sum": "NumberDataPoints", "histogram": "HistogramDataPoints",
                            "exponential_histogram": "ExponentialHistogramDataPoints", "summary": "SummaryDataPoints"}[kind], i))
    _attributes(out, "Data point attributes", point.attributes)
    out += ["StartTimestamp: " + _time(point.start_time_unix_nano), "Timestamp: " + _time(point.time_unix_nano)]
    if kind in ("gauge", "sum"):
        _value(out, "", point)
    else:
        out.append("Count: %d" % point.count)
    if kind == "summary":
        out.append("Sum: " + _fixed(point.sum))
        out += ["QuantileValue #%d: Quantile %s, Value %s" % (n, _fixed(q.quantile), _fixed(q.value)) for n, q in enumerate(point.quantile_values)]
        return
    if kind in ("histogram", "exponential_histogram"):
        for name in ("sum", "min", "max"):
            if point.HasField(name):
                out.append("%s: %s" % (name.title(), _fixed(getattr(point, name))))
    if kind == "histogram":
        out += ["ExplicitBounds #%d: %s" % (n, _fixed(b)) for n, b in enumerate(point.explicit_bounds)]
        out += ["Buckets #%d, Count: %d" % (n, c) for n, c in enumerate(point.bucket_counts)]
    if kind == "exponential_histogram":
        for n, count in reversed(list(enumerate(point.negative.bucket_counts, point.negative.offset))):
            out.append("Bucket [%s, %s), Count: %d" % (_fixed(-_bound(n + 1, point.scale)), _fixed(-_bound(n, point.scale)), count))
        if point.zero_count:
            out.append("Bucket [0, 0], Count: %d" % point.zero_count)
        for n, count in enumerate(point.positive.bucket_counts, point.positive.offset):
            out.append("Bucket (%s, %s], Count: %d" % (_fixed(_bound(n, point.scale)), _fixed(_bound(n + 1, point.scale)), count))
    _exemplars(out, point.exemplars)


def _points(metric):
    kind = metric.WhichOneof("data")
    return getattr(metric, kind).data_points if kind else []


def _metric(out, metric):
    kind = metric.WhichOneof("data")
    out += ["Descriptor:", "     -> Name: " + metric.name, "     -> Description: " + metric.description,
            "     -> Unit: " + metric.unit, "     -> DataType: " + _DATA.get(kind, "Empty")]
    if kind == "sum":
        out.append("     -> IsMonotonic: " + ("true" if metric.sum.is_monotonic else "false"))
    if kind in ("sum", "histogram", "exponential_histogram"):
        out.append("     -> AggregationTemporality: " + _name(_TEMPORALITY, getattr(metric, kind).aggregation_temporality))
    for i, point in enumerate(_points(metric)):
        _point(out, kind, i, point)


def detailed(signal, request):
    """The summary line, the text and the blank line after it."""
    resources, scopes, leaves = otlp.TREE[signal]
    all_records = otlp.records(signal, request)
    n = len(getattr(request, resources))
    head = {"traces": 'Traces\t{"resource spans": %d, "spans": %d}', "logs": 'Logs\t{"resource logs": %d, "log records": %d}',
            "metrics": 'Metrics\t{"resource metrics": %d, "metrics": %d, "data points": ' + str(sum(len(_points(m)) for m in all_records) if signal == "metrics" else 0) + "}"}
    out = [head[signal] % (n, len(all_records))]
    title, scope_title = _TITLES[signal]
    record_title, write = {"traces": ("Span", _span), "metrics": ("Metric", _metric), "logs": ("LogRecord", _log)}[signal]
    for i, resource in enumerate(getattr(request, resources)):
        out += ["%s #%d" % (title, i), "Resource SchemaURL: " + resource.schema_url]
        _attributes(out, "Resource attributes", resource.resource.attributes)
        for j, scope in enumerate(getattr(resource, scopes)):
            out += ["%s #%d" % (scope_title, j), "%s SchemaURL: %s" % (scope_title, scope.schema_url),
                    "InstrumentationScope %s %s" % (scope.scope.name, scope.scope.version)]
            _attributes(out, "InstrumentationScope attributes", scope.scope.attributes)
            for k, record in enumerate(getattr(scope, leaves)):
                out.append("%s #%d" % (record_title, k))
                write(out, record)
    return "\n".join(out) + "\n\n"
