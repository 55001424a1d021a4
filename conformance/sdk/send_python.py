"""Makes telemetry with the Python OpenTelemetry SDK and sends each batch twice: to the agent, and straight to the sink.

    send_python.py AGENT_GRPC_PORT AGENT_HTTP_PORT SINK_GRPC_PORT SINK_HTTP_PORT SECURE

SECURE is JSON: the agent's ports behind TLS and the files for it, {"tls": {"grpc", "http", "ca"}, "mtls": {..., "cert", "key"}}.
The same objects go through both exporters, so ids and times are the same on both ways. Prints one JSON object: run -> signal -> number of records.
"""
import json
import sys

import grpc
from opentelemetry import trace
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcMetrics
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpMetrics
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.metrics import Observation
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter, LogRecordExportResult, SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import AlwaysOnExemplarFilter, Counter, Histogram, MeterProvider, ObservableCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, InMemoryMetricReader, MetricExportResult
from opentelemetry.sdk.metrics.view import ExponentialBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

RUNS = [("", "grpc", "none"), ("", "grpc", "gzip"), ("", "http", "none"), ("", "http", "gzip"), ("", "http", "deflate")]
RUNS += [(secure, transport, packing) for secure in ("tls", "mtls") for transport in ("grpc", "http") for packing in ("none", "gzip")]
VALUES = {
    "text": "caf\u00e9 \U0001f680 <a&b> \"q\" \\ \n2nd \u2028", "empty": "", "yes": True, "no": False, "zero": 0, "negative": -7,
    "big": 2**53 + 1, "largest": 2**63 - 1, "smallest": -2**63, "double": 0.1, "whole": 3.0, "huge": 1.5e300, "tiny": 5e-324,
    "minus zero": -0.0, "texts": ["a", "", "b"], "ints": [1, -2, 3], "doubles": [0.5, 1e21], "bools": [True, False], "none": [],
}
ODD_DOUBLES = {"infinite": float("inf"), "minus infinite": float("-inf")}


def resource(run):
    return Resource({"service.name": "shop", "test.run": run, "host.cpus": 8, "tags": ["x", "y"], "ratio": 0.25, "cloud": False},
                    "https://example.com/resource/1")


def make_spans(run):
    memory = InMemorySpanExporter()
    provider = TracerProvider(resource=resource(run), span_limits=SpanLimits(max_events=4, max_links=2, max_span_attributes=32), shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(memory))
    tracer = provider.get_tracer("shop.orders", "1.2.3", "https://example.com/scope/1", {"scope.attribute": "s", "n": 5})
    other = provider.get_tracer("shop.cart")
    remote = SpanContext(0x0102030405060708090A0B0C0D0E0F10, 0x1112131415161718, True, TraceFlags(1), TraceState([("vendor", "a1"), ("rojo", "00f0")]))
    parent = trace.set_span_in_context(trace.NonRecordingSpan(remote))
    links = [Link(remote, {"link.text": "l", "link.n": 1}), Link(SpanContext(5, 6, False, TraceFlags(0))), Link(remote)]
    with tracer.start_as_current_span("POST /orders/<id>", parent, SpanKind.SERVER, {**VALUES, **ODD_DOUBLES}, links) as server:
        server.add_event("first", {"n": 1, "ok": True, "list": ["p", "q"]})
        server.add_event("at a time", {}, 1700000000123456789)
        with other.start_as_current_span("", kind=SpanKind.CLIENT) as client:
            client.set_status(Status(StatusCode.ERROR, "deadline \u00fcber"))
            client.record_exception(ValueError("bad <value>"))
        for kind in (SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER):
            tracer.start_span("kind " + kind.name, kind=kind, start_time=1700000000000000001).end(1700000000000000002)
        server.set_status(Status(StatusCode.OK))
    with tracer.start_as_current_span("too much") as limited:
        for i in range(6):
            limited.add_event("event %d" % i)
        limited.set_attributes({"k%02d" % i: i for i in range(40)})
    return memory.get_finished_spans()


