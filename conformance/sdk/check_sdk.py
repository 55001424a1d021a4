"""The test itself: starts the sink and the agent, lets curl, the Python SDK and the Node SDK send, and compares. Started by run_sdk.py."""
import argparse
import collections
import difflib
import gzip
import json
import os
import re
import shutil
import signal as signals
import socket
import subprocess
import sys
import time

import debug_text
import hand_made
import otlp
import sink

HERE = os.path.dirname(os.path.abspath(__file__))
# Clear, over TLS, and over TLS with a certificate of the client.
SECURE = ("tls", "mtls")
CURL_RUNS = [("", kind, packing) for kind in ("proto", "json", "grpc") for packing in ("none", "gzip")]
CURL_RUNS += [(secure, kind, packing) for secure in SECURE for kind in ("json", "grpc") for packing in ("none", "gzip")]
RUNS = {"curl": len(CURL_RUNS), "python": 5 + 4 * len(SECURE), "node": 6 + 4 * len(SECURE)}
# The ways out of the agent: header value -> (transport, encoding, packing seen by the sink, whether a processor changed the batch).
WAYS = {
    "otlp-gzip": ("grpc", "proto", None, False),
    "otlp-plain": ("grpc", "proto", None, False),
    "otlp-touched": ("grpc", "proto", None, True),
    "otlphttp-gzip": ("http", "proto", "gzip", False),
    "otlphttp-plain": ("http", "proto", "none", False),
    "otlphttp-json": ("http", "json", "gzip", False),
    "otlphttp-touched": ("http", "json", "none", True),
    "otlp-tls": ("grpc", "proto", None, False),
    "otlp-mtls": ("grpc", "proto", None, False),
    "otlp-tls13": ("grpc", "proto", None, False),
    "otlphttp-tls": ("http", "proto", "gzip", False),
    "otlphttp-mtls": ("http", "proto", "none", False),
}
CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{agent_grpc}"}}
      http: {{endpoint: "127.0.0.1:{agent_http}"}}
  otlp/tls:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{tls_grpc}", tls: {{cert_file: "{certs}/server.pem", key_file: "{certs}/server.key"}}}}
      http: {{endpoint: "127.0.0.1:{tls_http}", tls: {{cert_file: "{certs}/server.pem", key_file: "{certs}/server.key"}}}}
  otlp/mtls:
    protocols:
      grpc:
        endpoint: "127.0.0.1:{mtls_grpc}"
        tls: {{cert_file: "{certs}/server.pem", key_file: "{certs}/server.key", client_ca_file: "{certs}/ca.pem", min_version: "1.3"}}
      http:
        endpoint: "127.0.0.1:{mtls_http}"
        tls: {{cert_file: "{certs}/server.pem", key_file: "{certs}/server.key", client_ca_file: "{certs}/ca.pem", min_version: "1.3"}}
processors:
  resource/touch:
    attributes: [{{key: {touched}, value: "yes", action: insert}}]
