#!/usr/bin/env python3
"""What the agent says about wrong configurations, as a page: messages.py --bin AGENT --doc docs/messages.md [--kinds docs/configuration.md] [--write]

Runs every case of the area `invalid` and puts the first line of each answer into the table between the marks of the page, sorted by what the mistake
is about, and one example of each kind of mistake into the page of --kinds. Fails when an answer to a configuration has no file:line:column, or when a line comes twice;
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
KINDS_BEGIN, KINDS_END = "<!-- kinds -->", "<!-- /kinds -->"
# The first pattern that a message matches says its kind.
KINDS = [
    ("YAML that cannot be read", r"contents are not valid YAML"),
    ("a variable or a source that cannot be read", r"environment variable|is not supported for uri|invalid uri|unable to read the file|recursive expansions|unsupported scheme"),
    ("the command line", r"^--|^unknown flag|^invalid argument|missing equal sign"),
    ("an unknown key", r"has invalid keys"),
    ("a value of the wrong type", r"unconvertible type|source data must be|expected a map|cannot be used as a Conf|Invalid value type|cannot be parsed as a severity"),
    ("an unknown component", r"unknown type: "),
    ("an id that is none", r" id: |duplicate name"),
    ("pipelines that do not fit together", r"references |cycle detected|used as exporter|telemetry type is not supported|service must have|must have at least one (receiver|exporter)|pipeline \"|"
     r"no exporter configuration|empty configuration|metrics reader should|unknown pipeline signal"),
    ("what shows only at the start", r"cannot start pipelines|failed to start|failed to bind"),
    ("outputs of log operators", r"circular dependency|does not exist"),
    ("a regular expression, expression, condition or layout that does not compile", r"regexp|compile|OTTL|layout|strptime|glob|regex pattern|invalid pattern|matcher group"),
    ("settings that exclude each other", r"only one of|not allowed when|multiple value sources|at the same time|either regex or|does not use|should not be specified|only compatible|only supports"),
    ("something that is missing", r"missing|must be specified|requires a non-empty|at least one|must be non-empty|is empty|must be set|is required|requires feature gate|must be a valid URL|no named capture|"
     r"invalid HTTP URL"),
    ("a value that is not allowed", r""),
]


def kinds_table(lines):
    """One row for each kind: the shortest of its messages, and how many there are."""
    found = {}
    for line in lines:
        message = re.sub(r"^[^:]+:\d+:\d+: ", "", line)
        found.setdefault(next(k for k, pattern in KINDS if re.search(pattern, message)), []).append(line)
    rows = ["| kind | for example | in the list |", "|---|---|---|"]
    for kind, _ in KINDS:
        if kind in found:
            best = min(found[kind], key=lambda l: (not re.match(r"[^:]+:\d+:\d+: ", l), "; " not in l, len(l)))
            rows.append("| %s | `%s` | %d |" % (kind, best.replace("|", "\\|").replace("`", "'"), len(found[kind])))
    return "\n".join(rows) + "\n"


def renew(doc, begin, end, text, write, strict, problems):
    """Writes `text` between the marks of a page, or says that the page is old."""
    with open(doc, encoding="utf-8") as f:
        page = f.read()
    before, rest = page.split(begin, 1)
    old, after = rest.split(end, 1)
    if write:
        with open(doc, "w", encoding="utf-8") as f:
            f.write(before + begin + "\n" + text + "\n" + end + after)
    elif old != "\n" + text + "\n":
        said = "%s is old; renew it with messages.py --write" % doc
        problems.append(said) if strict else print(said)


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
    ap.add_argument("--kinds", help="page with one example of each kind between its marks")
    ap.add_argument("--write", action="store_true")
    ap.add_argument("--strict", action="store_true")
    o = ap.parse_args()
    agent = os.path.abspath(o.bin)
    root = os.path.join(HERE, "cases", "invalid")
    cases = sorted(os.listdir(root))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda c: answer(agent, os.path.join(root, c)), cases))
    problems, rows, shown = [], {g: [] for _, g in GROUPS}, []
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
        shown.append(line)
        rows[group].append("| %s | `%s` |" % (title, line.replace("|", "\\|").replace("`", "'")))
    text = ""
    for name, group in GROUPS:
        if rows[group]:
            text += "\n## %s\n\n| mistake | message |\n|---|---|\n%s\n" % (name, "\n".join(rows[group]))
    renew(o.doc, BEGIN, END, text, o.write, o.strict, problems)
    if o.kinds:
        renew(o.kinds, KINDS_BEGIN, KINDS_END, "\n" + kinds_table(shown), o.write, o.strict, problems)
    for p in problems:
        print(p)
    print("%d cases, %d problems" % (len(cases), len(problems)))
    sys.exit(1 if problems or not cases else 0)


if __name__ == "__main__":
    main()