def make_metrics(run):
    reader = InMemoryMetricReader(preferred_temporality={Counter: AggregationTemporality.DELTA, Histogram: AggregationTemporality.CUMULATIVE,
                                                         ObservableCounter: AggregationTemporality.CUMULATIVE})
    views = [View(instrument_name="request.size", aggregation=ExponentialBucketHistogramAggregation(max_size=20))]
    provider = MeterProvider([reader], resource(run), exemplar_filter=AlwaysOnExemplarFilter(), shutdown_on_exit=False, views=views)
    tracer = TracerProvider(resource=resource(run), shutdown_on_exit=False).get_tracer("t")
    meter = provider.get_meter("shop.meter", "0.9", "https://example.com/scope/2", {"team": "orders"})
    requests = meter.create_counter("requests", "1", "Requests <all>")
    bytes_sent = meter.create_counter("sent", "By")
    active = meter.create_up_down_counter("active", "{request}", "Requests in work")
    duration = meter.create_histogram("duration", "s", "Time of a request", explicit_bucket_boundaries_advisory=[0.005, 0.1, 1, 10])
    size = meter.create_histogram("request.size", "By")
    meter.create_observable_gauge("temperature", [lambda _: [Observation(-3.25, {"room": "a"}), Observation(21, {"room": "b"})]], "Cel")
    meter.create_observable_counter("cpu.time", [lambda _: [Observation(1.5, {"cpu": 0}), Observation(2**53 + 1, {"cpu": 1})]], "s")
    meter.create_observable_up_down_counter("queue", [lambda _: [Observation(-4)]])
    level = provider.get_meter("").create_gauge("level")
    with tracer.start_as_current_span("measured"):
        requests.add(3, {"method": "GET", "status": 200, "cached": True, "ratio": 0.5, "list": ["a", "b"]})
        requests.add(2**62, {"method": "POST"})
        bytes_sent.add(1e18 + 0.5)
        active.add(5)
        active.add(-7)
        for v in (0.001, 0.05, 0.5, 5, 50, 0.1):
            duration.record(v, {"path": "/\u00fc"})
        for v in (0, 1, 2, 3, 1000, 1e6):
            size.record(v, {"path": "/"})
        level.set(0.1)
    return reader.get_metrics_data()


def make_logs(run):
    memory = InMemoryLogRecordExporter()
    provider = LoggerProvider(resource(run), shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(memory))
    logger = provider.get_logger("shop.log", "2.0", "https://example.com/scope/3", {"logger": "orders"})
    tracer = TracerProvider(resource=resource(run), shutdown_on_exit=False).get_tracer("t")
    bodies = ["plain \u00e9 <x> \U0001f680", "", 42, -0.5, True, b"\x00\xff\x10", ["a", 1, None, {"deep": [True]}],
              {"z": 1, "a": {"b": [1.5, "x"], "c": b"\x01"}, "empty": {}, "none": None}, None]
    for i, body in enumerate(bodies):
        logger.emit(LogRecord(timestamp=1700000000000000000 + i, body=body, severity_number=list(SeverityNumber)[i + 9], severity_text="LEVEL%d" % i,
                              attributes={**VALUES, "map": {"k": [1, "two"]}, "bytes": b"\x00\x01"} if i < 2 else {"i": i}))
    with tracer.start_as_current_span("logs"):
        logger.emit(LogRecord(timestamp=1, body="inside a span", event_name="order.created"))
    logger.emit(LogRecord(observed_timestamp=1700000000999999999))
    provider.get_logger("second").emit(LogRecord(body="from another logger", attributes=ODD_DOUBLES))
    return memory.get_finished_logs()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def exporters(transport, packing, grpc_port, http_port, who, secure=None):
    if transport == "grpc":
        packed = grpc.Compression.Gzip if packing == "gzip" else grpc.Compression.NoCompression
        options = dict(endpoint="127.0.0.1:%d" % grpc_port, insecure=True, headers=(("x-test-path", who),), timeout=10, compression=packed)
        if secure:
            own = (read(secure["key"]), read(secure["cert"])) if "cert" in secure else (None, None)
            options.update(endpoint="localhost:%d" % secure["grpc"], insecure=False, credentials=grpc.ssl_channel_credentials(read(secure["ca"]), *own))
        return {"traces": GrpcSpans(**options), "metrics": GrpcMetrics(**options), "logs": GrpcLogs(**options)}
    out = {}
    for signal, kind in (("traces", HttpSpans), ("metrics", HttpMetrics), ("logs", HttpLogs)):
        place = "https://localhost:%d" % secure["http"] if secure else "http://127.0.0.1:%d" % http_port
        files = dict(certificate_file=secure["ca"], client_certificate_file=secure.get("cert"), client_key_file=secure.get("key")) if secure else {}
        out[signal] = kind(endpoint="%s/v1/%s" % (place, signal), headers={"x-test-path": who}, timeout=10, compression=Compression(packing), **files)
    return out


def main():
    agent_grpc, agent_http, sink_grpc, sink_http = map(int, sys.argv[1:5])
    places = json.loads(sys.argv[5])
    made, failed = {}, []
    for secure, transport, packing in RUNS:
        run = "-".join(filter(None, ("python", secure, transport, packing)))
        batches = {"traces": make_spans(run), "metrics": make_metrics(run), "logs": make_logs(run)}
        made[run] = {
            "traces": len(batches["traces"]), "logs": len(batches["logs"]),
            "metrics": sum(len(s.metrics) for r in batches["metrics"].resource_metrics for s in r.scope_metrics),
        }
        for who, ports, place in (("direct", (sink_grpc, sink_http), None), ("agent", (agent_grpc, agent_http), places.get(secure))):
            for signal, exporter in exporters(transport, packing, *ports, who, place).items():
                result = exporter.export(batches[signal])
                if result not in (SpanExportResult.SUCCESS, MetricExportResult.SUCCESS, LogRecordExportResult.SUCCESS):
                    failed.append("%s %s to the %s: %s" % (run, signal, who, result))
                exporter.shutdown()
    print(json.dumps(made))
    if failed:
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
