# SPDX-License-Identifier: Apache-2.0
"""Where connections come in, each to be served in a thread of its own."""

import socket
import threading


class Listener:
    """Those made of it say in `_serve` what becomes of a connection."""

    # In seconds, for each read and write.
    patience = 10

    def __init__(self, host="127.0.0.1"):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._begin(socket.create_server((host, 0), family=family))
        self.port = self._listener.getsockname()[1]

    def _begin(self, listener):
        self._listener = listener
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(self.patience)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        raise NotImplementedError

    def stop(self):
        # close() alone would leave accept() waiting. Twice does no harm.
        if self._listener.fileno() != -1:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
