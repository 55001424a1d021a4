#!/usr/bin/env python3
"""A plugin finds in the agent whatever the library offers: check_exports.py LIBRARY.a AGENT

Every function and object of namespace otelpipe that the archive defines must be in the dynamic symbol table of the program.
"""
import re
import subprocess
import sys

import house


def symbols(*command):
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = set()
    for line in out.split("\n"):
        m = re.match(r"^[0-9a-f]+ ([A-Za-z]) (\S+)$", line)
        if m:
            found.add((m.group(1), m.group(2)))
    return found


def main():
    library, agent = sys.argv[1:3]
    # T: functions, D, B, R: objects. What inline code emits (W, V, u) each plugin has itself.
    ours = {name for kind, name in symbols("nm", "--defined-only", library) if kind in "TDBR" and name.startswith(("_ZN8otelpipe", "_ZNK8otelpipe", "_ZTVN8otelpipe"))}
    there = {name for _, name in symbols("nm", "-D", "--defined-only", agent)}
    missing = sorted(ours - there)
    names = subprocess.run(["c++filt"], input="\n".join(missing), capture_output=True, text=True).stdout.split("\n") if missing else []
    house.finish(["not exported: " + n for n in names if n], len(ours))


if __name__ == "__main__":
    main()
