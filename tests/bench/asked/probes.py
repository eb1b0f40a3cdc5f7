# SPDX-License-Identifier: Apache-2.0
"""Endpoints that are up."""

import os
import shutil
import socket
import struct
import threading
from pathlib import Path

from servers.certificates import Authority
from servers.listener import Listener
from servers.process import server_user
from servers.tls import TlsServer

from .source import Asked, Scripted


class Page(Scripted):
    SIZE = 20_000
    collector, what, kind = "http", f"a page of {SIZE // 1000} KB, over a connection that is kept", "text/html"

    def __init__(self, _bench):
        super().__init__()
        self.check = {"collector": "http", "url": self.url, "expect_body": "</html>"}

    def document(self, path):
        return b"<html>" + b"<p>all is well</p>".ljust(self.SIZE) + b"</html>"


class Greeting(Listener, Asked):
    collector, what = "tcp", "a port that greets"

    def __init__(self, _bench):
        Asked.__init__(self)
        Listener.__init__(self)
        self.check = {"collector": "tcp", "address": f"127.0.0.1:{self.port}", "expect": "220 "}

    def _serve(self, connection):
        self.seen()
        with connection:
            try:
                connection.sendall(b"220 mail.example ESMTP\r\n")
                connection.recv(4096)
            except OSError:
                # Whoever has read enough hangs up.
                pass


class Certificate(TlsServer, Asked):
    NAME = "shop.example"
    collector, what = "tls", "a handshake, and the certificate of a small authority"

    def __init__(self, bench):
        Asked.__init__(self)
        authority = Authority(bench.fresh_directory("asked-tls"), "root")
        TlsServer.__init__(self, authority.issue(self.NAME, begun_days_ago=1, ends_in_days=89))
        self.check = {"collector": "tls", "address": self.address, "server_name": self.NAME,
                      "tls": {"ca_file": authority.certificate}}

    def _serve(self, connection):
        self.seen()
        super()._serve(connection)


class NameServer(Asked):
    """Three addresses for whatever name it is asked for, by UDP."""

    collector, what = "dns", "a name of three addresses, by UDP"

    def __init__(self, _bench):
        super().__init__()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.check = {"collector": "dns", "name": "shop.example", "expect": ["192.0.2.1"],
                      "server": f"127.0.0.1:{self._socket.getsockname()[1]}"}
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            question, who = self._socket.recvfrom(4096)
            # Whoever ends it sends nothing.
            if not question:
                self._socket.close()
                return
            self.seen()
            self._socket.sendto(self._answer(question), who)

    @staticmethod
    def _answer(question):
        # The name ends with an empty label; type and class come after it, and maybe what EDNS wants to say.
        end = question.index(b"\0", 12) + 5
        # An answer, of who knows, to a question that wants recursion, and gets it.
        head = question[:2] + struct.pack(">5H", 0x8580, 1, 3, 0, 0)
        # The name as in the question, A, IN, a minute, four bytes.
        record = struct.pack(">HHHIH", 0xC00C, 1, 1, 60, 4)
        return head + question[12:end] + b"".join(record + bytes([192, 0, 2, number]) for number in (1, 2, 3))

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self._socket.getsockname())


class Echo(Asked):
    """This host, by the loopback. Counted is what came in altogether."""

    collector, what = "icmp", "five echoes of this host"
    # As capabilities(7) has them for a file, version 2: the effective bit, and CAP_NET_RAW among those that are permitted.
    MAY_PING = struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0)

    def __init__(self, _bench):
        super().__init__()
        self.check = {"collector": "icmp", "address": "127.0.0.1", "count": 5, "interval": "20ms"}

    @property
    def asked(self):
        names, values = (line.split() for line in Path("/proc/net/snmp").read_text(encoding="ascii").splitlines()
                         if line.startswith("Icmp:"))
        return int(dict(zip(names, values))["InEchos"])

    def prepare(self, agent):
        first, last = map(int, Path("/proc/sys/net/ipv4/ping_group_range").read_text(encoding="ascii").split())
        if first <= server_user().pw_gid <= last:
            return
        # A copy of its own: the others are not meant.
        agent.binary.rename(agent.binary.with_suffix(".shared"))
        shutil.copy2(agent.binary.with_suffix(".shared"), agent.binary)
        os.setxattr(agent.binary, "security.capability", self.MAY_PING)


ALL = (Page, Greeting, Certificate, NameServer, Echo)
