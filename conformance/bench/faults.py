#!/usr/bin/env python3
"""Loss tests: an agent tails CRI pod logs and pushes them to a sink that counts every line.

  kill     kill -9 at random instants while files grow and the sink fails now and then; the agent is
           started again with the same file_storage each time. Lost must be 0.
  term     the sink goes down (503, closed connections, no answer), SIGTERM: the agent must end by
           itself within --stop-limit, and after a restart 0 lines may be lost.
  backlog  a backlog of --backlog-lines with the default sending_queue and a slow sink: every line
           must be delivered, though the queue is smaller than the backlog.
  queue-*  what senders over the network were promised: see queue_faults.py, which runs alone, too.
  rotate   many files are rotated all the time by renaming and by copying and truncating
           (../rotate.py); not part of the default for agents that are not ours.
  grow     a thousand files grow at once, and two thousand that nobody writes to cost nothing
           (../grow.py); as rotate.

A line is lost when its seq= token never reaches the sink. Duplicates are allowed after a kill and
are reported. Exit code 1 on loss. The random instants come from --seed; the seed is printed.
"""
import argparse
import json
import os
import random
import signal
import sys
import threading
import time

import queue_faults
from benchlib import (Agent, BenchError, Scope, Sink, default_agent, find_tools, make_tree,
                      places_for, stop, tail, tree_files)

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import grow  # noqa: E402
import rotate  # noqa: E402

TESTS = ["kill", "term", "backlog", "rotate", "grow"] + ["queue-" + name for name in queue_faults.TESTS]
# How the sink fails between kills, and for how long at most.
KILL_FAULTS = ["503", "503", "429", "close", "hang"]


class Feeder:
    """Copies a tree of logs into another one bit by bit, as running pods would write it.

    Writes end anywhere, also within a line. Every file keeps its order.
    """

    def __init__(self, source, target, seed):
        self.random = random.Random(seed)
        self.files = []
        self.total = 0
        for path in tree_files(source):
            copy = os.path.join(target, os.path.relpath(path, source))
            os.makedirs(os.path.dirname(copy), exist_ok=True)
            with open(path, "rb") as f:
                data = f.read()
            self.total += len(data)
            self.files.append([open(copy, "ab", buffering=0), data, 0])

    def written(self):
        return sum(at for _, _, at in self.files)

    def write_until(self, share, seconds=0.0, halt=None):
        """Writes until this share of all bytes is there, spread over so many seconds."""
        goal = int(self.total * share)
        begin, base = time.monotonic(), self.written()
        while self.written() < goal and not (halt and halt.is_set()):
            due = goal
            if seconds:
                due = base + int((goal - base) * min(1, (time.monotonic() - begin) / seconds))
            while self.written() < due:
                self._write_some(max(1, due - self.written()))
            if seconds:
                time.sleep(0.005)

    def _write_some(self, most):
        open_files = [f for f in self.files if f[2] < len(f[1])]
        entry = self.random.choice(open_files)
        out, data, at = entry
        # At least a few hundred bytes, so that a big tree does not take a million writes.
        size = min(len(data) - at, self.random.randint(1, max(400, min(most, 256 << 10))))
        out.write(data[at:at + size])
        entry[2] += size

    def close(self):
        for out, _, _ in self.files:
            out.close()


def start_agent(scope, agent, job, places):
    command, environment = agent.command(scope, job, places)
    return scope.start(command, scope.path("agent.log"), env=environment, cwd=scope.folder)


def check_alive(process, scope):
    if process.poll() is not None:
        raise BenchError(f"the agent exited by itself with {process.returncode}:\n"
                         f"{tail(scope.path('agent.log'))}")


def verdict(name, lines, stats, **more):
    result = {"test": name, "lines": lines, "delivered": stats["seq_unique"],
              "lost": lines - stats["seq_unique"], "duplicates": stats["seq_duplicates"],
              "without_token": stats["seq_absent"], "bad_requests": stats["bad_requests"]}
    result.update(more)
    result["ok"] = (result["lost"] == 0 and result["without_token"] == 0 and
                    result["bad_requests"] == 0 and not result.get("problem"))
    return result


def finish(sink, lines, options, process):
    """Waits for the last line, then a moment longer for what comes twice."""
    sink.wait_records(lines, options.stall, key="seq_unique", alive=process)
    time.sleep(1)
    return sink.stats()


