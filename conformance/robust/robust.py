#!/usr/bin/env python3
"""Hostile peers against the otlp receiver: robust.py --agent BINARY [--long] [--only NAME,...]

Slow senders, idle connections, bombs, huge bodies, deep nesting, shapes of request smuggling, broken HTTP/2, floods. After each test the
agent must answer a good request, and it must not have taken more memory than the test allows. --long uses the real sizes (5,000
connections, bodies of 1 GB); without it the tests take some ten seconds. Needs python3, openssl, curl; python3-grpc for one test.
"""
import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time

from world import (LOG, PREFACE, Agent, Failed, answers_in, check, closed, connect, exchange, frame, gzip_bomb, headers, literal, lz4_bomb, post,
                   read_all, snappy_block, snappy_stream_bomb, status_of, zlib_bomb, zstd_bomb)

MIB = 1 << 20
GOOD = json.dumps(LOG).encode()
EXPORT = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
# LogsData with one record of one attribute: a varint length before each level.
PROTO_LOG = bytes.fromhex("0a0d120b12092a070a05") + b"hello"


class Memory:
    """The memory that the agent takes in addition while the block runs, at most."""

    def __init__(self, agent, most):
        self.agent, self.most = agent, most

    def __enter__(self):
        self.agent.forget_peak()
        self.before = self.agent.memory()

    def __exit__(self, kind, value, trace):
        if kind is None and not self.agent.sanitized:
            grown = self.agent.peak() - self.before
            check(grown <= self.most, "memory grew by %.1f MiB, allowed are %.0f" % (grown / MIB, self.most / MIB))


# --- time
def slow_headers(agent, long):
    """Headers that come byte by byte: with read_header_timeout the connection is closed, without it others do not wait."""
    n = 200 if long else 20
    timed = [connect(agent.port["timed"]) for _ in range(n)]
    free = [connect(agent.port["http"]) for _ in range(n)]
    text = b"POST /v1/logs HTTP/1.1\r\nHost: x\r\nX-Slow: " + b"s" * 1000
    for i in range(30):
        for s in timed + free:
            try:
                s.send(text[i:i + 1])
            except ConnectionError:
                pass
        agent.alive()
        time.sleep(0.1)
    check(all(closed(s) for s in timed), "connections that are past read_header_timeout stay open")
    check(not any(closed(s) for s in free), "connections without a limit were closed")
    agent.healthy()
    for s in timed + free:
        s.close()


def slow_body(agent, long):
    """A body that comes byte by byte: read_timeout closes it."""
    n = 200 if long else 20
    held = [connect(agent.port["timed"]) for _ in range(n)]
    for s in held:
        s.sendall(post(b"", {"Content-Length": "100000"}, length=False))
    for _ in range(30):
        for s in held:
            try:
                s.send(b" ")
            except ConnectionError:
                pass
        time.sleep(0.1)
    check(all(closed(s) for s in held), "connections that are past read_timeout stay open")
    for s in held:
        s.close()


def no_reader(agent, long):
    """A client that pipelines requests and never reads: nothing piles up, others are served."""
    with Memory(agent, 32 * MIB):
        held = [connect(agent.port["http"], 0.5) for _ in range(50 if long else 10)]
        one = post(b"{}", {"Expect": "100-continue"}) * 500
        for s in held:
            try:
                for _ in range(20):
                    s.send(one)
            except OSError:
                pass
        time.sleep(0.5)
        agent.healthy()
        for s in held:
            s.close()


# --- numbers
def idle_connections(agent, long):
    """Thousands of connections without a request cost little, and are given back."""
    n = 5000 if long else 400
    before = agent.files()
    for name, each in (("http", 24 << 10), ("grpc", 96 << 10), ("tls_http", 96 << 10)):
        many = n if name == "http" or not long else n // 5
        with Memory(agent, many * each + 8 * MIB):
            held = [connect(agent.port[name], 30) for _ in range(many)]
            if name == "grpc":
                for s in held:
                    s.sendall(PREFACE + frame(4, 0, 0))
            time.sleep(0.5)
            agent.healthy()
            for s in held:
                s.close()
    end = time.monotonic() + 15
    while agent.files() > before + 10 and time.monotonic() < end:
        time.sleep(0.1)
    check(agent.files() <= before + 10, "file descriptors are not given back: %d, before %d" % (agent.files(), before))


