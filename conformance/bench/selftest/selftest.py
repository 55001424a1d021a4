#!/usr/bin/env python3
"""Tests of the bench itself: the sink counts right, and both drivers notice what they must.

Usage: selftest.py TOOLS_FOLDER. Takes about half a minute. Measures nothing.
"""
import gzip
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request

FOLDER = os.path.dirname(os.path.abspath(__file__))
BENCH = os.path.dirname(FOLDER)
TAILER = os.path.join(FOLDER, "tailer.py")
sys.path.insert(0, BENCH)

from benchlib import Scope, Sink  # noqa: E402

TOOLS = ""
PUSH = {"streams": [{"stream": {"app": "a"}, "values": [["1", "one seq=0000000000 x"],
                                                        ["2", "two seq=0000000002 y"]]}]}


def post(sink, path, body, **headers):
    request = urllib.request.Request(f"http://{sink.http}{path}", data=body, method="POST",
                                     headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def drive(script, *arguments, flaw=""):
    """Runs bench.py or faults.py; returns exit code and its JSON file."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "out.json")
        done = subprocess.run([sys.executable, os.path.join(BENCH, script), "--tools", TOOLS,
                               "--json", out, *arguments], env={**os.environ, "TAILER_FLAW": flaw},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if not os.path.exists(out):
            raise AssertionError(done.stdout + done.stderr)
        with open(out) as f:
            return done.returncode, json.load(f)


class SinkTest(unittest.TestCase):
    def test_loki_json_is_counted_plain_and_packed(self):
        body = json.dumps(PUSH).encode()
        with Scope() as scope:
            sink = Sink(scope, TOOLS, seq=True)
            self.assertEqual(post(sink, "/loki/api/v1/push", body,
                                  Content_Type="application/json"), 204)
            self.assertEqual(post(sink, "/loki/api/v1/push", gzip.compress(body),
                                  Content_Type="application/json", Content_Encoding="gzip"), 204)
            stats = sink.stats()
            self.assertEqual((stats["records"], stats["requests"], stats["loki_streams"]),
                             (4, 2, 1))
            self.assertEqual((stats["seq_unique"], stats["seq_duplicates"], stats["seq_missing"]),
                             (2, 2, 1))
            self.assertEqual(sink.get("/labels").strip(), '{"app": "a"}')

    def test_what_cannot_be_read_is_refused_and_counted_apart(self):
        with Scope() as scope:
            sink = Sink(scope, TOOLS)
            self.assertEqual(post(sink, "/loki/api/v1/push", b"not snappy"), 400)
            self.assertEqual(post(sink, "/v1/logs", b"\x0a\xff"), 400)
            self.assertEqual(post(sink, "/v1/logs", b"", Content_Encoding="br"), 400)
            self.assertEqual(post(sink, "/nowhere", b""), 404)
            self.assertEqual((sink.stats()["records"], sink.stats()["bad_requests"]), (0, 3))

    def test_otlp_json_is_counted(self):
        body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [{}, {}, {}]}]}]}).encode()
        with Scope() as scope:
            sink = Sink(scope, TOOLS)
            self.assertEqual(post(sink, "/v1/traces", body, Content_Type="application/json"), 200)
            self.assertEqual(sink.stats()["spans"], 3)

    def test_nothing_is_counted_while_a_fault_is_on(self):
        body = json.dumps(PUSH).encode()
        with Scope() as scope:
            sink = Sink(scope, TOOLS)
            for mode, code in (("503", 503), ("429", 429), ("400", 400)):
                sink.fault(mode, 60)
                self.assertEqual(post(sink, "/loki/api/v1/push", body,
                                      Content_Type="application/json"), code)
            sink.fault("hang", 0.3)
            self.assertEqual(post(sink, "/loki/api/v1/push", body,
                                  Content_Type="application/json"), 503)
            sink.fault("close", 60)
            with self.assertRaises(OSError):
                post(sink, "/loki/api/v1/push", body, Content_Type="application/json")
            self.assertEqual((sink.stats()["records"], sink.stats()["faulted"]), (0, 5))
            sink.fault("off", 0)
            self.assertEqual(post(sink, "/loki/api/v1/push", body,
                                  Content_Type="application/json"), 204)

    def test_totals_are_printed_on_a_signal_at_the_expected_count_and_at_the_end(self):
        sink = subprocess.Popen([os.path.join(TOOLS, "bench_sink"), "--expect", "2", "--exit"],
                                stdout=subprocess.PIPE, text=True)
        try:
            where = json.loads(sink.stdout.readline())
            sink.send_signal(signal.SIGUSR1)
            self.assertEqual(json.loads(sink.stdout.readline())["event"], "usr1")
            request = urllib.request.Request(
                f"http://{where['http']}/loki/api/v1/push", data=json.dumps(PUSH).encode(),
                headers={"Content-Type": "application/json"})
            urllib.request.urlopen(request, timeout=10).close()
            last = [json.loads(line) for line in sink.stdout]
            self.assertEqual([(x["event"], x["records"]) for x in last],
                             [("expected", 2), ("exit", 2)])
            self.assertEqual(sink.wait(10), 0)
        finally:
            sink.kill()
            sink.wait()
            sink.stdout.close()


class BenchTest(unittest.TestCase):
    def test_floors_forward_every_record_on_every_job(self):
        code, out = drive("bench.py", "--agent", "none", "--quick", "--seconds", "0.3",
                          "--jobs", "O,H-direct,O-gzip,H-gzip,O-gzip-both,H-gzip-both,O:traces,H:metrics")
        self.assertEqual(code, 0, out)
        self.assertEqual(len(out["summary"]), 16)
        for line in out["summary"]:
            self.assertEqual(line["failed"], 0)
            self.assertEqual(line["ratio"], 1.0)

    def test_job_f_counts_every_line_and_compares_with_gzip(self):
        code, out = drive("bench.py", "--agent", TAILER, "--quick", "--jobs", "F",
                          "--lines", "20000")
        self.assertEqual(code, 0, out)
        self.assertEqual(out["summary"][0]["records"], 20000)
        self.assertEqual(out["summary"][0]["yardstick"], "gzip -1")

    def test_a_line_too_many_makes_the_run_fail(self):
        code, out = drive("bench.py", "--agent", TAILER, "--quick", "--jobs", "F",
                          "--lines", "20000", flaw="twice")
        self.assertEqual(code, 1)
        self.assertIn("records for 20000 lines", out["runs"][0]["error"])


class FaultsTest(unittest.TestCase):
    QUICK = ["--agent", TAILER, "--quick", "--kills", "4", "--lines", "20000", "--seed", "7",
             "--stall", "3", "--max-wait", "0.8"]

    def test_an_agent_that_stores_offsets_late_passes(self):
        code, out = drive("faults.py", *self.QUICK, "--tests", "kill,term,backlog",
                          "--backlog-lines", "50000")
        self.assertEqual(code, 0, out)
        self.assertEqual([r["lost"] for r in out["results"]], [0] * 5)

    def test_an_agent_that_stores_offsets_early_is_caught(self):
        code, out = drive("faults.py", *self.QUICK, "--tests", "term", flaw="early")
        self.assertEqual(code, 1)
        self.assertTrue(all(r["lost"] > 0 for r in out["results"]), out)

    def test_an_agent_that_does_not_stop_is_caught(self):
        code, out = drive("faults.py", *self.QUICK, "--tests", "term", "--stop-limit", "0.5",
                          flaw="stuck")
        self.assertEqual(code, 1)
        self.assertIn("did not end", out["results"][0]["problem"])


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: selftest.py TOOLS_FOLDER [unittest options]")
    TOOLS = os.path.abspath(sys.argv.pop(1))
    unittest.main()
