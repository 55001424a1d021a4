#!/usr/bin/env python3
"""Every component folder is complete, and the front page lists every component: check_components.py ROOT [--write]

--write renews the table between the marks `<!-- components -->` and `<!-- /components -->` of README.md.
"""
import re
import sys

import house

HEADINGS = ["Metadata", "Overview", "Configuration", "Examples", "Telemetry", "Limits", "Differences from upstream", "Related"]
LEVELS = ["development", "alpha", "beta", "stable", "deprecated", "unmaintained"]
BEGIN, END = "<!-- components -->", "<!-- /components -->"


def metadata(text):
    """type, kind, aliases and stability {level: [signal]} of a component.yaml: plain keys, lists and maps in brackets. The stability may be written
    by level (`beta: [logs]`) or by signal (`logs: beta`), as a block or in braces."""
    out = {"stability": {}}
    section = ""
    for line in text.split("\n"):
        m = re.match(r"^(\s*)([a-z_]+):\s*(.*?)\s*(#.*)?$", line)
        if not m:
            continue
        indent, key, value = m.group(1), m.group(2), m.group(3)
        if not indent:
            section = key
        if section == "stability":
            for a, b in re.findall(r"(\w+):\s*(\[[^]]*\]|\w+)", line.split(":", 1)[1] if not indent else line):
                for item in re.findall(r"\w+", b):
                    level, signal = (a, item) if a in LEVELS else (item, a)
                    out["stability"].setdefault(level, []).append(signal)
        elif not indent:
            out[key] = [v.strip() for v in value.strip("[]").split(",") if v.strip()] if value.startswith("[") else value
    return out


def folder_problems(root, kind, name, folder):
    names = [p[len(folder) + 1:] for p in house.files(root, folder)]
    if not any(n.endswith("_test.cc") for n in names):
        yield folder + ": no *_test.cc"
    if "README.md" not in names:
        yield folder + ": no README.md"
    else:
        text = house.read(root, folder + "/README.md")
        found = re.findall(r"^## (.+?)\s*$", text, re.M)
        wanted = [h for h in HEADINGS if h in found]
        for h in HEADINGS:
            if h not in found:
                yield "%s/README.md: no heading `## %s`" % (folder, h)
        if [h for h in found if h in HEADINGS] != wanted:
            yield "%s/README.md: headings out of order, should be %s" % (folder, ", ".join(wanted))
    if "component.yaml" not in names:
        yield folder + ": no component.yaml"
    else:
        data = metadata(house.read(root, folder + "/component.yaml"))
        if data.get("type") != name:
            yield "%s/component.yaml: type is %r, the folder %r" % (folder, data.get("type"), name)
        if data.get("kind") != kind:
            yield "%s/component.yaml: kind is %r, the folder's %r" % (folder, data.get("kind"), kind)
        if not data["stability"]:
            yield folder + "/component.yaml: no stability"
        for level in data["stability"]:
            if level not in LEVELS:
                yield "%s/component.yaml: no such stability: %s" % (folder, level)
    build = house.read(root, folder + "/CMakeLists.txt")
    if not re.search(r"KIND\s+%s\s+NAME\s+%s\b" % (kind, name), build):
        yield "%s/CMakeLists.txt: otelpipe_component(KIND %s NAME %s ...) expected" % (folder, kind, name)
    sources = "".join(house.read(root, folder + "/" + n) for n in names if n.endswith(".cc"))
    if not re.search(r"OTELPIPE_REGISTER\(%s, %s, " % (kind, name), sources):
        yield "%s: OTELPIPE_REGISTER(%s, %s, registry) is in no source" % (folder, kind, name)


def table(root):
    rows = ["| component | kind | signals | stability |", "|---|---|---|---|"]
    operators = []
    for kind, name, folder in house.component_folders(root):
        link = "[`%s`](%s/README.md)" % (name, folder)
        try:
            data = metadata(house.read(root, folder + "/component.yaml"))
        except OSError:
            continue  # told by folder_problems
        if kind == "operator":
            operators.append(link)
            continue
        signals = sorted({s for group in data["stability"].values() for s in group if s in ("logs", "metrics", "traces")})
        rows.append("| %s | %s | %s | %s |" % (link, kind, ", ".join(signals), ", ".join(data["stability"])))
    return "\n".join(rows + ["", "Log operators: " + ", ".join(operators) + "."])


def main():
    root = sys.argv[1]
    problems, n = [], 0
    for kind, name, folder in house.component_folders(root):
        n += 1
        problems += folder_problems(root, kind, name, folder)
    front = house.read(root, "README.md")
    if BEGIN not in front or END not in front:
        problems.append("README.md: no marks %s and %s" % (BEGIN, END))
    else:
        before, rest = front.split(BEGIN, 1)
        old, after = rest.split(END, 1)
        new = "\n" + table(root) + "\n"
        if "--write" in sys.argv[2:]:
            with open(root + "/README.md", "w", encoding="utf-8") as f:
                f.write(before + BEGIN + new + END + after)
        elif old != new:
            problems.append("README.md: the table of components is old; renew it with conformance/house/check_components.py . --write")
    house.finish(problems, n)


if __name__ == "__main__":
    main()