exporters:
  debug: {{verbosity: detailed, use_internal_logger: false}}
  otlp/gzip: {{endpoint: "127.0.0.1:{sink_grpc}", tls: {{insecure: true}}, headers: {{x-test-path: otlp-gzip}}}}
  otlp/plain: {{endpoint: "127.0.0.1:{sink_grpc}", tls: {{insecure: true}}, compression: none, headers: {{x-test-path: otlp-plain}}}}
  otlp/touched: {{endpoint: "127.0.0.1:{sink_grpc}", tls: {{insecure: true}}, headers: {{x-test-path: otlp-touched}}}}
  otlphttp/gzip: {{endpoint: "http://127.0.0.1:{sink_http}", headers: {{x-test-path: otlphttp-gzip}}}}
  otlphttp/plain: {{endpoint: "http://127.0.0.1:{sink_http}", compression: none, headers: {{x-test-path: otlphttp-plain}}}}
  otlphttp/json: {{endpoint: "http://127.0.0.1:{sink_http}", encoding: json, headers: {{x-test-path: otlphttp-json}}}}
  otlp/tls: {{endpoint: "localhost:{sink_tls_grpc}", tls: {{ca_file: "{certs}/ca.pem"}}, headers: {{x-test-path: otlp-tls}}}}
  otlp/mtls:
    endpoint: "localhost:{sink_mtls_grpc}"
    tls: {{ca_file: "{certs}/ca.pem", cert_file: "{certs}/client.pem", key_file: "{certs}/client.key"}}
    headers: {{x-test-path: otlp-mtls}}
  otlp/tls13:
    endpoint: "localhost:{sink_mtls_grpc}"
    tls: {{ca_file: "{certs}/ca.pem", cert_file: "{certs}/client.pem", key_file: "{certs}/client.key", min_version: "1.3"}}
    headers: {{x-test-path: otlp-tls13}}
  otlphttp/tls: {{endpoint: "https://localhost:{sink_tls_http}", tls: {{ca_file: "{certs}/ca.pem"}}, headers: {{x-test-path: otlphttp-tls}}}}
  otlphttp/mtls:
    endpoint: "https://localhost:{sink_mtls_http}"
    compression: none
    tls: {{ca_file: "{certs}/ca.pem", cert_file: "{certs}/client.pem", key_file: "{certs}/client.key"}}
    headers: {{x-test-path: otlphttp-mtls}}
  otlphttp/touched: {{endpoint: "http://127.0.0.1:{sink_http}", encoding: json, compression: none, headers: {{x-test-path: otlphttp-touched}}}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
"""
PIPELINES = """
    {0}:
      receivers: [otlp, otlp/tls, otlp/mtls]
      exporters: [debug, otlp/gzip, otlp/plain, otlp/tls, otlp/mtls, otlp/tls13, otlphttp/gzip, otlphttp/plain, otlphttp/json, otlphttp/tls, otlphttp/mtls]
    {0}/touched: {{receivers: [otlp, otlp/tls, otlp/mtls], processors: [resource/touch], exporters: [otlp/touched, otlphttp/touched]}}
"""


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, problems):
        problems = list(problems)
        if problems:
            self.failed += 1
            print("FAIL %s" % name)
            for line in problems[:12]:
                print("     %s" % line)
            if len(problems) > 12:
                print("     and %d more" % (len(problems) - 12))
        else:
            self.passed += 1


def make_certificates(folder):
    """ca, server and client, each .pem and .key, with openssl."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)

    def openssl(*args):
        subprocess.run(["openssl", *args], cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    openssl("req", "-x509", *key, "-days", "2", "-subj", "/CN=test ca", "-keyout", "ca.key", "-out", "ca.pem")
    with open(os.path.join(folder, "names"), "w") as f:
        f.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("server", "client"):
        openssl("req", *key, "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "names",
                "-out", name + ".pem")
    return folder


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Agent:
    def __init__(self, binary, work, target, certs):
        self.work, self.grpc_port, self.http_port = work, free_port(), free_port()
        self.secure = {s: {"grpc": free_port(), "http": free_port(), "ca": certs + "/ca.pem"} for s in SECURE}
        self.secure["mtls"].update(cert=certs + "/client.pem", key=certs + "/client.key")
        config = os.path.join(work, "agent.yaml")
        text = CONFIG.format(agent_grpc=self.grpc_port, agent_http=self.http_port, sink_grpc=target.grpc_port, sink_http=target.http_port,
                             touched=otlp.TOUCHED, certs=certs, **{"%s_%s" % (s, t): self.secure[s][t] for s in SECURE for t in ("grpc", "http")},
                             **{"sink_%s_%s" % (s, t): target.secure[s][t] for s in SECURE for t in ("grpc", "http")})
        with open(config, "w") as f:
            f.write(text + "".join(PIPELINES.format(s) for s in otlp.SIGNALS))
        with open(os.path.join(work, "agent.out"), "wb") as out, open(os.path.join(work, "agent.err"), "wb") as err:
            self.process = subprocess.Popen([binary, "--config", config], stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        limit = time.monotonic() + 20
        for port in (self.grpc_port, self.http_port, *(s[t] for s in self.secure.values() for t in ("grpc", "http"))):
            while not self.listens(port):
                if self.process.poll() is not None or time.monotonic() > limit:
                    code = self.stop()
                    sys.exit("the agent did not start (exit code %s):\n%s" % (code, self.text("agent.err")))
                time.sleep(0.05)

    def listens(self, port):
        with socket.socket() as s:
            s.settimeout(0.5)
            return s.connect_ex(("127.0.0.1", port)) == 0

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signals.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                return "none: it did not stop within 15 s"
        return self.process.returncode

    def text(self, name):
        with open(os.path.join(self.work, name), encoding="utf-8", errors="replace", newline="") as f:
            return f.read()


def environment():
    """Ours, without what would change the SDKs' settings, send loopback traffic to a proxy, or put other roots in place of the test's."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "SSL_CERT_", "GRPC_DEFAULT_SSL_ROOTS"))
           and not k.lower().endswith(("_proxy", "_ca_bundle"))}
    return dict(env, NO_PROXY="*", no_proxy="*")


def curl(work, kind, packing, signal, message, port, who, secure=None):
    """Sends one request with curl; the problem, or the empty string."""
    body = otlp.to_json(message).encode() if kind == "json" else message.SerializeToString()
    if packing == "gzip":
        body = gzip.compress(body)
    headers = {"x-test-path": who, "Content-Type": "application/json" if kind == "json" else "application/x-protobuf"}
    url, more = "http://127.0.0.1:%d/v1/%s" % (port, signal), []
    if kind == "grpc":
        body = bytes([packing == "gzip"]) + len(body).to_bytes(4, "big") + body
        headers.update({"Content-Type": "application/grpc", "te": "trailers"})
        url = "http://127.0.0.1:%d%s" % (port, {v: k for k, v in otlp.METHOD.items()}[signal])
        more = ["--http2-prior-knowledge"]
    if packing == "gzip":
        headers["grpc-encoding" if kind == "grpc" else "Content-Encoding"] = "gzip"
    if secure:
        url = url.replace("http://127.0.0.1", "https://localhost")
        more = ["--cacert", secure["ca"], "--http2" if kind == "grpc" else "--http1.1"]
        if "cert" in secure:
            more += ["--cert", secure["cert"], "--key", secure["key"]]
    path = os.path.join(work, "curl-body")
    with open(path, "wb") as f:
        f.write(body)
    command = ["curl", "-q", "-sS", "--max-time", "10", "-D", os.path.join(work, "curl-headers"), "-o", os.path.join(work, "curl-answer"),
               "-w", "%{http_code}", "--data-binary", "@" + path, *more, *[a for h in headers.items() for a in ("-H", "%s: %s" % h)], url]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=20)
    with open(os.path.join(work, "curl-headers"), "rb") as f:
        answer_headers = f.read().decode("latin-1")
    if done.returncode or done.stdout != "200":
        return "curl %s to the %s: HTTP %s, exit code %d %s" % (signal, who, done.stdout, done.returncode, done.stderr.strip())
    if kind == "grpc" and not re.search(r"^grpc-status: 0\s*$", answer_headers, re.M):
        return "curl %s to the %s: no grpc-status 0 in %r" % (signal, who, answer_headers)
    return ""


def check_comparison(report):
    """The comparison sees each field of the schema: a request with one field less is not taken for the same."""
    for signal in otlp.SIGNALS:
        message = otlp.REQUEST[signal]()
        hand_made.fill_once(message)
        report.check(signal + ": the comparison sees each field", otlp.blind_spots(message))


def send_with_curl(report, work, agent, target):
    made = {}
    for secure, kind, packing in CURL_RUNS:
        run = "-".join(filter(None, ("curl", secure, kind, packing)))
        made[run] = {}
        problems = []
        for signal in otlp.SIGNALS:
            message = made[run][signal] = hand_made.request(signal, run, hand_made.NOT_IN_JSON if "json" in run else ())
            transport = "grpc" if kind == "grpc" else "http"
            problems.append(curl(work, kind, packing, signal, message, target.grpc_port if kind == "grpc" else target.http_port, "direct"))
            place = agent.secure.get(secure) or {"grpc": agent.grpc_port, "http": agent.http_port}
            problems.append(curl(work, kind, packing, signal, message, place[transport], "agent", agent.secure.get(secure)))
        report.check(run + ": every request is answered with success", filter(None, problems))
    return made


def send_with_sdk(report, name, command, agent, target):
    """Runs one of the programs beside this file; run -> signal -> number of records."""
    command = command + [str(p) for p in (agent.grpc_port, agent.http_port, target.grpc_port, target.http_port)]
    command.append(json.dumps(agent.secure))
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120)
    except subprocess.TimeoutExpired:
        report.check(name + ": ends within 120 s", ["it does not"])
        return {}
    problems = done.stderr.strip().split("\n")[-12:] if done.returncode else []
    report.check(name + ": the SDK reports success for every export", problems or (["exit code %d" % done.returncode] if done.returncode else []))
    try:
        return json.loads(done.stdout.strip().split("\n")[-1])
    except ValueError:
        report.check(name + ": prints what it made", [done.stdout[-300:]])
        return {}


def wait_for(target, agent, count):
    """Until so many requests arrived and a moment passed without another."""
    limit, last, quiet = time.monotonic() + 20, -1, time.monotonic()
    while time.monotonic() < limit and agent.process.poll() is None:
        n = len(target.snapshot()[0])
        if n != last:
            last, quiet = n, time.monotonic()
        if time.monotonic() - quiet > (1 if n >= count else 6):
            return
        time.sleep(0.05)


def compare(report, run, signal, made, by_key):
    """The requests that took each way against those that went straight to the sink, which are returned."""
    name = "%s %s" % (run, signal)
    direct = sorted((a.message for a in by_key["direct", run, signal]), key=otlp.key)
    packing = run.rsplit("-", 1)[1]
    problems = [] if len(direct) == 1 else ["%d requests came straight from it, not 1" % len(direct)]
    for arrived in by_key["direct", run, signal]:
        if arrived.transport == "http" and arrived.packed != packing:
            problems.append("packed %s, not %s" % (arrived.packed, packing))
        if arrived.encoding != ("json" if "-json-" in run else "proto") or (arrived.transport == "grpc") != ("-grpc-" in run):
            problems.append("came as %s %s" % (arrived.transport, arrived.encoding))
    report.check(name + ": sends one request as it should", problems)
    if isinstance(made, int):
        n = sum(len(otlp.records(signal, m)) for m in direct)
        report.check(name + ": the sink has all records that the SDK made", [] if n == made > 0 else ["made %d, came %d" % (made, n)])
    else:
        report.check(name + ": the sink reads what was written", [d for m in direct for d in otlp.differences(made, m)] or
                     ([] if direct else ["nothing came"]))
    for way, (transport, encoding, packed, touched) in WAYS.items():
        came, problems = [], []
        for arrived in by_key[way, run, signal]:
            try:
                came.append(otlp.untouched(signal, arrived.message) if touched else arrived.message)
            except ValueError as error:
                problems.append(str(error))
            if (arrived.transport, arrived.encoding, arrived.packed) != (transport, encoding, packed):
                problems.append("came as %s %s %s" % (arrived.transport, arrived.encoding, arrived.packed))
        sent = direct
        if touched or encoding == "json" or "-json-" in run:
            # Re-encoded on the way: an embedded message that was left out may come as an empty one.
            sent, came = [otlp.filled(m) for m in sent], [otlp.filled(m) for m in came]
        if len(came) != len(sent):
            problems.append("sent %d requests, came %d" % (len(sent), len(came)))
        for x, y in zip(sorted(sent, key=otlp.key), sorted(came, key=otlp.key)):
            problems += otlp.differences(x, y)
        report.check("%s: nothing differs by %s" % (name, way), problems)
    return direct


def check_debug(report, printed, expected):
    """Every expected text is printed once, and nothing else is."""
    rest = printed
    for name, text in expected:
        if rest.count(text) >= 1:
            rest = rest.replace(text, "\0", 1)
            report.check(name + ": debug prints it", [])
            continue
        run = name.split(" ")[0]
        title = text.split("\t")[0]
        near = [b for b in re.split(r"(?m)^(?=(?:Traces|Metrics|Logs)\t\{)", printed) if b.startswith(title) and "Str(%s)\n" % run in b]
        lines = list(difflib.unified_diff(text.split("\n"), "".join(near).split("\n"), "expected", "printed", lineterm="", n=1)) if near else []
        report.check(name + ": debug prints it", lines or ["no text of this run"])
    rest = rest.replace("\0", "")
    report.check("debug prints nothing else", [rest[:400]] if rest.strip() and not report.failed else [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--agent", required=True)
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    started = time.monotonic()
    certs = make_certificates(os.path.join(args.work, "certs"))
    report, target = Report(), sink.Sink(certs)
    check_comparison(report)
    agent = Agent(args.agent, args.work, target, certs)
    try:
        made = send_with_curl(report, args.work, agent, target)
        made.update(send_with_sdk(report, "python", [sys.executable, os.path.join(HERE, "send_python.py")], agent, target))
        program = os.path.join(args.work, "node", "send_node.mjs")
        shutil.copyfile(os.path.join(HERE, "send_node.mjs"), program)
        made.update(send_with_sdk(report, "node", ["node", program], agent, target))
        wait_for(target, agent, len(made) * len(otlp.SIGNALS) * (1 + len(WAYS)))
    finally:
        code = agent.stop()
    target.stop()
    arrived, unread = target.snapshot()

    count = {client: sum(run.startswith(client + "-") for run in made) for client in RUNS}
    report.check("runs of each client: %s" % RUNS, [] if count == RUNS else ["there are %s" % count])
    report.check("the agent ends with exit code 0", [] if code == 0 else ["exit code %s" % code])
    report.check("the agent logs no error and no warning", re.findall(r"(?m)^.*\t(?:error|warn)\t.*$", agent.text("agent.err")))
    report.check("the sink can read all that it was sent", unread)
    by_key = collections.defaultdict(list)
    for one in arrived:
        by_key[one.path, one.run, one.signal].append(one)
    expected = []
    for run, counts in made.items():
        for signal in otlp.SIGNALS:
            for message in compare(report, run, signal, counts[signal], by_key):
                expected.append(("%s %s" % (run, signal), debug_text.detailed(signal, message)))
    known = {(p, r, s) for p in ["direct", *WAYS] for r in made for s in otlp.SIGNALS}
    report.check("nothing came that nobody sent", ["%s from %r, run %r" % (k[2], k[0], k[1]) for k in by_key if k not in known])
    check_debug(report, agent.text("agent.out"), expected)
    print("%d requests at the sink, %.1f s" % (len(arrived), time.monotonic() - started))
    print("%d passed, %d failed" % (report.passed, report.failed))
    if report.failed:
        print("the agent's output is in %s: agent.yaml, agent.out, agent.err" % args.work)
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
