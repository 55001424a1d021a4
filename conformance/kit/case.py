"""One case: its folder, its scratch directory, its ports, its run."""
import datetime
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import yaml

from kit.outputs import Outputs
from kit.sink import Sink, grpc
from kit.steps import TIME_FACTOR, StepError, Steps


PORT_NAMES = ("OTLP_GRPC_PORT", "OTLP_HTTP_PORT", "PROM_PORT", "HEALTH_PORT", "PORT_A", "PORT_B", "PORT_C")
_ports, _ports_lock = set(), threading.Lock()


def free_port():
    while True:
        p = random.randint(15000, 32000)
        with _ports_lock:
            if p in _ports:
                continue
            with socket.socket() as s:
                try:
                    s.bind(("127.0.0.1", p))
                except OSError:
                    continue
            _ports.add(p)
            return p


class Case(Steps, Outputs):
    def __init__(self, root, path, opts):
        self.dir, self.opts = path, opts
        self.name = os.path.relpath(path, root)
        with open(os.path.join(path, "case.yaml")) as f:
            self.spec = yaml.safe_load(f)
        self.expect_dir = os.path.join(path, "expect")
        self.responses, self.pages, self.exits, self.notes = [], [], [], []
        self.proc, self.runs = None, 0

    # ---- set-up
    def run(self):
        began = time.time()
        self.scratch = os.path.realpath(tempfile.mkdtemp(prefix="conf-"))
        self.work = os.path.join(self.scratch, "w")
        self.deadline = began + float(self.spec.get("timeout", 15)) * TIME_FACTOR
        self.sink = None
        problem = None
        try:
            text = "".join(open(os.path.join(self.dir, f)).read() for f in os.listdir(self.dir) if f.endswith(".yaml"))
            needs_grpc = "SINK_GRPC" in text or re.search(r"via: *grpc", text)
            if needs_grpc and grpc is None:
                return "SKIP", "needs python3-grpcio", time.time() - began
            os.makedirs(self.work)
            if os.path.isdir(os.path.join(self.dir, "input")):
                shutil.copytree(os.path.join(self.dir, "input"), os.path.join(self.work, "input"))
            else:
                os.makedirs(os.path.join(self.work, "input"))
            for f in os.listdir(self.dir):
                if f.endswith(".yaml") and f != "case.yaml":
                    shutil.copy(os.path.join(self.dir, f), self.work)
            tls = None
            if self.spec.get("certs"):
                if not shutil.which("openssl"):
                    return "SKIP", "needs openssl", time.time() - began
                self.make_certs()
            if self.spec.get("sink_tls"):
                tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                tls.load_cert_chain(self.path("certs/server.pem"), self.path("certs/server.key"))
                if self.spec["sink_tls"] == "mutual":
                    tls.verify_mode = ssl.CERT_REQUIRED
                    tls.load_verify_locations(self.path("certs/ca.pem"))
            self.sink = Sink(bool(needs_grpc), tls)
            self.ports = {n: free_port() for n in PORT_NAMES}
            self.env = {"WORK_DIR": self.work, "SINK_URL": "http%s://127.0.0.1:%d" % ("s" if tls else "", self.sink.http_port),
                        "SINK_GRPC": "127.0.0.1:%d" % self.sink.grpc_port, "SINK_HTTP_PORT": str(self.sink.http_port)}
            self.env.update({k: str(v) for k, v in self.ports.items()})
            self.env.update({k: self.subst(str(v)) for k, v in (self.spec.get("env") or {}).items()})
            self.used_ports = [self.ports[n] for n in PORT_NAMES if "${env:%s}" % n in self.config_text()]
            self.sink.default = self.spec.get("sink_default")
            self.sink.script = [dict(x) for x in self.spec.get("sink") or []]
            try:
                for step in self.spec.get("steps") or ["start", "wait", "stop"]:
                    self.step(step)
            except StepError as e:
                problem = str(e)
            self.stop(signal.SIGTERM)
            got = self.collect()
            diff = self.check(got, problem)
        except Exception as e:  # a case must never take the runner down
            import traceback
            diff = "runner: %s\n%s" % (e, traceback.format_exc())
        finally:
            if self.proc and self.proc.poll() is None:
                self.proc.kill()
                self.proc.wait()
            if self.sink:
                self.sink.stop()
            with _ports_lock:
                _ports.difference_update(getattr(self, "ports", {}).values())
            if not self.opts.keep:
                shutil.rmtree(self.scratch, ignore_errors=True)
            else:
                print("kept", self.name, self.scratch)
        return ("FAIL" if diff else "PASS"), diff, time.time() - began

    def make_certs(self):
        """A throw-away authority, a server and a client certificate under WORK_DIR/certs, and a stranger's authority."""
        d = os.path.join(self.work, "certs")
        os.makedirs(d)

        def ssl_(*args):
            subprocess.run(("openssl",) + args, cwd=d, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        new = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        with open(os.path.join(d, "ext"), "w") as f:
            f.write("subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:shop.example\n")
        for ca in ("ca", "other"):
            ssl_("req", "-x509", *new, "-keyout", ca + ".key", "-out", ca + ".pem", "-days", "3", "-subj", "/CN=shop test " + ca)
        for who in ("server", "client"):
            ssl_("req", *new, "-keyout", who + ".key", "-out", who + ".csr", "-subj", "/CN=" + who)
            ssl_("x509", "-req", "-in", who + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3",
                 "-out", who + ".pem", "-extfile", "ext")

    def config_text(self):
        return "".join(open(os.path.join(self.work, f)).read() for f in sorted(os.listdir(self.work)) if f.endswith(".yaml"))

    def subst(self, s):
        def rep(m):
            return self.env.get(m.group(1), m.group(0))
        s = re.sub(r"\$\{(?:env:)?(\w+)\}", rep, s)

        def now(m):
            t = datetime.datetime.now(datetime.timezone.utc)
            if m.group(1):
                t += datetime.timedelta(**{{"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[m.group(1)[-1]]:
                                           int(m.group(1)[:-1])})
            return t.strftime(m.group(2))
        return re.sub(r"\{\{now([+-]\d+[smhd])?:([^}]*)\}\}", now, s)

    def path(self, p):
        p = self.subst(p)
        return p if os.path.isabs(p) else os.path.join(self.work, p)

    def unplace(self, text):
        """Put the names back where this run's directory and ports stand in a text."""
        text = text.replace(self.work, "${WORK_DIR}").replace(self.scratch, "${SCRATCH}")
        for n, p in self.ports.items():
            text = re.sub(r"(?<!\d)%d(?!\d)" % p, "${%s}" % n, text)
        text = re.sub(r"(?<!\d)%d(?!\d)" % self.sink.http_port, "${SINK_PORT}", text)
        if self.sink.grpc_port:
            text = re.sub(r"(?<!\d)%d(?!\d)" % self.sink.grpc_port, "${SINK_GRPC_PORT}", text)
        return text
