# SPDX-License-Identifier: Apache-2.0
"""Between the agent and a server on this machine: what goes by is counted, and nothing of it changed."""

import re
import socket
import threading

from servers.listener import Listener


class Statements:
    """Of one connection that speaks PostgreSQL's protocol: those that are asked for by Query (Q) or Execute (E)."""

    def __init__(self, seen):
        self._seen, self._left, self._began = seen, b"", False

    def __call__(self, data):
        self._left += data
        while (message := self._take()) is not None:
            if not self._began:
                # Of version 3. Before it may stand who asks for TLS, in the same form with a number of its own.
                self._began = message[4:6] == b"\0\3"
            elif message[:1] in (b"Q", b"E"):
                self._seen()

    def _take(self):
        """The next whole message: a type, which the first ones lack, and a length that counts itself."""
        begin = 1 if self._began else 0
        end = begin + int.from_bytes(self._left[begin:begin + 4], "big")
        if len(self._left) < begin + 4 or len(self._left) < end:
            return None
        message, self._left = self._left[:end], self._left[end:]
        return message


class Commands:
    """Of one connection that speaks RESP: each command is an array. What a client sends fits into one piece."""

    ARRAY = re.compile(rb"(?:^|\r\n)\*\d+\r\n")

    def __init__(self, seen):
        self._seen = seen

    def __call__(self, data):
        for _ in self.ARRAY.findall(data):
            self._seen()


def _pass_on(source, sink, look):
    try:
        while data := source.recv(65536):
            look(data)
            sink.sendall(data)
    except OSError:
        # Whoever has heard enough hangs up.
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            # It was the other one that ended first.
            pass


class Relay(Listener):
    """To `port`; `kind` counts the requests of one connection, and calls `seen` for each."""

    def __init__(self, port, kind, seen):
        self._to, self._kind, self._seen = port, kind, seen
        super().__init__()

    def _serve(self, connection):
        with connection, socket.create_connection(("127.0.0.1", self._to), 10) as server:
            back = threading.Thread(target=_pass_on, args=(server, connection, lambda data: None), daemon=True)
            back.start()
            _pass_on(connection, server, self._kind(self._seen))
            back.join()
