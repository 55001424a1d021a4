#!/usr/bin/env python3
"""Rotation storm: many files are written and rotated all the time while an agent tails them, and every line is counted at its end.

    rotate.py --bin AGENT [--seconds 20] [--files 50] [--every 0.2] [--modes rename,inside,copytruncate,refill] [--json FILE]

  rename        app.log becomes app.log-NUMBER, old ones are removed; the writer goes on in the renamed file for a moment. The rotated names match no
                pattern. Lost must be 0; with few --generations whole generations may be removed before the agent looks, and it
                must have counted them.
  inside        app.log becomes app.log.1, .1 becomes .2 and so on, the last is removed; the rotated names match too. Lost must be 0.
  copytruncate  app.log is copied to app.log.1 and truncated, after a pause in which the agent may catch up. Lost must be 0.
  refill        the same without a pause: lines truncated before they could be read may be lost. They must be the last before their truncation, and
                the agent must have counted truncations and bytes that were gone, and warned.

No line may come twice, and those of one file between two rotations must come in order; in `refill` a truncation may bring one step back, because a
read that the refill falls into has bytes of both contents. Exit code 1 when that is not so.
Needs nothing but Python: the agent writes what it read to a file.
"""
import argparse
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

MODES = ["rename", "inside", "copytruncate", "refill"]
KEEP = {"rename": 25, "inside": 12}  # rotated generations on disk

CONFIG = """
receivers:
  filelog:
    include: [%(folder)s/app-*.log%(star)s]
    start_at: beginning
    storage: file_storage
exporters:
  file:
    path: %(folder)s/out.json
extensions:
  file_storage:
    directory: %(folder)s/storage
    create_directory: true
service:
  extensions: [file_storage]
  telemetry:
    metrics:
      readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: %(port)d}}}}]
  pipelines:
    logs: {receivers: [filelog], exporters: [file]}
"""
TOKEN = re.compile(rb"file=(\d+) generation=(\d+) seq=(\d+)")


class Writer:
    """One log file with its rotations. A generation is what is written between two rotations."""

    def __init__(self, folder, number, mode, generations):
        self.generations = generations
        self.path = os.path.join(folder, "app-%02d.log" % number)
        self.number, self.mode = number, mode
        self.generation, self.seq = 0, 0
        self.written = {}  # generation -> lines
        self.open()

    def open(self):
        self.out = open(self.path, "ab", buffering=0)

    def write(self, lines):
        text = b""
        for _ in range(lines):
            text += b"file=%d generation=%d seq=%d %s\n" % (self.number, self.generation, self.seq, b"x" * 100)
            self.seq += 1
        self.out.write(text)
        self.written[self.generation] = self.seq

    def rotate(self):
        if self.mode in ("rename", "inside"):
            keep = self.generations
            if self.mode == "rename":
                os.rename(self.path, "%s-%d" % (self.path, self.generation))
                if self.generation >= keep:
                    os.unlink("%s-%d" % (self.path, self.generation - keep))
            else:
                for i in range(keep - 1, 0, -1):
                    if os.path.exists("%s.%d" % (self.path, i)):
                        os.rename("%s.%d" % (self.path, i), "%s.%d" % (self.path, i + 1))
                os.rename(self.path, self.path + ".1")
            self.write(2)  # as a program does that has not been told yet
            self.out.close()
            self.open()
        else:
            shutil.copyfile(self.path, self.path + ".1")
            os.truncate(self.path, 0)
        self.generation += 1
        self.seq = 0


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def metrics(port):
    values = collections.Counter()
    try:
        with urllib.request.urlopen("http://127.0.0.1:%d/metrics" % port, timeout=5) as page:
            for line in page.read().decode().splitlines():
                if line and line[0] != "#":
                    values[line.split("{")[0].split(" ")[0]] += float(line.rsplit(" ", 1)[1])
    except OSError:
        pass
    return values


