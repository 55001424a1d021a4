"""What bench.py and faults.py share: ports, processes, CPU and memory of a process, the sink.

Everything listens on 127.0.0.1, on ports picked at run time. A process is stopped by the handle
this module holds of it, and Scope stops all of them whatever happens.
"""
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
REPO = os.path.dirname(os.path.dirname(HERE))
HOST = "127.0.0.1"
# Jobs that run with the configuration of another one: what differs is done by the sender.
SAME_CONFIG = {"idle": "O", "O-gzip-both": "O-gzip", "H-gzip-both": "H-gzip"}
TOOLS = ["gen_pods", "bench_sink", "otlp_load", "floor_grpc", "floor_http"]


class BenchError(Exception):
    """A run that cannot be counted: the message says which and why."""


def free_port():
    """A port nobody listens on, below the range from which the kernel takes outgoing ports."""
    for _ in range(200):
        port = random.SystemRandom().randint(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind((HOST, port))
                return port
            except OSError:
                continue
    raise BenchError("no free port found")


def free_address():
    return f"{HOST}:{free_port()}"


def accepts(address):
    host, port = address.rsplit(":", 1)
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex((host, int(port))) == 0


def cpu_seconds(pid):
    """User and system time of a process, all its threads, also those that have ended."""
    try:
        # The kernel's clock id of a process (CPUCLOCK_SCHED); it counts nanoseconds, where
        # /proc/PID/stat counts hundredths.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(pid, key):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def machine_busy():
    """CPU-seconds the whole machine has been busy since boot."""
    with open("/proc/stat") as f:
        fields = [int(x) for x in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def default_agent():
    """Where a release build puts our agent."""
    release = os.path.join(REPO, "build", "release")
    places = [os.path.join(release, *parts, "otelpipe")
              for parts in ((), ("bin",), ("libotelpipe", "agent"))]
    return next((p for p in places if os.path.isfile(p)), places[0])


def find_tools(folder):
    """The folder that holds the built programs."""
    guesses = [folder] if folder else [
        os.path.join(REPO, "build", "release", "bin"),
        os.path.join(REPO, "build", "release", "conformance", "bench"),
        os.path.join(REPO, "build", "bench"),
        os.path.join(HERE, "build"),
    ]
    for guess in guesses:
        if all(os.access(os.path.join(guess, tool), os.X_OK) for tool in TOOLS):
            return os.path.abspath(guess)
    raise BenchError(f"bench programs not found in {', '.join(guesses)}; build them (README.md) "
                     "or name their folder with --tools")


class Scope:
    """Owns processes and one folder for a run; closes all of them at the end."""

    def __init__(self, keep=False):
        self.keep = keep
        self.processes = []
        self.folder = tempfile.mkdtemp(prefix="otelpipe-bench-")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            stop(process, 2)  # everything has been measured by now
        if self.keep:
            print(f"kept: {self.folder}", flush=True)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def start(self, command, log, **more):
        """Starts a program with its output in a file, or piped when log is None."""
        if log is not None:
            with open(log, "a") as f:
                process = subprocess.Popen(command, stdout=f, stderr=subprocess.STDOUT,
                                           stdin=subprocess.DEVNULL, **more)
        else:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                       stdin=subprocess.DEVNULL, **more)
        self.processes.append(process)
        return process


def stop(process, limit=15):
    """SIGTERM, and SIGKILL when that does not help in time. Returns the seconds it took."""
    begin = time.monotonic()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return time.monotonic() - begin


class Sink:
    """A running bench_sink."""

    def __init__(self, scope, tools, expect=0, seq=False, extra=()):
        command = [os.path.join(tools, "bench_sink"), "--http", f"{HOST}:0", "--grpc", f"{HOST}:0"]
        if expect:
            command += ["--expect", str(expect)]
        if seq:
            command.append("--seq")
        with open(scope.path("sink.err"), "a") as errors:
            self.process = scope.start(command + list(extra), None, stderr=errors)
        first = json.loads(self.process.stdout.readline() or "{}")
        if first.get("event") != "listening":
            raise BenchError("bench_sink did not start; see its output above")
        self.http, self.grpc = first["http"], first["grpc"]
        self.expected = threading.Event()
        self.on_expected = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if json.loads(line)["event"] == "expected":
                if self.on_expected:
                    self.on_expected()
                self.expected.set()

    def get(self, path, method="GET"):
        request = urllib.request.Request(f"http://{self.http}{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def stats(self):
        return json.loads(self.get("/stats"))

    def fault(self, mode, seconds):
        self.get(f"/fault?mode={mode}&for={seconds}s")

    def wait_records(self, want, stall, key="records", alive=None):
        """Waits until so many have come, or nothing new has for `stall` seconds."""
        last, since = -1, time.monotonic()
        while True:
            stats = self.stats()
            if stats[key] >= want:
                return stats
            if stats[key] != last:
                last, since = stats[key], time.monotonic()
            elif time.monotonic() - since > stall or (alive and alive.poll() is not None):
                return stats
            time.sleep(0.02)


class Agent:
    """A program under test: how to start it for a job."""

    def __init__(self, name, path, configs=None):
        with open(os.path.join(HERE, "peers", "peers.json")) as f:
            known = json.load(f)
        family = max((k for k in known if name == k or name.startswith(k + "-")), key=len,
                     default="otelcol")
        self.name, self.family, self.path = name, family, shutil.which(path) or path
        self.entry = known[family]
        folder = "configs" if family == "otelpipe" else "peers"
        self.configs = configs or os.path.join(HERE, folder)
        if not os.access(self.path, os.X_OK):
            raise BenchError(f"{name}: {path} is not a program; build it, or name another one")

    def config(self, job):
        """The config template for a job, or None when the agent has none."""
        for name in (f"{self.name}-{job}.yaml", f"{self.family}-{job}.yaml", f"{job}.yaml"):
            path = os.path.join(self.configs, name)
            if os.path.exists(path):
                return path
        return None

    def can(self, job):
        if "jobs" in self.entry:
            return job in self.entry["jobs"]
        return self.config(SAME_CONFIG.get(job, job)) is not None

    def command(self, scope, job, places):
        """Command line and environment; the filled-in config is stored in the run folder."""
        tokens = {f"@{key}@": value for key, value in places.items()}
        for key in ("SINK_HTTP", "SINK_GRPC", "IN_GRPC", "IN_HTTP"):
            host, port = places[key].rsplit(":", 1)
            tokens[f"@{key}_PORT@"] = port
            tokens["@SINK_HOST@"] = tokens["@IN_HOST@"] = host

        def fill(text):
            for token, value in tokens.items():
                text = text.replace(token, value)
            return text

        args = list(self.entry["args"])
        args += self.entry.get("jobs", {}).get(job, [])
        if "{config}" in args:
            template = self.config(SAME_CONFIG.get(job, job))
            if template is None:
                raise BenchError(f"{self.name}: no config for job {job} in {self.configs}")
            filled = scope.path(f"{self.name}-{job}.yaml")
            with open(template) as f, open(filled, "w") as g:
                g.write(fill(f.read()))
            args = [filled if a == "{config}" else a for a in args]
        environment = dict(os.environ)
        environment.update({f"BENCH_{key}": value for key, value in places.items()})
        return [os.path.abspath(self.path)] + [fill(a) for a in args], environment


def places_for(scope, sink, root="", state=None):
    state = state or scope.path("state")
    os.makedirs(state, exist_ok=True)
    grpc, http = free_address(), free_address()
    while http == grpc:
        http = free_address()
    return {"ROOT": root, "STATE": state, "SINK_HTTP": sink.http, "SINK_GRPC": sink.grpc,
            "IN_GRPC": grpc, "IN_HTTP": http}


def wait_ready(process, log, address, text, limit=30):
    """Waits until the port accepts, or the log has the text. Returns the monotonic time."""
    begin = time.monotonic()
    while time.monotonic() - begin < limit:
        if address and accepts(address):
            return time.monotonic()
        if text and not address:
            with open(log, errors="replace") as f:
                if text in f.read():
                    return time.monotonic()
        if process.poll() is not None:
            raise BenchError(f"{process.args[0]} exited with {process.returncode} before it was "
                             f"ready; its last words:\n{tail(log)}")
        time.sleep(0.0005)
    raise BenchError(f"{process.args[0]} was not ready after {limit} s:\n{tail(log)}")


def tail(log, lines=15):
    with open(log, errors="replace") as f:
        return "".join(f.readlines()[-lines:])


def make_tree(tools, root, lines, pods, seed=1, body="mixed"):
    out = subprocess.run([os.path.join(tools, "gen_pods"), "--out", root, "--lines", str(lines),
                          "--pods", str(pods), "--seed", str(seed), "--body", body],
                         stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(out.stdout)


def tree_files(root):
    return sorted(os.path.join(folder, name) for folder, _, names in os.walk(root)
                  for name in names)
