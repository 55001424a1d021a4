#!/usr/bin/env python3
"""Who may include whom: check_includes.py ROOT

Rooms of the library (libotelpipe/src/<room> and the public headers, each of which belongs to a room), components and examples. The table
below is the rule; docs/architecture.md gives the reasons.
"""
import os
import re
import sys

import house

# room -> rooms whose headers, public or private, it may include.
MAY = {
    "base": [],
    "config": ["base"],
    "pdata": ["base"],
    "component": ["base", "config", "pdata"],
    "runtime": ["base", "component"],
    "queue": ["base", "config", "pdata", "component", "runtime"],
    "regex": ["base"],
    "timeparse": ["base"],
    "operator": ["base", "config", "pdata", "component", "regex", "timeparse"],
    "graph": ["base", "config", "pdata", "component", "runtime"],
    "plugin": ["base", "component", "service"],
    "service": ["base", "config", "pdata", "component", "runtime", "queue", "graph", "operator"],
    "inspect": ["base", "config", "pdata", "component", "runtime", "operator", "timeparse", "regex", "graph", "service", "testing"],
    "testing": ["base", "config", "pdata", "component", "operator", "service"],
}
# The component room names operators once, in the registry that holds their factories.
EXCEPTIONS = {
    ("libotelpipe/src/component/registry.cc", "otelpipe/operator/operator.h"),
}

# Public headers that are not in a folder named after their room.
ROOM_OF_HEADER = {
    "config.h": "config", "registry.h": "component", "service.h": "service", "log_sink.h": "service", "gates.h": "service",
    "plugin.h": "plugin", "inspect.h": "inspect", "version.h": "base",
    "component/config_node.h": "config", "component/fields.h": "config", "component/fields_inl.h": "config", "component/ids.h": "config",
    "component/schema.h": "config",
}
FOREIGN_IN_PUBLIC = re.compile(r"^(yaml-cpp/|google/|grpc|simdjson|protozero/|re2/|openssl/|boost/|asio)")


def room_of_public(header):
    name = header[len("otelpipe/"):]
    return ROOM_OF_HEADER.get(name) or name.split("/")[0]


def includes(text):
    for n, line in enumerate(text.split("\n"), 1):
        m = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if m:
            yield n, m.group(2)


def check_room(room, path, header, is_test):
    """The reason against `header` in a file of the library, or None."""
    if header.startswith("otelpipe/"):
        other = room_of_public(header)
    elif header.split("/")[0] in MAY and "/" in header:
        other = header.split("/")[0]
    elif header.startswith("shared/"):
        return "the library may not use components/shared"
    elif re.match(r"(receiver|processor|exporter|extension|connector)/", header):
        return "the library may not use components"
    else:
        return None
    if other not in MAY:
        return "a public header of no known room"
    if other == room or other in MAY[room] or (path, header) in EXCEPTIONS or (is_test and other == "testing"):
        return None
    return "room %s may not include room %s" % (room, other)


def check_file(path, header):
    is_test = path.endswith(("_test.cc", "_test.h", "_fuzz.cc"))
    parts = path.split("/")
    if path.startswith("libotelpipe/include/otelpipe/"):
        if FOREIGN_IN_PUBLIC.match(header):
            return "a public header may not show this library"
        room = room_of_public("otelpipe/" + "/".join(parts[3:]))
        return check_room(room, path, header, False) if room in MAY else "a public header of no known room"
    if path.startswith("libotelpipe/src/"):
        if header.startswith("yaml-cpp/") and parts[2] != "config":
            return "yaml-cpp is known to room config alone"
        if header.startswith("grpc"):
            return "core links without gRPC"
        if header.startswith("boost/") and parts[2] != "runtime":
            return "Asio is known to room runtime alone"
        return check_room(parts[2], path, header, is_test)
    if path.startswith("libotelpipe/agent/"):
        first = header.split("/")[0]
        return "the agent uses public headers only" if first in MAY or first in house.KINDS + ["shared"] else None
    if path.startswith("components/"):
        own = "/".join(parts[1:3]) + "/"
        if header.startswith(("otelpipe/", "shared/")):
            return None
        if "/testing/" in header and is_test:
            return None
        if re.match(r"(receiver|processor|exporter|extension|connector|operator|shared)/", header):
            return None if header.startswith(own) else "a component may not include another one; share it through components/shared"
        if header.split("/")[0] in MAY and "/" in header:
            return None if is_test and header == "runtime/runtime.h" else "a component sees otelpipe/... and shared/... only"
        return None
    if path.startswith("examples/"):
        return "examples use installed headers only" if header.startswith("shared/") or "/src/" in header else None
    return None


def lacks_target(path, header, cmake_lists):
    """The reason against a header of simdjson in `path`, whose folder's CMakeLists.txt reads `cmake_lists`, or None.

    Its target carries definitions that decide how large its types are: without them two files disagree about the same type."""
    if header == "simdjson.h" and "simdjson::simdjson" not in cmake_lists:
        return "the folder's CMakeLists.txt must name simdjson::simdjson"
    return None


def cmake_lists_over(root, path):
    """The CMakeLists.txt of the folder of `path`, or of the nearest one above it."""
    while path:
        path = os.path.dirname(path)
        name = os.path.join(path, "CMakeLists.txt")
        if os.path.isfile(os.path.join(root, name)):
            return house.read(root, name)
    return ""


def main():
    root = sys.argv[1]
    problems, n = [], 0
    for path in house.files(root, "libotelpipe", "components", "examples", ends=(".h", ".cc")):
        for line, header in includes(house.read(root, path)):
            n += 1
            why = check_file(path, header)
            if not why and header == "simdjson.h":
                why = lacks_target(path, header, cmake_lists_over(root, path))
            if why:
                problems.append("%s:%d: %s: %s" % (path, line, header, why))
    rooms = {d for d in os.listdir(os.path.join(root, "libotelpipe/src"))}
    problems += ["libotelpipe/src/%s: not in the table of rooms" % r for r in sorted(rooms - set(MAY))]
    house.finish(problems, n)


if __name__ == "__main__":
    main()
