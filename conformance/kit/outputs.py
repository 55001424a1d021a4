"""What a case compares: each kind of output read into text, and the comparison with expect/."""
import difflib
import fnmatch
import hashlib
import json
import os
import re
import shutil
import struct

from kit.debug_text import debug_text
from kit.rows import flatten, near_now, sort_rows
from kit.sink import sink_otlp
from kit.wire import SIGNALS, pb_decode, snappy_decode


def salient(text):
    """The lines from the last 'Error:' on, without log lines: stack traces are left out."""
    lines = text.splitlines()
    at = max([i for i, ln in enumerate(lines) if ln.startswith("Error:")] or [0])
    return [ln for ln in lines[at:] if not re.match(r"\d{4}[-/]\d\d[-/]\d\d", ln)]


class Outputs:
    # ---- outputs
    def outputs(self):
        seen = set()
        for o in self.spec["outputs"]:
            o = {"type": o} if isinstance(o, str) else dict(o)
            ext = {"otlp_file": "jsonl", "proto_file": "jsonl", "sink_otlp": "jsonl", "loki": "json", "requests": "json",
                   "responses": "json", "exit": "json", "ls": "json", "tally": "json"}.get(o["type"], "txt")
            o["name"] = o.get("name") or o["type"]
            if o["name"] in seen:
                raise ValueError("two outputs named " + o["name"])
            seen.add(o["name"])
            o["file"] = o["name"] + "." + ext
            yield o

    def collect(self, live=False):
        got = {}
        for o in self.outputs():
            if o["type"] == "error" or o["type"] == "log" or live and o["type"] in ("exit", "page", "responses", "ls"):
                continue
            got[o["file"]] = getattr(self, "get_" + o["type"])(o)
        return got

    def expected(self):
        out = {}
        for o in self.outputs():
            if o["type"] in ("error", "log"):
                continue
            p = os.path.join(self.expect_dir, o["file"])
            out[o["file"]] = open(p, encoding="utf-8").read() if os.path.exists(p) else "(nothing recorded)\n"
        return out

    def rows_text(self, rows, o):
        rows = sort_rows(rows, o.get("sort", "source"))
        if o.get("unique"):
            rows = [r for i, r in enumerate(rows) if r not in rows[:i]]
        if o.get("fields"):  # keep only these keys of each record
            rows = [{w: {k: v for k, v in (r[w] or {}).items() if k in o["fields"]} if w in ("log", "span", "metric") else r[w]
                     for w in r} for r in rows]
        text = self.unplace("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
        if o.get("shorten"):  # long runs of one character, for very long lines
            text = re.sub(r"(.)\1{99,}", lambda m: "<%s x %d>" % (m.group(1), len(m.group(0))), text)
        return text

    def get_otlp_file(self, o):
        rows = []
        for p in o.get("paths") or [o.get("path", "out.json")]:
            for line in self.read(self.path(p)).split("\n"):
                if line.strip():
                    try:
                        rows += flatten(json.loads(line), o.get("keep_observed", False))
                    except ValueError:
                        pass
        return self.rows_text(rows, o)

    def get_tally(self, o):
        """How many records of the file exporter's lines, how many different bodies, and a digest of the bodies in order
        within each source file: for cases with too many records to list."""
        n, bodies, by_file = 0, set(), {}
        for line in self.read(self.path(o.get("path", "out.json"))).split("\n"):
            try:
                rows = flatten(json.loads(line)) if line.strip() else []
            except ValueError:
                rows = []
            for r in rows:
                log = r.get("log") or {}
                body = json.dumps(log.get("body"), ensure_ascii=False)
                n += 1
                bodies.add(body)
                a = log.get("attributes") or {}
                key = "" if o.get("one_digest") else str(a.get("log.file.path") or a.get("log.file.name") or "")
                by_file.setdefault(key, []).append(body)
        digest = hashlib.sha256()
        for k in sorted(by_file):
            seq = sorted(by_file[k]) if o.get("sort") == "all" else by_file[k]
            digest.update((self.unplace(k) + "\n" + "\n".join(seq) + "\n").encode())
        return json.dumps({"records": n, "different": len(bodies), "digest": digest.hexdigest()[:16]}) + "\n"

    def get_proto_file(self, o):
        """The file exporter's binary format: a 4 byte big endian length before each message."""
        rows = []
        try:
            data = open(self.path(o.get("path", "out.pb")), "rb").read()
        except OSError:
            data = b""
        i = 0
        while i + 4 <= len(data):
            n = struct.unpack(">I", data[i:i + 4])[0]
            try:
                rows += flatten(pb_decode(SIGNALS[o.get("signal", "logs")][1], data[i + 4:i + 4 + n]), o.get("keep_observed", False))
            except (ValueError, IndexError, struct.error):
                break
            i += 4 + n
        return self.rows_text(rows, o)

    def get_sink_otlp(self, o):
        rows = []
        with self.sink.lock:
            reqs = list(self.sink.requests)
        for r in reqs:
            if r["ok"] and (not o.get("path") or o["path"] == r["path"]):
                try:
                    rows += flatten(sink_otlp(r) or {}, o.get("keep_observed", False))
                except Exception as e:
                    rows.append({"bad": repr(e)})
        return self.rows_text(rows, o)

    def loki_streams(self, reqs):
        streams = {}
        for r in reqs:
            try:
                push = pb_decode("PushRequest", snappy_decode(r["body"]))
            except Exception as e:
                push = {"streams": [{"labels": "undecodable " + repr(e)}]}
            for s in push.get("streams", []):
                key = (r["headers"].get("x-scope-orgid", ""), s.get("labels", ""))
                for e in s.get("entries", []):
                    ts = e.get("timestamp", {})
                    ns = int(ts.get("seconds", 0)) * 10 ** 9 + int(ts.get("nanos", 0))
                    row = {"ts": "NOW" if near_now(ns) else str(ns), "line": self.unplace(e.get("line", ""))}
                    if e.get("structuredMetadata"):
                        row["metadata"] = e["structuredMetadata"]
                    streams.setdefault(key, []).append(row)
        return [{"tenant": k[0], "labels": self.unplace(k[1]), "entries": v} for k, v in sorted(streams.items())]

    def get_loki(self, o):
        with self.sink.lock:
            reqs = [r for r in self.sink.requests if r["ok"]]
        streams = self.loki_streams(reqs)
        if o.get("sort"):  # where several pushes may overtake each other
            for s in streams:
                s["entries"].sort(key=lambda e: (e["ts"], e["line"]))
        return json.dumps(streams, indent=1, ensure_ascii=False) + "\n"

    def get_requests(self, o):
        """What the sink was asked, in order: method, path, answer, chosen headers, and how many records."""
        with self.sink.lock:
            reqs = list(self.sink.requests)
        out = []
        for r in reqs:
            row = {"via": r["via"], "request": "%s %s" % (r["method"], r["path"]), "answer": r["answer"]}
            hs = {h: self.unplace(str(r["headers"][h])) for h in o.get("headers") or [] if h in r["headers"]}
            if hs:
                row["headers"] = hs
            if o.get("count"):
                try:
                    if "/loki" in r["path"]:
                        row["records"] = sum(len(s["entries"]) for s in self.loki_streams([r]))
                    else:
                        row["records"] = len(flatten(sink_otlp(r) or {}))
                except Exception as e:
                    row["records"] = "undecodable: " + type(e).__name__
            out.append(row)
        if o.get("sort"):
            out.sort(key=lambda x: json.dumps(x, sort_keys=True))
        if o.get("unique"):
            out = [r for i, r in enumerate(out) if r not in out[:i]]
        return "[" + ",\n ".join(json.dumps(r, ensure_ascii=False) for r in out) + "]\n"

    def get_responses(self, o):
        """The answers to post and http steps. `messages: any` compares error texts only for being there."""
        rows = json.loads(json.dumps(self.responses))
        for r in rows:
            if o.get("messages") == "any" and isinstance(r.get("body"), dict) and r["body"].get("message"):
                r["body"]["message"] = "<any>"
            if o.get("messages") == "any" and r.get("details"):
                r["details"] = "<any>"
        text = "[" + ",\n ".join(json.dumps(r, ensure_ascii=False) for r in rows) + "]\n"
        return self.unplace(text)

    def get_page(self, o):
        """The scraped pages; `keep` is a list of regular expressions of the lines to compare."""
        lines = "\n".join(self.pages).split("\n")
        if o.get("keep"):
            lines = sorted(ln for ln in lines if any(re.search(k, ln) for k in o["keep"]))
        for k in o.get("drop_labels") or []:
            lines = [re.sub(r'(?<=[{,])%s="[^"]*",?' % k, "", ln).replace(",}", "}") for ln in lines]
        return self.unplace("\n".join(lines))

    def get_text(self, o):
        return self.unplace(self.read(self.path(o["path"])))

    def get_exit(self, o):
        return json.dumps(self.exits) + "\n"

    def get_ls(self, o):
        base = self.path(o.get("path", "."))
        found = []
        for d, _, fs in os.walk(base):
            found += [os.path.relpath(os.path.join(d, f), base) for f in fs]
        return json.dumps(sorted(f for f in found if fnmatch.fnmatch(f, o.get("glob", "*")))) + "\n"

    def get_debug(self, o):
        return self.unplace(debug_text(self.read(self.err_path), self.read(self.out_path), o.get("id", "debug"),
                                       o.get("sort_attributes")))

    # ---- judging
    def check(self, got, problem):
        msgs = []
        if problem:
            msgs.append(problem)
        logs = "".join(self.read(os.path.join(self.scratch, "%s.%d" % (w, i + 1))) for i in range(self.runs)
                       for w in ("stdout", "stderr"))
        logs = self.unplace(logs)
        error_text = None
        for o in self.outputs():
            if o["type"] == "error":
                code = self.exits[-1] if self.exits else None
                if not code or code < 0:
                    msgs.append("expected the collector to refuse this and exit non-zero; exit code %s" % code)
                missing = [p for p in o.get("phrases", []) if p not in logs]
                if missing:
                    msgs.append("error text lacks %s\n    it was: %s" % (missing, logs.strip()[-800:]))
                error_text = logs
            elif o["type"] == "log":
                for p in o.get("contains", []):
                    if p not in logs:
                        msgs.append("log lacks %r" % p)
                for p in o.get("absent", []):
                    if p in logs:
                        msgs.append("log should not hold %r" % p)
        if self.opts.record:
            if msgs:
                return "\n".join(msgs)
            shutil.rmtree(self.expect_dir, ignore_errors=True)
            os.makedirs(self.expect_dir)
            for f, text in got.items():
                with open(os.path.join(self.expect_dir, f), "w", encoding="utf-8") as fh:
                    fh.write(text)
            if error_text is not None:
                with open(os.path.join(self.expect_dir, "error.txt"), "w", encoding="utf-8") as fh:
                    fh.write("# For information: what the reference printed. Only exit code and phrases are compared.\n")
                    keep = salient(error_text)
                    fh.write("\n".join(keep).strip() + "\n")
            return ""
        for f, want in self.expected().items():
            have = got.get(f, "")
            if have != want:
                d = list(difflib.unified_diff(want.splitlines(), have.splitlines(), "expect/" + f, "got", lineterm="", n=1))
                lines = [(ln if len(ln) < 600 else ln[:600] + "...") for ln in d[:40]]
                if len(d) > 40:
                    lines.append("... %d more lines" % (len(d) - 40))
                msgs.append("\n".join(lines))
        if msgs and self.notes:
            msgs += self.notes
        if msgs and not any(v.strip() for v in got.values()):
            # Nothing came out: only the agent can say why.
            msgs.append("exit codes %s; the collector said: %s" % (self.exits, logs.strip()[-1500:]))
        return "\n".join(msgs)
