#!/usr/bin/env python3
"""Which conformance cases use which option of which log operator: check_matrix.py ROOT [--write]

The table stands between the marks `<!-- operators -->` and `<!-- /operators -->` of docs/conformance.md; --write renews it. Options are those
of the operators' READMEs, cases those whose configuration has the option in an `operators` list. A case of expected_failures.txt is marked.
"""
import glob
import os
import re
import sys

import house

BEGIN, END = "<!-- operators -->", "<!-- /operators -->"
PAGE = "docs/conformance.md"
COMMON = ["id", "output", "on_error", "if"]
PARSERS = ["parse_from", "parse_to", "body", "timestamp", "severity", "trace", "scope_name"]
SHOWN = 3


def options(readme):
    """The keys of the table below `## Configuration`; `a.b` counts as `a`."""
    section = readme.split("## Configuration", 1)[-1].split("\n## ", 1)[0]
    keys = []
    for line in section.split("\n"):
        cell = line.split("|")[1] if line.startswith("| `") else ""
        for key in re.findall(r"`([A-Za-z_]+)[^`]*`", cell):
            if key != "type" and key not in keys:
                keys.append(key)
    return keys


def members(node):
    """Every member of every `operators` list below a node of a configuration."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("operators", "metadata_operators") and isinstance(value, list):
                yield from (m for m in value if isinstance(m, dict))
            yield from members(value)
    elif isinstance(node, list):
        for value in node:
            yield from members(value)


def uses(root):
    """{(type, option): [AREA/CASE]}; the option "" stands for the operator itself."""
    import yaml
    found = {}
    for path in sorted(glob.glob(root + "/conformance/cases/*/*/*.yaml")):
        if os.path.basename(path) == "case.yaml":
            continue
        case = "/".join(path.split("/")[-3:-1])
        try:
            with open(path, encoding="utf-8") as f:
                config = yaml.safe_load(f)
        except (yaml.YAMLError, UnicodeDecodeError):
            continue  # cases of broken files
        for member in members(config):
            kind = member.get("type")
            if not isinstance(kind, str):
                continue
            for option in ["", *member]:
                cases = found.setdefault((kind, option), [])
                if case not in cases:
                    cases.append(case)
    return found


def cell(cases, failing):
    names = ["`%s`%s" % (c, " (differs)" if c in failing else "") for c in cases[:SHOWN]]
    more = len(cases) - len(names)
    return ", ".join(names) + (" and %d more" % more if more > 0 else "") if cases else "**none**"


def table(root):
    failing = {line.split()[0] for line in house.read(root, "conformance/expected_failures.txt").split("\n") if line and line[0] != "#"}
    found = uses(root)
    types = [name for kind, name, _ in house.component_folders(root) if kind == "operator"]
    rows = ["| operator | option | cases |", "|---|---|---|"]

    def of_all(option):
        merged = []
        for name in types:
            merged += [c for c in found.get((name, option), []) if c not in merged]
        return merged

    for option in COMMON + PARSERS:
        rows.append("| any | `%s` | %s |" % (option, cell(of_all(option), failing)))
    for name in types:
        rows.append("| `%s` | | %s |" % (name, cell(found.get((name, ""), []), failing)))
        readme = house.read(root, "components/operator/%s/README.md" % name)
        for option in options(readme):
            if option in COMMON or (option in PARSERS and name not in ("time_parser", "severity_parser", "trace_parser", "scope_name_parser")):
                continue
            rows.append("| | `%s` | %s |" % (option, cell(found.get((name, option), []), failing)))
    return "\n".join(rows) + "\n"


def main():
    root = sys.argv[1].rstrip("/")
    page = house.read(root, PAGE)
    problems = []
    if BEGIN not in page or END not in page:
        house.finish(["%s: no marks %s and %s" % (PAGE, BEGIN, END)], 1)
    before, rest = page.split(BEGIN, 1)
    old, after = rest.split(END, 1)
    new = "\n" + table(root)
    if "--write" in sys.argv[2:]:
        with open(os.path.join(root, PAGE), "w", encoding="utf-8") as f:
            f.write(before + BEGIN + new + END + after)
    elif old != new:
        problems.append("%s: the table of operators is old; renew it with conformance/house/check_matrix.py . --write" % PAGE)
    house.finish(problems, new.count("\n"))


if __name__ == "__main__":
    main()