def metric(values, name):
    return sum(v for k, v in values.items() if k.startswith(name))


class Output:
    """What came out so far: sequences in order of arrival, by file and generation."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, b""
        self.seen = collections.defaultdict(list)
        self.records = 0

    def read(self):
        if not os.path.exists(self.path):
            return
        with open(self.path, "rb") as f:
            f.seek(self.at)
            data = f.read()
        self.at += len(data)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for line in lines:
            for number, generation, seq in TOKEN.findall(line):
                self.seen[int(number), int(generation)].append(int(seq))
                self.records += 1


def storm(writers, options, mode, output):
    """Writes and rotates, each file at its own time, until the seconds are over."""
    end = time.monotonic() + options.seconds
    every = options.every
    pause = options.pause if mode == "copytruncate" else 0
    begin = time.monotonic()
    due = [begin + every * i / len(writers) + every for i, _ in enumerate(writers)]
    quiet = [0.0] * len(writers)
    rotations = 0
    while time.monotonic() < end:
        for i, writer in enumerate(writers):
            now = time.monotonic()
            if now < quiet[i]:
                continue
            if quiet[i]:
                quiet[i] = 0.0
                writer.rotate()
                rotations += 1
                due[i] = now + every
            writer.write(options.lines)
            if now >= due[i]:
                if pause:
                    quiet[i] = now + pause
                else:
                    writer.rotate()
                    rotations += 1
                    # What a busy machine delayed is not made good in a burst: no name stays for less than half its time.
                    due[i] = max(due[i] + every, now + every / 2)
        output.read()
        time.sleep(0.01)
    return rotations


def judge(writers, output, mode):
    lost, twice, disordered, inside, unseen, unseen_lines = 0, 0, 0, 0, 0, 0
    for writer in writers:
        for generation, lines in writer.written.items():
            seen = output.seen[writer.number, generation]
            unique = set(seen)
            twice += len(seen) - len(unique)
            disordered += sum(1 for a, b in zip(seen, seen[1:]) if b < a)
            missing = lines - len(unique)
            lost += missing
            if missing == lines > 0:
                unseen += 1
                unseen_lines += lines
            # What a truncation may take is the end.
            if missing and unique != set(range(lines - missing)):
                inside += missing
    return {"lost": lost, "twice": twice, "out_of_order": disordered, "lost_inside": inside, "unseen_generations": unseen,
            "unseen_lines": unseen_lines}


def run(options, mode):
    folder = tempfile.mkdtemp(prefix="otelpipe-rotate-")
    agent = None
    try:
        port = free_port()
        with open(os.path.join(folder, "config.yaml"), "w") as f:
            f.write(CONFIG % {"folder": folder, "port": port, "star": "*" if mode == "inside" else ""})
        with open(os.path.join(folder, "agent.log"), "w") as log:
            agent = subprocess.Popen([options.bin, "--config", os.path.join(folder, "config.yaml")], stdout=log, stderr=log,
                                     stdin=subprocess.DEVNULL)
        limit = time.monotonic() + 20
        while "Everything is ready" not in open(os.path.join(folder, "agent.log")).read():
            if agent.poll() is not None or time.monotonic() > limit:
                return {"mode": mode, "ok": False, "problem": "the agent did not start: " + open(os.path.join(folder, "agent.log")).read()[-500:]}
            time.sleep(0.05)
        writers = [Writer(folder, i, mode, getattr(options, "generations", 0) or KEEP.get(mode)) for i in range(options.files)]
        output = Output(os.path.join(folder, "out.json"))
        rotations = storm(writers, options, mode, output)
        total = sum(sum(w.written.values()) for w in writers)
        # Until all is there, or nothing came for a while.
        last, since = -1, time.monotonic()
        while output.records < total and time.monotonic() - since < options.stall:
            output.read()
            if output.records != last:
                last, since = output.records, time.monotonic()
            time.sleep(0.1)
        time.sleep(1)
        output.read()
        values = metrics(port)
        peak = [line for line in open("/proc/%d/status" % agent.pid) if line.startswith("VmHWM")]
        agent.send_signal(signal.SIGTERM)
        agent.wait(20)
        output.read()
        result = {"mode": mode, "lines": total, "rotations": rotations, **judge(writers, output, mode)}
        result["truncations"] = int(metric(values, "otelcol_fileconsumer_truncations"))
        result["unread_bytes"] = int(metric(values, "otelcol_fileconsumer_unread_bytes"))
        result["unread_files"] = int(metric(values, "otelcol_fileconsumer_unread_files"))
        result["peak_kib"] = int(peak[0].split()[1]) if peak else 0
        warned = "a file was truncated before all of it was read" in open(os.path.join(folder, "agent.log")).read()
        problems = []
        removed = getattr(options, "generations", 0) and mode == "rename"  # so early that nobody can read them
        if result["lost"] - (result["unseen_lines"] if removed else 0) and mode != "refill":
            problems.append("%d lines lost" % result["lost"])
        # What is removed in the very moment of a look is told late or not at all, but never what was read.
        if removed and not 0.8 * result["unseen_generations"] <= result["unread_files"] <= result["unseen_generations"]:
            problems.append("%d generations were never seen, %d counted" % (result["unseen_generations"], result["unread_files"]))
        if mode != "refill" and not removed and result["unread_files"]:
            problems.append("%d files counted as removed unread" % result["unread_files"])
        if result["lost_inside"]:
            problems.append("%d lines lost that were not the last before a truncation" % result["lost_inside"])
        # A read that a refill falls into has bytes of both contents: what it has of the new one comes again with the whole of it.
        if result["twice"] and (mode != "refill" or not result["truncations"]):
            problems.append("%d lines came twice" % result["twice"])
        if result["out_of_order"] > (result["truncations"] if mode == "refill" else 0):  # at most one step back for each
            problems.append("%d lines out of order" % result["out_of_order"])
        if mode == "refill" and result["lost"] and not result["truncations"]:
            problems.append("no truncation was counted")
        if bool(result["unread_bytes"]) != warned:
            problems.append("bytes counted as unread and the warning disagree")
        if agent.returncode != 0:
            problems.append("the agent ended with %d" % agent.returncode)
        result["ok"] = not problems
        if problems:
            result["problem"] = "; ".join(problems)
        return result
    finally:
        if agent is not None and agent.poll() is None:
            agent.kill()
            agent.wait()
        if options.keep:
            print("kept: " + folder, flush=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, help="the agent")
    parser.add_argument("--seconds", type=float, default=20, help="how long each mode lasts")
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--every", type=float, default=0.2, help="seconds between two rotations of a file")
    parser.add_argument("--pause", type=float, default=1.0, help="copytruncate: quiet seconds before a rotation")
    parser.add_argument("--lines", type=int, default=3, help="lines written at a time")
    parser.add_argument("--generations", type=int, default=0, help="rename, inside: rotated files that stay; 0: what the mode has")
    parser.add_argument("--stall", type=float, default=8, help="give up when nothing new came for so many seconds")
    parser.add_argument("--modes", default=",".join(MODES), help="of " + ",".join(MODES))
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folders")
    options = parser.parse_args()
    unknown = sorted(set(options.modes.split(",")) - set(MODES))
    if unknown:
        parser.error("unknown mode %s; known: %s" % (", ".join(unknown), ", ".join(MODES)))
    results = []
    for mode in options.modes.split(","):
        results.append(run(options, mode))
        print(("ok    " if results[-1]["ok"] else "FAILED ") + json.dumps(results[-1]), flush=True)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(results, f, indent=1)
    return 0 if all(r["ok"] for r in results) else 1


if __name__ == "__main__":
    sys.exit(main())
