"""The servers that stand for what an agent sends to: HTTP and gRPC, scripted answers, everything kept."""
import concurrent.futures
import gzip
import http.server
import json
import socket
import threading
import time
import zlib

from kit.wire import SIGNALS, pb_decode, snappy_decode

try:
    import grpc  # optional: cases that need it are skipped without it
except Exception:  # pragma: no cover
    grpc = None


class Sink:
    """An HTTP server (and a gRPC one) that keeps what it is sent and answers as the case says."""

    def __init__(self, want_grpc, tls=None):
        self.lock = threading.Lock()
        self.requests = []
        self.script = []
        self.default = None
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *a):
                pass

            def handle_any(self):
                try:
                    if "chunked" in self.headers.get("Transfer-Encoding", ""):
                        body = b""
                        while True:
                            n = int(self.rfile.readline().split(b";")[0], 16)
                            body += self.rfile.read(n)
                            self.rfile.readline()
                            if n == 0:
                                break
                    else:
                        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                    ans = sink.take({"via": "http", "method": self.command, "path": self.path,
                                     "headers": {k.lower(): v for k, v in self.headers.items()}, "body": body})
                    if ans.get("hang"):
                        time.sleep(float(ans["hang"]))
                    if ans.get("close"):
                        self.close_connection = True
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    status = int(ans.get("status", 204 if self.path.startswith("/loki") else 200))
                    data = str(ans.get("body", "")).encode()
                    self.send_response(status)
                    for k, v in (ans.get("headers") or {}).items():
                        self.send_header(k, str(v))
                    if status != 204:
                        self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    if status != 204:
                        self.wfile.write(data)
                except (OSError, ValueError):
                    self.close_connection = True
            do_POST = do_PUT = do_GET = handle_any

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *a):
                pass

        self.http = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.http_port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.grpc, self.grpc_port = None, 0
        if want_grpc:
            self._start_grpc()

    def _start_grpc(self):
        sink = self

        def handler(path):
            def call(body, ctx):
                meta = {k: v for k, v in ctx.invocation_metadata()}
                ans = sink.take({"via": "grpc", "method": "POST", "path": path, "headers": meta, "body": body})
                if ans.get("hang"):
                    time.sleep(float(ans["hang"]))
                if ans.get("code"):
                    ctx.abort(getattr(grpc.StatusCode, ans["code"]), str(ans.get("details", "")))
                return b""
            return grpc.unary_unary_rpc_method_handler(call)

        class Any(grpc.GenericRpcHandler):
            def service(self, details):
                return handler(details.method)

        self.grpc = grpc.server(concurrent.futures.ThreadPoolExecutor(4), handlers=(Any(),),
                                options=(("grpc.so_reuseport", 0),))
        self.grpc_port = self.grpc.add_insecure_port("127.0.0.1:0")
        self.grpc.start()

    def take(self, req):
        with self.lock:
            ans = self.default or {}
            while self.script:
                head = self.script[0]
                if head.get("path") and head["path"] != req["path"]:
                    break
                left = head.setdefault("_left", int(head.get("times", 1)))
                if left <= 0:
                    self.script.pop(0)
                    continue
                head["_left"] = left - 1
                ans = head
                break
            ok = not ans.get("code") and 200 <= int(ans.get("status", 200)) < 300 and not ans.get("close")
            req.update(answer=ans.get("status") or ans.get("code") or ("close" if ans.get("close") else "ok"), ok=ok)
            self.requests.append(req)
            return ans

    def stop(self):
        self.http.shutdown()
        self.http.server_close()
        if self.grpc:
            self.grpc.stop(0)


def sink_body(req):
    body = req["body"]
    enc = req["headers"].get("content-encoding", "")
    if req["via"] == "http":
        if enc == "gzip":
            body = gzip.decompress(body)
        elif enc in ("zlib", "deflate"):
            body = zlib.decompress(body)
        elif enc == "snappy":
            body = snappy_decode(body)
        elif enc and enc != "none":
            raise ValueError("content-encoding " + enc)
    return body


def sink_otlp(req):
    """The OTLP payload of one captured request as OTLP JSON, or None."""
    path = req["path"]
    for sig, word in (("logs", "ogs"), ("traces", "race"), ("metrics", "etrics")):
        if word in path.rsplit("/", 2 if req["via"] == "grpc" else 1)[-2 if req["via"] == "grpc" else -1]:
            body = sink_body(req)
            if "json" in req["headers"].get("content-type", ""):
                return json.loads(body)
            return pb_decode(SIGNALS[sig][1], body)
    return None
