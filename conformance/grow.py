#!/usr/bin/env python3
"""Many files at once: an agent tails a thousand of them while all grow, or thousands that nobody writes to.

    grow.py --bin AGENT [--modes grow,idle] [--files 1000] [--seconds 20] [--idle-files 2000] [--idle-seconds 60] [--json FILE]

  grow  several processes append to all files in turn, a few lines at a time, and writes end within lines; a part of the files appears only
        while the agent runs. Lost must be 0, nothing may come twice, and the lines of one file must come in order.
  idle  every file is read, then nothing happens: the CPU time that the agent takes meanwhile must stay below --limit percent of a core.

Exit code 1 when that is not so. Needs nothing but Python: the agent writes what it read to a file.
"""
import argparse
import json
import multiprocessing
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

MODES = ["grow", "idle"]

# A line that is written in two parts is one record, however long the machine makes its writer wait.
CONFIG = """
receivers:
  filelog:
    include: [%(folder)s/logs/*.log]
    start_at: beginning
    storage: file_storage
    force_flush_period: 60s
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
    metrics: {level: none}
  pipelines:
    logs: {receivers: [filelog], exporters: [file]}
"""
TOKEN = re.compile(rb"file=(\d+) seq=(\d+) ")


def path_of(folder, number):
    return os.path.join(folder, "logs", "app-%04d.log" % number)


