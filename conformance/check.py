#!/usr/bin/env python3
"""Runs one area of the conformance kit and compares with the list of known failures.

    check.py --bin AGENT --area AREA [--expected FILE] [--jobs N]

The list (expected_failures.txt) has one case per line: `AREA/CASE  reason`. The check fails when a case fails that is not listed, when a listed
case passes (take it off the list), when a line has no reason, or names no case. Cases that need something this machine lacks are skipped.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def read_expected(path):
    """{case: reason}, and what is wrong with the list."""
    expected, problems = {}, []
    with open(path, encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            case, _, reason = line.partition(" ")
            if not reason.strip():
                problems.append("%s:%d: no reason given for %s" % (os.path.basename(path), n, case))
            elif not os.path.isfile(os.path.join(HERE, "cases", case, "case.yaml")):
                problems.append("%s:%d: no such case: %s" % (os.path.basename(path), n, case))
            expected[case] = reason.strip()
    return expected, problems


def judge(results, expected, area):
    """results: [{case, status, diff}] -> problems."""
    problems = []
    seen = {r["case"]: r for r in results}
    for case, r in sorted(seen.items()):
        if r["status"] == "FAIL" and case not in expected:
            problems.append("FAIL %s\n    %s" % (case, r["diff"].replace("\n", "\n    ")))
        elif r["status"] == "PASS" and case in expected:
            problems.append("PASS %s is listed as a failure (%s); take it off the list" % (case, expected[case]))
    if not seen:
        problems.append("area %s has no case" % area)
    return problems


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--area", required=True)
    ap.add_argument("--expected", default=os.path.join(HERE, "expected_failures.txt"))
    ap.add_argument("--jobs", default="4")
    o = ap.parse_args()
    expected, problems = read_expected(o.expected)
    problems = [p for p in problems if re.search(r"[ :]%s/" % re.escape(o.area), p)]
    with tempfile.TemporaryDirectory() as scratch:
        report = os.path.join(scratch, "report.json")
        run = subprocess.run([sys.executable, os.path.join(HERE, "run.py"), "--bin", o.bin, "--filter", o.area + "/*", "--jobs", o.jobs, "--quiet",
                              "--report", report], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if not os.path.exists(report):
            sys.exit("the runner ended with %d and no report:\n%s" % (run.returncode, run.stdout))
        with open(report, encoding="utf-8") as f:
            results = json.load(f)["cases"]
    problems += judge(results, expected, o.area)
    count = {s: sum(r["status"] == s for r in results) for s in ("PASS", "FAIL", "SKIP")}
    for p in problems:
        print(p)
    for r in results:
        if r["status"] == "SKIP":
            print("skipped %s: %s" % (r["case"], r["diff"]))
    known = sum(r["status"] == "FAIL" and r["case"] in expected for r in results)
    print("%s: %d passed, %d failed (%d of them known), %d skipped" % (o.area, count["PASS"], count["FAIL"], known, count["SKIP"]))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
