#!/usr/bin/env python3
"""The form of our files: check_sources.py ROOT

Sources are ASCII, have at most 600 lines, begin as headers and sources should, and no file promises what is not there.
"""
import re
import sys

import house

MAX_LINES = 600
MAX_COLUMNS = 165  # the formatter breaks code at 120 (docs/decisions/0004); what it leaves alone, comments, ends here
# Words of unfinished work, of hurry, of people. In code they are looked for in comments only: `stub` is a word of gRPC's interface, "Not Implemented" of HTTP.
WORDS = re.compile(r"\b(stubs?|stubbed|placeholders?|not (yet )?implemented|unimplemented|fixme|xxx|hack|for now|"
                   r"temporar(y|ily) (solution|workaround))\b|\bTODO\b(?!\(#\d+\))", re.I)
# Terms that contain such a word and mean something else.
FINE = re.compile(r"gRPC stubs?|generated stubs?|UNIMPLEMENTED|codes?\.Unimplemented|501 Not Implemented|`unimplemented`", re.I)
CODE = (".h", ".cc")


def comment_lines(text):
    """(line number, text) of what stands in // comments, strings left out roughly: a // after an odd number of quotes is text."""
    for n, line in enumerate(text.split("\n"), 1):
        at = line.find("//")
        while at >= 0 and line[:at].replace('\\"', "").count('"') % 2:
            at = line.find("//", at + 2)
        if at >= 0:
            yield n, line[at:]


def word_problems(path, text):
    lines = comment_lines(text) if path.endswith(CODE) else enumerate(text.split("\n"), 1)
    for n, line in lines:
        m = WORDS.search(FINE.sub("", line))
        if m:
            yield "%s:%d: the word %r says that something is missing; finish it or say what is" % (path, n, m.group(0))


def code_problems(path, text):
    lines = text.split("\n")
    if len(lines) - 1 > MAX_LINES:
        yield "%s: %d lines, at most %d" % (path, len(lines) - 1, MAX_LINES)
    for n, line in enumerate(lines, 1):
        if not line.isascii():
            yield "%s:%d: not ASCII; write an escape" % (path, n)
        if "\t" in line or line.rstrip() != line:
            yield "%s:%d: a tab, or space at the end" % (path, n)
        if len(line) > MAX_COLUMNS:
            yield "%s:%d: %d columns" % (path, n, len(line))
    if path.endswith(".h") and "\n#pragma once\n" not in text:
        yield "%s: a header needs #pragma once" % path
    if path.endswith(".h") and not text.startswith("//"):
        yield "%s: a header begins with a comment that says what it is for" % path
    if not text.endswith("\n"):
        yield "%s: no newline at the end" % path


def main():
    root = sys.argv[1]
    problems, n = [], 0
    for path in house.files(root, "libotelpipe", "components", "examples", "conformance/bench", ends=CODE):
        n += 1
        problems += code_problems(path, house.read(root, path))
    text_files = house.files(root, "libotelpipe", "components", "examples", "docs", "conformance/bench", "conformance/house",
                             ends=CODE + (".md", ".txt", ".cmake", ".py", ".in", ".proto"))
    for path in text_files + ["README.md", "CMakeLists.txt", "dev", "conformance/run.py", "conformance/README.md"]:
        if path in ("conformance/house/check_sources.py", "conformance/house/house_test.py"):
            continue  # they name the words
        n += 1
        problems += word_problems(path, house.read(root, path))
    house.finish(problems, n)


if __name__ == "__main__":
    main()
