#!/usr/bin/env python3
"""Every setting of every component, with the conformance cases that use it: compatibility.py ROOT AGENT [--write | --strict]

Rows come from the field tables of the code (`AGENT components --schema all`), counts from the configurations in
conformance/cases. Without --write it says which components and settings docs/compatibility.md lacks or still has, and fails with
--strict: a page that lags behind for a while is no mistake of a change. Counts may always lag behind.
"""
import json
import os
import re
import subprocess
import sys

import house

if os.path.isdir("/usr/lib/python3/dist-packages"):
    sys.path.append("/usr/lib/python3/dist-packages")
import yaml  # noqa: E402

BEGIN, END = "<!-- settings -->", "<!-- /settings -->"
SECTIONS = {"receivers": "receiver", "processors": "processor", "exporters": "exporter", "connectors": "connector", "extensions": "extension"}
DEEPEST = 2


def block(schema):
    """The object that a setting holds, also where it may be null or a list; None for plain values and free maps."""
    for s in [schema] + schema.get("anyOf", []):
        if "properties" in s:
            return s
        items = s.get("items")
        if isinstance(items, dict) and block(items):
            return block(items)
    return None


def settings(schema, path=""):
    """(dotted path, default) down to DEEPEST levels."""
    for key, value in sorted(schema.get("properties", {}).items()):
        if value.get("deprecated"):
            continue
        inner = block(value)
        dotted = path + key
        if inner and dotted.count(".") + 1 < DEEPEST:
            yield from settings(inner, dotted + ".")
        else:
            yield dotted, value.get("default")


def used(value, path=""):
    """Dotted paths of all keys in a decoded YAML value."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield path + str(k)
            yield from used(v, path + str(k) + ".")
    elif isinstance(value, list):
        for v in value:
            yield from used(v, path)


def count(root, names):
    """{component: {path: number of cases}}, {component: number of cases}."""
    paths, cases = {}, {}
    aliases = {"receiver/file_log": "receiver/filelog", "receiver/tcp_log": "receiver/tcplog", "receiver/udp_log": "receiver/udplog",
               "exporter/otlp_grpc": "exporter/otlp", "exporter/otlp_http": "exporter/otlphttp"}
    for folder, _, files in sorted(os.walk(os.path.join(root, "conformance", "cases"))):
        seen, components = set(), set()
        for name in files:
            if not name.endswith(".yaml") or name == "case.yaml":
                continue
            try:
                with open(os.path.join(folder, name), encoding="utf-8") as f:
                    data = yaml.safe_load(f)
            except (yaml.YAMLError, UnicodeDecodeError):
                continue  # a case about broken YAML
            if not isinstance(data, dict):
                continue
            for section, kind in SECTIONS.items():
                for key, value in (data.get(section) or {}).items() if isinstance(data.get(section), dict) else []:
                    component = kind + "/" + str(key).split("/")[0].strip()
                    component = aliases.get(component, component)
                    if component not in names:
                        continue
                    components.add(component)
                    seen |= {(component, p) for p in used(value)}
                    for o in operators(value):
                        operator = "operator/" + str(o.get("type"))
                        components.add(operator)
                        seen |= {(operator, p) for p in used(o)}
        for component in components:
            cases[component] = cases.get(component, 0) + 1
        for component, path in seen:
            of = paths.setdefault(component, {})
            of[path] = of.get(path, 0) + 1
    return paths, cases


def operators(value):
    if isinstance(value, dict) and isinstance(value.get("operators"), list):
        for o in value["operators"]:
            if isinstance(o, dict):
                yield o


def shown(default):
    if default is None or default == "":
        return ""
    if isinstance(default, bool):
        return "`true`" if default else "`false`"
    return "`%s`" % str(default).replace("|", "\\|")


def page(root, schemas):
    paths, cases = count(root, set(schemas))
    folders = {kind + "/" + name: folder for kind, name, folder in house.component_folders(root)}
    order = ["receiver", "processor", "exporter", "connector", "extension", "operator"]
    lines = []
    for kind in order:
        for name in sorted(n for n in schemas if n.startswith(kind + "/") and n in folders):
            lines += ["", "## %s `%s`" % (kind, name.split("/")[1]), "",
                      "[README](../%s/README.md); in %d cases." % (folders[name], cases.get(name, 0))]
            rows = list(settings(schemas[name]))
            if rows:
                lines += ["", "| setting | default | cases |", "|---|---|---|"]
            for path, default in rows:
                lines.append("| `%s` | %s | %s |" % (path, shown(default), paths.get(name, {}).get(path, "")))
    return "\n".join(lines) + "\n\n"


def named(text):
    """{component: settings} of a page."""
    out, at = {}, None
    for line in text.split("\n"):
        m = re.match(r"## (\w+) `([^`]+)`", line)
        if m:
            at = out.setdefault(m.group(1) + "/" + m.group(2), set())
        m = re.match(r"\| `([^`]+)` \|", line)
        if m and at is not None:
            at.add(m.group(1))
    return out


def main():
    root, agent = sys.argv[1:3]
    run = subprocess.run([agent, "components", "--schema", "all"], capture_output=True, text=True, check=True)
    text = page(root, json.loads(run.stdout))
    path = os.path.join(root, "docs", "compatibility.md")
    with open(path, encoding="utf-8") as f:
        before, rest = f.read().split(BEGIN, 1)
    old, after = rest.split(END, 1)
    problems = []
    if "--write" in sys.argv[3:]:
        with open(path, "w", encoding="utf-8") as f:
            f.write(before + BEGIN + "\n" + text + END + after)
    else:
        was, now = named(old), named(text)
        for name in sorted(set(was) | set(now)):
            for what in sorted(was.get(name, set()) ^ now.get(name, set())) or ([""] if (name in was) != (name in now) else []):
                side = "lacks" if what in now.get(name, set()) or name not in was else "still has"
                problems.append("docs/compatibility.md: %s %s %s; renew it with conformance/house/compatibility.py . AGENT --write" % (side, name, what))
    if "--strict" not in sys.argv[3:]:
        for p in problems:
            print(p)
        problems = []
    house.finish(problems, len(named(text)))


if __name__ == "__main__":
    main()
