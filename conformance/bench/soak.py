#!/usr/bin/env python3
"""Full load for minutes, and a look at the memory: job O and job H at once through one agent.

The resident memory of the agent is sampled; the first tenth (at least 10 s) is warm-up. The run fails
when the highest sample of the later half is above the highest of the earlier half by more than
--growth percent and 4 MiB, when the sink counted less than was accepted, when a request was refused for
good, or when the agent ended. p50 and p99 are those of otlp_load, over the whole run.
"""
import argparse
import json
import os
import subprocess
import sys
import time

from benchlib import (Agent, BenchError, Scope, Sink, cpu_seconds, default_agent, find_tools,
                      memory_mib, places_for, tail, wait_ready)

SPARE_MIB = 4


def judge(samples, growth):
    """The highest of both halves, and whether the later one is too high."""
    half = len(samples) // 2
    early, late = max(samples[:half]), max(samples[half:])
    return early, late, late > early * (1 + growth / 100) + SPARE_MIB


def run(options):
    tools = find_tools(options.tools)
    agent = Agent("otelpipe", options.agent)
    seconds = options.minutes * 60
    with Scope(options.keep) as scope:
        sink = Sink(scope, tools)
        places = places_for(scope, sink)
        command, environment = agent.command(scope, "soak", places)
        log = scope.path("otelpipe.log")
        process = scope.start(command, log, env=environment, cwd=scope.folder)
        wait_ready(process, log, places["IN_GRPC"], None)
        wait_ready(process, log, places["IN_HTTP"], None)
        loads = {}
        for name, address in (("grpc", places["IN_GRPC"]), ("http", places["IN_HTTP"])):
            loads[name] = scope.start(
                [os.path.join(tools, "otlp_load"), "--proto", name, "--addr", address, "--records",
                 str(options.records), "--conns", str(options.conns), "--time", f"{seconds:.0f}s"], None)
        begin = time.monotonic()
        warmup = max(min(10.0, seconds / 3), seconds / 10)
        samples = []
        while any(load.poll() is None for load in loads.values()):
            time.sleep(min(options.every, max(0.1, seconds / 30)))
            if process.poll() is not None:
                raise BenchError(f"the agent exited with {process.returncode}:\n{tail(log)}")
            now = time.monotonic() - begin
            if now > seconds + 60:
                raise BenchError("otlp_load does not end")
            rss = memory_mib(process.pid, "VmRSS")
            if warmup < now <= seconds:
                samples.append(rss)
            if options.verbose:
                print(f"  {now:6.0f} s  {rss:7.1f} MiB", file=sys.stderr, flush=True)
        told = {name: json.loads(load.stdout.read()) for name, load in loads.items()}
        want = sum(t["records"] for t in told.values())
        stats = sink.wait_records(want, 15, alive=process)
        time.sleep(0.5)
        stats = sink.stats()
        if len(samples) < 4:
            raise BenchError("too short a run: fewer than four samples")
        early, late, grows = judge(samples, options.growth)
        result = {"minutes": options.minutes, "samples": [round(s, 1) for s in samples],
                  "early_mib": round(early, 1), "late_mib": round(late, 1),
                  "peak_mib": round(memory_mib(process.pid, "VmHWM"), 1),
                  "cpu_s": round(cpu_seconds(process.pid), 1), "records": want, "sink": stats["records"],
                  "load": told, "problems": []}
        problems = result["problems"]
        if grows:
            problems.append(f"memory grows: {early:.1f} MiB at most in the earlier half, {late:.1f} in the later one")
        # More than that is legal: what was sent but not answered in time, on a busy machine, is sent again.
        if stats["records"] < want:
            problems.append(f"{want} records accepted, the sink counted {stats['records']}")
        for name, load in told.items():
            if load["failed"]:
                problems.append(f"{name}: {load['failed']} requests refused for good: {load['last_error']}")
            if not load["records"]:
                problems.append(f"{name}: nothing was sent")
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=10)
    parser.add_argument("--agent", default=default_agent())
    parser.add_argument("--tools", help="folder of the built bench programs")
    parser.add_argument("--records", type=int, default=1000, help="records a request")
    parser.add_argument("--conns", type=int, default=4, help="connections per protocol")
    parser.add_argument("--every", type=float, default=10, help="seconds between samples; shorter in short runs")
    parser.add_argument("--growth", type=float, default=10, help="allowed growth in percent")
    parser.add_argument("--verbose", action="store_true", help="print every sample")
    parser.add_argument("--json", help="write the result to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folder")
    options = parser.parse_args()
    result = run(options)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
    for name, load in result["load"].items():
        print(f"{name}: {load['records']:,} records in {load['seconds']:.0f} s, p50 {load['p50_ms']:.2f} ms, "
              f"p99 {load['p99_ms']:.2f} ms, {load['refused']} told to wait")
    print(f"{result['records']:,} records accepted, {result['sink'] - result['records']:,} came twice")
    print(f"resident memory: {result['early_mib']} MiB at most in the earlier half, {result['late_mib']} in the later one, "
          f"{result['peak_mib']} at the peak; {result['cpu_s']} CPU-seconds")
    for problem in result["problems"]:
        print(f"FAILED: {problem}", file=sys.stderr)
    return 1 if result["problems"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"soak.py: {error}", file=sys.stderr)
        sys.exit(2)
