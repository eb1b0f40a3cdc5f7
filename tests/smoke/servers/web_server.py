# SPDX-License-Identifier: Apache-2.0
"""An HTTP server of Python's own in a thread of the test: who asks it is real, what it says is a test's."""

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Says nothing of its own accord. Those of WebServer.serve() add do_GET and its like."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", headers=None):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WebServer:
    """What others are made of: serves on a port of its own until it is stopped."""

    def serve(self, handler, certificate=None):
        """`certificate`: a file of certificate and key, for https. Returns scheme, host and port of the URL."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return f"{'https' if certificate else 'http'}://127.0.0.1:{self._server.server_port}"

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