def test_kill(agent, options):
    dice = random.Random(options.seed)
    with Scope(options.keep) as scope:
        tree = make_tree(options.tools, scope.path("source"), options.lines, options.pods)
        feeder = Feeder(scope.path("source"), scope.path("root"), options.seed)
        sink = Sink(scope, options.tools, seq=True)
        places = places_for(scope, sink, root=scope.path("root"))
        waits = [dice.uniform(options.min_wait, options.max_wait) for _ in range(options.kills)]
        halt = threading.Event()
        faults = []

        def feed():
            # The last tenth waits for the last kill, so that no kill finds an idle agent.
            feeder.write_until(0.2)
            feeder.write_until(0.9, seconds=sum(waits), halt=halt)

        def fail_now_and_then():
            own = random.Random(options.seed + 1)
            while not halt.wait(own.uniform(0.1, 1.0)):
                mode, seconds = own.choice(KILL_FAULTS), round(own.uniform(0.05, 0.5), 3)
                sink.fault(mode, seconds)
                faults.append(mode)

        helpers = [threading.Thread(target=feed), threading.Thread(target=fail_now_and_then)]
        for helper in helpers:
            helper.start()
        progress = []
        try:
            for wait in waits:
                process = start_agent(scope, agent, "F-store", places)
                time.sleep(wait)
                check_alive(process, scope)
                process.send_signal(signal.SIGKILL)
                process.wait()
                progress.append(sink.stats()["seq_unique"])
        finally:
            halt.set()
            for helper in helpers:
                helper.join()
        sink.fault("off", 0)
        process = start_agent(scope, agent, "F-store", places)
        feeder.write_until(1)
        feeder.close()
        stats = finish(sink, tree["lines"], options, process)
        check_alive(process, scope)
        moved = sum(1 for a, b in zip([0] + progress, progress) if b > a)
        problem = None
        if moved == 0 and options.kills > 0:
            problem = "no kill came while lines were being delivered: raise --max-wait"
        return verdict("kill", tree["lines"], stats, kills=options.kills, seed=options.seed,
                       faults=len(faults), refused_requests=stats["faulted"],
                       kills_with_progress=moved, stop_s=round(stop(process), 2),
                       problem=problem)


def test_term(agent, options, mode):
    with Scope(options.keep) as scope:
        tree = make_tree(options.tools, scope.path("source"), options.lines, options.pods)
        feeder = Feeder(scope.path("source"), scope.path("root"), options.seed)
        sink = Sink(scope, options.tools, seq=True)
        places = places_for(scope, sink, root=scope.path("root"))
        feeder.write_until(0.5)
        process = start_agent(scope, agent, "F-store", places)
        sink.wait_records(1, options.stall, key="seq_unique", alive=process)
        check_alive(process, scope)
        sink.fault(mode, 3600)
        feeder.write_until(1)
        feeder.close()
        time.sleep(1)  # the agent reads on and finds the sink down
        check_alive(process, scope)
        before = sink.stats()["seq_unique"]
        took = stop(process, options.stop_limit)
        problem = None
        if process.returncode == -signal.SIGKILL:
            problem = f"did not end within {options.stop_limit} s of SIGTERM"
        elif process.returncode != 0:
            problem = f"ended with {process.returncode} after SIGTERM"
        sink.fault("off", 0)
        process = start_agent(scope, agent, "F-store", places)
        stats = finish(sink, tree["lines"], options, process)
        check_alive(process, scope)
        return verdict(f"term-{mode}", tree["lines"], stats, delivered_before=before,
                       stop_s=round(took, 2), problem=problem)


def test_backlog(agent, options):
    with Scope(options.keep) as scope:
        tree = make_tree(options.tools, scope.path("root"), options.backlog_lines, options.pods)
        sink = Sink(scope, options.tools, seq=True, extra=["--delay", options.delay])
        places = places_for(scope, sink, root=scope.path("root"))
        begin = time.monotonic()
        process = start_agent(scope, agent, "F", places)
        stats = finish(sink, tree["lines"], options, process)
        check_alive(process, scope)
        return verdict("backlog", tree["lines"], stats,
                       seconds=round(time.monotonic() - begin, 1), requests=stats["requests"])


def test_rotate(agent, options, mode):
    limits = argparse.Namespace(bin=agent.path, seconds=options.rotate_seconds, files=50, every=0.2, pause=1.0,
                                lines=3, stall=options.stall, keep=options.keep)
    return {"test": f"rotate-{mode}", **rotate.run(limits, mode)}


