#!/usr/bin/env python3
"""Boots what the collector's Helm chart makes: helm.py --bin AGENT --configs DIR [--filter GLOB]

DIR holds rendered configurations (`relay`), alone or in a ConfigMap. Each is started as it is; what is not this machine's is set by --set and
the environment: addresses of servers, folders of the node, MY_POD_IP. A file named seed-daemonset.yaml is the deployment of
`examples/minikube` in its first form: pod logs of three runtimes, traces and metrics go in, and what Loki and Tempo get is compared. The
others must become healthy, take OTLP and pod logs, show them in `debug` and stop cleanly; components that the agent does not have are taken out
of them first, and are named. What is refused besides must be refused with a place.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "examples", "minikube", "check")]
import cluster  # noqa: E402
from kit.rows import flatten  # noqa: E402
from kit.sink import Sink, sink_otlp  # noqa: E402
from kit.wire import pb_decode, snappy_decode  # noqa: E402
import yaml  # noqa: E402

PORTS = (4317, 4318, 8888, 13133)
SECTIONS = ("receivers", "processors", "exporters", "extensions", "connectors")
UNKNOWN = re.compile(r"'(\w+)' unknown type: \"[^\"]*\" for id: \"([^\"]*)\"")
UID = "0a1b2c3d-1111-4222-8333-444455556666"
TRACE, SPAN = "0102030405060708090a0b0c0d0e0f10", "0102030405060708"
# (pod, container, line of the runtime, what the application wrote or None where the seed's router drops the line)
SEED_LINES = [
    ("shop_checkout-5d9c7b6f4-x2x7k", "app", '2024-04-02T08:15:01.000000001Z stdout F {"msg":"paid","trace_id":"%s"}' % TRACE,
     ("stdout", "F", '{"msg":"paid","trace_id":"%s"}' % TRACE, 1712045701000000001)),
    ("shop_checkout-5d9c7b6f4-x2x7k", "app", "2024-04-02T08:15:02.5Z stderr F caf\u00e9 <closed>", ("stderr", "F", "caf\u00e9 <closed>", 1712045702500000000)),
    ("shop_cart-77f5d-abcde", "cart", "2024-04-02T08:15:03.25Z stdout P a line cut ", ("stdout", "P", "a line cut", 1712045703250000000)),
    ("shop_cart-77f5d-abcde", "cart", "2024-04-02T08:15:03.26Z stdout F in two", ("stdout", "F", "in two", 1712045703260000000)),
    ("kube-system_proxy-abcde", "crio", "2024-04-02T10:15:04.5+02:00 stdout F of CRI-O", None),
    ("kube-system_old-0", "docker", '{"log":"of Docker\\n","stream":"stdout","time":"2024-04-02T08:15:05.5Z"}', None),
]
# (pod, container, lines of the runtime, body that the chart's own operators make of them)
CHART_LINES = [
    ("shop_checkout-5d9c7b6f4-x2x7k", "app", ["2024-04-02T08:15:01.000000001Z stdout F of containerd"], "of containerd"),
    ("shop_cart-77f5d-abcde", "cart", ["2024-04-02T10:15:03.25+02:00 stdout P of CRI-O, cut ", "2024-04-02T10:15:03.26+02:00 stdout F in two"],
     r"of CRI-O, cut ?in two"),
    ("kube-system_old-0", "docker", ['{"log":"of Docker\\n","stream":"stderr","time":"2024-04-02T08:15:05.5Z"}'], "of Docker"),
]


def relay_of(path):
    """The configuration in a file: as it is, or under `relay` of a ConfigMap."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    for document in yaml.safe_load_all(text):
        if isinstance(document, dict) and isinstance(document.get("data"), dict) and "relay" in document["data"]:
            return document["data"]["relay"]
    return text


def without(config, missing):
    """The configuration without some components: (section, id) taken out of the sections and the pipelines; empty pipelines go too."""
    for section, name in missing:
        config.get(section, {}).pop(name, None)
        service = config["service"]
        if section == "extensions":
            service["extensions"] = [e for e in service.get("extensions", []) if e != name]
        for pipeline in service["pipelines"].values():
            if section in pipeline:
                pipeline[section] = [c for c in pipeline[section] or [] if c != name]
    config["service"]["pipelines"] = {k: p for k, p in config["service"]["pipelines"].items() if p.get("receivers") and p.get("exporters")}
    return config


