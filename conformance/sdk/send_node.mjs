// Makes telemetry with the Node OpenTelemetry SDK and sends each batch twice: to the agent, and straight to the sink.
//
//     node send_node.mjs AGENT_GRPC_PORT AGENT_HTTP_PORT SINK_GRPC_PORT SINK_HTTP_PORT SECURE
//
// SECURE is JSON: the agent's ports behind TLS and the files for it, {"tls": {"grpc", "http", "ca"}, "mtls": {..., "cert", "key"}}.
// The same objects go through both exporters, so ids and times are the same on both ways. Prints one JSON object: run -> signal -> number of records.
// It stands beside the node_modules it needs, so the test copies it there.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, createTraceState, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as GrpcLogs } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogs } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogs } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetrics } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as GrpcSpans } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonSpans } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoSpans } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { AggregationTemporality, AggregationType, MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { Metadata, credentials } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';

const KINDS = {
  grpc: [GrpcSpans, GrpcMetrics, GrpcLogs],
  proto: [ProtoSpans, ProtoMetrics, ProtoLogs],
  json: [JsonSpans, JsonMetrics, JsonLogs],
};
const SIGNALS = ['traces', 'metrics', 'logs'];
// Whole numbers stay within 2^53: the SDK takes any whole number for an integer, also 1e300, which OTLP has no integer for.
const VALUES = {
  text: 'caf\u00e9 \u{1f680} <a&b> "q" \\ \n2nd \u2028', empty: '', yes: true, no: false, zero: 0, negative: -7, big: 2 ** 53 - 1,
  double: 0.1, small: -1.5e-7, tiny: 5e-324, texts: ['a', '', 'b'], ints: [1, -2, 3], doubles: [0.5, 1e-21], bools: [true, false], none: [],
};

const resource = (run) => resourceFromAttributes(
  { 'service.name': 'shop', 'test.run': run, 'host.cpus': 8, tags: ['x', 'y'], ratio: 0.25, cloud: false });

async function makeSpans(run) {
  const memory = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    resource: resource(run), spanProcessors: [new SimpleSpanProcessor(memory)],
    spanLimits: { eventCountLimit: 4, linkCountLimit: 2, attributeCountLimit: 32 },
  });
  const tracer = provider.getTracer('shop.orders', '1.2.3', { schemaUrl: 'https://example.com/scope/1' });
  const remote = {
    traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '1112131415161718', isRemote: true, traceFlags: TraceFlags.SAMPLED,
    traceState: createTraceState('vendor=a1,rojo=00f0'),
  };
  const links = [{ context: remote, attributes: { text: 'l', n: 1 } }, { context: { ...remote, isRemote: false, traceFlags: 0 } }, { context: remote }];
  const server = tracer.startSpan('POST /orders/<id>', { kind: SpanKind.SERVER, attributes: VALUES, links },
    trace.setSpanContext(ROOT_CONTEXT, remote));
  const inside = trace.setSpan(ROOT_CONTEXT, server);
  server.addEvent('first', { n: 1, ok: true, list: ['p', 'q'] });
  server.addEvent('at a time', [1700000000, 123456789]);
  const client = provider.getTracer('shop.cart').startSpan('', { kind: SpanKind.CLIENT }, inside);
  client.setStatus({ code: SpanStatusCode.ERROR, message: 'deadline \u00fcber' });
  client.recordException(new Error('bad <value>'));
  client.end();
  for (const kind of [SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER]) {
    tracer.startSpan('kind ' + SpanKind[kind], { kind, startTime: [1700000000, 1] }, inside).end([1700000000, 2]);
  }
  server.setStatus({ code: SpanStatusCode.OK });
  server.end();
  const limited = tracer.startSpan('too much', {}, ROOT_CONTEXT);
  for (let i = 0; i < 6; ++i) limited.addEvent('event ' + i);
  for (let i = 0; i < 40; ++i) limited.setAttribute('k' + i, i);
  limited.end();
  return memory.getFinishedSpans();
}

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

