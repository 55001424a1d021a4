"""What the checks share: the manifests as objects, and the parts of a cluster that the test plays: kubelet, container runtime, DNS."""
import datetime
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
if os.path.isdir("/usr/lib/python3/dist-packages"):
    sys.path.append("/usr/lib/python3/dist-packages")
import yaml  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLE = os.path.dirname(HERE)
ROOT = os.path.dirname(os.path.dirname(EXAMPLE))
# The sinks and decoders of the conformance kit, which are written apart from the agent.
sys.path.insert(0, os.path.join(ROOT, "conformance"))
# All limits grow with it: a build with sanitizers is slow.
TIME_FACTOR = float(os.environ.get("OTELPIPE_TEST_TIME_FACTOR") or 1)
LONGEST_PART = 16 * 1024  # containerd cuts lines there


def manifests():
    """(file, object) of all manifests."""
    out = []
    folder = os.path.join(EXAMPLE, "manifests")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name)) as f:
            out += [(name, o) for o in yaml.safe_load_all(f) if o is not None]
    return out


def find(kind, name):
    return next(o for _, o in manifests() if (o["kind"], o["metadata"]["name"]) == (kind, name))


def container_of(workload):
    return workload["spec"]["template"]["spec"]["containers"][0]


def container_env(container, pod):
    """The environment that kubelet makes: values, the downward API from `pod`, $(NAME) of variables before."""
    env = {}
    for item in container.get("env", []):
        if "value" in item:
            env[item["name"]] = re.sub(r"\$\((\w+)\)", lambda m: env.get(m.group(1), m.group(0)), item["value"])
        else:
            env[item["name"]] = pod[item["valueFrom"]["fieldRef"]["fieldPath"]]
    return env


def pod_fields(name, ip, node="minikube"):
    return {"metadata.name": name, "metadata.namespace": "default", "spec.nodeName": node, "status.podIP": ip, "status.hostIP": ip}


def own_environment():
    """Ours, without what would change the SDKs' settings or send loopback traffic to a proxy."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_") and not k.lower().endswith("_proxy")}
    return dict(env, NO_PROXY="*", no_proxy="*")


def address_with_free_ports(ports):
    """An address of the loopback range where nobody listens on these ports, so that configurations can stay as they are."""
    for _ in range(50):
        ip = "127.%d.%d.%d" % (random.randint(64, 250), random.randint(1, 250), random.randint(1, 250))
        try:
            for port in ports:
                with socket.socket() as s:
                    s.bind((ip, port))
            return ip
        except OSError:
            continue
    raise SystemExit("no loopback address has the ports %s free" % ports)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url, timeout=5):
    with urllib.request.urlopen(url, timeout=timeout * TIME_FACTOR) as response:
        return response.read().decode()


def wait_for(what, probe, limit=30):
    end, why = time.monotonic() + limit * TIME_FACTOR, "no result"
    while True:
        try:
            result = probe()
            if result:
                return result
        except (OSError, ValueError) as error:
            why = error
        if time.monotonic() > end:
            raise SystemExit("gave up waiting for %s: %s" % (what, why))
        time.sleep(0.1)


class Process:
    """A child that is ended by its id, with its output in a file."""

    def __init__(self, command, log, env, cwd=None):
        self.log = log
        with open(log, "ab") as out:
            self.child = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=env, cwd=cwd)

    def alive(self):
        return self.child.poll() is None

    def stop(self, limit=20):
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(limit * TIME_FACTOR)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
                return "none: it did not stop within %d s" % (limit * TIME_FACTOR)
        return self.child.returncode

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


class Pod:
    """A container whose output goes to a pod's log file, as containerd writes it. `lines` holds what it wrote: (stream, text)."""

    def __init__(self, root, name, container, command, env, cwd):
        folder = os.path.join(root, "default_%s_%s" % (name, uuid.uuid4()), container)
        os.makedirs(folder)
        self.path = os.path.join(folder, "0.log")
        self.name, self.container, self.lines, self.lock = name, container, [], threading.Lock()
        self.file = open(self.path, "ab", buffering=0)
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, env=env, cwd=cwd)
        self.readers = [threading.Thread(target=self.copy, args=(stream, pipe), daemon=True)
                        for stream, pipe in (("stdout", self.child.stdout), ("stderr", self.child.stderr))]
        for reader in self.readers:
            reader.start()

    def copy(self, stream, pipe):
        for raw in pipe:
            line = raw.rstrip(b"\n")
            with self.lock:
                self.lines.append((stream, line.decode()))
                while True:
                    part, line = line[:LONGEST_PART], line[LONGEST_PART:]
                    now = time.time_ns()
                    stamp = datetime.datetime.fromtimestamp(now // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
                    self.file.write(b"%s.%09dZ %s %s %s\n" % (stamp.encode(), now % 10**9, stream.encode(), b"P" if line else b"F", part))
                    if not line:
                        break

    def stop(self):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        for reader in self.readers:
            reader.join(10)
        self.file.close()
        return self.child.returncode

    def objects(self):
        """The JSON lines it wrote."""
        out = []
        with self.lock:
            for _, text in self.lines:
                try:
                    value = json.loads(text)
                except ValueError:
                    continue
                if isinstance(value, dict):
                    out.append(value)
        return out


class Report:
    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, name, problems):
        problems = [p for p in problems if p]
        if not problems:
            self.passed += 1
            return
        self.failed += 1
        print("FAIL %s" % name)
        for problem in problems[:10]:
            print("     %s" % problem)
        if len(problems) > 10:
            print("     and %d more" % (len(problems) - 10))

    def finish(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        return 1 if self.failed else 0
