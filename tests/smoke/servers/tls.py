# SPDX-License-Identifier: Apache-2.0
"""A server that speaks TLS, and HTTP within; which certificate it shows can change while it runs."""

import ssl

from .listener import Listener

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nup\n"


class TlsServer(Listener):
    def __init__(self, certificate):
        self.show(certificate)
        super().__init__()
        self.address = f"127.0.0.1:{self.port}"

    def show(self, certificate):
        """From the next connection on; a file that holds certificate and key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._context = context

    def _serve(self, connection):
        try:
            with self._context.wrap_socket(connection, server_side=True) as stream:
                if stream.recv(4096):
                    stream.sendall(ANSWER)
        except OSError:
            # Whoever does not trust the certificate hangs up.
            connection.close()