async function makeMetrics(run) {
  const reader = new Reader({
    aggregationTemporalitySelector: (type) => type === 'COUNTER' ? AggregationTemporality.DELTA : AggregationTemporality.CUMULATIVE,
  });
  const provider = new MeterProvider({
    resource: resource(run), readers: [reader],
    views: [{ instrumentName: 'request.size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM, options: { maxSize: 20 } } }],
  });
  const meter = provider.getMeter('shop.meter', '0.9', { schemaUrl: 'https://example.com/scope/2' });
  const requests = meter.createCounter('requests', { unit: '1', description: 'Requests <all>', valueType: 0 });
  requests.add(3, { method: 'GET', status: 200, cached: true, ratio: 0.5, list: ['a', 'b'] });
  requests.add(2 ** 53 - 1, { method: 'POST' });
  meter.createCounter('sent', { unit: 'By' }).add(1e18 + 0.5);
  const active = meter.createUpDownCounter('active', { unit: '{request}', description: 'Requests in work' });
  active.add(5);
  active.add(-7);
  const duration = meter.createHistogram('duration', { unit: 's', advice: { explicitBucketBoundaries: [0.005, 0.1, 1, 10] } });
  for (const v of [0.001, 0.05, 0.5, 5, 50, 0.1]) duration.record(v, { path: '/\u00fc' });
  const size = meter.createHistogram('request.size', { unit: 'By' });
  for (const v of [0, 1, 2, 3, 1000, 1e6]) size.record(v, { path: '/' });
  meter.createObservableGauge('temperature', { unit: 'Cel' }).addCallback((r) => {
    r.observe(-3.25, { room: 'a' });
    r.observe(21, { room: 'b' });
  });
  meter.createObservableCounter('cpu.time', { unit: 's' }).addCallback((r) => r.observe(1.5, { cpu: 0 }));
  meter.createObservableUpDownCounter('queue', { valueType: 0 }).addCallback((r) => r.observe(-4));
  provider.getMeter('').createGauge('level').record(0.1);
  const { resourceMetrics, errors } = await reader.collect();
  if (errors.length) throw errors[0];
  return resourceMetrics;
}

async function makeLogs(run) {
  const memory = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource: resource(run), processors: [new SimpleLogRecordProcessor({ exporter: memory })] });
  const logger = provider.getLogger('shop.log', '2.0', { schemaUrl: 'https://example.com/scope/3' });
  const bodies = ['plain \u00e9 <x> \u{1f680}', '', 42, -0.5, true, new Uint8Array([0, 255, 16]), ['a', 1, null, { deep: [true] }],
    { z: 1, a: { b: [1.5, 'x'], c: new Uint8Array([1]) }, empty: {}, none: null }, undefined];
  bodies.forEach((body, i) => logger.emit({
    timestamp: [1700000000, i], body, severityNumber: i + 9, severityText: 'LEVEL' + i,
    attributes: i < 2 ? { ...VALUES, map: { k: [1, 'two'] }, bytes: new Uint8Array([0, 1]) } : { i },
  }));
  const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '1112131415161718', traceFlags: 1 });
  logger.emit({ body: 'inside a span', eventName: 'order.created', severityNumber: SeverityNumber.FATAL4, context });
  logger.emit({ observedTimestamp: [1700000000, 999999999] });
  provider.getLogger('second').emit({ body: 'from another logger' });
  await provider.forceFlush();
  return memory.getFinishedLogRecords();
}

function exporters(kind, packing, grpcPort, httpPort, who, secure) {
  const metadata = new Metadata();
  metadata.set('x-test-path', who);
  const common = { compression: packing, timeoutMillis: 10000 };
  if (!secure) {
    return KINDS[kind].map((Exporter, i) => new Exporter(kind === 'grpc'
      ? { url: 'http://127.0.0.1:' + grpcPort, metadata, ...common }
      : { url: `http://127.0.0.1:${httpPort}/v1/${SIGNALS[i]}`, headers: { 'x-test-path': who }, ...common }));
  }
  const [ca, key, cert] = [secure.ca, secure.key, secure.cert].map((path) => path && readFileSync(path));
  return KINDS[kind].map((Exporter, i) => new Exporter(kind === 'grpc'
    ? { url: 'https://localhost:' + secure.grpc, metadata, credentials: credentials.createSsl(ca, key ?? null, cert ?? null), ...common }
    : { url: `https://localhost:${secure.http}/v1/${SIGNALS[i]}`, headers: { 'x-test-path': who }, httpAgentOptions: { ca, key, cert }, ...common }));
}

const [agentGrpc, agentHttp, sinkGrpc, sinkHttp] = process.argv.slice(2, 6);
const made = {};
const failed = [];
const places = JSON.parse(process.argv[6]);
const runs = [['', Object.keys(KINDS)], ['tls', ['grpc', 'json']], ['mtls', ['grpc', 'proto']]].flatMap(([secure, kinds]) =>
  kinds.flatMap((kind) => ['none', 'gzip'].map((packing) => [secure, kind, packing])));
for (const [secure, kind, packing] of runs) {
  const run = ['node', secure, kind, packing].filter(Boolean).join('-');
  const batches = [await makeSpans(run), await makeMetrics(run), await makeLogs(run)];
  made[run] = { traces: batches[0].length, metrics: batches[1].scopeMetrics.flatMap((s) => s.metrics).length, logs: batches[2].length };
  for (const [who, ports, place] of [['direct', [sinkGrpc, sinkHttp]], ['agent', [agentGrpc, agentHttp], places[secure]]]) {
    const all = exporters(kind, packing, ...ports, who, place);
    for (let i = 0; i < 3; ++i) {
      const result = await new Promise((done) => all[i].export(batches[i], done));
      if (result.code !== 0) failed.push(`${run} ${SIGNALS[i]} to the ${who}: ${result.error}`);
      await all[i].shutdown();
    }
  }
}
console.log(JSON.stringify(made));
if (failed.length) {
  console.error(failed.join('\n'));
  process.exit(1);
}
