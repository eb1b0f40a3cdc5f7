# SPDX-License-Identifier: Apache-2.0
"""Where Alertmanager delivers to: Slack, PagerDuty, webhooks and a mail server, as far as it speaks with them."""

import base64
import email
import email.policy
import json
import socketserver
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Note:
    """One notification."""

    at: float
    # "slack #incidents", "pagerduty", "mail partners@example.com", "hook /deadman"
    to: str
    firing: bool
    title: str
    text: str
    # With which the sender showed who it is.
    secret: str
    document: dict = field(repr=False)


def _slack(path, _, document):
    (attachment,) = document["attachments"]
    return {"to": f"slack {document['channel']}", "firing": attachment["color"] != "good", "title": attachment["title"],
            "text": attachment["text"], "secret": path}


def _pagerduty(_, __, document):
    payload = document["payload"]
    return {"to": "pagerduty", "firing": document["event_action"] == "trigger", "title": payload["summary"],
            "text": payload.get("custom_details", {}).get("alerts", ""), "secret": document["routing_key"]}


def _hook(path, headers, document):
    return {"to": f"hook {path}", "firing": document["status"] == "firing", "title": document["groupKey"], "text": "",
            "secret": headers["Authorization"]}


class _Web(BaseHTTPRequestHandler):
    def do_POST(self):
        document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        read = {"slack": _slack, "pagerduty": _pagerduty}.get(self.path.split("/")[1], _hook)
        self.server.keep(Note(at=time.time(), document=document, **read(self.path, self.headers, document)))
        self.send_response(202 if read is _pagerduty else 200)
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as it takes to be given a mail by who knows a password."""

    def _say(self, *lines):
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _mail(self):
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        self._say("250 kept")
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def handle(self):
        self._say("220 here")
        password = ""
        while words := self.rfile.readline().decode().split():
            verb = words[0].upper()
            if verb == "EHLO":
                self._say("250-here", "250 AUTH PLAIN")
            elif verb == "AUTH":
                password = base64.b64decode(words[2]).decode().split("\0")[2]
                self._say("235 known")
            elif verb == "DATA":
                self._keep(self._mail(), password)
            else:
                self._say("221 bye" if verb == "QUIT" else "250 fine")

    def _keep(self, mail, password):
        text = mail.get_body(("plain",)).get_content()
        html = mail.get_body(("html",)).get_content()
        over = "over" in mail["Subject"].lower()
        self.server.keep(Note(time.time(), f"mail {mail['To']}", not over, mail["Subject"], text, password,
                              {"html": html}))


class _MailServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Sinks:
    def __init__(self):
        self._notes = []
        self._web = ThreadingHTTPServer(("127.0.0.1", 0), _Web)
        self._mail = _MailServer(("127.0.0.1", 0), _Mail)
        for server in (self._web, self._mail):
            server.keep = self._notes.append
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._web.server_address[1]}"
        self.smarthost = f"127.0.0.1:{self._mail.server_address[1]}"

    def notes(self, to=None):
        """All, or those of one receiver, in their order."""
        return [note for note in self._notes if to in (None, note.to)]

    def told(self, firing=True):
        """Who was told that something is so, or is over."""
        return {note.to for note in self._notes if note.firing == firing}

    def forget(self):
        self._notes.clear()

    def stop(self):
        for server in (self._web, self._mail):
            server.shutdown()
            server.server_close()
