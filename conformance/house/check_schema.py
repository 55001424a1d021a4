#!/usr/bin/env python3
"""The table of fields in the code and the Configuration table in the README name the same keys: check_schema.py ROOT AGENT

The code's side comes from `AGENT components --schema all`. Of the README the first table below `## Configuration` whose first column is `key`
counts: every top-level key of the component must be named there (`a.b` names both), and every key named there must exist. A cell with ` ...` after a key
stands for the rest of a shared block (HTTP client, HTTP server). Keys that every operator has may be left out.
"""
import json
import re
import subprocess
import sys

import house

COMMON = {"operator": {"type", "id", "output", "on_error", "if", "parse_from", "parse_to", "body", "timestamp", "severity", "trace", "scope_name"},
          "receiver": {"type", "id"}}


def named_keys(readme):
    """Keys of the first table of the Configuration section, and whether a row says `...`. None without such a table."""
    m = re.search(r"^## Configuration\s*$(.*?)(?=^## |\Z)", readme, re.M | re.S)
    section = m.group(1) if m else ""
    rows, inside = [], False
    for line in section.split("\n"):
        if re.match(r"\|\s*(key|Key)\s*\|", line):
            inside = True
        elif inside and line.startswith("|"):
            rows.append(line.split("|")[1])
        elif inside:
            break
    if not rows:
        return None, False, section
    keys = {k for row in rows for k in re.findall(r"`([^`]+)`", row)}
    return keys, any(" ..." in row for row in rows), section


def names(schema, found=None):
    """Every name of a setting, at any depth."""
    found = set() if found is None else found
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == "properties":
                found |= set(value)
            names(value, found)
    elif isinstance(schema, list):
        for value in schema:
            names(value, found)
    return found


def described(schema, dotted):
    """Whether the last name of the path is one of the schema's, or stands below a setting whose inside the schema does not describe."""
    parts = dotted.replace("[]", "").split(".")
    if parts[-1] in names(schema):
        return True
    at = schema
    for part in parts:
        options = [at] + at.get("anyOf", [])
        options += [o["items"] for o in options if isinstance(o.get("items"), dict)]
        properties = next((o["properties"] for o in options if "properties" in o), None)
        if properties is None:
            return at is not schema
        if part not in properties:
            return False
        at = properties[part]
    return True


def problems_of(name, schema, readme):
    kind = name.split("/")[0]
    have = set(schema.get("properties", {}))
    keys, rest, section = named_keys(readme)
    if keys is None:
        needed = {k for k in have if not schema["properties"][k].get("deprecated")} - COMMON.get(kind, set())
        if needed:
            yield "no table of keys; the code has %s" % ", ".join(sorted(needed))
        return
    top = {part for k in keys for part in re.split(r"[.\[\]]+", k)}
    missing = have - top - COMMON.get(kind, set()) - {k for k in have if "`%s`" % k in section}
    if missing and not rest:
        yield "keys of the code that the table lacks: " + ", ".join(sorted(missing))
    strange = sorted(k for k in keys if not described(schema, k))
    # The table may tell of keys that are refused; those are not in the schema.
    strange = [k for k in strange if not re.search(r"`%s`[^\n]*(refused|not supported)" % re.escape(k), section)]
    if strange:
        yield "keys of the table that the code does not have: " + ", ".join(strange)


def main():
    root, agent = sys.argv[1:3]
    run = subprocess.run([agent, "components", "--schema", "all"], capture_output=True, text=True, check=True)
    schemas = json.loads(run.stdout)
    problems, n = [], 0
    folders = {kind + "/" + name: folder for kind, name, folder in house.component_folders(root)}
    for name, schema in schemas.items():
        # A second type that one folder registers (the exporter `logging` of debug) has no folder of its own.
        if name not in folders:
            continue
        n += 1
        try:
            readme = house.read(root, folders[name] + "/README.md")
        except OSError:
            continue  # told by check_components.py
        problems += ["%s/README.md: %s" % (folders[name], p) for p in problems_of(name, schema, readme)]
    house.finish(problems, n)


if __name__ == "__main__":
    main()