class Relay:
    """One configuration in a folder of its own, and the agent that runs it."""

    def __init__(self, binary, folder, text):
        self.binary, self.folder, self.config = binary, folder, yaml.safe_load(text)
        self.path, self.logs = os.path.join(folder, "relay.yaml"), os.path.join(folder, "pods")
        self.checkpoints = os.path.join(folder, "checkpoints")
        os.makedirs(self.logs)
        os.makedirs(self.checkpoints)
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(text)
        self.ip = cluster.address_with_free_ports(PORTS)
        names = {"NODE_NAME": "node-1", "NODE_IP": self.ip, "NAMESPACE": "default", "POD_NAME": "otel-abcde", "POD_IP": self.ip, "POD_UID": UID}
        self.env = {**cluster.own_environment(), **{p + k: v for p in ("K8S_", "OTEL_K8S_") for k, v in names.items()},
                    "MY_POD_IP": self.ip, "MY_POD_NAME": "otel-abcde", "GOMEMLIMIT": "409MiB"}
        self.sets = {}
        for name in self.config.get("receivers", {}):
            if name in ("filelog", "file_log"):
                self.sets["receivers.%s.include" % name] = "[%s/*/*/*.log]" % self.logs
        if "file_storage" in (self.config.get("extensions") or {}):
            self.sets["extensions.file_storage.directory"] = self.checkpoints
        if "health_check" in (self.config.get("extensions") or {}):
            self.sets["extensions.health_check.endpoint"] = self.ip + ":13133"

    def arguments(self):
        return ["--config=" + self.path] + ["--set=%s=%s" % item for item in self.sets.items()]

    def validate(self):
        done = subprocess.run([self.binary, "validate"] + self.arguments(), capture_output=True, text=True, env=self.env, timeout=30 * cluster.TIME_FACTOR)
        return done.returncode, done.stdout + done.stderr

    def write(self, pod, container, lines):
        folder = os.path.join(self.logs, "%s_%s" % (pod, UID), container)
        os.makedirs(folder, exist_ok=True)
        path = file = os.path.join(folder, "0.log")
        if container == "docker":
            # Docker keeps the file elsewhere; the pod's log is a link to it.
            file = os.path.join(self.folder, "containers", pod + "-json.log")
            os.makedirs(os.path.dirname(file), exist_ok=True)
            if not os.path.islink(path):
                os.symlink(file, path)
        with open(file, "a", encoding="utf-8") as f:
            f.write("".join(line + "\n" for line in lines))
        return path

    def start(self):
        self.agent = cluster.Process([self.binary] + self.arguments(), os.path.join(self.folder, "log"), self.env)
        port = 13133 if "health_check" in ((self.config.get("service") or {}).get("extensions") or []) else 4318

        def up():
            if not self.agent.alive():
                raise SystemExit("it did not start:\n" + self.agent.text())
            if port == 13133:
                return cluster.get("http://%s:13133/" % self.ip)
            return "Everything is ready" in self.agent.text()
        cluster.wait_for("the agent", up, 15)

    def post(self, signal, payload):
        request = urllib.request.Request("http://%s:4318/v1/%s" % (self.ip, signal), json.dumps(payload).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=5 * cluster.TIME_FACTOR) as response:
            return response.status


def text_attributes(**values):
    return [{"key": k.replace("__", "."), "value": {"stringValue": v}} for k, v in values.items()]


def spans():
    now = time.time_ns()
    return {"resourceSpans": [{"resource": {"attributes": text_attributes(service__name="checkout")}, "scopeSpans": [{"spans": [
        {"traceId": TRACE, "spanId": SPAN, "name": "POST /pay", "kind": 2, "startTimeUnixNano": str(now - 10**6), "endTimeUnixNano": str(now)}]}]}]}


def metrics():
    return {"resourceMetrics": [{"resource": {"attributes": text_attributes(service__name="checkout")}, "scopeMetrics": [{"metrics": [
        {"name": "helm.payments", "sum": {"aggregationTemporality": 2, "isMonotonic": True,
                                          "dataPoints": [{"asInt": "3", "timeUnixNano": str(time.time_ns())}]}}]}]}]}


def logs():
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "sent over OTLP"}}]}]}]}


