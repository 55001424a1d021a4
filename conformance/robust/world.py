"""What the robustness tests share: the agent under test, its memory, raw connections, packed bombs made by hand."""
import gzip
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import zlib

# Machines under load, and agents with sanitizers, are given more time.
TIME_FACTOR = float(os.environ.get("OTELPIPE_TEST_TIME_FACTOR") or 1)
LOG = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "still here"}}]}]}]}
CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}"}}
      http: {{endpoint: "127.0.0.1:{http}"}}
  otlp/timed:
    protocols:
      http: {{endpoint: "127.0.0.1:{timed}", read_timeout: 2s, read_header_timeout: 1s, write_timeout: 2s, idle_timeout: 2s}}
  otlp/tls:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{tls_grpc}", tls: {{cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem"}}}}
      http: {{endpoint: "127.0.0.1:{tls_http}", tls: {{cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem"}}}}
processors:
  resource: {{attributes: [{{key: seen, value: "yes", action: upsert}}]}}
exporters:
  file: {{path: "{folder}/out.jsonl", flush_interval: 100ms}}
service:
  telemetry: {{metrics: {{level: none}}}}
  pipelines:
    logs: {{receivers: [otlp, otlp/timed, otlp/tls], processors: [resource], exporters: [file]}}
"""


class Failed(Exception):
    """A test found something that must not be."""


def check(good, text):
    if not good:
        raise Failed(text)


def free_ports(n):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(("127.0.0.1", 0))
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


class Agent:
    """The agent with every port that the tests need; a context manager. It must end with exit code 0 on SIGTERM."""

    def __init__(self, binary, sanitized):
        self.sanitized = sanitized
        self.folder_object = tempfile.TemporaryDirectory(prefix="robust-")
        self.folder = self.folder_object.name
        names = ("grpc", "http", "timed", "tls_grpc", "tls_http")
        self.port = dict(zip(names, free_ports(len(names))))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                        "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.folder + "/key.pem", "-out",
                        self.folder + "/cert.pem"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        config = os.path.join(self.folder, "agent.yaml")
        with open(config, "w") as f:
            f.write(CONFIG.format(folder=self.folder, **self.port))
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen([binary, "--config", config], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        limit = time.monotonic() + 20 * TIME_FACTOR
        for port in self.port.values():
            while True:
                with socket.socket() as s:
                    if s.connect_ex(("127.0.0.1", port)) == 0:
                        break
                if self.process.poll() is not None or time.monotonic() > limit:
                    self.process.kill()
                    sys.exit("the agent did not start:\n" + self.log())
                time.sleep(0.05)

    def log(self):
        with open(os.path.join(self.folder, "log"), errors="replace") as f:
            return f.read()

    def status(self, key):
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith(key + ":"):
                    return int(line.split()[1]) * 1024
        return 0

    def memory(self):
        return self.status("VmRSS")

    def forget_peak(self):
        """VmHWM starts again at the memory of now."""
        with open("/proc/%d/clear_refs" % self.process.pid, "w") as f:
            f.write("5")

    def peak(self):
        return self.status("VmHWM")

    def files(self):
        return len(os.listdir("/proc/%d/fd" % self.process.pid))

    def alive(self):
        if self.process.poll() is not None:
            raise Failed("the agent ended with %s:\n%s" % (self.process.returncode, self.log()[-3000:]))

    def healthy(self, limit=10.0):
        """A good request on a new connection is answered in time."""
        self.alive()
        limit *= TIME_FACTOR
        start = time.monotonic()
        answer = exchange(self.port["http"], post(json.dumps(LOG).encode(), {"Connection": "close"}), limit)
        check(status_of(answer) == 200, "a good request is not answered with 200 but %r" % answer[:200])
        check(time.monotonic() - start < limit, "a good request takes %.1f s" % (time.monotonic() - start))

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30 * TIME_FACTOR)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise Failed("the agent does not end on SIGTERM")
        check(self.process.returncode == 0, "the agent ends with %s:\n%s" % (self.process.returncode, self.log()[-3000:]))


# --- raw HTTP/1.1
def post(body, headers=None, path="/v1/logs", kind="application/json", length=True):
    lines = ["POST %s HTTP/1.1" % path, "Host: localhost", "Content-Type: " + kind]
    if length:
        lines.append("Content-Length: %d" % len(body))
    lines += ["%s: %s" % h for h in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def connect(port, limit=5.0):
    s = socket.create_connection(("127.0.0.1", port), limit)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def exchange(port, data, limit=5.0):
    """Sends and reads until the peer closes or the limit has passed. A peer may refuse before it has taken all."""
    with connect(port, limit) as s:
        try:
            s.sendall(data)
        except (ConnectionError, socket.timeout):
            pass
        return read_all(s, limit)


def read_all(s, limit=5.0):
    out, end = b"", time.monotonic() + limit
    while time.monotonic() < end:
        try:
            s.settimeout(max(0.01, end - time.monotonic()))
            block = s.recv(65536)
        except OSError:  # the time is up, the peer has reset the connection, or another thread has closed it
            break
        if not block:
            break
        out += block
    return out


def status_of(answer):
    head = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(head[1]) if len(head) > 1 and head[1].isdigit() else 0


def answers_in(data):
    return data.count(b"HTTP/1.1 ") - data.count(b"HTTP/1.1 100 ")


def closed(s):
    """Whether the peer has closed by now."""
    readable, _, _ = select.select([s], [], [], 0)
    if not readable:
        return False
    try:
        return s.recv(65536) == b""
    except ConnectionError:
        return True


# --- packed bombs: small on the wire, `size` zeros unpacked
def gzip_bomb(size):
    return gzip.compress(bytes(size), 9) if size <= 1 << 26 else gzip.compress(bytes(1 << 26), 9) * (size >> 26)


def zlib_bomb(size):
    packer, out = zlib.compressobj(9), []
    for _ in range(size >> 20):
        out.append(packer.compress(bytes(1 << 20)))
    return b"".join(out) + packer.flush()


def zstd_bomb(size):
    """A frame of RLE blocks: four bytes are 128 KiB."""
    block = struct.pack("<I", (1 << 17) << 3 | 1 << 1)[:3] + b"\0"
    last = struct.pack("<I", (1 << 17) << 3 | 1 << 1 | 1)[:3] + b"\0"
    return b"\x28\xb5\x2f\xfd\x00\x50" + block * (size >> 17) + last


def snappy_block(size):
    """A raw block of zeros: one literal, then copies of 64 bytes."""
    out, n = bytearray(), size
    while n >= 0x80:
        out.append(n & 0x7f | 0x80)
        n >>= 7
    out.append(n)
    out += b"\x00\x00"
    left = size - 1
    while left > 0:
        step = min(64, left)
        out += bytes([(step - 1) << 2 | 2, 1, 0])
        left -= step
    return bytes(out)


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def snappy_stream_bomb(size):
    plain = 1 << 16
    crc = crc32c(bytes(plain))
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    body = struct.pack("<I", masked) + snappy_block(plain)
    chunk = b"\x00" + struct.pack("<I", len(body))[:3] + body
    return b"\xff\x06\x00\x00sNaPpY" + chunk * (size >> 16)


def lz4_bomb(size):
    """Blocks of 4 MiB: one literal, one long match, five last literals. No checksums of content."""
    plain = 4 << 20
    match = plain - 1 - 5
    rest = match - 4 - 15
    block = b"\x1f\x00\x01\x00" + b"\xff" * (rest // 255) + bytes([rest % 255]) + b"\x50" + bytes(5)
    # Version 1, independent blocks; 4 MiB; the header's checksum is byte 2 of xxh32 of these two bytes.
    head = b"\x04\x22\x4d\x18\x60\x70\x73"
    return head + (struct.pack("<I", len(block)) + block) * (size >> 22) + bytes(4)


# --- raw HTTP/2
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    def text(t):
        assert len(t) < 127
        return bytes([len(t)]) + t.encode()
    return b"\x00" + text(name) + text(value)


def headers(stream, path, content_type="application/grpc", end=False, extra=()):
    block = b"".join(literal(n, v) for n, v in [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "localhost"),
                                                 ("content-type", content_type), ("te", "trailers"), *extra])
    return frame(1, 0x4 | (0x1 if end else 0), stream, block)
