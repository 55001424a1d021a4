'use strict';
// Starts the OpenTelemetry SDK before the application loads: node --require ./telemetry.js server.js
//
// Where to send and who this is comes from the standard variables: OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (gRPC),
// OTEL_EXPORTER_OTLP_METRICS_ENDPOINT (HTTP), OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_METRIC_EXPORT_INTERVAL.
const { NodeSDK } = require('@opentelemetry/sdk-node');
const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-grpc');
const { OTLPMetricExporter } = require('@opentelemetry/exporter-metrics-otlp-proto');
const { PeriodicExportingMetricReader } = require('@opentelemetry/sdk-metrics');
const { HttpInstrumentation } = require('@opentelemetry/instrumentation-http');
const { ExpressInstrumentation } = require('@opentelemetry/instrumentation-express');

const sdk = new NodeSDK({
  traceExporter: new OTLPTraceExporter(),
  metricReaders: [
    new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(),
      exportIntervalMillis: Number(process.env.OTEL_METRIC_EXPORT_INTERVAL || 15000),
      exportTimeoutMillis: Math.min(Number(process.env.OTEL_METRIC_EXPORT_INTERVAL || 15000), 10000),
    }),
  ],
  logRecordProcessors: [],
  instrumentations: [
    new HttpInstrumentation({ ignoreIncomingRequestHook: (request) => request.url === '/healthz' }),
    new ExpressInstrumentation(),
  ],
});
sdk.start();

// The last spans and metrics leave before the process does.
async function stop() {
  try {
    await sdk.shutdown();
  } finally {
    process.exit(0);
  }
}
process.on('SIGTERM', stop);
process.on('SIGINT', stop);
