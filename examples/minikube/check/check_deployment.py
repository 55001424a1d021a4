"""The deployment without a cluster: both applications write and send, the agent runs the configuration of manifests/agent.yaml, and sinks in
the places of Loki, Tempo and Prometheus show what arrives. Prometheus is a real one. Started by run.py.
"""
import argparse
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

import cluster
from kit.rows import flatten
from kit.sink import Sink, sink_otlp
from kit.wire import pb_decode, snappy_decode

TEAS = {"assam": 4.5, "sencha": 7.25, "lapsang": 12.0}
PORTS = {"otlp-grpc": 4317, "otlp-http": 4318, "own": 8888, "page": 8889, "health": 13133}
ORDERS_POD, PRICES_POD = "orders-6d9f7c5b8-x2x7z", "prices-75c9d4f6b-q8w4e"
PUSH_PATH = "/api/v1/otlp/v1/metrics"


def otlp_flag(program):
    """The flag that opens Prometheus' OTLP endpoint: version 3 has one of its own, 2.47 and newer have it among the features. Some builds have neither."""
    said = subprocess.run([program, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout
    if "web.enable-otlp-receiver" in said:
        return "--web.enable-otlp-receiver"
    if "otlp-write-receiver" in said:
        return "--enable-feature=otlp-write-receiver"
    raise SystemExit("%s has no OTLP endpoint" % program)


class Deployment:
    def __init__(self, args):
        self.args = args
        self.loki, self.tempo, self.push = Sink(False), Sink(True), Sink(False)
        self.ip = cluster.address_with_free_ports(PORTS.values())
        self.logs = os.path.join(args.work, "var", "log", "pods")
        self.started = []  # to be stopped, last first
        os.makedirs(self.logs)
        os.makedirs(os.path.join(args.work, "checkpoints"))
        for name, text in cluster.find("ConfigMap", "otelpipe")["data"].items():
            with open(os.path.join(args.work, name), "w") as f:
                f.write(text)

    def start_agent(self, *configs):
        """The container of the DaemonSet. Its configuration is the ConfigMap's; hosts and folders of the cluster are set to ours."""
        container = cluster.container_of(cluster.find("DaemonSet", "otelpipe"))
        env = dict(cluster.own_environment(), **cluster.container_env(container, cluster.pod_fields("otelpipe-abcde", self.ip)))
        settings = {
            "receivers.filelog.include": "[%s/*/*/*.log]" % self.logs,
            "receivers.filelog.exclude": "[%s/default_otelpipe-*_*/*/*.log]" % self.logs,
            "extensions.file_storage.directory": os.path.join(self.args.work, "checkpoints"),
            "exporters.loki.endpoint": "http://127.0.0.1:%d/loki/api/v1/push" % self.loki.http_port,
            "exporters.otlp.endpoint": "127.0.0.1:%d" % self.tempo.grpc_port,
        }
        if "push.yaml" in configs:
            settings["exporters.otlphttp/prometheus.endpoint"] = self.push_endpoint
        command = [self.args.agent] + ["--config=" + os.path.join(self.args.work, c) for c in configs]
        command += ["--set=%s=%s" % item for item in settings.items()]
        # Its own lines stand among the pods' too; they must not come back.
        folder = os.path.join(self.logs, "default_otelpipe-abcde_00000000-0000-4000-8000-000000000000", "otelpipe")
        os.makedirs(folder, exist_ok=True)
        agent = cluster.Process(command, os.path.join(folder, "0.log"), env)
        self.started.append(agent)

        def healthy():
            if not agent.alive():
                raise SystemExit("the agent did not start:\n" + agent.text())
            return cluster.get("http://%s:%d/" % (self.ip, PORTS["health"]))

        cluster.wait_for("the agent's health page", healthy)
        return agent

    def start_prometheus(self, program, push):
        """A server with the configuration of the ConfigMap; names that only a cluster can resolve become addresses."""
        config = yaml.safe_load(cluster.find("ConfigMap", "prometheus")["data"]["prometheus.yml"])
        config["global"]["scrape_interval"] = "1s"
        config["global"]["scrape_timeout"] = "1s"
        where = {8889: "%s:8889" % self.ip, 8888: "%s:8888" % self.ip, 8000: "127.0.0.1:%d" % self.prices_port}
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": [where[d["port"]]]} for d in job.pop("dns_sd_configs")]
        path = os.path.join(self.args.work, "prometheus%s.yml" % ("-push" if push else ""))
        with open(path, "w") as f:
            yaml.safe_dump(config, f)
        port = cluster.free_port()
        command = [program, "--config.file=" + path, "--storage.tsdb.path=" + os.path.join(self.args.work, "tsdb%d" % port),
                   "--web.listen-address=127.0.0.1:%d" % port] + ([otlp_flag(program)] if push else [])
        server = cluster.Process(command, os.path.join(self.args.work, "prometheus.log"), cluster.own_environment())
        self.started.append(server)

        def ready():
            if not server.alive():
                raise SystemExit("%s did not start:\n%s" % (program, server.text()))
            return cluster.get("http://127.0.0.1:%d/-/ready" % port)

        cluster.wait_for("Prometheus", ready)
        return "http://127.0.0.1:%d" % port

    def start_apps(self):
        self.prices_port, self.orders_port = cluster.free_port(), cluster.free_port()
        self.apps = {}
        for name, pod, command, more in (
                ("prices", PRICES_POD, [self.args.python, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(self.prices_port),
                                        "--no-access-log"], {}),
                ("orders", ORDERS_POD, ["node", "--require", "./telemetry.js", "server.js"],
                 {"PORT": str(self.orders_port), "PRICES_URL": "http://127.0.0.1:%d" % self.prices_port, "OTEL_METRIC_EXPORT_INTERVAL": "1000"})):
            container = cluster.container_of(cluster.find("Deployment", name))
            env = {**cluster.own_environment(), **cluster.container_env(container, cluster.pod_fields(pod, self.ip)), **more,
                   "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
            cwd = self.args.node if name == "orders" else os.path.join(cluster.EXAMPLE, "apps", "prices")
            self.apps[name] = cluster.Pod(self.logs, pod, name, command, env, cwd)
            self.started.append(self.apps[name])
        for name, port in (("prices", self.prices_port), ("orders", self.orders_port)):
            def up(name=name, port=port):
                if self.apps[name].child.poll() is not None:
                    raise SystemExit("%s ended: %s" % (name, self.apps[name].lines))
                return cluster.get("http://127.0.0.1:%d/healthz" % port)
            cluster.wait_for(name, up)

    def order(self, tea, count):
        url = "http://127.0.0.1:%d/orders/%s?count=%d" % (self.orders_port, tea, count)
        try:
            return 200, json.loads(cluster.get(url))
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def spans(self):
        """trace id -> [(service, span, resource attributes)] at the sink in Tempo's place."""
        out = collections.defaultdict(list)
        with self.tempo.lock:
            requests = list(self.tempo.requests)
        for request in requests:
            for row in flatten(sink_otlp(request) or {}):
                if "span" in row:
                    resource = {k: v for k, v in (row.get("resource") or {}).get("attributes", {}).items()}
                    out[row["span"]["traceId"]].append((resource.get("service.name"), row["span"], resource))
        return out

    def entries(self):
        """(labels, time, line) of all entries at the sink in Loki's place."""
        out = []
        with self.loki.lock:
            requests = list(self.loki.requests)
        for request in requests:
            push = pb_decode("PushRequest", snappy_decode(request["body"]))
            for stream in push.get("streams", []):
                for e in stream.get("entries", []):
                    t = e.get("timestamp", {})
                    out.append((stream["labels"], int(t.get("seconds", 0)) * 10**9 + int(t.get("nanos", 0)), e.get("line", "")))
        return out

    def written(self):
        return [(pod, stream, text) for pod in self.apps.values() for stream, text in list(pod.lines)]

    def stop(self):
        for one in reversed(self.started):
            one.stop()
        for sink in (self.loki, self.tempo, self.push):
            sink.stop()


def query(base, text):
    url = "%s/api/v1/query?%s" % (base, urllib.parse.urlencode({"query": text}))
    return json.loads(cluster.get(url))["data"]["result"]


def check_series(report, base, text, value, labels):
    """One series, with this value and these labels, before long."""
    def right():
        found = query(base, text)
        return found if len(found) == 1 and float(found[0]["value"][1]) == value else None
    try:
        found = cluster.wait_for(text, right, 20)
    except SystemExit:
        return report.check("Prometheus: %s is %s" % (text, value), ["found %s" % query(base, text)])
    have = found[0]["metric"]
    report.check("Prometheus: %s is %s" % (text, value), ["%s is %r, not %r" % (k, have.get(k), v) for k, v in labels.items() if have.get(k) != v])


def check_logs(report, d, title):
    """Every line that the applications wrote is at Loki once, with the labels of the deployment and the runtime's time."""
    want = len(d.written())
    end = time.monotonic() + 20 * cluster.TIME_FACTOR
    while len(d.entries()) < want and time.monotonic() < end:
        time.sleep(0.1)
    time.sleep(0.5)
    came, problems = collections.Counter(), []
    labels_of = {}
    for pod in d.apps.values():
        labels_of[pod.path] = ('{cluster="minikube", container="%s", exporter="OTLP", filename="%s", namespace="default", pod="%s"}'
                               % (pod.container, pod.path, pod.name))
    for labels, at, line in d.entries():
        entry = json.loads(line)
        attributes = entry["attributes"]
        path = re.search(r'filename="([^"]*)"', labels)
        if not path or labels != labels_of.get(path.group(1)):
            problems.append("labels %s" % labels)
            continue
        came[path.group(1), attributes["stream"], attributes["log"]] += 1
        seconds, _, rest = attributes["time"].partition(".")
        expected = int(time.mktime(time.strptime(seconds + "Z", "%Y-%m-%dT%H:%M:%SZ")) - time.timezone) * 10**9 + int(rest[:-1].ljust(9, "0"))
        if at != expected:
            problems.append("time %d of %s, expected %d" % (at, attributes["time"], expected))
    sent = collections.Counter((pod.path, stream, text) for pod, stream, text in d.written())
    problems += ["came %d times, written %d times: %s" % (came[k], n, k) for k, n in sent.items() if came[k] != n]
    problems += ["never written: %s" % (k,) for k in came if k not in sent]
    report.check(title, problems)


def check_links(report, d):
    """What Grafana's data sources do with the data: from a line to its trace, from a span to its lines."""
    sources = {s["uid"]: s for s in yaml.safe_load(cluster.find("ConfigMap", "grafana")["data"]["datasources.yaml"])["datasources"]}
    field = sources["loki"]["jsonData"]["derivedFields"][0]
    found = set()
    for _, _, line in d.entries():
        match = re.search(field["matcherRegex"], line)
        if match:
            found.add(match.group(1))
    known = set(d.spans())
    report.check("each trace_id of a line is a trace at Tempo", ["%s is not" % t for t in found - known] or ([] if found else ["no line has one"]))
    problems = []
    tags = sources["tempo"]["jsonData"]["tracesToLogsV2"]["tags"]
    for trace, spans in d.spans().items():
        for service, span, resource in spans:
            wanted = ['%s="%s"' % (t["value"], resource.get(t["key"])) for t in tags]
            lines = [line for labels, _, line in d.entries() if all(w in labels for w in wanted) and trace in line]
            if trace in found and not lines:
                problems.append("span %s of %s: no line with %s" % (span.get("name"), service, wanted))
    report.check("each span of such a trace leads to lines of its pod", problems)


def check_traces(report, d, answers):
    want = {o["trace_id"]: o for o in d.apps["orders"].objects() if o.get("msg") in ("order taken", "order refused")}
    report.check("each order has a line with a trace_id", [] if len(want) == len(answers) else ["%d lines, %d orders" % (len(want), len(answers))])
    priced = {o["trace_id"] for o in d.apps["prices"].objects() if "trace_id" in o}
    report.check("prices logs the trace of orders", ["trace %s is missing" % t for t in want if t not in priced])

    def complete():
        spans = d.spans()
        return all({"orders", "prices"} <= {s for s, _, _ in spans[t]} for t in want)
    try:
        cluster.wait_for("the spans", complete, 15)
    except SystemExit:
        pass
    spans, problems = d.spans(), []
    for trace in want:
        both = collections.defaultdict(dict)
        for service, span, resource in spans.get(trace, []):
            both[service][span["spanId"]] = span
            for key, value in (("k8s.node.name", "minikube"), ("service.namespace", "shop"), ("k8s.namespace.name", "default"),
                               ("k8s.pod.name", ORDERS_POD if service == "orders" else PRICES_POD)):
                if resource.get(key) != value:
                    problems.append("%s of %s: resource %s is %r" % (span.get("name"), service, key, resource.get(key)))
        roots = [s for s in both["prices"].values() if s.get("parentSpanId") in both["orders"]]
        if len(roots) != 1:
            problems.append("trace %s: %d spans of prices hang below spans of orders" % (trace, len(roots)))
        if want[trace]["span_id"] not in both["orders"]:
            problems.append("trace %s: the span of the log line is not at Tempo" % trace)
    report.check("each trace is whole at Tempo: orders above prices, with node and pod", problems)


def place_orders(report, d):
    answers, problems = [], []
    for round_ in (1, 2):
        for tea in TEAS:
            answers.append(d.order(tea, round_))
            if answers[-1] != (200, {"tea": tea, "count": round_, "total": TEAS[tea] * round_}):
                problems.append("%s: %s" % (tea, answers[-1]))
    answers.append(d.order("espresso", 1))
    if answers[-1][0] != 502:
        problems.append("espresso: %s" % (answers[-1],))
    report.check("the applications answer", problems)
    return answers


def check_scraped(report, d, base):
    orders = {"job": "shop/orders", "instance": ORDERS_POD, "exported_job": None}
    for tea, price in TEAS.items():
        check_series(report, base, 'shop_orders_total{tea="%s"}' % tea, 2, orders)
        check_series(report, base, 'shop_order_value_EUR_sum{tea="%s"}' % tea, 3 * price, orders)
        check_series(report, base, 'shop_price_lookups_total{tea="%s"}' % tea, 2, {"job": "prices", "known": "true"})
    check_series(report, base, 'shop_order_value_EUR_bucket{tea="lapsang",le=~"10(.0)?"}', 0, orders)
    check_series(report, base, 'shop_order_value_EUR_bucket{tea="lapsang",le="+Inf"}', 2, orders)
    check_series(report, base, 'target_info{job="shop/orders"}', 1, {"k8s_node_name": "minikube", "k8s_pod_name": ORDERS_POD})
    for job in ("applications", "otelpipe", "prices"):
        check_series(report, base, 'up{job="%s"}' % job, 1, {})
    check_series(report, base, 'sum(otelcol_exporter_sent_log_records__records__total{exporter="loki"}) > 0',
                 len(d.entries()), {})


def check_pushed(report, d):
    """The push request as Prometheus' OTLP endpoint takes it, and its content."""
    def shown():
        with d.push.lock:
            requests = list(d.push.requests)
        points = []
        for request in requests:
            for row in flatten(sink_otlp(request) or {}):
                if row.get("metric", {}).get("name") == "shop.orders":
                    points += [(p["attributes"].get("tea"), p) for p in row["metric"]["sum"]["dataPoints"]]
        teas = {tea for tea, _ in points}
        return requests, points, teas
    try:
        cluster.wait_for("pushed metrics", lambda: shown()[2] == set(TEAS), 20)
    except SystemExit:
        pass
    requests, points, teas = shown()
    report.check("metrics are pushed: shop.orders of each tea", [] if teas == set(TEAS) else ["there are %s" % teas])
    problems = []
    for r in requests:
        for name, have, want in (("method", r["method"], "POST"), ("path", r["path"], PUSH_PATH),
                                 ("content-type", r["headers"].get("content-type"), "application/x-protobuf"),
                                 ("content-encoding", r["headers"].get("content-encoding"), "gzip")):
            if have != want:
                problems.append("%s is %r, not %r" % (name, have, want))
    report.check("each push is a request that Prometheus takes", problems or ([] if requests else ["none came"]))


def run(args, report):
    d = Deployment(args)
    newer = os.environ.get("PROMETHEUS")
    try:
        agent = d.start_agent("agent.yaml")
        d.start_apps()
        base = d.start_prometheus(shutil.which("prometheus"), False) if shutil.which("prometheus") else None
        answers = place_orders(report, d)
        check_traces(report, d, answers)
        check_logs(report, d, "every line is at Loki once, with the labels of the deployment")
        check_links(report, d)
        if base:
            check_scraped(report, d, base)
        else:
            print("there is no program `prometheus` (Debian package prometheus): its part is left out")
        report.check("the agent stops cleanly", ["exit code %s" % code for code in [agent.stop()] if code != 0])

        # While no agent runs, the applications write on; the next one begins where the last one ended.
        place_orders(report, d)
        d.push_endpoint = "http://127.0.0.1:%d/api/v1/otlp" % d.push.http_port
        if newer:
            pushed_base = d.start_prometheus(newer, True)
            d.push_endpoint = pushed_base + "/api/v1/otlp"
        agent = d.start_agent("agent.yaml", "push.yaml")
        check_logs(report, d, "every line is at Loki once after a restart")
        if newer:
            for tea in TEAS:
                check_series(report, pushed_base, 'shop_orders_total{tea="%s",job="shop/orders"}' % tea, 4, {"instance": ORDERS_POD})
        else:
            check_pushed(report, d)
        try:
            cluster.get("http://%s:%d/metrics" % (d.ip, PORTS["page"]))
            report.check("with push.yaml no page is served", ["it is"])
        except OSError:
            report.check("with push.yaml no page is served", [])
        for name, pod in d.apps.items():
            report.check("%s stops cleanly" % name, ["exit code %s" % code for code in [pod.stop()] if code not in (0, -15)])
        check_logs(report, d, "every line is at Loki once at the end")
        report.check("the agent stops cleanly, pushing", ["exit code %s" % code for code in [agent.stop()] if code != 0])
        report.check("the agent logs no error", re.findall(r"(?m)^.*\terror\t.*$", agent.text()))
    finally:
        d.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--agent", required=True)
    parser.add_argument("--work", required=True, help="an empty folder")
    parser.add_argument("--python", required=True, help="interpreter that has apps/prices/requirements.txt")
    parser.add_argument("--node", required=True, help="folder with the orders app and its node_modules")
    args = parser.parse_args()
    report = cluster.Report()
    run(args, report)
    sys.exit(report.finish())


if __name__ == "__main__":
    main()
