"""Debian's Prometheus scrapes the exporter of a running agent and answers queries about what was sent.

    python3 prometheus_server_test.py BUILD/otelpipe

Proves that a real server takes both page formats, with labels, buckets and counters as they were sent. Loopback only, free
ports, a scratch directory of its own. Exit code 77 (skipped) only when there is no `prometheus` program.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

AGENT_CONFIG = """
receivers:
  otlp:
    protocols:
      http: {endpoint: "127.0.0.1:%(otlp)d"}
exporters:
  prometheus:
    endpoint: 127.0.0.1:%(page)d
    enable_open_metrics: %(open)s
    const_labels: {env: test}
service:
  telemetry:
    metrics: {level: normal, readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(own)d}}}}]}
  pipelines:
    metrics: {receivers: [otlp], exporters: [prometheus]}
"""

SERVER_CONFIG = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
  - job_name: exporter
    honor_labels: true
    static_configs: [{targets: ["127.0.0.1:%(page)d"]}]
  - job_name: own
    static_configs: [{targets: ["127.0.0.1:%(own)d"]}]
"""


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for s in sockets:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def wait_for(what, probe, limit=30):
    end = time.monotonic() + limit
    while True:
        try:
            result = probe()
            if result:
                return result
            why = "no result"
        except OSError as error:
            why = error
        if time.monotonic() > end:
            raise SystemExit("gave up waiting for %s: %s" % (what, why))
        time.sleep(0.1)


def fetch(url, data=None):
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"} if data else {})
    with urllib.request.urlopen(request, timeout=5) as response:
        return response.read()


def payload():
    now = time.time_ns()
    point = {"startTimeUnixNano": str(now - 10**9), "timeUnixNano": str(now)}
    text = lambda key, value: {"key": key, "value": {"stringValue": value}}
    metrics = [
        {"name": "http.requests", "unit": "{request}", "description": "Requests \"seen\"",
         "sum": {"aggregationTemporality": 2, "isMonotonic": True,
                 "dataPoints": [dict(point, asInt="1234567", attributes=[text("path", "/a\"b\\c\nd")])]}},
        {"name": "queue.fill", "unit": "1", "gauge": {"dataPoints": [dict(point, asDouble=0.25)]}},
        {"name": "latency", "unit": "ms",
         "histogram": {"aggregationTemporality": 2,
                       "dataPoints": [dict(point, count="6", sum=12.5, bucketCounts=["1", "2", "3"], explicitBounds=[0.5, 10],
                                           exemplars=[{"timeUnixNano": str(now), "asDouble": 0.3,
                                                       "traceId": "0102030405060708090a0b0c0d0e0f10", "spanId": "0102030405060708"}])]}},
    ]
    resource = {"attributes": [text("service.name", "svc"), text("service.instance.id", "i1"), text("zone", "north")]}
    return json.dumps({"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"metrics": metrics}]}]}).encode()


def run(agent_program, server_program, open_metrics, scratch):
    otlp, page, own, web = free_ports(4)
    values = {"otlp": otlp, "page": page, "own": own, "open": "true" if open_metrics else "false"}
    for name, text in (("agent.yaml", AGENT_CONFIG), ("prometheus.yml", SERVER_CONFIG)):
        with open(os.path.join(scratch, name), "w") as out:
            out.write(text % values)
    started = []
    logs = open(os.path.join(scratch, "log"), "w+")
    try:
        started.append(subprocess.Popen([agent_program, "--config", os.path.join(scratch, "agent.yaml")], stdout=logs, stderr=logs))
        wait_for("the agent", lambda: fetch("http://127.0.0.1:%d/v1/metrics" % otlp, payload()))
        started.append(subprocess.Popen(
            [server_program, "--config.file=" + os.path.join(scratch, "prometheus.yml"),
             "--storage.tsdb.path=" + os.path.join(scratch, "data"), "--web.listen-address=127.0.0.1:%d" % web],
            stdout=logs, stderr=logs))

        def query(text):
            url = "http://127.0.0.1:%d/api/v1/query?%s" % (web, urllib.parse.urlencode({"query": text}))
            return json.loads(fetch(url))["data"]["result"]

        def expect(text, value, labels=None):
            found = wait_for(text, lambda: query(text))
            assert len(found) == 1, (text, found)
            assert float(found[0]["value"][1]) == value, (text, found)
            for name, want in (labels or {}).items():
                assert found[0]["metric"].get(name) == want, (text, name, found)

        expect("http_requests_total", 1234567,
               {"path": "/a\"b\\c\nd", "job": "svc", "instance": "i1", "env": "test", "otel_scope_name": None})
        expect("queue_fill_ratio", 0.25)
        expect('latency_milliseconds_bucket{le=~"10|10.0"}', 3)
        expect('latency_milliseconds_bucket{le="+Inf"}', 6)
        expect("latency_milliseconds_sum", 12.5)
        expect('target_info{job="svc"}', 1, {"zone": "north"})
        expect('up{job="exporter"}', 1)
        expect('up{job="own"}', 1)
        expect("otelcol_receiver_accepted_metric_points__datapoints__total", 3, {"receiver": "otlp", "transport": "http"})
        kinds = json.loads(fetch("http://127.0.0.1:%d/api/v1/metadata?metric=%s" %
                                 (web, "http_requests" if open_metrics else "http_requests_total")))["data"]
        kind = list(kinds.values())[0][0]
        assert kind["type"] == "counter" and kind["help"] == "Requests \"seen\"", kinds
    except BaseException:
        logs.flush()
        logs.seek(0)
        sys.stderr.write(logs.read())
        raise
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        logs.close()


def main():
    server = shutil.which("prometheus")
    if server is None:
        print("skipped: there is no program `prometheus` (Debian package prometheus)")
        return 77
    for open_metrics in (False, True):
        with tempfile.TemporaryDirectory() as scratch:
            run(sys.argv[1], server, open_metrics, scratch)
    print("both formats scraped and queried")
    return 0


if __name__ == "__main__":
    sys.exit(main())