def write(folder, numbers, options, seed, result):
    """Appends to the files `numbers` until the time is over. Gives back how many lines each has got."""
    rng = random.Random(seed)
    files = [[number, None, 0, b""] for number in numbers]  # number, handle, lines, the rest of the last one
    begin = time.monotonic()
    while True:
        elapsed = time.monotonic() - begin
        last = elapsed >= options.seconds
        # The last fifth of the files appears during the first half of the run.
        there = len(files) * min(1.0, 0.8 + 0.4 * elapsed / options.seconds)
        for index, file in enumerate(files):
            if index >= there and not last:
                break
            number, handle, lines, rest = file
            if handle is None:
                handle = file[1] = os.open(path_of(folder, number), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            text = rest
            for _ in range(0 if last and lines else rng.randrange(2 * options.lines + 1)):
                text += b"file=%d seq=%d %s\n" % (number, lines, b"x" * rng.randrange(20, 200))
                lines += 1
            cut = len(text) if last else rng.randrange(len(text) + 1)
            os.write(handle, text[:cut])
            file[2], file[3] = lines, text[cut:]
        if last:
            break
        time.sleep(options.pause)
    for file in files:
        os.close(file[1])
    result.put({file[0]: file[2] for file in files})


def wait_for_start(agent, log):
    limit = time.monotonic() + 20
    while "Everything is ready" not in open(log).read():
        if agent.poll() is not None or time.monotonic() > limit:
            return "the agent did not start: " + open(log).read()[-500:]
        time.sleep(0.05)
    return None


def cpu_seconds(pid):
    # The kernel's clock id of a process; it counts nanoseconds.
    return time.clock_gettime((~pid << 3) | 2)


class Output:
    """What came out so far."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, b""
        self.seen = {}
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
            for number, seq in TOKEN.findall(line):
                self.seen.setdefault(int(number), []).append(int(seq))
                self.records += 1

    def wait(self, total, stall):
        last, since = -1, time.monotonic()
        while self.records < total and time.monotonic() - since < stall:
            self.read()
            if self.records != last:
                last, since = self.records, time.monotonic()
            time.sleep(0.1)


def grow(options, folder, agent, output):
    result = multiprocessing.Queue()
    writers = []
    for i in range(options.writers):
        numbers = range(i, options.files, options.writers)
        writers.append(multiprocessing.Process(target=write, args=(folder, numbers, options, options.seed + i, result)))
    before = cpu_seconds(agent.pid)
    for writer in writers:
        writer.start()
    written = {}
    for _ in writers:
        written.update(result.get(timeout=options.seconds + 120))
    for writer in writers:
        writer.join()
    total = sum(written.values())
    output.wait(total, options.stall)
    cpu = cpu_seconds(agent.pid) - before
    time.sleep(1)
    output.read()
    lost = twice = disordered = 0
    for number, lines in written.items():
        seen = output.seen.get(number, [])
        unique = set(seen)
        lost += lines - len(unique)
        twice += len(seen) - len(unique)
        disordered += sum(1 for a, b in zip(seen, seen[1:]) if b < a)
    problems = []
    if lost:
        problems.append("%d lines lost" % lost)
    if twice:
        problems.append("%d lines came twice" % twice)
    if disordered:
        problems.append("%d lines out of order" % disordered)
    return {"files": len(written), "lines": total, "lost": lost, "twice": twice, "out_of_order": disordered, "cpu_s": round(cpu, 2)}, problems


def idle(options, agent, output):
    output.wait(options.idle_files, options.stall)
    if output.records != options.idle_files:
        return {"records": output.records}, ["%d records of %d files" % (output.records, options.idle_files)]
    time.sleep(2)  # positions are saved, handles closed
    before, begin = cpu_seconds(agent.pid), time.monotonic()
    time.sleep(options.idle_seconds)
    share = (cpu_seconds(agent.pid) - before) / (time.monotonic() - begin) * 100
    problems = ["%.2f %% of a core is more than %g %%" % (share, options.limit)] if share > options.limit else []
    return {"files": options.idle_files, "seconds": options.idle_seconds, "cpu_percent": round(share, 3), "cpu_s_per_minute": round(share * 0.6, 3)}, problems


def run(options, mode):
    folder = tempfile.mkdtemp(prefix="otelpipe-grow-")
    agent = None
    try:
        os.mkdir(os.path.join(folder, "logs"))
        with open(os.path.join(folder, "config.yaml"), "w") as f:
            f.write(CONFIG % {"folder": folder})
        if mode == "idle":
            for number in range(options.idle_files):
                with open(path_of(folder, number), "wb") as f:
                    f.write(b"file=%d seq=0 %s\n" % (number, b"x" * 2000))
        log = os.path.join(folder, "agent.log")
        with open(log, "w") as f:
            agent = subprocess.Popen([options.bin, "--config", os.path.join(folder, "config.yaml")], stdout=f, stderr=f, stdin=subprocess.DEVNULL)
        problem = wait_for_start(agent, log)
        if problem:
            return {"mode": mode, "ok": False, "problem": problem}
        output = Output(os.path.join(folder, "out.json"))
        result, problems = grow(options, folder, agent, output) if mode == "grow" else idle(options, agent, output)
        peak = [line for line in open("/proc/%d/status" % agent.pid) if line.startswith("VmHWM")]
        result["peak_kib"] = int(peak[0].split()[1]) if peak else 0
        agent.send_signal(signal.SIGTERM)
        agent.wait(20)
        if agent.returncode != 0:
            problems.append("the agent ended with %d" % agent.returncode)
        result = {"mode": mode, **result, "ok": not problems}
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
    parser.add_argument("--modes", default=",".join(MODES), help="of " + ",".join(MODES))
    parser.add_argument("--files", type=int, default=1000, help="grow: files")
    parser.add_argument("--seconds", type=float, default=20, help="grow: how long they grow")
    parser.add_argument("--writers", type=int, default=4, help="grow: processes that write")
    parser.add_argument("--lines", type=int, default=3, help="grow: lines written at a time, in the middle")
    parser.add_argument("--pause", type=float, default=0.02, help="grow: between two turns of a writer, in seconds")
    parser.add_argument("--idle-files", type=int, default=2000, help="idle: files")
    parser.add_argument("--idle-seconds", type=float, default=60, help="idle: how long")
    parser.add_argument("--limit", type=float, default=1.0, help="idle: percent of a core")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randint(1, 999_999))
    parser.add_argument("--stall", type=float, default=20, help="give up when nothing new came for so many seconds")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folders")
    options = parser.parse_args()
    unknown = sorted(set(options.modes.split(",")) - set(MODES))
    if unknown:
        parser.error("unknown mode %s; known: %s" % (", ".join(unknown), ", ".join(MODES)))
    print("seed %d" % options.seed, flush=True)
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
