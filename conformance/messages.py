#!/usr/bin/env python3
"""What the agent says about wrong configurations, as a page: messages.py --bin AGENT --doc docs/messages.md [--write]

Runs every case of the area `invalid` and puts the first line of each answer into the table between the marks of the page, sorted by what the mistake
is about. Fails when an answer to a configuration has no file:line:column, or when a line comes twice;
says when the page is old (--write renews it), which fails with --strict.
"""
import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

if os.path.isdir("/usr/lib/python3/dist-packages"):
    sys.path.append("/usr/lib/python3/dist-packages")
import yaml  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BEGIN, END = "<!-- messages -->", "<!-- /messages -->"
GROUPS = [("Command line and sources", None), ("YAML, variables, service", "service"), ("Receivers and log operators", "receivers"), ("Processors", "processors"),
          ("Exporters", "exporters"), ("Extensions", "extensions"), ("Connectors", "connectors")]


def answer(agent, case):
    """(title, error lines) of one case."""
    with open(os.path.join(case, "case.yaml"), encoding="utf-8") as f:
        data = yaml.safe_load(f)
    start = next((s["start"] for s in data["steps"] if isinstance(s, dict) and isinstance(s.get("start"), dict)), {})
    with tempfile.TemporaryDirectory() as scratch:
        for name in os.listdir(case):
            if name.endswith(".yaml") and name != "case.yaml":
                shutil.copy(os.path.join(case, name), scratch)
        env = dict(os.environ, **data.get("env", {}), WORK_DIR=scratch, TZ="UTC", **{k: "127.0.0.1:1" for k in ("SINK_GRPC",)}, SINK_URL="http://127.0.0.1:1",
                   **{k: "1" for k in ("OTLP_GRPC_PORT", "OTLP_HTTP_PORT", "PROM_PORT", "HEALTH_PORT", "PORT_A", "PORT_B", "PORT_C")})
        args = [a.replace("${WORK_DIR}", scratch) for a in start.get("args", ["--config", "${WORK_DIR}/config.yaml"])]
        run = subprocess.run([agent] + args, cwd=scratch, env=env, capture_output=True, text=True, errors="replace", timeout=30)
        text = run.stderr.replace(scratch + "/", "").replace(scratch, ".")
    lines = []
    # A mistake found at the start comes after log lines.
    for line in text[max(text.find("Error: "), 0):].split("\n"):
        line = re.sub(r"^Error: ", "", line)
        if re.match(r"\d{4}/\d\d/\d\d ", line) or line.startswith("Run '"):
            break
        if line.strip() and line != "invalid configuration:":
            lines.append(line)
    return data["title"], lines, run.returncode


def group_of(line):
    m = re.match(r".+?:\d+:\d+: (\w+)", line)
    if not m:
        return None
    return m.group(1) if m.group(1) in [g for _, g in GROUPS] else "service"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--doc", required=True)
    ap.add_argument("--write", action="store_true")
    ap.add_argument("--strict", action="store_true")
    o = ap.parse_args()
    agent = os.path.abspath(o.bin)
    root = os.path.join(HERE, "cases", "invalid")
    cases = sorted(os.listdir(root))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda c: answer(agent, os.path.join(root, c)), cases))
    problems, rows = [], {g: [] for _, g in GROUPS}
    for case, (title, lines, code) in zip(cases, answers):
        if code != 1 or not lines:
            problems.append("%s: exit code %d, %d lines" % (case, code, len(lines)))
            continue
        if len(set(lines)) != len(lines):
            problems.append("%s: a line comes twice: %s" % (case, max(lines, key=lines.count)))
        group = group_of(lines[0])
        if group is None and not re.match(r"--|unknown flag|at least one config flag|invalid argument|env:|[^:]+\.yaml: ", lines[0]):
            problems.append("%s: no place: %s" % (case, lines[0]))
        line = re.sub(r"^(.+?:\d+:\d+): \S+: (?=\S)", r"\1: ", lines[0]) if group else lines[0]
        line = re.sub(r"(valid values: |valid gates: )\[[^]]*\]", r"\1[...]", line)
        rows[group].append("| %s | `%s` |" % (title, line.replace("|", "\\|").replace("`", "'")))
    text = ""
    for name, group in GROUPS:
        if rows[group]:
            text += "\n## %s\n\n| mistake | message |\n|---|---|\n%s\n" % (name, "\n".join(rows[group]))
    with open(o.doc, encoding="utf-8") as f:
        page = f.read()
    before, rest = page.split(BEGIN, 1)
    old, after = rest.split(END, 1)
    if o.write:
        with open(o.doc, "w", encoding="utf-8") as f:
            f.write(before + BEGIN + "\n" + text + "\n" + END + after)
    elif old != "\n" + text + "\n":
        said = "%s is old; renew it with messages.py --write" % o.doc
        problems.append(said) if o.strict else print(said)
    for p in problems:
        print(p)
    print("%d cases, %d problems" % (len(cases), len(problems)))
    sys.exit(1 if problems or not cases else 0)


if __name__ == "__main__":
    main()
