#!/usr/bin/env python3
"""The smallest agent that can pass job F and the loss tests: tails pod logs, pushes Loki JSON.

It exists to prove that bench.py and faults.py see what they claim to see. TAILER_FLAW spoils it on
purpose: `early` stores its offsets before the delivery and so loses lines at a kill, `twice` sends
one batch twice, `stuck` ignores SIGTERM. Takes its places from the BENCH_ variables; the config
file it is given is not read.
"""
import glob
import http.client
import json
import os
import signal
import time

ROOT = os.environ["BENCH_ROOT"]
STORE = os.path.join(os.environ["BENCH_STATE"], "offsets.json")
SINK = os.environ["BENCH_SINK_HTTP"]
FLAW = os.environ.get("TAILER_FLAW", "")
CHUNK = 200_000


class Tailer:
    def __init__(self):
        self.stopping = False
        self.connection = None
        self.flaw_shown = False
        self.offsets = {}
        if os.path.exists(STORE):
            with open(STORE) as f:
                self.offsets = json.load(f)

    def store(self):
        with open(STORE + ".new", "w") as f:
            json.dump(self.offsets, f)
        os.rename(STORE + ".new", STORE)

    def push(self, path, lines):
        """Sends until it is accepted. False: told to stop first."""
        body = json.dumps({"streams": [{"stream": {"filename": path},
                                        "values": [["1", line] for line in lines]}]})
        while not self.stopping:
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPConnection(SINK, timeout=2)
                self.connection.request("POST", "/loki/api/v1/push", body,
                                        {"Content-Type": "application/json"})
                answer = self.connection.getresponse()
                answer.read()
                if answer.status < 300:
                    return True
            except (OSError, http.client.HTTPException):
                self.connection = None
            time.sleep(0.05)
        return False

    def read_some(self, path):
        """Ships the next whole lines of a file. False: none there."""
        begin = self.offsets.get(path, 0)
        with open(path, "rb") as f:
            f.seek(begin)
            data = f.read(CHUNK)
        end = data.rfind(b"\n") + 1
        if end == 0:
            return False
        lines = data[:end].decode().splitlines()
        if FLAW == "early":
            self.offsets[path] = begin + end
            self.store()
        if not self.push(path, lines):
            return False
        if FLAW == "twice" and not self.flaw_shown:
            self.flaw_shown = True
            self.push(path, lines)
        self.offsets[path] = begin + end
        self.store()
        return True

    def run(self):
        print("Everything is ready", flush=True)
        while not self.stopping:
            found = False
            for path in sorted(glob.glob(ROOT + "/var/log/pods/*/*/*.log")):
                found = self.read_some(path) or found
                if self.stopping:
                    break
            if not found:
                time.sleep(0.02)


def main():
    tailer = Tailer()

    def on_term(*_):
        tailer.stopping = FLAW != "stuck"

    signal.signal(signal.SIGTERM, on_term)
    tailer.run()


main()
