#!/usr/bin/env python3
"""Documentation does not rot: check_docs.py ROOT

- A link to a file or folder leads there; `#part` names a heading of that page.
- In docs/ and the root README each ```cpp and ```cmake block has a comment `<!-- from: PATH -->` above it, and its lines occur in that file in
  this order, indented as one likes. A line of three dots leaves something out. Blocks in other languages may have such a comment, and are then
  held to it.
"""
import os
import re
import sys

import house


def slug(heading):
    text = re.sub(r"[`*]", "", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def without_code(text):
    return re.sub(r"^```.*?^```\s*$", lambda m: "\n" * m.group(0).count("\n"), text, flags=re.M | re.S)


def link_problems(root, path, text):
    for n, line in enumerate(without_code(text).split("\n"), 1):
        for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, part = target.partition("#")
            to = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(os.path.join(root, to)):
                yield "%s:%d: the link leads nowhere: %s" % (path, n, target)
            elif part and to.endswith(".md"):
                if part not in {slug(h) for h in re.findall(r"^#+ (.+)$", without_code(house.read(root, to)), re.M)}:
                    yield "%s:%d: %s has no heading for #%s" % (path, n, to, part)


def blocks(text):
    """(line number, language, line above, lines) of each fenced block."""
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        m = re.match(r"^```(\w*)", lines[i])
        if not m:
            i += 1
            continue
        end = next((j for j in range(i + 1, len(lines)) if lines[j].startswith("```")), len(lines))
        above = next((lines[j] for j in range(i - 1, -1, -1) if lines[j].strip()), "")
        yield i + 1, m.group(1), above, lines[i + 1:end]
        i = end + 1


def code_problems(root, path, text):
    for n, language, above, lines in blocks(text):
        m = re.match(r"<!-- from: (\S+) -->", above)
        if not m:
            if language in ("cpp", "cmake"):
                yield "%s:%d: a %s block needs `<!-- from: PATH -->` above it" % (path, n, language)
            continue
        if not os.path.isfile(os.path.join(root, m.group(1))):
            yield "%s:%d: no file %s" % (path, n, m.group(1))
            continue
        source = [s.strip() for s in house.read(root, m.group(1)).split("\n")]
        at = 0
        for line in lines:
            line = line.strip()
            if not line or line in ("...", "// ...", "# ..."):
                continue
            try:
                at = source.index(line, at) + 1
            except ValueError:
                yield "%s:%d: %s has no such line (from its line %d on): %s" % (path, n, m.group(1), at, line)
                break


def main():
    root = sys.argv[1]
    problems, n = [], 0
    pages = house.files(root, "docs", "components", "examples", "libotelpipe", "conformance", ends=(".md",)) + ["README.md"]
    for path in pages:
        text = house.read(root, path)
        n += 1
        problems += link_problems(root, path, text)
        if path.startswith("docs/") or path == "README.md":
            problems += code_problems(root, path, text)
    house.finish(problems, n)


if __name__ == "__main__":
    main()
