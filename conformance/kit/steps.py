"""What the steps of a case do: run and stop the agent, write and rotate files, send requests, wait."""
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import time

from kit.debug_text import STAMP, stamp_now
from kit.sink import grpc
from kit.wire import SIGNALS, pb_decode, pb_encode


class StepError(Exception):
    pass


# A build with sanitizers, or a machine under load, needs more time for the same; limits grow by this, pauses of a case do not.
TIME_FACTOR = float(os.environ.get("OTELPIPE_TEST_TIME_FACTOR") or 1)


def allowed(arguments, default):
    return float(arguments.get("limit", default)) * TIME_FACTOR


# --------------------------------------------------------------------------- one case


class Steps:
    # ---- steps
    def step(self, step):
        if isinstance(step, str):
            verb, arg = step, None
        else:
            (verb, arg), = step.items()
        fn = getattr(self, "do_" + verb, None)
        if fn is None:
            raise StepError("unknown step %r" % verb)
        fn(arg)

    def until(self, cond, what, limit=None, every=0.03):
        end = min(self.deadline, time.time() + (limit or 1e9))
        while True:
            v = cond()
            if v:
                return v
            if time.time() > end:
                raise StepError("gave up waiting for " + what)
            time.sleep(every)

    def do_start(self, arg):
        arg = arg or {}
        args = [self.subst(str(a)) for a in arg.get("args", ["--config", "${WORK_DIR}/config.yaml"])]
        env = {"PATH": os.environ.get("PATH", ""), "HOME": self.work, "TZ": "UTC", "LANG": "C.UTF-8"}
        for k in ("LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "LLVM_PROFILE_FILE"):
            if k in os.environ:
                env[k] = os.environ[k]
        env.update(self.env)
        env.update({k: self.subst(str(v)) for k, v in (arg.get("env") or {}).items()})
        self.runs += 1
        self.err_path = os.path.join(self.scratch, "stderr.%d" % self.runs)
        self.out_path = os.path.join(self.scratch, "stdout.%d" % self.runs)
        with open(self.err_path, "wb") as e, open(self.out_path, "wb") as o:
            self.proc = subprocess.Popen([self.opts.bin] + args, cwd=self.work, env=env, stdin=subprocess.DEVNULL,
                                         stdout=o, stderr=e)
        if arg.get("exits"):
            self.do_exit(None)
            return
        if arg.get("ready") is False:
            return
        began = time.time()

        def ready():
            if self.proc.poll() is not None:
                raise StepError("the collector stopped at start, exit code %s: %s" % (
                    self.proc.returncode, self.unplace(self.read(self.err_path))[-1500:]))
            if "Everything is ready" in self.read(self.err_path):
                return True
            if self.used_ports and time.time() - began > 0.3:
                return all(self.accepts(p) for p in self.used_ports)
            return not self.used_ports and time.time() - began > 1.5 * TIME_FACTOR
        self.until(ready, "the collector to be ready", 8 * TIME_FACTOR)

    @staticmethod
    def accepts(port):
        with socket.socket() as s:
            s.settimeout(0.2)
            return s.connect_ex(("127.0.0.1", port)) == 0

    @staticmethod
    def read(p):
        try:
            with open(p, "rb") as f:
                return f.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def stop(self, sig):
        if self.proc is None:
            return
        if self.proc.poll() is None:
            self.proc.send_signal(sig)
            try:
                self.proc.wait(max(2.0, min(8.0 * TIME_FACTOR, self.deadline - time.time())))
            except subprocess.TimeoutExpired:
                self.notes.append("did not stop on SIGTERM")
                self.proc.kill()
                self.proc.wait()
        if len(self.exits) < self.runs:
            self.exits.append(self.proc.returncode)

    def do_stop(self, arg):
        self.stop(signal.SIGTERM)

    def do_kill(self, arg):
        self.stop(signal.SIGKILL)

    def do_restart(self, arg):
        self.do_stop(None)
        self.do_start(arg)

    def do_exit(self, arg):
        self.until(lambda: self.proc.poll() is not None, "the collector to exit", 8 * TIME_FACTOR)
        if len(self.exits) < self.runs:
            self.exits.append(self.proc.returncode)

    def do_sleep(self, arg):
        time.sleep(float(arg))

    def do_sink(self, arg):
        with self.sink.lock:
            self.sink.script = [dict(x) for x in (arg if isinstance(arg, list) else [])]

    def content(self, a):
        if "text" in a:
            b = self.subst(a["text"]).encode()
        elif "count" in a:  # numbered lines: {count: 1000, from: 0, line: "line %06d of the shop"}
            first = int(a.get("from", 0))
            b = "".join(a.get("line", "line %06d") % (first + i) + "\n" for i in range(int(a["count"]))).encode()
        elif "lines" in a:
            b = "".join(self.subst(str(x)) + "\n" for x in a["lines"]).encode()
        elif "hex" in a:
            b = bytes.fromhex(a["hex"])
        elif "file" in a:
            with open(self.path(a["file"]), "rb") as f:
                b = f.read()
        else:
            b = b""
        if "encode" in a:
            b = b.decode().encode(a["encode"])
        return a.get("head", "").encode() + b * int(a.get("repeat", 1)) + a.get("tail", "").encode()

    def put(self, a, mode):
        p = self.path(a["path"])
        os.makedirs(os.path.dirname(p), exist_ok=True)
        with open(p, mode) as f:
            f.write(self.content(a))

    def do_write(self, a):
        self.put(a, "wb")

    def do_append(self, a):
        self.put(a, "ab")

    def do_rename(self, a):
        to = self.path(a["to"])
        os.makedirs(os.path.dirname(to), exist_ok=True)
        os.rename(self.path(a["from"]), to)

    def do_truncate(self, a):
        os.truncate(self.path(a["path"]), int(a.get("size", 0)))

    def do_copytruncate(self, a):
        os.makedirs(os.path.dirname(self.path(a["to"])), exist_ok=True)
        shutil.copyfile(self.path(a["path"]), self.path(a["to"]))
        os.truncate(self.path(a["path"]), 0)

    def do_remove(self, a):
        p = self.path(a["path"] if isinstance(a, dict) else a)
        shutil.rmtree(p) if os.path.isdir(p) else os.remove(p)

    def do_gzip(self, a):
        with open(self.path(a["path"]), "rb") as f:
            data = gzip.compress(f.read(), mtime=0)
        with open(self.path(a["to"]), "ab" if a.get("append") else "wb") as f:
            f.write(data)
        if a.get("remove"):
            os.remove(self.path(a["path"]))

    def do_mkdir(self, a):
        os.makedirs(self.path(a), exist_ok=True)

    def do_symlink(self, a):
        p = self.path(a["path"])
        os.makedirs(os.path.dirname(p), exist_ok=True)
        if os.path.islink(p):
            os.remove(p)
        os.symlink(self.subst(a["target"]), p)

    def do_age(self, a):
        t = time.time() - float(a["seconds"])
        os.utime(self.path(a["path"]), (t, t))

    def do_chmod(self, a):
        os.chmod(self.path(a["path"]), int(str(a["mode"]), 8))

    def do_tcp(self, a):
        with socket.create_connection(("127.0.0.1", self.ports[a["port"]]), 3) as s:
            s.sendall(self.content(a))
            time.sleep(0.05)

    def do_post(self, a):
        """Send an OTLP JSON file as JSON or protobuf over HTTP or gRPC and keep the answer."""
        for _ in range(int(a.get("times", 1))):
            self.post_once(a)

    def post_once(self, a):
        signal_ = a.get("signal", "logs")
        raw = self.content(a)
        want_pb = a.get("encoding", "json") == "proto" or a.get("via") == "grpc"
        body = pb_encode(SIGNALS[signal_][1], json.loads(raw)) if want_pb else raw
        headers = {str(k): self.subst(str(v)) for k, v in (a.get("headers") or {}).items()}
        if a.get("via") == "grpc":
            rec = {"via": "grpc", "signal": signal_}
            target = self.subst(a.get("target", "127.0.0.1:${OTLP_GRPC_PORT}"))
            with grpc.insecure_channel(target) as ch:
                call = ch.unary_unary("/%s/Export" % SIGNALS[signal_][3])
                try:
                    out = call(body, timeout=allowed(a, 5), metadata=tuple((k.lower(), v) for k, v in headers.items()),
                               compression=grpc.Compression.Gzip if a.get("gzip") else None)
                    rec.update(code="OK", response=pb_decode(SIGNALS[signal_][2], out))
                except grpc.RpcError as e:
                    rec.update(code=e.code().name, details=self.unplace(e.details() or ""))
            self.responses.append(rec)
            return
        if a.get("gzip"):
            body = gzip.compress(body, mtime=0)
            headers.setdefault("Content-Encoding", "gzip")
        headers.setdefault("Content-Type", "application/x-protobuf" if want_pb else "application/json")
        self.http_once({"method": "POST", "path": a.get("path", "/v1/" + signal_), "port": a.get("port", "OTLP_HTTP_PORT"),
                        "limit": a.get("limit", 5), "tls": a.get("tls")}, headers, body, SIGNALS[signal_][2])

    def do_http(self, a):
        """A raw HTTP request; the answer is kept."""
        headers = {str(k): self.subst(str(v)) for k, v in (a.get("headers") or {}).items()}
        body = self.content(a)
        if a.get("gzip"):
            body = gzip.compress(body, mtime=0)
        for _ in range(int(a.get("times", 1))):
            self.http_once(a, headers, body, None)

    def http_once(self, a, headers, body, kind):
        port = self.ports.get(a.get("port", "OTLP_HTTP_PORT")) or int(self.subst(str(a["port"])))
        if a.get("tls"):
            ctx = ssl.create_default_context(cafile=self.path("certs/ca.pem"))
            if a["tls"] == "client":
                ctx.load_cert_chain(self.path("certs/client.pem"), self.path("certs/client.key"))
            c = http.client.HTTPSConnection("127.0.0.1", port, timeout=allowed(a, 5), context=ctx)
        else:
            c = http.client.HTTPConnection("127.0.0.1", port, timeout=allowed(a, 5))
        rec = {"request": "%s %s" % (a.get("method", "POST"), a.get("path", "/"))}
        try:
            c.request(a.get("method", "POST"), a.get("path", "/"), body=body or None, headers=headers)
            r = c.getresponse()
            data = r.read()
            ctype = r.headers.get("Content-Type", "")
            if r.headers.get("Content-Encoding") == "gzip":
                data = gzip.decompress(data)
            rec.update(status=r.status, content_type=ctype)
            for h in a.get("keep_headers") or []:
                rec.setdefault("headers", {})[h.lower()] = r.headers.get(h)
            if "protobuf" in ctype:
                try:
                    for w, sig in (("log", "logs"), ("trace", "traces"), ("metric", "metrics")):
                        if kind is None and w in a.get("path", "/"):
                            kind = SIGNALS[sig][2]
                    rec["body"] = pb_decode(kind if kind and r.status == 200 else "RpcStatus", data)
                except Exception:
                    rec["body_hex"] = data.hex()
            else:
                text = STAMP.sub(stamp_now, self.unplace(data.decode("utf-8", "replace")))
                text = re.sub(r'("uptime": ?)"[^"]*"', r'\1"<any>"', text)
                try:
                    rec["body"] = json.loads(text)
                except ValueError:
                    rec["body"] = text
        except (OSError, http.client.HTTPException):
            rec["error"] = "no answer"
        finally:
            c.close()
        self.responses.append(rec)

    def do_scrape(self, a):
        """GET a page, again and again until it holds every text in `until`; keep it."""
        port = self.ports[a.get("port", "PROM_PORT")]
        hit = {}

        def get():
            try:
                c = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                c.request("GET", a.get("path", "/metrics"), headers=a.get("headers") or {})
                r = c.getresponse()
                data = r.read()
                if r.headers.get("Content-Encoding") == "gzip":
                    data = gzip.decompress(data)
                hit["page"] = data.decode("utf-8", "replace")
                hit["ctype"] = r.headers.get("Content-Type", "")
                c.close()
            except OSError:
                return False
            return all(u in hit["page"] for u in a.get("until") or [])
        try:
            self.until(get, "the page to hold %s" % a.get("until"), allowed(a, 5), 0.1)
        except StepError as e:
            self.notes.append(str(e))
        self.pages.append("# content-type: %s\n%s" % (hit.get("ctype", "no answer"), hit.get("page", "")))

    # ---- waiting
    def do_wait(self, a):
        """No argument: until what came out is what is expected (or, when recording, has gone quiet)."""
        if a is None:
            return self.wait_auto({})
        if isinstance(a, (int, float)):
            return time.sleep(a)
        limit = allowed(a, 8)
        if "text" in a:
            rx = re.compile(self.subst(a["text"]))
            where = a.get("in", "stderr")
            p = (lambda: self.err_path) if where == "stderr" else (lambda: self.out_path) if where == "stdout" else (
                lambda: self.path(where))
            try:
                self.until(lambda: rx.search(self.read(p())), "%r in %s" % (a["text"], where), limit)
            except StepError:
                if not a.get("soft"):
                    raise
        elif "records" in a:
            out = {"type": "otlp_file", "path": a.get("path", "out.json")}
            self.until(lambda: len(self.get_otlp_file(out).splitlines()) >= a["records"], "%s records" % a["records"], limit)
        elif "requests" in a:
            self.until(lambda: len(self.sink.requests) >= a["requests"], "%s requests" % a["requests"], limit)
        elif "exists" in a:
            self.until(lambda: os.path.exists(self.path(a["exists"])), a["exists"], limit)
        elif "gone" in a:
            self.until(lambda: not os.path.exists(self.path(a["gone"])), a["gone"] + " to be gone", limit)
        elif "quiet" in a:
            self.wait_quiet(float(a["quiet"]), limit)
        else:
            self.wait_auto(a)

    def wait_quiet(self, quiet, limit):
        last, since, end = None, time.time(), min(self.deadline - 1, time.time() + limit)
        while time.time() < end:
            now = self.collect(True)
            if now != last:
                last, since = now, time.time()
            if time.time() - since >= quiet:
                return
            time.sleep(0.05)

    def wait_auto(self, a):
        if self.opts.record:
            self.wait_quiet(float(a.get("record_quiet", 1.2)), 8)
            return
        want = self.expected()
        empty = not any(v.strip() not in ("", "[]", "{}") for v in want.values())
        settle = float(a.get("settle", 0.8 if empty else 0.15))
        last, since, hit = None, time.time(), None
        patience = float(a.get("patience", 3)) * TIME_FACTOR
        end = min(self.deadline - 1, time.time() + allowed(a, 8))
        while time.time() < end:
            now = self.collect(True)
            if now != last:
                last, since, hit = now, time.time(), None
            if all(now.get(k) == v for k, v in want.items() if k in now):
                hit = hit or time.time()
                if time.time() - hit >= settle:
                    return
            elif time.time() - since > patience and any(v.strip() for v in now.values()):
                return  # something else came out, and nothing follows; before the first output the whole limit is waited
            time.sleep(0.03)
