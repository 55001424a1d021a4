#!/usr/bin/env python3
"""Loads configurations that others wrote: upstream.py --bin AGENT --configs DIR [--verbose]

Three kinds of files are understood:
- whole configurations (a `service` block), also as the `relay` of a Kubernetes ConfigMap: validated as they are;
- test data of a component, in a folder named after it (lokiexporter, core/batchprocessor): one component per key `type[/name]`, or the whole
  file one component; each is put into a small configuration of its own;
- operators (stanza/operator/...): one operator per key, put into a filelog receiver.

Each is accepted, refused with a place (file:line:column), or names a component that the agent does not have. Some files are meant to be refused, so
a refusal is no failure here; an answer without a place, a crash or a hang is. `surprising` are refusals where neither file nor id says
bad, invalid, missing and the like: to be read by people.
"""
import argparse
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile

if os.path.isdir("/usr/lib/python3/dist-packages"):
    sys.path.append("/usr/lib/python3/dist-packages")
import yaml  # noqa: E402

KIND_SECTION = {"receiver": "receivers", "processor": "processors", "exporter": "exporters", "extension": "extensions",
                "connector": "connectors"}
FOLDERS = {"filestorage": ("extension", "file_storage"), "healthcheckextension": ("extension", "health_check")}
FILL = {"filelog": {"include": "[x.log]"}, "tcplog": {"listen_address": "127.0.0.1:0"},
        "regex_parser": {"regex": "(?P<x>.*)"}, "csv_parser": {"header": "a,b"}, "scope_name_parser": {"parse_from": "body.x"},
        "severity_parser": {"parse_from": "body.x"}, "time_parser": {"parse_from": "body.x", "layout": "'%Y'"}, "operator filter": {"expr": "'true'"},
        "syslog_parser": {"protocol": "rfc3164"}, "recombine": {"is_first_entry": "'true'", "combine_field": "body"}}
INPUTS = {"file_input": "filelog", "tcp_input": "tcplog", "udp_input": "udplog", "syslog_input": "syslog"}
MEANT = re.compile(r"bad|invalid|missing|typo|error|wrong|unused|cyclic|no_endpoint|empty|conflict|unsupported|deprecated|not_|mutually|without|unknown|"
                   r"dup|extra|both|negative", re.I)
# The words of the agent for a component it does not have.
UNKNOWN = re.compile(r'unknown type: "([^"]+)"|unsupported type \'([^\']+)\'')


