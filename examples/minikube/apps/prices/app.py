"""What each tea costs. Traces and logs carry the caller's trace; metrics are on the page /metrics, for Prometheus to fetch.

    uvicorn app:app --host 0.0.0.0 --port 8000

OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say where to send and who this is.
"""
import datetime
import json
import logging
import sys

from fastapi import FastAPI, HTTPException, Response
from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

PRICES = {"assam": 4.5, "sencha": 7.25, "lapsang": 12.0}


class JsonLines(logging.Formatter):
    """One JSON object per record, with the ids of the span at hand."""

    def format(self, record):
        line = {
            "time": datetime.datetime.fromtimestamp(record.created, datetime.timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": "prices",
            "msg": record.getMessage(),
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace_id"] = trace.format_trace_id(span.trace_id)
            line["span_id"] = trace.format_span_id(span.span_id)
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps({**line, **getattr(record, "fields", {})}, ensure_ascii=False)


handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(JsonLines())
logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
log = logging.getLogger("prices")

tracer_provider = TracerProvider()
tracer_provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=1000))
trace.set_tracer_provider(tracer_provider)
metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
tracer = trace.get_tracer("prices")
lookups = metrics.get_meter("prices").create_counter("shop.price.lookups", unit="{lookup}", description="Prices asked for")

app = FastAPI(title="prices")


@app.get("/healthz")
def healthz():
    return {"ok": True}


@app.get("/metrics")
def metrics_page():
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@app.get("/prices/{tea}")
def price(tea: str):
    with tracer.start_as_current_span("look up", attributes={"shop.tea": tea}):
        known = tea in PRICES
        lookups.add(1, {"tea": tea if known else "other", "known": known})
        if not known:
            log.warning("no such tea", extra={"fields": {"tea": tea}})
            raise HTTPException(404, "no such tea")
        log.info("price found", extra={"fields": {"tea": tea, "eur": PRICES[tea]}})
        return {"tea": tea, "eur": PRICES[tea]}


FastAPIInstrumentor.instrument_app(app, excluded_urls="healthz,metrics")
