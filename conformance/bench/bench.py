#!/usr/bin/env python3
"""Measures what an agent costs, and compares it with floor programs and peers in the same run.

  F             CRI pod-log files -> operators -> push to Loki; against `gzip -1` over the same bytes
  F-container, F-recombine, F-json, F-csv
                the same with the `container` operator: alone, and before `recombine` (stack traces),
                `json_parser` or `csv_parser` (nine columns)
  O             OTLP/gRPC in -> `batch` -> OTLP/gRPC out; against floor_grpc
  O-direct      as O without `batch`
  O-attributes  as O, and `attributes` renames one attribute of every record
  O-gzip        as O, gzip on the way out
  O-gzip-both   as O, gzip on both sides
  H, H-...      the same over OTLP/HTTP; against floor_http
  idle          started with the config of O and left alone

O and H jobs take `:traces` or `:metrics` behind their name; without, they send logs. The ratio to the
floor has a target: 0.85 where nothing is looked into, 0.40 through `attributes`; a row below it says
MISSES, and with --check the exit code is 1 then.

Costs are records per CPU-second of the agent process. A run in which the sink did not count exactly
what was sent is an error: the row says so and the exit code is 1. Rounds alternate between the
agents, and the table shows medians. See README.md.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from benchlib import (Agent, BenchError, Scope, Sink, cpu_seconds, default_agent, find_tools,
                      machine_busy, make_tree, memory_mib, places_for, stop, tail, tree_files,
                      wait_ready)

# Jobs that read files, and what gen_pods writes for them. Partial lines stay on their own in F.
FILE_JOBS = {"F": "mixed", "F-container": "mixed", "F-recombine": "trace", "F-json": "json",
             "F-csv": "csv"}
KINDS = ["", "-direct", "-attributes", "-gzip", "-gzip-both"]
NETWORK = [way + kind for way in "OH" for kind in KINDS]
JOBS = [*FILE_JOBS, *NETWORK, *(f"{way}:{signal}" for way in "OH" for signal in ("traces", "metrics")), "idle"]


def target(job):
    """The least ratio to the floor that is asked for."""
    if job[0] not in "OH":
        return None
    return 0.40 if "-attributes" in job else 0.85


class Others:
    """CPU that programs outside the bench used meanwhile: a dirty run shows here."""

    def __init__(self, *pids):
        self.pids, self.begin, self.base = pids, time.monotonic(), machine_busy()
        self.own = self._own()

    def _own(self):
        used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(cpu_seconds(p) for p in self.pids) + sum(u.ru_utime + u.ru_stime for u in used)

    def cpus(self):
        wall = time.monotonic() - self.begin
        return round(max(0.0, machine_busy() - self.base - (self._own() - self.own)) / wall, 2)


def launch(scope, agent, job, places):
    """Starts an agent and waits until it is ready. Returns process, log and milliseconds."""
    command, environment = agent.command(scope, job, places)
    log = scope.path(f"{agent.name}.log")
    address = {"O": places["IN_GRPC"], "H": places["IN_HTTP"], "i": places["IN_GRPC"]}.get(job[0])
    begin = time.monotonic()
    process = scope.start(command, log, env=environment, cwd=scope.folder)
    ready = None
    if address or agent.entry.get("ready"):
        ready = (wait_ready(process, log, address, agent.entry.get("ready")) - begin) * 1e3
    return process, log, ready


def gzip_cost(files):
    """CPU-seconds of `gzip -1` over the files."""
    begin = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["gzip", "-1", "-c"] + files, stdout=subprocess.DEVNULL, check=True)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - begin.ru_utime - begin.ru_stime


def run_files(agent, job, options, tree):
    records = tree["lines"] if job == "F" else tree["records"]
    with Scope(options.keep) as scope:
        sink = Sink(scope, options.tools, expect=records)
        places = places_for(scope, sink, root=tree["root"])
        cost = {}
        command, environment = agent.command(scope, job, places)
        log = scope.path(f"{agent.name}.log")
        begin = time.monotonic()
        process = scope.start(command, log, env=environment, cwd=scope.folder)
        others = Others(sink.process.pid, process.pid)
        # Read at the very moment the last record is counted, from the sink's reader thread.
        sink.on_expected = lambda: cost.update(cpu=cpu_seconds(process.pid))
        ready = None
        if agent.entry.get("ready"):
            ready = (wait_ready(process, log, None, agent.entry["ready"]) - begin) * 1e3
        stats = sink.wait_records(records, options.stall, alive=process)
        wall = time.monotonic() - begin
        if process.poll() is not None:
            raise BenchError(f"{agent.name} exited with {process.returncode}:\n{tail(log)}")
        if stats["records"] < records:
            raise BenchError(f"{agent.name}: {stats['records']} of {records} records reached the "
                             f"sink, nothing new for {options.stall} s:\n{tail(log)}")
        sink.expected.wait(5)
        foreign = others.cpus()
        time.sleep(1)  # what is sent twice would come now
        stats = sink.stats()
        if stats["records"] != records:
            raise BenchError(f"{agent.name}: {stats['records']} records instead of {records}")
        cpu = cost["cpu"]
        return {"records": records, "lines": tree["lines"], "seconds": wall, "cpu_s": cpu,
                "records_per_cpu_s": tree["lines"] / cpu,
                "peak_rss_mib": memory_mib(process.pid, "VmHWM"), "start_ms": ready,
                "sink_requests": stats["requests"], "sink_streams": stats["loki_streams"],
                "other_cpus": foreign}


def run_otlp(agent, job, options, records):
    job, _, signal = job.partition(":")
    with Scope(options.keep) as scope:
        sink = Sink(scope, options.tools)
        places = places_for(scope, sink)
        process, log, ready = launch(scope, agent, job, places)
        protocol = "grpc" if job[0] == "O" else "http"
        load = [os.path.join(options.tools, "otlp_load"), "--proto", protocol, "--addr",
                places["IN_GRPC" if protocol == "grpc" else "IN_HTTP"], "--signal",
                signal or options.signal, "--records", str(records), "--conns", str(options.conns)]
        if job.endswith("-both"):
            load.append("--gzip")

        def send(seconds):
            done = subprocess.run(load + ["--time", f"{seconds}s"], stdout=subprocess.PIPE,
                                  text=True)
            if process.poll() is not None:
                raise BenchError(f"{agent.name} exited with {process.returncode}:\n{tail(log)}")
            if done.returncode != 0:
                raise BenchError(f"{agent.name}: load failed: {done.stdout}\n{tail(log)}")
            return json.loads(done.stdout)

        warm = send(options.warmup)
        base = sink.wait_records(warm["records"], options.stall, alive=process)["records"]
        if base != warm["records"]:
            raise BenchError(f"{agent.name}: warm-up sent {warm['records']}, sink has {base}")
        others = Others(sink.process.pid, process.pid)
        before = cpu_seconds(process.pid)
        sent = send(options.seconds)
        want = base + sent["records"]
        stats = sink.wait_records(want, options.stall, alive=process)
        cpu = cpu_seconds(process.pid) - before
        foreign = others.cpus()
        time.sleep(0.3)
        stats = sink.stats()
        if stats["records"] != want:
            raise BenchError(f"{agent.name}: accepted {sent['records']} records, the sink counted "
                             f"{stats['records'] - base}:\n{tail(log)}")
        if sent["failed"] or stats["bad_requests"]:
            raise BenchError(f"{agent.name}: {sent['failed']} requests refused for good, "
                             f"{stats['bad_requests']} bad ones at the sink: {sent['last_error']}")
        return {"records": sent["records"], "seconds": sent["seconds"], "cpu_s": cpu,
                "records_per_cpu_s": sent["records"] / cpu, "p50_ms": sent["p50_ms"],
                "p99_ms": sent["p99_ms"], "refused": sent["refused"], "start_ms": ready,
                "peak_rss_mib": memory_mib(process.pid, "VmHWM"), "other_cpus": foreign}


def run_idle(agent, options):
    with Scope(options.keep) as scope:
        sink = Sink(scope, options.tools)
        process, log, ready = launch(scope, agent, "idle", places_for(scope, sink))
        time.sleep(1)
        before, begin = cpu_seconds(process.pid), time.monotonic()
        time.sleep(options.idle_seconds)
        if process.poll() is not None:
            raise BenchError(f"{agent.name} exited with {process.returncode}:\n{tail(log)}")
        share = (cpu_seconds(process.pid) - before) / (time.monotonic() - begin)
        result = {"start_ms": ready, "idle_rss_mib": memory_mib(process.pid, "VmRSS"),
                  "idle_cpu_percent": share * 100,
                  "binary_mib": os.path.getsize(agent.path) / 2**20}
        result["stop_ms"] = stop(process) * 1e3
        return result


def rounds(agents, count, run, row, results):
    """Runs every agent once per round, so that drift of the machine falls on all alike."""
    for number in range(count):
        for agent in agents:
            entry = dict(row, agent=agent.name, round=number)
            try:
                entry.update(run(agent))
            except (BenchError, subprocess.SubprocessError, OSError) as error:
                entry["error"] = str(error)
                print(f"FAILED {row['job']} {agent.name}: {error}", file=sys.stderr, flush=True)
            results.append(entry)
            if "records_per_cpu_s" in entry:
                print(f"  {row['job']} {row.get('records_per_request', '')} {agent.name}: "
                      f"{entry['records_per_cpu_s']:,.0f} records/CPU-s", file=sys.stderr,
                      flush=True)


def median(rows, key):
    values = [r[key] for r in rows if r.get(key) is not None]
    return statistics.median(values) if values else None


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def summarise(results, yardsticks):
    """One row per job, size and agent, with the ratio to the yardstick of that job."""
    groups = {}
    for r in results:
        groups.setdefault((r["job"], r.get("records_per_request", 0), r["agent"]), []).append(r)
    summary = []
    for (job, size, agent), rows in groups.items():
        good = [r for r in rows if "error" not in r]
        keys = {k for r in good for k, v in r.items() if isinstance(v, (int, float))} - {
            "round", "records_per_request"}
        line = {"job": job, "records_per_request": size, "agent": agent, "runs": len(rows),
                "failed": len(rows) - len(good)}
        line.update({k: median(good, k) for k in sorted(keys)})
        rates = [r["records_per_cpu_s"] for r in good if "records_per_cpu_s" in r]
        if rates:
            line["lowest"], line["highest"] = min(rates), max(rates)
        summary.append(line)
    for line in summary:
        stick = yardsticks.get(line["job"])
        if stick is None or not line.get("records_per_cpu_s"):
            continue
        if isinstance(stick, float):
            base, line["yardstick"] = stick, "gzip -1"
        else:
            same = [s for s in summary if (s["job"], s["records_per_request"], s["agent"]) ==
                    (line["job"], line["records_per_request"], stick)]
            base, line["yardstick"] = (same[0].get("records_per_cpu_s") if same else None), stick
        if base:
            line["ratio"] = line["records_per_cpu_s"] / base
            least = target(line["job"])
            if least is not None and line["agent"] == "otelpipe":
                line["target"], line["misses"] = least, line["ratio"] < least
    return summary


def print_table(summary):
    columns = ["job", "a request", "agent", "runs", "records/CPU-s", "lowest - highest", "ratio",
               "CPU s", "peak MiB", "start ms", "p50 ms", "p99 ms", "others"]
    rows = []
    for s in summary:
        if s["job"] == "idle":
            continue
        rows.append([s["job"], str(s["records_per_request"] or "-"), s["agent"],
                     f"{s['runs'] - s['failed']}/{s['runs']}", number(s.get("records_per_cpu_s")),
                     f"{number(s.get('lowest'))} - {number(s.get('highest'))}",
                     (f"{s['ratio']:.2f} of {s['yardstick']}" if "ratio" in s else "-") +
                     (f", MISSES {s['target']:.2f}" if s.get("misses") else ""),
                     number(s.get("cpu_s"), 2), number(s.get("peak_rss_mib"), 1),
                     number(s.get("start_ms"), 1), number(s.get("p50_ms"), 2),
                     number(s.get("p99_ms"), 2), number(s.get("other_cpus"), 2)])
    print_columns(columns, rows)
    idle = [[s["agent"], number(s.get("idle_rss_mib"), 1), number(s.get("idle_cpu_percent"), 2),
             number(s.get("start_ms"), 1), number(s.get("stop_ms"), 1),
             number(s.get("binary_mib"), 1)] for s in summary if s["job"] == "idle"]
    print_columns(["idle: agent", "RSS MiB", "CPU %", "start ms", "stop ms", "binary MiB"], idle)


def print_columns(columns, rows):
    if not rows:
        return
    widths = [max(len(r[i]) for r in [columns] + rows) for i in range(len(columns))]
    for i, row in enumerate([columns, ["-" * w for w in widths]] + rows):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |")
    print()


def parse_peer(text):
    name, _, rest = text.partition("=")
    path, _, configs = rest.partition(":")
    if not name or not path:
        raise BenchError(f"--peer {text}: want NAME=PATH or NAME=PATH:CONFIG_FOLDER")
    return Agent(name, path, configs or None)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default=default_agent(),
                        help="our agent, run as PATH --config FILE; 'none': only floors and peers")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PATH[:CONFIGS]")
    parser.add_argument("--jobs", default=",".join(JOBS), help="of " + ",".join(JOBS) +
                        "; any O or H job with :traces or :metrics")
    parser.add_argument("--tools", help="folder of the built bench programs")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lines", type=int, default=1_000_000, help="F: log lines")
    parser.add_argument("--pods", type=int, default=20, help="F: pods")
    parser.add_argument("--records", default="100,1000", help="O, H: records a request")
    parser.add_argument("--seconds", type=float, default=8, help="O, H: length of a run")
    parser.add_argument("--warmup", type=float, default=1)
    parser.add_argument("--conns", type=int, default=4, help="O, H: connections")
    parser.add_argument("--signal", default="logs", choices=["logs", "traces", "metrics"])
    parser.add_argument("--idle-seconds", type=float, default=5)
    parser.add_argument("--stall", type=float, default=15,
                        help="give up when the sink has got nothing new for so many seconds")
    parser.add_argument("--check", action="store_true", help="exit code 1 when a ratio misses its target")
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--json", help="write all runs and the summary to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folders")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.lines = 1, min(options.lines, 200_000)
        options.seconds, options.warmup = min(options.seconds, 2), min(options.warmup, 0.3)
        options.idle_seconds = min(options.idle_seconds, 1.5)
    options.jobs = [j for j in options.jobs.split(",") if j]
    options.jobs = [j.removesuffix(":logs") for j in options.jobs]
    known = set(JOBS) | {f"{j}:{s}" for j in NETWORK for s in ("traces", "metrics")}
    unknown = sorted(set(options.jobs) - known)
    if unknown:
        parser.error(f"unknown job {', '.join(unknown)}; known: {', '.join(JOBS)}")
    return options


def main():
    options = parse_options()
    options.tools = find_tools(options.tools)
    agents = [] if options.agent == "none" else [Agent("otelpipe", options.agent)]
    agents += [parse_peer(p) for p in options.peer]
    floors = {name: Agent(name, os.path.join(options.tools, name))
              for name in ("floor_grpc", "floor_http")}
    results, yardsticks = [], {}
    for job in options.jobs:
        able = [a for a in agents if a.can(job.partition(":")[0])]
        for a in agents:
            if a not in able:
                print(f"{a.name}: no config for job {job}, left out", file=sys.stderr)
        if job == "idle":
            rounds(able, options.rounds, lambda a: run_idle(a, options), {"job": job}, results)
        elif job in FILE_JOBS:
            if able:
                run_job_files(able, job, options, results, yardsticks)
        else:
            floor = floors["floor_grpc" if job[0] == "O" else "floor_http"]
            yardsticks[job] = floor.name
            able = [floor] + [a for a in able if a.family != floor.name]
            for size in (int(x) for x in options.records.split(",")):
                rounds(able, options.rounds, lambda a: run_otlp(a, job, options, size),
                       {"job": job, "records_per_request": size,
                        "signal": job.partition(":")[2] or options.signal},
                       results)
    summary = summarise(results, yardsticks)
    print_table(summary)
    for job in FILE_JOBS:
        if job in yardsticks:
            print(f"{job}: gzip -1 over the same bytes: {yardsticks[job]:,.0f} lines per CPU-second")
    if options.json:
        with open(options.json, "w") as f:
            json.dump({"options": vars(options), "runs": results, "summary": summary,
                       "gzip_lines_per_cpu_s": {j: yardsticks.get(j) for j in FILE_JOBS}}, f, indent=1)
    if options.check and any(s.get("misses") for s in summary):
        return 1
    return 1 if any("error" in r for r in results) else 0


def run_job_files(agents, job, options, results, yardsticks):
    with Scope(options.keep) as scope:
        root = scope.path("root")
        tree = make_tree(options.tools, root, options.lines, options.pods, body=FILE_JOBS[job])
        tree["root"] = root
        files = tree_files(root)
        costs = []

        def run(agent):
            costs.append(gzip_cost(files))  # beside every run, so that both see the same machine
            return dict(run_files(agent, job, options, tree), gzip_cpu_s=costs[-1],
                        input_bytes=tree["bytes"])

        rounds(agents, options.rounds, run, {"job": job}, results)
        yardsticks[job] = tree["lines"] / statistics.median(costs)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"bench.py: {error}", file=sys.stderr)
        sys.exit(2)