def check_seed(report, name, relay):
    """The deployment: logs to Loki with its labels, traces to Tempo, metrics to debug."""
    loki, tempo = Sink(False), Sink(True)
    relay.sets["exporters.loki.endpoint"] = "http://127.0.0.1:%d/loki/api/v1/push" % loki.http_port
    relay.sets["exporters.otlp.endpoint"] = "127.0.0.1:%d" % tempo.grpc_port
    want = []
    for pod, container, line, made in SEED_LINES:
        path = relay.write(pod, container, [line])
        if made:
            namespace, pod_name = pod.split("_")
            labels = '{cluster="minikube", container="%s", exporter="OTLP", filename="%s", namespace="%s", pod="%s"}' % (
                container, path, namespace, pod_name)
            want.append((labels, made[3], line.rstrip(), made[:3]))
    relay.start()
    try:
        relay.post("traces", spans())
        relay.post("metrics", metrics())

        def entries():
            out = []
            for request in list(loki.requests):
                for stream in pb_decode("PushRequest", snappy_decode(request["body"])).get("streams", []):
                    for e in stream["entries"]:
                        line = json.loads(e["line"])
                        a = line["attributes"]
                        t = e["timestamp"]
                        out.append((stream["labels"], int(t["seconds"]) * 10**9 + int(t.get("nanos", 0)), line["body"], (a["stream"], a["logtag"], a["log"])))
            return out
        end = time.monotonic() + 15 * cluster.TIME_FACTOR
        while (len(entries()) < len(want) or not tempo.requests or "helm.payments" not in relay.agent.text()) and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(0.5)
        got = entries()
        report.check("%s: Loki gets the pods' lines" % name, ["missing: %s" % (w,) for w in want if w not in got] + ["extra: %s" % (g,) for g in got if g not in want]
                     + (["%d entries for %d lines" % (len(got), len(want))] if len(got) != len(want) else []))
        rows = [row for r in list(tempo.requests) for row in flatten(sink_otlp(r))]
        report.check("%s: Tempo gets the trace" % name, [] if [r["span"]["traceId"] for r in rows if "span" in r] == [TRACE] else ["it gets %s" % rows])
        report.check("%s: debug shows the metric" % name, [] if re.search(r"-> Name: helm\.payments", relay.agent.text()) else ["it does not"])
        own = cluster.get("http://%s:8888/metrics" % relay.ip)
        report.check("%s: own metrics are served" % name, [] if re.search(r'otelcol_exporter_sent_log_records\w*\{[^}]*exporter="loki"', own) else [own[:300]])
        report.check("%s: it stops cleanly" % name, ["exit code %s" % c for c in [relay.agent.stop()] if c != 0])
        # Started again it goes on from its checkpoint.
        count = len(entries())
        relay.write(SEED_LINES[0][0], SEED_LINES[0][1], ["2024-04-02T08:16:00Z stdout F after the restart"])
        relay.start()
        end = time.monotonic() + 15 * cluster.TIME_FACTOR
        while len(entries()) <= count and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(0.5)
        new = [e[3][2] for e in entries()[count:]]
        report.check("%s: after a restart only what is new comes" % name, [] if new == ["after the restart"] else ["there came %s" % new])
        report.check("%s: it stops cleanly again" % name, ["exit code %s" % c for c in [relay.agent.stop()] if c != 0])
    finally:
        relay.agent.stop()
        loki.stop()
        tempo.stop()


