"""Telemetry as rows that can be compared: one per record, span or data point, in a fixed form."""
import json
import math
import time


NOW_WINDOW = 2 * 86400


def near_now(ns):
    try:
        return abs(int(ns) / 1e9 - time.time()) < NOW_WINDOW
    except (ValueError, TypeError):
        return False


def norm_any(v):
    """An OTLP AnyValue as the plainest JSON that still tells the types apart."""
    if not v:
        return None
    if "stringValue" in v:
        return v["stringValue"]
    if "boolValue" in v:
        return v["boolValue"]
    if "intValue" in v:
        return int(v["intValue"])
    if "doubleValue" in v:
        return norm_float(v["doubleValue"])
    if "bytesValue" in v:
        return {"$bytes": v["bytesValue"] or ""}
    if "arrayValue" in v:
        return [norm_any(x) for x in (v["arrayValue"] or {}).get("values", [])]
    if "kvlistValue" in v:
        return norm_attrs((v["kvlistValue"] or {}).get("values", []))
    return {"$unknown": v}


def norm_float(f):
    f = float(f)
    if math.isnan(f) or math.isinf(f):
        return {"$double": str(f)}
    return f


def norm_attrs(kvs):
    out = {}
    for kv in kvs or []:
        k = kv.get("key", "")
        while k in out:
            k += "#dup"
        out[k] = norm_any(kv.get("value"))
    return {k: out[k] for k in sorted(out)}


TIMES = ("timeUnixNano", "observedTimeUnixNano", "startTimeUnixNano", "endTimeUnixNano")
INTS = {"count", "zeroCount", "asInt", "severityNumber", "kind", "code", "flags", "droppedAttributesCount",
        "droppedEventsCount", "droppedLinksCount", "aggregationTemporality", "scale", "offset"}
FLOATS = {"asDouble", "sum", "min", "max", "zeroThreshold", "quantile", "value"}


def norm_obj(o, keep_observed, drop=()):
    """Any OTLP JSON message below scope: attributes flattened and sorted, default values dropped."""
    out = {}
    for k in sorted(o):
        v = o[k]
        if k in drop or (k == "observedTimeUnixNano" and not keep_observed):
            continue
        if k in ("attributes", "filteredAttributes", "metadata"):
            v = norm_attrs(v)
        elif k == "body":
            v = norm_any(v)
            if v is None:
                continue
            out[k] = v
            continue
        elif k in TIMES:
            v = "" if not v or str(v) == "0" else "NOW" if near_now(v) else str(v)
        elif k in ("bucketCounts",):
            v = [int(x) for x in v or []]
        elif k in ("explicitBounds",):
            v = [norm_float(x) for x in v or []]
        elif isinstance(v, list):
            v = [norm_obj(x, keep_observed) for x in v]
        elif isinstance(v, dict):
            v = norm_obj(v, keep_observed)
            if k in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
                out[k] = v
                continue
        elif k in INTS:
            v = int(v) if isinstance(v, (int, float)) or str(v).lstrip("-").isdigit() else v
            if k == "asInt":
                out[k] = v
                continue
        elif k in FLOATS:
            v = norm_float(v)
            out[k] = v
            continue
        if v in ("", 0, None, False) or v == [] or v == {}:
            continue
        out[k] = v
    return out


def flatten(payload, keep_observed=False):
    """One JSON object per log record, span or metric, each with its resource and scope."""
    rows = []
    for signal, groups, items, word in (("resourceLogs", "scopeLogs", "logRecords", "log"),
                                        ("resourceSpans", "scopeSpans", "spans", "span"),
                                        ("resourceMetrics", "scopeMetrics", "metrics", "metric")):
        for r in payload.get(signal) or []:
            res = norm_obj(r.get("resource") or {}, keep_observed)
            if r.get("schemaUrl"):
                res["schemaUrl"] = r["schemaUrl"]
            if not r.get(groups):
                rows.append(_row(res, {}, word, None))
            for s in r.get(groups) or []:
                scope = norm_obj(s.get("scope") or {}, keep_observed)
                if s.get("schemaUrl"):
                    scope["schemaUrl"] = s["schemaUrl"]
                for it in s.get(items) or []:
                    rows.append(_row(res, scope, word, norm_obj(it, keep_observed)))
    return rows


def _row(res, scope, word, item):
    row = {}
    if res:
        row["resource"] = res
    if scope:
        row["scope"] = scope
    row[word] = item
    return row


def sort_rows(rows, how):
    dump = lambda x: json.dumps(x, sort_keys=True, ensure_ascii=False)  # noqa: E731
    if how == "none":
        return rows
    if how == "all":
        return sorted(rows, key=dump)

    def group(row):
        a = ((row.get("log") or {}).get("attributes") or {})
        src = a.get("log.file.path") or a.get("log.file.name") or ""
        return dump(row.get("resource", {})), dump(row.get("scope", {})), str(src)
    return sorted(rows, key=group)  # stable: order kept within one resource, scope and source file
