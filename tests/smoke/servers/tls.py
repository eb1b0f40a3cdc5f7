# SPDX-License-Identifier: Apache-2.0
"""A server that speaks TLS, and HTTP within; which certificate it shows can change while it runs."""

import socket
import ssl
import threading

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nup\n"


class TlsServer:
    def __init__(self, certificate):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.show(certificate)
        threading.Thread(target=self._accept, daemon=True).start()

    def show(self, certificate):
        """From the next connection on; a file that holds certificate and key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._context = context

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(10)
        try:
            with self._context.wrap_socket(connection, server_side=True) as stream:
                if stream.recv(4096):
                    stream.sendall(ANSWER)
        except OSError:
            # Whoever does not trust the certificate hangs up.
            connection.close()

    def stop(self):
        # close() alone would leave accept() waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
