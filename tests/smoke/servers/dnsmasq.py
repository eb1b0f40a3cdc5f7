# SPDX-License-Identifier: Apache-2.0
"""dnsmasq as the name server of a zone `example`: what is not in it does not exist, and of other zones it says nothing."""

import signal

from .http import accepts
from .process import Process, free_port, program

TTL = 77


class Dnsmasq:
    def __init__(self, directory):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._log = directory / "dnsmasq.log"
        self._process = None

    def serve(self, *records):
        """These records alone, in the words of its options: "host-record=shop.example,192.0.2.1"."""
        self.stop()
        self._process = Process(
            [program("dnsmasq", "/usr/sbin/dnsmasq"), "--no-daemon", "--conf-file=/dev/null", "--pid-file", "--no-resolv",
             "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1", f"--port={self.port}",
             "--local=/example/", f"--local-ttl={TTL}", *(f"--{record}" for record in records)], self._log)
        self._process.until_ready(lambda: accepts(self.port), "dnsmasq")

    def hang(self):
        self._process.send(signal.SIGSTOP)

    def go_on(self):
        self._process.send(signal.SIGCONT)

    def stop(self):
        if self._process:
            process, self._process = self._process, None
            process.stop()
