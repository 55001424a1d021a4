'use strict';
// The shop's front: takes an order, asks the prices service what it costs, answers. Logs are JSON lines on standard output with
// the ids of the span they belong to.
const express = require('express');
const http = require('node:http');
const { metrics, trace } = require('@opentelemetry/api');

const port = Number(process.env.PORT || 3000);
const pricesUrl = process.env.PRICES_URL || 'http://prices:8000';

const meter = metrics.getMeter('orders');
const orders = meter.createCounter('shop.orders', { unit: '{order}', description: 'Orders taken' });
const value = meter.createHistogram('shop.order.value', {
  unit: 'EUR',
  description: 'Value of an order',
  advice: { explicitBucketBoundaries: [5, 10, 50, 100] },
});

function log(level, msg, fields = {}) {
  const span = trace.getActiveSpan();
  const ids = span ? { trace_id: span.spanContext().traceId, span_id: span.spanContext().spanId } : {};
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, service: 'orders', msg, ...ids, ...fields })}\n`);
}

function getJson(url) {
  return new Promise((resolve, reject) => {
    http
      .get(url, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => {
          if (response.statusCode !== 200) return reject(new Error(`prices answered ${response.statusCode}`));
          try {
            resolve(JSON.parse(body));
          } catch (error) {
            reject(error);
          }
        });
      })
      .on('error', reject);
  });
}

const app = express();

app.get('/healthz', (_request, response) => response.json({ ok: true }));

app.get('/orders/:tea', async (request, response) => {
  const { tea } = request.params;
  const count = Math.max(1, Number.parseInt(request.query.count, 10) || 1);
  try {
    const price = await getJson(`${pricesUrl}/prices/${encodeURIComponent(tea)}`);
    const total = price.eur * count;
    orders.add(1, { tea });
    value.record(total, { tea });
    log('info', 'order taken', { tea, count, total });
    response.json({ tea, count, total });
  } catch (error) {
    trace.getActiveSpan()?.recordException(error);
    log('error', 'order refused', { tea, error: error.message });
    response.status(502).json({ error: error.message });
  }
});

app.listen(port, () => log('info', 'listening', { port }));