# --- bombs
def bombs(agent, long):
    """Each compression: a small body that unpacks to a great one is refused with little memory."""
    size = (1 << 30) if long else (1 << 27)
    made = {"gzip": gzip_bomb(size), "zlib": zlib_bomb(size), "deflate": zlib_bomb(size), "zstd": zstd_bomb(size), "lz4": lz4_bomb(size),
            "snappy": snappy_stream_bomb(size), "snappy ": snappy_block(64 * MIB), "snappy  ": bytes.fromhex("8080808004") + b"\0" * 9}
    for name, body in made.items():
        with Memory(agent, 100 * MIB):
            answer = exchange(agent.port["http"], post(body, {"Content-Encoding": name.strip(), "Connection": "close"}), 20)
            check(status_of(answer) == 400, "%s bomb: %r" % (name, answer[:300]))
            check(b"too large" in answer or b"corrupt" in answer, "%s bomb: %r" % (name, answer[-200:]))
        agent.healthy()


def grpc_bombs(agent, long):
    """The same over gRPC, by curl: ResourceExhausted."""
    size = (1 << 30) if long else (1 << 27)
    for name, body in {"gzip": gzip_bomb(size), "zstd": zstd_bomb(size), "snappy": snappy_stream_bomb(32 * MIB)}.items():
        if len(body) > 4 * MIB:
            continue
        with Memory(agent, 64 * MIB):
            head = curl_grpc(agent, b"\x01" + len(body).to_bytes(4, "big") + body, {"grpc-encoding": name})
            check("grpc-status: 8" in head, "%s bomb: %r" % (name, head))
        agent.healthy()


def big_bodies(agent, long):
    """A gigabyte with Content-Length, and one in chunks: refused when the limit is passed, never held."""
    size = (1 << 30) if long else 200 * MIB
    block = b" " * MIB
    for chunked in (False, True):
        with Memory(agent, 72 * MIB):
            with connect(agent.port["http"], 20) as s:
                s.sendall(post(b"", {"Transfer-Encoding": "chunked"} if chunked else {"Content-Length": str(size)}, length=False))
                try:
                    for _ in range(size // MIB):
                        s.sendall(b"100000\r\n" + block + b"\r\n" if chunked else block)
                    if chunked:
                        s.sendall(b"0\r\n\r\n")
                except OSError:
                    pass
                answer = read_all(s, 5)
        # The answer may be lost when the connection is reset under what was still on its way.
        check(status_of(answer) in (0, 400), "chunked=%s: %r" % (chunked, answer[:200]))
        agent.healthy()
    # Before the body is sent the answer is there to be read.
    answer = exchange(agent.port["http"], post(b"", {"Content-Length": str(1 << 30)}, length=False), 5)
    check(status_of(answer) == 400 and b"http: request body too large" in answer, "%r" % answer)
    # Claims alone take no memory.
    with Memory(agent, 24 * MIB):
        held = [connect(agent.port["http"]) for _ in range(200)]
        for s in held:
            s.sendall(post(b"x", {"Content-Length": str(20 * MIB)}, length=False))
        time.sleep(0.3)
        agent.healthy()
        for s in held:
            s.close()


# --- content
def deep_nesting(agent, long):
    """Nesting far beyond any stack."""
    depth = 1_000_000 if long else 200_000
    inner = b'{"arrayValue":{"values":['
    texts = [b"[" * depth, b'{"a":' * depth, b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + inner * (depth // 20),
             b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":' + inner * 5000 + b"{}" + b"]}}" * 5000 + b"}]}]}]}",
             b'{"unknown":' + b"[" * 9000 + b"]" * 9000 + b"}"]
    for text in texts:
        with Memory(agent, 200 * MIB):
            answer = exchange(agent.port["http"], post(text, {"Connection": "close"}), 20)
            check(status_of(answer) in (200, 400), "%r: %r" % (text[:40], answer[:200]))
        agent.healthy()

    def wrap(tag, data):
        n, length = len(data), bytearray()
        while n >= 0x80:
            length.append(n & 0x7f | 0x80)
            n >>= 7
        return bytes([tag]) + bytes(length) + bytes([n]) + data

    for tags in ((0x2a, 0x0a), (0x32, 0x12, 0x0a)):  # array values; lists of key and value
        value = b""
        for _ in range(20000):
            for tag in reversed(tags):
                value = wrap(tag, value)
        body = wrap(0x0a, wrap(0x12, wrap(0x12, wrap(0x2a, value))))
        answer = exchange(agent.port["http"], post(body, {"Connection": "close"}, kind="application/x-protobuf"), 20)
        check(status_of(answer) in (200, 400, 500), "%r" % answer[:200])
        agent.healthy()


