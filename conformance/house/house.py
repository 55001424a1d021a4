"""What the checks of the house share: walking the source tree, reporting."""
import os
import sys

SKIP_DIRS = {"build", "node_modules", "__pycache__"}
KINDS = ["receiver", "processor", "exporter", "connector", "extension", "operator"]


def files(root, *folders, ends=("",)):
    """Paths below `folders` of the tree, relative to it, sorted; hidden folders and build output are left out."""
    found = []
    for folder in folders:
        for d, subdirs, names in os.walk(os.path.join(root, folder)):
            subdirs[:] = [s for s in subdirs if s not in SKIP_DIRS and not s.startswith(".")]
            found += [os.path.relpath(os.path.join(d, n), root) for n in names if n.endswith(tuple(ends))]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


def component_folders(root):
    """(kind, type, folder) of every component."""
    out = []
    for kind in KINDS:
        base = os.path.join(root, "components", kind)
        for name in sorted(os.listdir(base)) if os.path.isdir(base) else []:
            if os.path.isfile(os.path.join(base, name, "CMakeLists.txt")):
                out.append((kind, name, "components/%s/%s" % (kind, name)))
    return out


def finish(problems, checked):
    """Prints the problems, ends the program."""
    for p in problems:
        print(p)
    print("%d checked, %d problems" % (checked, len(problems)))
    sys.exit(1 if problems or not checked else 0)
