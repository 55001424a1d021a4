#!/usr/bin/env python3
"""Loss tests of sending queues: a sender posts OTLP to the agent, a sink counts what comes out.

  kill      the sink is down under load, the queue is persistent, kill -9 at random instants.
  full      a memory queue and a sink that does not answer: senders are told to wait (503, 429, or
            no answer yet), the memory of the agent stays bounded.
  disk      the file system of the queue is full: what cannot be stored is refused, and taken again
            when there is room; a kill -9 on the full disk loses nothing.
  readonly  the file system of the queue was mounted read-only: the agent starts, delivers what is
            there, refuses what is new.
  torn      the last segment ends within a record: the agent starts and delivers the others.
  flipped   a byte in the middle of a segment is another one: the same.

The truth is the answer to the sender: what was answered with 200 must reach the sink. Duplicates
are allowed and reported. `disk` and `readonly` mount a tmpfs and are skipped without the right to.
Needs nothing but Python. Exit code 1 on loss.
"""
import argparse
import http.client
import http.server
import json
import os
import random
import re
import signal
import socketserver
import subprocess
import sys
import threading
import time

from benchlib import HOST, BenchError, Scope, default_agent, free_port, memory_mib, tail

TOKEN = re.compile(rb"seq=(\d+);")

CONFIG = """
receivers:
  otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{port}"}}}}}}
exporters:
  otlphttp:
    endpoint: http://127.0.0.1:{sink}
    compression: none
    timeout: 2s
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0}}
    sending_queue: {queue}
{extensions}
service:
  telemetry: {{metrics: {{level: none}}}}
{use}  pipelines:
    logs: {{receivers: [otlp], exporters: [otlphttp]}}
"""
STORAGE = """
extensions:
  file_storage: {{directory: {folder}, create_directory: true}}
"""