def broken_protobuf(agent, long):
    """Bytes changed at random: each gets an answer."""
    dice = random.Random(7)
    body = PROTO_LOG
    with connect(agent.port["http"], 10) as s:
        for _ in range(3000 if long else 300):
            b = bytearray(body)
            for _ in range(dice.randint(1, 4)):
                b[dice.randrange(len(b))] = dice.randrange(256)
            s.sendall(post(bytes(b), kind="application/x-protobuf"))
            answer = s.recv(65536)
            check(status_of(answer) in (200, 400, 500), "%s: %r" % (b.hex(), answer[:200]))


# --- HTTP/1.1 framing: name, bytes, statuses that are right, answers at most. A second request hides in each that could be split.
HIDDEN = b"POST /v1/hidden HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
HEAD = b"POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
SHAPES = [
    ("length and chunked", HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("chunked and length", HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("two lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("a list of lengths", HEAD + b"Content-Length: 2, 60\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("length with a plus", HEAD + b"Content-Length: +2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("negative length", HEAD + b"Content-Length: -2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("length in hex", HEAD + b"Content-Length: 0x2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("length beyond 64 bits", HEAD + b"Content-Length: 18446744073709551618\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("empty length", HEAD + b"Content-Length: \r\n\r\n" + HIDDEN, {400}, 1),
    ("space before the colon", HEAD + b"Content-Length : 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("other transfer encoding", HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN, {501}, 1),
    ("identity and length", HEAD + b"Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400, 501}, 1),
    ("two transfer encodings", HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN, {400, 501}, 1),
    ("gzip, chunked", HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HIDDEN, {501}, 1),
    ("chunked with a vertical tab", HEAD + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN, {400, 501}, 1),
    ("chunked in HTTP/1.0", HEAD.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("chunk size with a sign", HEAD + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("chunk size with 0x", HEAD + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("chunk size beyond 64 bits", HEAD + b"Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("no chunk size", HEAD + b"Transfer-Encoding: chunked\r\n\r\n\r\n{}\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("chunk longer than it says", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n" + HIDDEN, {400}, 1),
    ("bare line feeds in chunks", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n" + HIDDEN, {400}, 1),
    ("bare line feed in a header", HEAD + b"X: a\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("bare carriage return", HEAD + b"X: a\rContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("NUL in a header", HEAD + b"X: a\x00b\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("folded transfer encoding", HEAD + b"Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("no host", b"POST /v1/logs HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("two hosts", HEAD + b"Host: other\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("a host that is none", HEAD.replace(b"localhost", b"a/b c") + b"Content-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("HTTP/2.0", HEAD.replace(b"HTTP/1.1", b"HTTP/2.0") + b"\r\n" + HIDDEN, {400, 505}, 1),
    ("HTTP/0.9", b"GET /\r\n\r\n" + HIDDEN, {400}, 1),
    ("no name", HEAD + b": x\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {400}, 1),
    ("a method with a space", b"PO ST /v1/logs HTTP/1.1\r\nHost: x\r\n\r\n" + HIDDEN, {400, 505}, 1),
    ("an expectation nobody meets", HEAD + b"Expect: tea\r\nContent-Length: 2\r\n\r\n{}" + HIDDEN, {417}, 1),
    # These are good, and must stay so.
    ("good: a chunk extension", HEAD + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n", {200}, 1),
    ("good: trailers", HEAD + b"Transfer-Encoding: Chunked\r\nTrailer: X\r\n\r\n2\r\n{}\r\n0\r\nX: y\r\n\r\n", {200}, 1),
    ("good: equal lengths", HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", {200, 400}, 1),
    ("good: absolute form", HEAD.replace(b" /v1", b" http://localhost/v1") + b"Content-Length: 2\r\n\r\n{}", {200}, 1),
    ("good: two requests at once", (HEAD + b"Content-Length: 2\r\n\r\n{}") * 2, {200}, 2),
    ("good: 100-continue", HEAD + b"Expect: 100-Continue\r\nContent-Length: 2\r\n\r\n{}", {100}, 1),
]


def smuggling(agent, long):
    """Requests on whose end two programs could disagree: refused, and nothing behind them is taken for a request."""
    problems = []
    for name, data, right, most in SHAPES:
        answer = exchange(agent.port["http"], data, 0.4 if name.startswith("good") else 2.5)
        if status_of(answer) not in right:
            problems.append("%s: %d, right is %s: %r" % (name, status_of(answer), sorted(right), answer[:120]))
        elif answers_in(answer) > most:
            problems.append("%s: %d answers: %r" % (name, answers_in(answer), answer))
    check(not problems, "\n".join(problems))


def huge_headers(agent, long):
    """A header without end, many of them, a path without end."""
    with Memory(agent, 48 * MIB):
        for data in (HEAD + b"X: " + b"x" * (8 * MIB), HEAD + b"X: y\r\n" * (2 * MIB), b"POST /" + b"p" * (8 * MIB), b"x" * (8 * MIB),
                     b"\r\n" * (4 * MIB)):
            answer = exchange(agent.port["http"], data, 3)
            check(status_of(answer) in (0, 400, 431), "%r: %r" % (data[:60], answer[:200]))
    agent.healthy()


# --- gRPC
def curl_grpc(agent, body, more=None, path=EXPORT):
    name = os.path.join(agent.folder, "body")
    with open(name, "wb") as f:
        f.write(body)
    fields = {"Content-Type": "application/grpc", "te": "trailers", **(more or {})}
    command = ["curl", "-q", "-sS", "--max-time", "20", "-D", "-", "-o", os.devnull, "--http2-prior-knowledge", "--data-binary", "@" + name,
               *[a for h in fields.items() for a in ("-H", "%s: %s" % h)], "http://127.0.0.1:%d%s" % (agent.port["grpc"], path)]
    done = subprocess.run(command, capture_output=True, timeout=30)
    return (done.stdout + done.stderr).decode("latin-1")


def grpc_refusals(agent, long):
    """Wrong type, unknown method, garbage, unknown packing, messages cut short or too long: each has its status."""
    one = b"\x00" + len(PROTO_LOG).to_bytes(4, "big") + PROTO_LOG
    check("grpc-status: 0" in curl_grpc(agent, one), "a good call fails: " + curl_grpc(agent, one))
    for what, body, more, path, codes in (
            ("unknown service", one, {}, "/a.b.C/Export", {12}), ("unknown method", one, {}, EXPORT + "s", {12}),
            ("garbage", b"\x00\x00\x00\x00\x04\xff\xff\xff\xff", {}, EXPORT, {13}),
            ("unknown packing", b"\x01\x00\x00\x00\x04\xff\xff\xff\xff", {"grpc-encoding": "br"}, EXPORT, {12, 13}),
            ("packed without a name", b"\x01\x00\x00\x00\x04\xff\xff\xff\xff", {}, EXPORT, {12, 13}),
            ("broken gzip", b"\x01\x00\x00\x00\x04\x1f\x8b\x08\x00", {"grpc-encoding": "gzip"}, EXPORT, {13}),
            ("cut short", one[:-3], {}, EXPORT, {2, 3, 13, 14}), ("two messages", one + one, {}, EXPORT, {0, 12, 13}),
            ("no message", b"", {}, EXPORT, {3, 12, 13}), ("a bad frame", b"\x07" + one[1:], {}, EXPORT, {0, 2, 3, 12, 13, 14}),
            ("too large", b"\x00" + (5 * MIB).to_bytes(4, "big") + bytes(5 * MIB), {}, EXPORT, {8})):
        head = curl_grpc(agent, body, more, path)
        found = [int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("grpc-status:")]
        reset = "curl: (92)" in head or "curl: (56)" in head or "curl: (52)" in head
        check((found and found[0] in codes) or (not found and reset), "%s: %s" % (what, head))
        agent.healthy()


def big_message(agent, long):
    """A message of a gigabyte: refused, and not held as a whole."""
    size = (1 << 30) if long else 200 * MIB
    with Memory(agent, 96 * MIB):
        s = connect(agent.port["grpc"], 5)
        s.sendall(PREFACE + frame(4, 0, 0) + headers(1, EXPORT) + frame(0, 0, 1, b"\x00" + size.to_bytes(4, "big")))
        block, sent, end = frame(0, 0, 1, bytes(16384)), 0, time.monotonic() + 10
        s.settimeout(1)
        try:
            while sent < size and time.monotonic() < end:
                s.sendall(block * 16)  # past every window: the agent must say so or stop reading
                sent += 16 * 16384
        except OSError:
            pass
        s.close()
    agent.healthy()


def broken_http2(agent, long):
    """What is no HTTP/2 on the gRPC port, and what is bad HTTP/2."""
    dice = random.Random(11)
    good = PREFACE + frame(4, 0, 0)
    shapes = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PREFACE[:10] + b"x" * 50, b"\x16\x03\x01\x02\x00\x01" + bytes(600), b"\x00" * 1000, good[:20],
              good + frame(0, 0, 1, b"x"), good + frame(1, 4, 2, literal(":method", "POST")), good + frame(1, 4, 1, b"\xff" * 50),
              good + frame(4, 0, 0, b"\x00" * 5), good + frame(8, 0, 0, bytes(4)), good + frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2,
              good + frame(9, 0, 1, b"x"), good + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01", good + frame(5, 4, 1, bytes(8)),
              good + frame(7, 0, 0, bytes(8)), good + frame(3, 0, 1, bytes(4)), good + frame(1, 0x24, 1, b"\x00\x00\x00\x01"),
              good + headers(1, EXPORT, "application/json", True)]
    shapes += [good + bytes(dice.randrange(256) for _ in range(200)) for _ in range(200 if long else 30)]
    for data in shapes:
        exchange(agent.port["grpc"], data, 0.15)
        agent.alive()
    agent.healthy()


def floods(agent, long):
    """Resets, pings, settings and continuations by the thousand: bounded memory, others are served."""
    n = 200_000 if long else 20_000
    good = PREFACE + frame(4, 0, 0)
    resets = good + b"".join(headers(2 * i + 1, EXPORT) + frame(3, 0, 2 * i + 1, b"\x00\x00\x00\x08") for i in range(n // 10))
    shapes = {"resets": resets, "pings": good + frame(6, 0, 0, bytes(8)) * n, "settings": good + frame(4, 0, 0, b"\x00\x03\x00\x00\x00\x64") * n,
              "continuations": good + frame(1, 0, 1, literal("a", "b")) + frame(9, 0, 1, literal("c", "d" * 100)) * n,
              "empty data": good + headers(1, EXPORT) + frame(0, 0, 1) * n}
    for name, data in shapes.items():
        with Memory(agent, 128 * MIB):
            s = connect(agent.port["grpc"], 3)
            reader = threading.Thread(target=read_all, args=(s, 3))
            reader.start()
            try:
                s.sendall(data)
            except OSError:
                pass
            agent.healthy(10)
            s.close()
            reader.join()
        agent.healthy()


# --- TLS
def tls_trouble(agent, long):
    """Plain text, garbage and silence on the TLS ports."""
    answer = exchange(agent.port["tls_http"], post(b"{}"), 2)
    check(b"Client sent an HTTP request to an HTTPS server." in answer, "%r" % answer)
    for port in ("tls_http", "tls_grpc"):
        for data in (b"\x00" * 500, b"\x16\x03\x01\x40\x00" + bytes(20000), PREFACE, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
                     b"\x15\x03\x03\x00\x02\x02\x28"):
            exchange(agent.port[port], data, 0.3)
            agent.alive()
    silent = [connect(agent.port[p]) for p in ("tls_http", "tls_grpc") for _ in range(50)]
    agent.healthy()
    if long:
        time.sleep(11)
        check(all(closed(s) for s in silent[:50]), "handshakes that never end are not closed")
    for s in silent:
        s.close()
    url = "https://localhost:%d/v1/logs" % agent.port["tls_http"]
    done = subprocess.run(["curl", "-q", "-sS", "--max-time", "5", "--cacert", agent.folder + "/cert.pem", "-H", "Content-Type: application/json",
                           "--data", GOOD.decode(), url], capture_output=True, text=True)
    check(done.stdout == '{"partialSuccess":{}}', "a good request over TLS fails: %s%s" % (done.stdout, done.stderr))


TESTS = [slow_headers, slow_body, no_reader, idle_connections, bombs, grpc_bombs, big_bodies, deep_nesting, broken_protobuf, smuggling, huge_headers,
         grpc_refusals, big_message, broken_http2, floods, tls_trouble]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--agent", required=True)
    parser.add_argument("--long", action="store_true", help="the real sizes")
    parser.add_argument("--only", help="names of tests, comma separated: " + " ".join(t.__name__ for t in TESTS))
    parser.add_argument("--sanitized", action="store_true", help="the agent is built with sanitizers: memory is not compared")
    args = parser.parse_args()
    chosen = [t for t in TESTS if not args.only or t.__name__ in args.only.split(",")]
    failed = 0
    agent = Agent(os.path.abspath(args.agent), args.sanitized)
    for test in chosen:
        start = time.monotonic()
        try:
            agent.alive()
            test(agent, args.long)
            agent.healthy()
            print("ok    %-18s %5.1f s" % (test.__name__, time.monotonic() - start), flush=True)
        except (Failed, OSError) as error:
            failed += 1
            print("FAIL  %-18s %s" % (test.__name__, error), flush=True)
            if agent.process.poll() is not None:
                agent = Agent(os.path.abspath(args.agent), args.sanitized)
    try:
        agent.stop()
    except Failed as error:
        failed += 1
        print("FAIL  %s" % error)
    print("%d tests, %d failed" % (len(chosen), failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
