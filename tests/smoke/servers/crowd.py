# SPDX-License-Identifier: Apache-2.0
"""Servers for very many checks, which answer each, or take the connection and never say a word."""

import asyncio
import threading
from collections import Counter

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"


class Loop:
    """Serves on a loop of its own, in a thread of its own."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._tasks = set()
        self._server = self._call(asyncio.start_server(self._attend, "127.0.0.1", 0, backlog=4096))
        self.port = self._server.sockets[0].getsockname()[1]

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _attend(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.CancelledError, asyncio.IncompleteReadError, OSError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    def _drop(self):
        """Whoever is being served."""
        for task in list(self._tasks):
            task.cancel()

    def stop(self):
        async def end():
            self._server.close()
            self._drop()
            await asyncio.gather(*self._tasks, return_exceptions=True)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Crowd(Loop):
    def __init__(self):
        # Requests for what is below it get no answer.
        self._silent = None
        self._asked = Counter()
        super().__init__()
        self.url = f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader, writer):
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split(b" ", 2)[1].decode()
            self._asked[path] += 1
            if self._silent is not None and path.startswith(self._silent):
                await reader.read()
                return
            writer.write(ANSWER)
            await writer.drain()

    def hang(self, below="/"):
        self._silent = below

    def answer(self):
        self._silent = None

    def asked(self, path):
        """How often so far."""
        return self._asked[path]


class Forwarder(Loop):
    """The way to another server, which can go dead: new connections are taken and lead nowhere."""

    def __init__(self, port):
        self._to = port
        self._hangs = False
        super().__init__()

    async def _serve(self, reader, writer):
        if self._hangs:
            await reader.read()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        try:
            await asyncio.gather(self._copy(reader, far_writer), self._copy(far_reader, writer))
        finally:
            far_writer.close()

    @staticmethod
    async def _copy(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    def hang(self):
        self._hangs = True

    def go_on(self):
        self._hangs = False
