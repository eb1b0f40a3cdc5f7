# SPDX-License-Identifier: Apache-2.0
"""A server that writes to its socket whatever a test scripts, and so answers HTTP in ways no web server does."""

import gzip
import json
import time

from .listener import Listener

CRLF = b"\r\n"


def answer(body, status="200 OK", **headers):
    """A whole answer, as it should be."""
    lines = {"Content-Length": len(body), "Connection": "close", **headers}
    return CRLF.join([f"HTTP/1.1 {status}".encode(), *(f"{k}: {v}".encode() for k, v in lines.items()), b"", body])


def good(stream, document):
    stream.sendall(answer(json.dumps(document).encode(), **{"Content-Type": "application/json"}))


class ScriptedServer(Listener):
    """Each connection: one request is read, `script` (a function of the connection) answers, the connection ends."""

    def __init__(self, script, host="127.0.0.1"):
        self.script = script
        super().__init__(host)
        self.url = f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    def _serve(self, connection):
        with connection:
            try:
                request = b""
                while CRLF + CRLF not in request:
                    more = connection.recv(4096)
                    if not more:
                        return
                    request += more
                self.script(connection)
            except OSError:
                # Whoever has read enough hangs up.
                pass


def slow(seconds, script):
    """`script`, later."""
    def late(stream):
        time.sleep(seconds)
        script(stream)

    return late


def cut_off(stream):
    """Ten of a thousand bytes, then the end."""
    stream.sendall(answer(b"{" * 10, **{"Content-Length": 1000}))


def endless(stream):
    """As fast as it is read, and never the end."""
    stream.sendall(answer(b"", **{"Transfer-Encoding": "chunked"}).replace(b"Content-Length: 0\r\n", b""))
    chunk = b"10000\r\n" + b" " * 0x10000 + CRLF
    while True:
        stream.sendall(chunk)


def dripping(stream):
    """A byte now and then, and never the end: no single wait is long."""
    stream.sendall(answer(b"{", **{"Content-Length": 1 << 40}))
    while True:
        time.sleep(0.05)
        stream.sendall(b" ")


def bomb(mebibytes):
    """What a small body becomes when it is unpacked."""
    packed = gzip.compress(b" " * (mebibytes << 20))
    return lambda stream: stream.sendall(answer(packed, **{"Content-Encoding": "gzip"}))


def redirect_to(url):
    return lambda stream: stream.sendall(answer(b"", "302 Found", Location=url))
