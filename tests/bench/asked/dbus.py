# SPDX-License-Identifier: Apache-2.0
"""As much of D-Bus as a client of systemd's needs: who it is, calls, and their answers (D-Bus specification, "Message
Protocol" and "Authentication Protocol")."""

import os
import socket
import struct

from servers.listener import Listener

CALL_ANSWERED = 2
# Of the header's fields.
REPLY_SERIAL, DESTINATION, SENDER, SIGNATURE = 5, 6, 7, 8
FORMATS = {"b": "I", "i": "i", "u": "I", "t": "Q", "y": "B"}


class Marshalled:
    """Values one after the other, each where its type may stand."""

    def __init__(self):
        self.bytes = bytearray()

    def align(self, size):
        self.bytes += bytes(-len(self.bytes) % size)
        return self

    def put(self, kind, value):
        if kind == "g":
            self.bytes += bytes([len(value)]) + value.encode() + b"\0"
        elif kind in ("s", "o"):
            self.put("u", len(value.encode()))
            self.bytes += value.encode() + b"\0"
        elif kind == "ay":
            self.put("u", len(value))
            self.bytes += value
        else:
            packed = struct.pack("<" + FORMATS[kind], value)
            self.align(len(packed)).bytes += packed
        return self

    def put_variants(self, values):
        """a{sv}, of names with kind and value; its length does not count what comes before the first pair."""
        pairs = Marshalled()
        for name, (kind, value) in values.items():
            pairs.align(8).put("s", name).put("g", kind).put(kind, value)
        self.put("u", len(pairs.bytes)).align(8).bytes += pairs.bytes
        return self


def answer_to(serial, signature, body):
    fields = Marshalled()
    for code, kind, value in ((REPLY_SERIAL, "u", serial), (DESTINATION, "s", ":1.1"), (SENDER, "s", ":1.0"),
                              (SIGNATURE, "g", signature)):
        fields.align(8).put("y", code).put("g", kind).put(kind, value)
    head = Marshalled()
    # Little-endian; nobody waits for an answer; version 1. Its own serial may be that of the call.
    for part in (ord("l"), CALL_ANSWERED, 1, 1):
        head.put("y", part)
    head.put("u", len(body.bytes)).put("u", serial).put("u", len(fields.bytes))
    head.bytes += fields.bytes
    return bytes(head.align(8).bytes + body.bytes)


class Bus(Listener):
    """Listens at `path`; `answer`, given a call's bytes, says the signature and the body of what comes back."""

    # A client of systemd's may be silent for as long as it likes.
    patience = None

    def __init__(self, path, answer):
        self._answer = answer
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        # The agent is somebody else.
        os.chmod(path, 0o666)
        listener.listen()
        self._begin(listener)

    def _serve(self, connection):
        with connection, connection.makefile("rb") as said:
            try:
                self._let_in(connection, said)
                while head := said.read(16):
                    self._reply(connection, head, said)
            except (OSError, struct.error):
                # Whoever has heard enough hangs up.
                pass

    @staticmethod
    def _let_in(connection, said):
        """Whoever it says it is."""
        said.read(1)
        identity = b"OK " + b"0123456789abcdef" * 2
        while (line := said.readline().strip()) not in (b"BEGIN", b""):
            if line == b"AUTH EXTERNAL":
                connection.sendall(b"DATA\r\n")
            elif line.startswith((b"AUTH", b"DATA")):
                connection.sendall(identity + b"\r\n")
            elif line == b"NEGOTIATE_UNIX_FD":
                connection.sendall(b"AGREE_UNIX_FD\r\n")
            else:
                connection.sendall(b"ERROR\r\n")

    def _reply(self, connection, head, said):
        """`head`: the order of bytes, type, flags, version, the body's length, serial, and the length of the fields."""
        length, serial, fields = struct.unpack("<3I" if head[:1] == b"l" else ">3I", head[4:])
        call = said.read(fields + -fields % 8 + length)
        connection.sendall(answer_to(serial, *self._answer(call)))
