# SPDX-FileCopyrightText: the quern authors
# SPDX-License-Identifier: Apache-2.0
"""A web server for tests: serves a folder with ETags, remembers what was asked, and lies where it is told to."""
import hashlib
import http.server
import pathlib
import threading
import time


class Web:
    """Serves `folder` on 127.0.0.1 (or another address of this machine) for as long as the `with` block lasts.

    `fault(path)` may give None (the truth) or (kind, argument): ("status", 503), ("redirect", URL), ("cut", bytes), ("flip", offset from the
    end), ("bytes", other content), ("announce", length), ("endless", 0), ("drip", seconds for the whole).
    """

    def __init__(self, folder, fault=lambda path: None, address="127.0.0.1"):
        self.folder = pathlib.Path(folder)
        self.fault = fault
        self.requests = []  # (path, headers)
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                web.requests.append((self.path, dict(self.headers)))
                try:
                    web.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, address):
                pass  # clients that are killed are what these tests are about

        self.server = Server((address, 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.server.shutdown()
        self.server.server_close()

    def url(self, path="", user="", host=None):
        return f"http://{user}{host or self.server.server_address[0]}:{self.port}{path}"

    def headers_seen(self, name):
        return [headers[name] for _, headers in self.requests if name in headers]

    def answer(self, request):
        kind, argument = self.fault(request.path) or ("", None)
        file = self.folder / request.path.split("?")[0].lstrip("/")
        if kind == "redirect":
            return self.send(request, 302, b"", {"Location": argument})
        if kind == "status" or not file.is_file():
            return self.send(request, argument if kind == "status" else 404, b"no\n", {})
        body = file.read_bytes()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag and not kind:
            return self.send(request, 304, b"", {"ETag": etag})
        if kind == "flip":
            at = len(body) - 1 - argument
            body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1:]
        if kind == "bytes":
            body = argument
        headers = {"ETag": etag, **({"Content-Type": "text/html"} if file.suffix == ".html" else {})}
        self.send(request, 200, body, headers, kind, argument)

    @staticmethod
    def send(request, status, body, headers, kind="", argument=0):
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        if kind != "endless":
            request.send_header("Content-Length", str(argument if kind == "announce" else len(body)))
        if kind in ("cut", "announce", "endless"):
            request.send_header("Connection", "close")
            request.close_connection = True
        request.end_headers()
        if status == 304:
            return
        if kind == "cut":
            request.wfile.write(body[:argument])
        elif kind == "endless":
            while True:
                request.wfile.write(b"\0" * 65536)
        elif kind == "drip":
            pieces = 20
            for i in range(pieces):
                request.wfile.write(body[len(body) * i // pieces:len(body) * (i + 1) // pieces])
                time.sleep(argument / pieces)
        else:
            request.wfile.write(body)
