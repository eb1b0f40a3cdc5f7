# SPDX-License-Identifier: Apache-2.0
"""A Valkey or a Redis, which are started and asked in the same words; and sentinels that watch them."""

import signal
import socket

from .process import Process, free_port, program, run, until

SERVERS = ("valkey-server", "redis-server")
MASTER = "mymaster"


class Refused(RuntimeError):
    """What the server says instead of a reply."""


def encode(words):
    parts = [str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


class Valkey:
    def __init__(self, directory, name, server="valkey-server", **options):
        """`options` are those of its configuration file, with _ for -. It saves when it is told to."""
        self.name = name
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.data = directory / name
        # Made by the user that the server runs as.
        run(["mkdir", self.data])
        self._log = directory / f"{name}.log"
        self._program = program(server)
        if "cluster_enabled" in options:
            # Its default, port + 10000, may not exist.
            options["cluster_port"] = self.bus_port = free_port()
        self._options = {"save": "", "enable-debug-command": "local", "repl-diskless-sync-delay": 0,
                         "repl-ping-replica-period": 1,
                         **{key.replace("_", "-"): value for key, value in options.items()}}
        self._process = None

    def command(self):
        options = {"port": self.port, "bind": "127.0.0.1", "dir": self.data, **self._options}
        return [self._program, *(word for key, value in options.items() for word in (f"--{key}", value))]

    def start(self, ready=None, **options):
        """With these options besides its own, until it answers, or `ready` says so."""
        if not self._process:
            more = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", value)]
            self._process = Process([*self.command(), *more], self._log)
            self._process.until_ready(ready or self.answers, self.name)

    def answers(self):
        try:
            return self.call("PING") == "PONG"
        except Refused as words:
            return str(words).startswith("NOAUTH")
        except OSError:
            return False

    def raw(self, *words, ahead=()):
        """The bytes of the reply to one command, after those of `ahead`, whose replies are one line each."""
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection, connection.makefile("rb") as replies:
            for command in ahead:
                connection.sendall(encode(command))
                replies.readline()
            connection.sendall(encode(words))
            return self._read(replies)

    def _read(self, replies):
        line = replies.readline()
        if line[:1] == b"$" and line != b"$-1\r\n":
            return line + replies.read(int(line[1:]) + 2)
        if line[:1] == b"*":
            return line + b"".join(self._read(replies) for _ in range(int(line[1:])))
        if not line:
            raise OSError("the server closed the connection")
        return line

    def call(self, *words):
        """What a reply of text, or a number, says."""
        reply = self.raw(*words)
        if reply[:1] == b"-":
            raise Refused(reply[1:-2].decode())
        return (reply.split(b"\r\n", 1)[1][:-2] if reply[:1] == b"$" else reply[1:-2]).decode()

    def info(self, field):
        (found,) = [line.partition(":")[2] for line in self.call("INFO").splitlines()
                    if line.partition(":")[0] == field]
        return found

    def save(self):
        self.call("SAVE")

    def fill(self, keys=1000, size=10000):
        self.call("DEBUG", "POPULATE", keys, "key", size)

    def fail_to_save(self):
        """As on a disk that nobody may write to. The server does not run as root."""
        self.data.chmod(0o555)
        self.call("BGSAVE")
        until(lambda: self.info("rdb_last_bgsave_status") == "err", "the save has failed")

    def save_again(self):
        self.data.chmod(0o755)
        self.call("BGSAVE")
        until(lambda: self.info("rdb_last_bgsave_status") == "ok", "the save has succeeded")

    def follow(self, primary):
        self.call("REPLICAOF", "127.0.0.1", primary.port)

    def until_following(self):
        until(lambda: self.info("master_link_status") == "up", f"{self.name} follows")

    def signal(self, number):
        self._process.send(number)

    def stop(self):
        """At once, as a crash would; nothing is saved."""
        if self._process:
            process, self._process = self._process, None
            process.stop(signal.SIGKILL)


class Sentinel(Valkey):
    """Watches `primary` under the name MASTER; two of them have to agree."""

    def __init__(self, directory, name, primary, server="valkey-server"):
        super().__init__(directory, name, server)
        self.config = self.data / "sentinel.conf"
        # It writes into the file itself, so it must be its own.
        run(["sh", "-c", f"cat > {self.config} <<END\nport {self.port}\nbind 127.0.0.1\ndir {self.data}\n"
             f"sentinel monitor {MASTER} 127.0.0.1 {primary.port} 2\nsentinel down-after-milliseconds {MASTER} 1000\n"
             f"sentinel failover-timeout {MASTER} 5000\nEND"])

    def command(self):
        return [self._program, self.config, "--sentinel"]

    def primary(self):
        """The port of the one it takes for the primary."""
        return int(self.raw("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER).split(b"\r\n")[4])
