# SPDX-License-Identifier: Apache-2.0
"""Something to scrape: metrics that a test sets."""

from .web_server import Handler, WebServer


class Exposition(WebServer):
    def __init__(self):
        # Name, and labels if any, to value.
        self.values = {}
        exposition = self

        class Page(Handler):
            # Nobody goes on being answered once it has stopped.
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                body = "".join(f"{series} {value}\n" for series, value in exposition.values.items()).encode()
                self.answer(200, body, {"Content-Type": "text/plain; version=0.0.4"})

        self.address = self.serve(Page).removeprefix("http://")
