# SPDX-License-Identifier: Apache-2.0
"""A shop behind a login, as far as a customer's way through it goes: an HTTP server of Python's own."""

import json
import threading

from .web_server import Handler, WebServer

PASSWORD = "pw-of-the-probe-5d1c"
TOKEN = "tok-of-one-login-77e0a1"


class Shop(WebServer):
    """`POST /login` gives a token, `POST /orders` an order, which `GET` and `DELETE` want back. `state` is what an order
    says of itself, and `counts` how often what was asked."""

    def __init__(self):
        self.state = "placed"
        self.counts = {}
        self._orders = 0
        shop = self

        class Counter(Handler):
            def _answer(self, status, document=None):
                self.answer(status, b"" if document is None else json.dumps(document).encode())

            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                shop.count(f"{self.command} {self.path.rstrip('0123456789')}")
                if self.path == "/login":
                    known = json.loads(body) == {"user": "probe", "password": PASSWORD}
                    self._answer(200 if known else 401, {"access": {"token": TOKEN}} if known else None)
                elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
                    self._answer(401)
                elif self.command == "POST":
                    self._answer(201, {"id": shop.order()})
                elif self.command == "GET":
                    self._answer(200, {"state": shop.state, "for": TOKEN})
                else:
                    self._answer(204)

            do_GET = do_POST = do_DELETE = _serve

        self._lock = threading.Lock()
        self.url = self.serve(Counter)

    def count(self, asked):
        with self._lock:
            self.counts[asked] = self.counts.get(asked, 0) + 1

    def order(self):
        with self._lock:
            self._orders += 1
            return self._orders