class Sink:
    """Counts the tokens it has answered with 200. `mode`: ok, down (503), hang."""

    def __init__(self, mode="ok"):
        self.mode = mode
        self.seen = {}
        self.lock = threading.Lock()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if sink.mode == "hang":
                    time.sleep(3)
                good = sink.mode == "ok"
                if good:
                    with sink.lock:
                        for token in TOKEN.findall(body):
                            sink.seen[int(token)] = sink.seen.get(int(token), 0) + 1
                self.send_response(200 if good else 503)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # the agent was killed

        self.server = Server((HOST, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Senders:
    """Threads that post records, each until it is answered with 200."""

    def __init__(self, port, threads=2, records=5, size=100, pause=0.0, timeout=10):
        self.port, self.records, self.size, self.pause, self.timeout = port, records, size, pause, timeout
        self.accepted, self.answers = set(), {}
        self.next, self.lock, self.halt = 0, threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        connection = None
        while not self.halt.is_set():
            with self.lock:
                first = self.next
                self.next += self.records
            numbers = range(first, first + self.records)
            logs = [{"body": {"stringValue": f"seq={n};" + "x" * self.size}} for n in numbers]
            body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": logs}]}]})
            while not self.halt.is_set():
                status = 0
                try:
                    if connection is None:
                        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.timeout)
                    connection.request("POST", "/v1/logs", body, {"Content-Type": "application/json"})
                    answer = connection.getresponse()
                    answer.read()
                    status = answer.status
                except (OSError, http.client.HTTPException):
                    connection = None
                with self.lock:
                    self.answers[status] = self.answers.get(status, 0) + 1
                    if status == 200:
                        self.accepted.update(numbers)
                if status == 200:
                    break
                time.sleep(0.02)
            if self.pause:
                time.sleep(self.pause)

    def wait(self, condition, limit):
        begin = time.monotonic()
        while not condition() and time.monotonic() - begin < limit:
            time.sleep(0.02)
        return condition()

    def stop(self):
        self.halt.set()
        for thread in self.threads:
            thread.join(self.timeout + 5)


class Run:
    """One agent with its configuration; started as often as needed."""

    def __init__(self, scope, options, sink, queue, folder=None):
        self.scope, self.options = scope, options
        self.port, self.log = free_port(), scope.path("agent.log")
        extensions = STORAGE.format(folder=folder) if folder else ""
        use = "  extensions: [file_storage]\n" if folder else ""
        with open(scope.path("config.yaml"), "w") as f:
            f.write(CONFIG.format(port=self.port, sink=sink.port, queue=json.dumps(queue),
                                  extensions=extensions, use=use))

    def start(self):
        self.process = self.scope.start([os.path.abspath(self.options.agent), "--config", self.scope.path("config.yaml")],
                                        self.log)
        return self.process

    def ready(self, limit=30):
        begin = time.monotonic()
        while time.monotonic() - begin < limit:
            try:
                http.client.HTTPConnection(HOST, self.port, timeout=1).connect()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise BenchError(f"the agent ended with {self.process.returncode}:\n{tail(self.log)}") from None
                time.sleep(0.02)
        raise BenchError(f"the agent does not listen:\n{tail(self.log)}")

    def kill(self):
        if self.process.poll() is not None:
            raise BenchError(f"the agent ended by itself with {self.process.returncode}:\n{tail(self.log)}")
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def said(self, text):
        with open(self.log, errors="replace") as f:
            return text in f.read()


def settle(sink, accepted, limit):
    """Waits until everything accepted has come, or nothing new has for `limit` seconds."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < limit:
        with sink.lock:
            seen = len(sink.seen)
            # The sets are large: compared only when it can be all.
            missing = len(accepted) - seen if seen < len(accepted) else len(accepted - sink.seen.keys())
        if missing == 0:
            break
        if seen != last:
            last, since = seen, time.monotonic()
        time.sleep(0.05)
    with sink.lock:
        return sorted(accepted - sink.seen.keys()), sum(n - 1 for n in sink.seen.values())


def verdict(name, senders, sink, options, allowed=0, problem=None, **more):
    missing, twice = settle(sink, senders.accepted, options.stall)
    result = {"test": name, "accepted": len(senders.accepted), "lost": len(missing), "duplicates": twice,
              "answers": {str(k): v for k, v in sorted(senders.answers.items())}}
    result.update(more)
    if problem is None and not senders.accepted:
        problem = "nothing was accepted: the test shows nothing"
    if problem:
        result["problem"] = problem
    result["ok"] = len(missing) <= allowed and problem is None
    return result


def test_kill(options):
    dice = random.Random(options.seed)
    with Scope(options.keep) as scope, Sink("down") as sink:
        run = Run(scope, options, sink, {"storage": "file_storage", "queue_size": 1000000}, scope.path("state"))
        run.start()
        run.ready()
        senders = Senders(run.port, threads=4, pause=options.pause)
        for i in range(options.kills):
            time.sleep(dice.uniform(options.min_wait, options.max_wait))
            # Now and then the sink takes a little, so that items go while others come.
            sink.mode = "ok" if i % 3 == 2 else "down"
            run.kill()
            run.start()
        run.ready()
        time.sleep(0.3)
        senders.stop()
        sink.mode = "ok"
        result = verdict("kill", senders, sink, options, kills=options.kills, seed=options.seed)
        if result["lost"]:
            # What is still in the store was not lost but not waited for.
            result["stored_mib"] = round(sum(os.path.getsize(os.path.join(folder, name))
                                             for folder, _, names in os.walk(scope.path("state")) for name in names) / 2**20, 1)
        return result


def test_full(options):
    with Scope(options.keep) as scope, Sink("hang") as sink:
        run = Run(scope, options, sink, {"queue_size": 60})
        run.start()
        run.ready()
        idle = memory_mib(run.process.pid, "VmRSS")
        senders = Senders(run.port, threads=8, records=1, size=500_000, timeout=3)
        time.sleep(options.load)
        peak = memory_mib(run.process.pid, "VmHWM")
        told = sum(n for status, n in senders.answers.items() if status != 200)
        senders.stop()
        sink.mode = "ok"
        problem = None
        if told == 0:
            problem = "no sender was told to wait"
        elif peak > options.memory:
            problem = f"{peak:.0f} MiB at the peak are more than {options.memory}"
        return verdict("full", senders, sink, options, problem=problem, idle_mib=round(idle, 1), peak_mib=round(peak, 1))


class Mount:
    """A small tmpfs; `ok` is False without the right to mount."""

    def __init__(self, folder, size):
        self.folder = folder
        os.makedirs(folder)
        self.ok = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder],
                                 stderr=subprocess.DEVNULL, check=False).returncode == 0

    def readonly(self):
        return subprocess.run(["mount", "-o", "remount,ro", self.folder], check=False).returncode == 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ok:
            subprocess.run(["umount", "-l", self.folder], check=False)


def test_disk(options):
    with Scope(options.keep) as scope, Sink("down") as sink, Mount(scope.path("disk"), "3m") as mount:
        if not mount.ok:
            return {"test": "disk", "ok": True, "skipped": "no right to mount a tmpfs"}
        run = Run(scope, options, sink, {"storage": "file_storage", "queue_size": 1000000}, mount.folder)
        run.start()
        run.ready()
        senders = Senders(run.port, threads=2, records=20, size=500)
        full = senders.wait(lambda: senders.answers.get(503, 0) > 20, options.stall)
        run.kill()  # on the full disk
        run.start()
        run.ready()
        before = len(senders.accepted)
        sink.mode = "ok"
        again = senders.wait(lambda: len(senders.accepted) > before + 100, options.stall)
        senders.stop()
        problem = None if full and again else "the disk never was full" if not full else "nothing was taken after there was room"
        return verdict("disk", senders, sink, options, problem=problem)


def fill(run, senders, requests):
    if not senders.wait(lambda: senders.answers.get(200, 0) >= requests, 30):
        raise BenchError(f"only {senders.answers} were accepted:\n{tail(run.log)}")
    senders.stop()
    run.kill()


def test_readonly(options):
    with Scope(options.keep) as scope, Sink("down") as sink, Mount(scope.path("disk"), "16m") as mount:
        if not mount.ok:
            return {"test": "readonly", "ok": True, "skipped": "no right to mount a tmpfs"}
        run = Run(scope, options, sink, {"storage": "file_storage"}, mount.folder)
        run.start()
        run.ready()
        senders = Senders(run.port)
        fill(run, senders, 50)
        if not mount.readonly():
            return {"test": "readonly", "ok": True, "skipped": "no right to remount"}
        sink.mode = "ok"
        run.start()
        run.ready()
        late = Senders(run.port, threads=1)
        refused = late.wait(lambda: late.answers.get(503, 0) > 3, 10) and not late.accepted
        late.stop()
        problem = None if refused else f"new data was not refused: {late.answers}"
        if problem is None and not run.said("cannot be written"):
            problem = "the log does not say it"
        return verdict("readonly", senders, sink, options, problem=problem)


def damaged(name, damage, options):
    with Scope(options.keep) as scope, Sink("down") as sink:
        run = Run(scope, options, sink, {"storage": "file_storage"}, scope.path("state"))
        run.start()
        run.ready()
        senders = Senders(run.port, records=5)
        fill(run, senders, 50)
        store = scope.path("state", "exporter_otlphttp__logs")
        segment = os.path.join(store, max(n for n in os.listdir(store) if n.endswith(".seg")))
        damage(segment)
        sink.mode = "ok"
        run.start()
        run.ready()
        # One record of the file is one request with five records.
        result = verdict(name, senders, sink, options, allowed=5)
        if result["ok"] and not run.said("torn or damaged"):
            result.update(ok=False, problem="the log does not say it")
        if result["ok"] and not any(n.endswith(".damaged") for n in os.listdir(store)):
            result.update(ok=False, problem="the damaged bytes are not kept aside")
        return result


def test_torn(options):
    return damaged("torn", lambda path: os.truncate(path, os.path.getsize(path) - 7), options)


def test_flipped(options):
    def flip(path):
        with open(path, "r+b") as f:
            f.seek(os.path.getsize(path) // 2)
            byte = f.read(1)[0]
            f.seek(-1, os.SEEK_CUR)
            f.write(bytes([byte ^ 0xFF]))
    return damaged("flipped", flip, options)


TESTS = {"kill": test_kill, "full": test_full, "disk": test_disk, "readonly": test_readonly, "torn": test_torn,
         "flipped": test_flipped}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default=default_agent())
    parser.add_argument("--tests", default=",".join(TESTS), help="of " + ",".join(TESTS))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--min-wait", type=float, default=0.05, help="kill: earliest kill after a start")
    parser.add_argument("--max-wait", type=float, default=15, help="kill: latest kill after a start")
    parser.add_argument("--pause", type=float, default=0, help="kill: seconds between two requests of a sender, of four")
    parser.add_argument("--load", type=float, default=30, help="full: seconds of load")
    parser.add_argument("--memory", type=float, default=150 * float(os.environ.get("OTELPIPE_TEST_TIME_FACTOR") or 1),
                        help="full: the most resident memory in MiB; builds with sanitizers need more of it as they need more time")
    parser.add_argument("--seed", type=int, default=None, help="default: a new one each time")
    parser.add_argument("--stall", type=float, default=30, help="give up when nothing came for so many seconds")
    parser.add_argument("--quick", action="store_true", help="fewer kills, less load")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folders")
    options = parser.parse_args()
    if options.quick:
        options.kills, options.max_wait, options.load = min(options.kills, 4), min(options.max_wait, 1), min(options.load, 4)
    if options.seed is None:
        options.seed = random.SystemRandom().randint(1, 999_999)
    print(f"seed {options.seed}", flush=True)
    names = [t for t in options.tests.split(",") if t]
    if unknown := sorted(set(names) - set(TESTS)):
        parser.error(f"unknown test {', '.join(unknown)}; known: {', '.join(TESTS)}")
    results = []
    for name in names:
        try:
            results.append(TESTS[name](options))
        except (BenchError, OSError) as error:
            results.append({"test": name, "ok": False, "problem": str(error)})
        result = results[-1]
        print(("ok    " if result["ok"] else "FAILED ") + json.dumps(result), flush=True)
    if options.json:
        with open(options.json, "w") as f:
            json.dump({"seed": options.seed, "results": results}, f, indent=1)
    return 0 if all(r["ok"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