def test_grow(agent, options, mode):
    limits = argparse.Namespace(bin=agent.path, files=1000, seconds=options.grow_seconds, writers=4, lines=3, pause=0.02,
                                idle_files=2000, idle_seconds=3 * options.grow_seconds, limit=1.0, seed=options.seed,
                                stall=options.stall, keep=options.keep)
    return {"test": f"grow-{mode}", **grow.run(limits, mode)}


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", default=default_agent())
    parser.add_argument("--name", default="otelpipe",
                        help="how the agent is called and which templates it gets, e.g. otelcol")
    parser.add_argument("--tests", help="of " + ",".join(TESTS) + "; default: all")
    parser.add_argument("--tools", help="folder of the built bench programs")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--lines", type=int, default=200_000, help="kill, term: log lines")
    parser.add_argument("--backlog-lines", type=int, default=1_000_000)
    parser.add_argument("--pods", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None, help="default: a new one each time")
    parser.add_argument("--min-wait", type=float, default=0.02, help="earliest kill after a start")
    parser.add_argument("--max-wait", type=float, default=1.5, help="latest kill after a start")
    parser.add_argument("--load", type=float, default=30, help="queue-full: seconds of load")
    parser.add_argument("--memory", type=float, default=150,
                        help="queue-full: the most resident memory in MiB")
    parser.add_argument("--delay", default="5ms", help="backlog: the sink's latency per request")
    parser.add_argument("--stop-limit", type=float, default=30)
    parser.add_argument("--stall", type=float, default=40,
                        help="give up when no new line came for so many seconds; longer than the "
                             "agent's longest retry interval")
    parser.add_argument("--rotate-seconds", type=float, default=20, help="rotate: seconds for each way")
    parser.add_argument("--grow-seconds", type=float, default=20,
                        help="grow: seconds of growing; idle files are watched three times as long")
    parser.add_argument("--quick", action="store_true", help="fewer kills and lines")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--keep", action="store_true", help="keep the run folders")
    options = parser.parse_args()
    if options.quick:
        options.kills, options.lines = min(options.kills, 6), min(options.lines, 50_000)
        options.backlog_lines = min(options.backlog_lines, 200_000)
        options.load = min(options.load, 4)
        options.rotate_seconds = min(options.rotate_seconds, 5)
        options.grow_seconds = min(options.grow_seconds, 5)
    if options.seed is None:
        options.seed = random.SystemRandom().randint(1, 999_999)
    if options.tests is None:
        options.tests = ",".join(t for t in TESTS if t not in ("rotate", "grow") or options.name == "otelpipe")
    options.tests = [t for t in options.tests.split(",") if t]
    unknown = sorted(set(options.tests) - set(TESTS))
    if unknown:
        parser.error(f"unknown test {', '.join(unknown)}; known: {', '.join(TESTS)}")
    return options


def main():
    options = parse_options()
    options.tools = find_tools(options.tools)
    agent = Agent(options.name, options.agent)
    print(f"seed {options.seed}", flush=True)
    runs = []
    if "kill" in options.tests:
        runs.append(("kill", lambda: test_kill(agent, options)))
    if "term" in options.tests:
        for mode in ("503", "close", "hang"):
            runs.append((f"term-{mode}", lambda mode=mode: test_term(agent, options, mode)))
    if "backlog" in options.tests:
        runs.append(("backlog", lambda: test_backlog(agent, options)))
    for name in options.tests:
        if name.startswith("queue-"):
            test = queue_faults.TESTS[name[len("queue-"):]]
            runs.append((name, lambda test=test: test(options)))
    if "rotate" in options.tests:
        for mode in rotate.MODES:
            runs.append((f"rotate-{mode}", lambda mode=mode: test_rotate(agent, options, mode)))
    if "grow" in options.tests:
        for mode in grow.MODES:
            runs.append((f"grow-{mode}", lambda mode=mode: test_grow(agent, options, mode)))
    results = []
    for name, run in runs:
        try:
            results.append(run())
        except (BenchError, OSError) as error:
            results.append({"test": name, "ok": False, "problem": str(error)})
        result = results[-1]
        print(("ok    " if result["ok"] else "FAILED ") + json.dumps(result), flush=True)
    if options.json:
        with open(options.json, "w") as f:
            json.dump({"seed": options.seed, "results": results}, f, indent=1)
    return 0 if all(r["ok"] for r in results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BenchError as error:
        print(f"faults.py: {error}", file=sys.stderr)
        sys.exit(2)
