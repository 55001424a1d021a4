"""Two servers that keep what they are sent: OTLP over gRPC, and over HTTP as protobuf or JSON, on free ports of the loopback; each also
behind TLS, and behind TLS that asks for a client's certificate.

Each sender says who it is in the header `x-test-path`; what came is kept as Arrived in the order of arrival.
"""
import collections
import concurrent.futures
import gzip
import http.server
import ssl
import threading
import zlib

import grpc

import otlp

Arrived = collections.namedtuple("Arrived", "path transport signal run encoding packed message")
PROTO, JSON = "application/x-protobuf", "application/json"


class Sink:
    def __init__(self, certs):
        self.lock = threading.Lock()
        self.arrived = []
        self.problems = []  # requests that could not be read
        self._grpc = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=4),
                                 options=[("grpc.so_reuseport", 0)])
        self._grpc.add_generic_rpc_handlers((self._handlers(),))
        self.grpc_port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._http = []
        self.http_port = self._serve_http()
        self.secure = {}
        pem = {}
        for name in ("ca.pem", "server.pem", "server.key"):
            with open("%s/%s" % (certs, name), "rb") as f:
                pem[name] = f.read()
        for name, mutual in (("tls", False), ("mtls", True)):
            credentials = grpc.ssl_server_credentials([(pem["server.key"], pem["server.pem"])], pem["ca.pem"] if mutual else None, mutual)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certs + "/server.pem", certs + "/server.key")
            if mutual:
                context.load_verify_locations(certs + "/ca.pem")
                context.verify_mode = ssl.CERT_REQUIRED
            self.secure[name] = {"grpc": self._grpc.add_secure_port("127.0.0.1:0", credentials), "http": self._serve_http(context)}
        self._grpc.start()

    def _serve_http(self, context=None):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._http_handler())
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self._http.append(server)
        return server.server_address[1]

    def stop(self):
        self._grpc.stop(0.5).wait()
        for server in self._http:
            server.shutdown()
            server.server_close()

    def add(self, path, transport, signal, encoding, packed, body):
        """Keeps one request; False when it is no request of this signal."""
        try:
            message = otlp.from_json(signal, body) if encoding == "json" else otlp.REQUEST[signal].FromString(body)
            run = otlp.run_of(signal, message)
        except Exception as error:  # what it is goes into the report; the sender is told 400 or InvalidArgument
            with self.lock:
                self.problems.append("%s %s from %s: %r" % (transport, signal, path or "?", error))
            return False
        with self.lock:
            self.arrived.append(Arrived(path, transport, signal, run, encoding, packed, message))
        return True

    def snapshot(self):
        with self.lock:
            return list(self.arrived), list(self.problems)

    def _handlers(self):
        sink = self

        class Handlers(grpc.GenericRpcHandler):
            def service(self, details):
                signal = otlp.METHOD.get(details.method)
                if not signal:
                    return None

                def export(body, context):
                    metadata = dict(context.invocation_metadata())
                    if not sink.add(metadata.get("x-test-path", ""), "grpc", signal, "proto", None, body):
                        context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the sink can't read this request")
                    return b""

                return grpc.unary_unary_rpc_method_handler(export)

        return Handlers()

    def _http_handler(self):
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"] or 0)) if self.headers["Content-Length"] else self.chunks()
                signal = self.path[len("/v1/"):] if self.path.startswith("/v1/") else ""
                encoding = {PROTO: "proto", JSON: "json"}.get(self.headers.get_content_type())
                packed = self.headers.get("Content-Encoding") or "none"
                unpack = {"none": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress}.get(packed)
                if signal not in otlp.REQUEST or not encoding or not unpack:
                    with sink.lock:
                        sink.problems.append("POST %s, type %s, packed %s" % (self.path, self.headers.get_content_type(), packed))
                    return self.answer(400, PROTO, b"")
                try:
                    body = unpack(body)
                except (OSError, EOFError, zlib.error) as error:
                    with sink.lock:
                        sink.problems.append("POST %s: %s: %s" % (self.path, packed, error))
                    return self.answer(400, PROTO, b"")
                ok = sink.add(self.headers.get("x-test-path", ""), "http", signal, encoding, packed, body)
                if encoding == "json":
                    self.answer(200 if ok else 400, JSON, b"{}")
                else:
                    self.answer(200 if ok else 400, PROTO, b"")

            def chunks(self):
                body = b""
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def answer(self, code, kind, body):
                self.send_response(code)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        return Handler
