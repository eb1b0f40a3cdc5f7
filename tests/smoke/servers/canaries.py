# SPDX-License-Identifier: Apache-2.0
"""Secrets that may be found nowhere, and servers that repeat what they were told."""

import base64
import os
import re
import secrets
import socket
import urllib.parse

from .listener import Listener
from .process import server_user
from .scripted import ScriptedServer, answer

# Who have the passwords among them.
USERS = ("watcher", "recoverd")


class Canaries:
    """Each secret of its own, none of which may be found."""

    def __init__(self, directory):
        self._directory = directory
        self._values = {}
        self.environment = {}
        credentials = directory / "credentials"
        self._mkdir(credentials)
        self.environment["CREDENTIALS_DIRECTORY"] = str(credentials)

    def _mkdir(self, directory):
        directory.mkdir(exist_ok=True)
        self._own(directory)

    @staticmethod
    def _own(path):
        if os.geteuid() == 0:
            os.chown(path, server_user().pw_uid, server_user().pw_gid)

    def write(self, path, value):
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
        self._own(path)

    def __getitem__(self, name):
        return self._values.setdefault(name, f"canary-{name}-{secrets.token_hex(12)}")

    def given(self, name, value):
        """One that somebody else has made."""
        self._values[name] = value

    def in_file(self, name, form="{}"):
        """`form`: what stands around it in the file."""
        path = self._directory / f"{name}.secret"
        self.write(path, form.replace("{}", self[name]))
        return {"file": path}

    def in_environment(self, name):
        variable = f"CANARY_{name.upper().replace('-', '_')}"
        self.environment[variable] = self[name]
        return {"env": variable}

    def as_credential(self, name):
        self.write(self._directory / "credentials" / name, self[name])
        return {"credential": name}

    def found_in(self, text):
        """Names of those that stand in it, as they are or as Basic authentication writes them."""
        def forms(value):
            yield value
            yield urllib.parse.quote(value, safe="")
            yield base64.b64encode(value.encode()).decode().rstrip("=")[:-2]
            yield from (base64.b64encode(f"{user}:{value}".encode()).decode() for user in USERS)

        return [name for name, value in self._values.items() if any(form in text for form in forms(value))]


class Parrot(ScriptedServer):
    """Refuses every request, and repeats in header and body what it was sent: credentials too."""

    def _serve(self, connection):
        with connection:
            try:
                said = connection.recv(65536)
                shown = re.sub(rb"[\r\n]+", b" ", said)
                connection.sendall(answer(b"refused: " + said, "401 Unauthorized: " + shown.decode("latin-1")[:400],
                                          **{"X-Request": shown.decode("latin-1")[:4000]}))
                # Closed over something unread, the connection would be cut, and the answer with it.
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
            except OSError:
                pass


class RedisParrot(Listener):
    """Says of every command that it does not know it, and repeats its arguments, as Redis does."""

    def __init__(self):
        super().__init__()
        self.address = f"127.0.0.1:{self.port}"

    def _serve(self, connection):
        with connection:
            try:
                words = connection.recv(65536).decode("latin-1").split("\r\n")[2::2]
                connection.sendall(f"-ERR unknown command, with args beginning with: {' '.join(words)}\r\n".encode())
            except OSError:
                pass
