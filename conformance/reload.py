#!/usr/bin/env python3
"""SIGHUP under load: reload.py --bin AGENT [--reloads 10] [--rate 2000] [--pause 0.5]

A file is written and OTLP requests are posted all the time while the agent gets SIGHUP again and again, each time with another configuration. After each
new configuration comes a bad one: a broken one, or, each third time, one that does not start because a port is taken. In the end:
- every line of the file and every record of a request that was answered 200 has reached the sink (repeats are allowed),
- each new configuration took effect, the others did not, and the process was the same all along.
"""
import argparse
import http.client
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

CONFIG = """
receivers:
  filelog:
    include: [%(work)s/in.log]
    start_at: beginning
    poll_interval: 50ms
    storage: file_storage
  otlp:
    protocols: {http: {endpoint: "127.0.0.1:%(port)d"}}
processors:
  resource: {attributes: [{action: upsert, key: generation, value: "g%(generation)d"}]}
%(more)s
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:%(sink)d
    encoding: json
    compression: none
    sending_queue: {queue_size: %(queue)d, num_consumers: %(consumers)d}
extensions:
  file_storage: {directory: %(work)s/storage, create_directory: true}
service:
  extensions: [file_storage]
  telemetry: {metrics: {level: none}}
  pipelines:
    logs: {receivers: [filelog, otlp], processors: [%(chain)s], exporters: [otlphttp]}
"""
BROKEN = ["receivers: {filelog: {includ: [x]}}\n", "receivers: [\n", "service: {pipelines: {logs: {receivers: [gone], exporters: [gone]}}}\n"]


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen, generations, lock = set(), set(), threading.Lock()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with Sink.lock:
            Sink.seen.update(re.findall(r"id-[a-z]+-\d+", body))
            Sink.generations.update(re.findall(r'"stringValue":"(g\d+)"', body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Load:
    """Writes lines and posts records until told to stop; knows what must arrive."""

    def __init__(self, path, port, rate):
        self.path, self.port, self.rate = path, port, rate
        self.stop, self.must = threading.Event(), set()
        self.refused = 0
        self.threads = [threading.Thread(target=f) for f in (self.write, self.post)]
        for t in self.threads:
            t.start()

    def write(self):
        n = 0
        with open(self.path, "a", encoding="utf-8") as f:
            while not self.stop.wait(0.02):
                lines = ["id-file-%d" % i for i in range(n, n + self.rate // 50)]
                f.write("\n".join(lines) + "\n")
                f.flush()
                self.must.update(lines)
                n += len(lines)

    def post(self):
        n, connection = 0, None
        while not self.stop.wait(0.02):
            ids = ["id-post-%d" % i for i in range(n, n + self.rate // 50)]
            records = [{"timeUnixNano": "1", "body": {"stringValue": i}} for i in ids]
            body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
            try:
                connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.must.update(ids)
                    n += len(ids)
                    continue
                self.refused += 1
            except (OSError, http.client.HTTPException):
                connection = None  # the listener is away for a moment; what was not answered counts as not taken, and is sent again

    def finish(self):
        self.stop.set()
        for t in self.threads:
            t.join()


def wait_for(what, limit=60):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--reloads", type=int, default=10, help="new configurations; as many bad ones come in between")
    ap.add_argument("--rate", type=int, default=2000, help="lines, and records, per second")
    ap.add_argument("--pause", type=float, default=0.5, help="seconds between two signals")
    o = ap.parse_args()
    problems = []
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as work:
        port, config, log = free_port(), os.path.join(work, "agent.yaml"), os.path.join(work, "agent.log")

        def write_config(generation, port=port):
            values = {"work": work, "port": port, "sink": sink.server_address[1], "generation": generation, "queue": 100 + generation,
                      "consumers": 1 + generation % 5, "more": "", "chain": "resource"}
            if generation % 2:
                values.update(more="  batch: {timeout: %dms}" % (20 * generation), chain="resource, batch")
            with open(config, "w", encoding="utf-8") as f:
                f.write(CONFIG % values)

        def text_of_log():
            with open(log, encoding="utf-8", errors="replace") as f:
                return f.read()

        write_config(0)
        open(os.path.join(work, "in.log"), "w").close()
        with open(log, "w", encoding="utf-8") as f:
            agent = subprocess.Popen([os.path.abspath(o.bin), "--config", config], stderr=f, stdout=f)
        load = None
        try:
            if not wait_for(lambda: "Everything is ready" in text_of_log()):
                problems.append("the agent does not start")
            load = Load(os.path.join(work, "in.log"), port, o.rate)
            good, bad, taken = 0, 0, 0
            while good < o.reloads:
                time.sleep(o.pause)
                good += 1
                write_config(good)
                agent.send_signal(signal.SIGHUP)
                if not wait_for(lambda: "g%d" % good in Sink.generations):
                    problems.append("configuration %d does not take effect" % good)
                time.sleep(o.pause)
                if good % 3 == 0:
                    taken += 1
                    write_config(good + 1000, port=sink.server_address[1])
                    agent.send_signal(signal.SIGHUP)
                    if not wait_for(lambda: text_of_log().count("going back to the old one") == taken):
                        problems.append("a configuration that does not start is not told")
                    if not wait_for(lambda: text_of_log().count("Everything is ready") == 1 + good + taken):
                        problems.append("the old configuration does not run again")
                else:
                    bad += 1
                    with open(config, "w", encoding="utf-8") as f:
                        f.write(BROKEN[bad % len(BROKEN)])
                    agent.send_signal(signal.SIGHUP)
                    if not wait_for(lambda: text_of_log().count("the old one stays in force") == bad):
                        problems.append("broken configuration %d is not told" % bad)
                if agent.poll() is not None:
                    break
            time.sleep(o.pause)
            load.finish()
            wait_for(lambda: load.must <= Sink.seen)
            if Sink.generations - {"g%d" % i for i in range(good + 1)}:
                problems.append("a configuration that does not start took effect")
            if agent.poll() is not None:
                problems.append("the process ended with %s" % agent.returncode)
        finally:
            if load is not None:
                load.finish()
            agent.send_signal(signal.SIGTERM) if agent.poll() is None else None
            try:
                agent.wait(30)
            except subprocess.TimeoutExpired:
                problems.append("does not stop")
                agent.kill()
        missing = load.must - Sink.seen if load else set()
        if missing:
            problems.append("%d lost, such as %s" % (len(missing), ", ".join(sorted(missing)[:3])))
        if agent.returncode != 0:
            problems.append("exit code %s" % agent.returncode)
        if problems:
            print(text_of_log()[-3000:])
    for p in problems:
        print(p)
    print("%d new configurations, %d broken, %d that do not start; %d lines and records sent, %d lost; %d requests refused" %
          (good, bad, taken, len(load.must), len(missing), load.refused))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