def check_other(report, name, relay):
    """OTLP of each signal and pod logs come out of `debug`."""
    service = relay.config["service"]["pipelines"]
    for exporter in relay.config["exporters"]:
        if exporter.split("/")[0] == "debug":
            relay.sets["exporters.%s.verbosity" % exporter] = "detailed"
    next_one = Sink(True)
    if "otlp" in relay.config["exporters"]:
        relay.sets["exporters.otlp.endpoint"] = "127.0.0.1:%d" % next_one.grpc_port
        relay.sets["exporters.otlp.tls.insecure"] = "true"
    # The chart sends the agent's own telemetry to a collector beside it.
    own = relay.config["service"].get("telemetry") or {}
    for section, key in (("logs", "processors"), ("metrics", "readers")):
        text = json.dumps((own.get(section) or {}).get(key))
        if "http://localhost:4318" in text:
            relay.sets["service.telemetry.%s.%s" % (section, key)] = text.replace("http://localhost:4318", "http://127.0.0.1:%d" % next_one.http_port)
    relay.start()
    try:
        wanted = []
        for signal, make, shown in (("traces", spans, r"Name +: POST /pay"), ("metrics", metrics, r"-> Name: helm\.payments"), ("logs", logs, r"Body: Str\(sent over OTLP\)")):
            pipelines = [p for k, p in service.items() if k.split("/")[0] == signal]
            if any("otlp" in p["receivers"] for p in pipelines):
                relay.post(signal, make())
                if any(e.split("/")[0] == "debug" for p in pipelines for e in p["exporters"]):
                    wanted.append(shown)
        if any(r in ("filelog", "file_log") for p in service.values() for r in p["receivers"]):
            time.sleep(0.5)  # start_at: end: the files must be new to a running agent
            for pod, container, lines, body in CHART_LINES:
                relay.write(pod, container, lines)
                wanted.append(r"k8s\.pod\.name: Str\(%s\)[\s\S]*?Body: Str\(%s" % (pod.split("_")[1], body))
        end = time.monotonic() + 15 * cluster.TIME_FACTOR
        while not all(re.search(w, relay.agent.text()) for w in wanted) and time.monotonic() < end:
            time.sleep(0.1)
        report.check("%s: debug shows what was sent" % name, ["no %s" % w for w in wanted if not re.search(w, relay.agent.text())])
        report.check("%s: it stops cleanly" % name, ["exit code %s" % c for c in [relay.agent.stop()] if c != 0])
        report.check("%s: it logs no error" % name, re.findall(r"(?m)^.*\terror\t.*$", relay.agent.text()))
        for section in ("logs", "metrics"):
            if any(k.startswith("service.telemetry.%s." % section) for k in relay.sets):
                with next_one.lock:
                    paths = {r["path"] for r in next_one.requests}
                report.check("%s: its own %s arrive" % (name, section), [] if "/v1/" + section in paths else ["requests came to %s" % sorted(paths)])
        if "otlp" in relay.config["exporters"]:
            rows = [row for r in list(next_one.requests) for row in flatten(sink_otlp(r))]
            report.check("%s: the next collector gets the trace" % name, [] if [r for r in rows if r.get("span", {}).get("traceId") == TRACE] else ["it gets %s" % rows])
    finally:
        relay.agent.stop()
        next_one.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--configs", required=True)
    parser.add_argument("--filter", default="*")
    args = parser.parse_args()
    report, left_out, refused = cluster.Report(), {}, []
    files = sorted(os.path.relpath(os.path.join(d, n), args.configs) for d, _, names in os.walk(args.configs) for n in names if n.endswith(".yaml"))
    for name in files:
        text = relay_of(os.path.join(args.configs, name))
        config = yaml.safe_load(text)
        if not isinstance(config, dict) or "service" not in config or not fnmatch.fnmatch(name, args.filter):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            relay = Relay(args.bin, os.path.join(scratch, "whole"), text)
            code, answer = relay.validate()
            missing = set(UNKNOWN.findall(answer))
            if missing:
                for section, component in missing:
                    left_out.setdefault("%s %s" % (section, component), []).append(name)
                relay = Relay(args.bin, os.path.join(scratch, "rest"), yaml.safe_dump(without(config, missing)))
                if not relay.config["service"]["pipelines"]:
                    continue
                code, answer = relay.validate()
            if code != 0:
                refused.append(name)
                report.check("%s: refused with a place" % name, [] if re.search(r"relay\.yaml:\d+:\d+: ", answer) else [answer])
                print("refused: %s: %s" % (name, re.sub(r"\S*relay\.yaml:", "", answer.strip().replace("Error: ", "")).split("\n")[-1]))
                continue
            try:
                (check_seed if os.path.basename(name) == "seed-daemonset.yaml" else check_other)(report, name, relay)
            except SystemExit as problem:
                report.check("%s: boots" % name, [str(problem)])
    for component, names in sorted(left_out.items()):
        print("left out: %s (%d files)" % (component, len(names)))
    if not report.passed:
        print("no configuration was run")
    sys.exit(report.finish() or (0 if report.passed else 1))


if __name__ == "__main__":
    main()