class Agent:
    def __init__(self, path):
        self.path = path
        self.signals = {}  # (kind, type) -> signals it serves
        section, name = "", ""
        for line in subprocess.run([path, "components"], capture_output=True, text=True, check=True).stdout.split("\n"):
            if re.match(r"\w+:", line):
                section = line.split(":")[0]
            elif line.startswith("    - name: "):
                name = line.split(": ")[1]
                self.signals[section, name] = []
            else:
                m = re.match(r"        (logs|metrics|traces)(?:-to-\w+)?: (\w+)", line)
                if m and m.group(2) != "Undefined":
                    self.signals[section, name].append(m.group(1))

    def best(self, texts, folder, name):
        answers = []
        for text in texts:
            answers.append(self.validate(text, folder, name))
            if answers[-1][0] in ("accepted", "no place", "crash", "hang"):
                return answers[-1]
        return answers[0]

    def validate(self, text, folder, name):
        path = os.path.join(folder, name + ".yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        env = dict(os.environ, MY_POD_IP="127.0.0.1", K8S_NODE_NAME="node", K8S_POD_NAME="pod", GOGC="80")
        try:
            run = subprocess.run([self.path, "validate", "--config", path], capture_output=True, text=True, errors="replace", timeout=20, env=env)
        except subprocess.TimeoutExpired:
            return "hang", ""
        output = (run.stdout + run.stderr).replace(path, "CONFIG").strip()
        if run.returncode == 0:
            return "accepted", output
        if run.returncode != 1:
            return "crash", "exit code %d\n%s" % (run.returncode, output)
        errors = [e for e in re.sub(r"^Error: ", "", output, flags=re.M).split("\n") if not re.match(r"\d{4}/\d\d/\d\d |warning: ", e)]
        if UNKNOWN.search(output):
            return "unknown component", "\n".join(errors)
        if re.match(r"CONFIG:\d+:\d+: ", errors[0] if errors else ""):
            return "refused", "\n".join(errors)
        return "no place", "\n".join(errors)


def value(node, key):
    if isinstance(node, yaml.MappingNode):
        for k, v in node.value:
            if isinstance(k, yaml.ScalarNode) and k.value == key:
                return v
    return None


def block(node, indent):
    """The node as YAML text below a key."""
    if isinstance(node, yaml.ScalarNode) and node.value == "":
        return ""
    node.flow_style = False
    text = yaml.serialize(node, allow_unicode=True, width=100000).rstrip("\n")
    text = re.sub(r"\n\.\.\.$", "", text)
    if isinstance(node, yaml.ScalarNode):
        return " " + text
    return "\n" + "\n".join(" " * indent + line for line in text.split("\n"))


def pipelines(kind, key, signal):
    if kind == "extension":
        return "service:\n  extensions: [%s]\n  pipelines:\n    logs: {receivers: [nop], exporters: [nop]}\n" % key
    return "service:\n  pipelines:\n    %s: {receivers: [%s], processors: [%s], exporters: [%s]}\n" % (
        signal, key if kind == "receiver" else "nop", key if kind == "processor" else "", key if kind == "exporter" else "nop")


def fill(type_, node, operator=False):
    """Settings that test data leaves out because nothing is built from it there."""
    for key, text in FILL.get(type_, FILL.get("operator " + type_, {}) if operator else {}).items():
        if isinstance(node, yaml.MappingNode) and value(node, key) is None:
            node.value.append((yaml.compose(key), yaml.compose(text)))


def wrap(agent, kind, type_, key, node):
    """One configuration per signal that the component serves: settings for one signal may not do for another."""
    fill(type_, node)
    text = ""
    for other in ("receiver", "exporter"):
        text += "%s:\n" % KIND_SECTION[other] + ("  nop:\n" if kind != other else "  nop:\n  %s:%s\n" % (key, block(node, 4)))
    if kind not in ("receiver", "exporter"):
        text += "%s:\n  %s:%s\n" % (KIND_SECTION[kind], key, block(node, 4))
    return [text + pipelines(kind, key, s) for s in agent.signals.get((KIND_SECTION[kind], type_)) or ["logs"]]


def component_of(path):
    """(kind, type) that a path's folders name, or None."""
    for part in reversed(path.split(os.sep)[:-1]):
        if part in FOLDERS:
            return FOLDERS[part]
        m = re.match(r"(\w+?)(receiver|processor|exporter|extension|connector)$", part)
        if m:
            return m.group(2), m.group(1)
    return None


def cases(agent, root, path):
    """(id, whole configurations as text) of everything in a file; accepted when one of them is."""
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as f:
        text = f.read()
    try:
        documents = [d for d in yaml.compose_all(text) if d is not None]
    except yaml.YAMLError:
        yield "", [text]  # not YAML: the agent has to say so
        return
    for node in documents:
        relay = value(value(node, "data"), "relay")
        if relay is not None:
            yield "relay", [relay.value]
        elif value(value(node, "service"), "pipelines") is not None:
            yield "", [text]
        elif "stanza" + os.sep + "operator" in path and isinstance(node, yaml.MappingNode):
            for k, v in node.value:
                kind = value(v, "type")
                if kind is None or kind.value == "helpers_test":  # a type that only unit tests have
                    continue
                if kind.value in INPUTS:
                    v.value = [(a, b) for a, b in v.value if a.value != "type"]
                    yield k.value, wrap(agent, "receiver", INPUTS[kind.value], INPUTS[kind.value], v)
                else:
                    fill(kind.value, v, True)
                    yield k.value, [("receivers:\n  filelog:\n    include: [x.log]\n    operators:\n    - id: %s%s\nexporters:\n  nop:\n"
                                    "service:\n  pipelines:\n    logs: {receivers: [filelog], exporters: [nop]}\n"
                                    % ("under_test" if value(v, "id") is None else "", block(v, 6))).replace("- id: \n      ", "- ")]
        elif component_of(path) and isinstance(node, yaml.MappingNode):
            kind, type_ = component_of(path)
            keys = [k.value for k, _ in node.value]
            # Fragments have the type before the slash; elsewhere the file is the settings of one component.
            if all(re.sub(r"[_-]", "", k.split("/")[0]) == re.sub("_", "", type_) for k in keys):
                for k, v in node.value:
                    yield k.value, wrap(agent, kind, k.value.split("/")[0], k.value, v)
            else:
                yield "", wrap(agent, kind, type_, type_, node)


def summary(found, answers):
    """A table by origin, and the components that are missing."""
    rows, lacking = {}, {}
    for (name, _), (answer, text) in zip(found, answers):
        parts = name.split("#")[0].split("/")
        origin = "Helm chart, " + parts[1] if parts[0] == "helm" else "stanza " + parts[2] if parts[0] == "stanza" else parts[0]
        row = rows.setdefault(origin, {"accepted": 0, "refused": 0, "unknown component": 0})
        row[answer] = row.get(answer, 0) + 1
        for kind, type_ in set(re.findall(r": the reference has the (\w+) \"([^\"]+)\"", text)):
            lacking[type_ + " " + kind] = lacking.get(type_ + " " + kind, 0) + 1
    lines = ["| from | accepted | refused | lack a component |", "|---|---|---|---|"]
    for origin in sorted(rows):
        r = rows[origin]
        lines.append("| %s | %d | %d | %d |" % (origin, r["accepted"], r["refused"], r["unknown component"]))
    total = {k: sum(r[k] for r in rows.values()) for k in ("accepted", "refused", "unknown component")}
    lines.append("| all | %d | %d | %d |" % (total["accepted"], total["refused"], total["unknown component"]))
    names = sorted(lacking, key=lambda n: (-lacking[n], n))
    return "\n".join(lines) + "\n\nComponents of the reference that were asked for and are not there: %s.\n" % (
        ", ".join("%s (%d)" % (n, lacking[n]) for n in names) or "none")


def renew(path, text, write):
    """Puts the text between the marks; without `write` says whether it differs."""
    begin, end = "<!-- upstream -->\n", "<!-- /upstream -->"
    with open(path, encoding="utf-8") as f:
        page = f.read()
    before, rest = page.split(begin, 1)
    old, after = rest.split(end, 1)
    if write:
        with open(path, "w", encoding="utf-8") as f:
            f.write(before + begin + text + end + after)
        return False
    return old != text


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", required=True)
    ap.add_argument("--configs", required=True)
    ap.add_argument("--verbose", action="store_true", help="print every answer")
    ap.add_argument("--doc", help="page with a summary between its marks; says when it is old")
    ap.add_argument("--write", action="store_true", help="renew the summary instead")
    o = ap.parse_args()
    agent = Agent(os.path.abspath(o.bin))
    found = []
    for d, _, names in os.walk(o.configs):
        for n in names:
            if n.endswith((".yaml", ".yml")):
                path = os.path.relpath(os.path.join(d, n), o.configs)
                found += [(path + ("#" + i if i else ""), text) for i, text in cases(agent, o.configs, path)]
    found.sort()
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda c: agent.best(c[1][1], scratch, str(c[0])), enumerate(found)))
    count = {}
    for (name, _), (answer, text) in zip(found, answers):
        count[answer] = count.get(answer, 0) + 1
        surprising = answer == "refused" and not MEANT.search(name.replace("testdata", ""))
        if surprising:
            count["surprising"] = count.get("surprising", 0) + 1
        if o.verbose or surprising or answer in ("no place", "crash", "hang", "unknown component"):
            print("%s%s: %s" % ("surprising: " if surprising else "", answer, name))
            if answer != "accepted":
                print("    " + text.replace("\n", "\n    "))
    old = o.doc and renew(o.doc, summary(found, answers), o.write)
    if old:
        print("%s: the summary is old; renew it with --doc and --write" % o.doc)
    print("%d configurations: %s" % (len(found), ", ".join("%d %s" % (n, a) for a, n in sorted(count.items()))))
    sys.exit(1 if not found or any(a in ("no place", "crash", "hang") for a in count) else 0)


if __name__ == "__main__":
    main()
