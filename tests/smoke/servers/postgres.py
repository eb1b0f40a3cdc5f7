# SPDX-License-Identifier: Apache-2.0
"""A cluster of the newest PostgreSQL that is installed: a primary from initdb, a standby of it, or one restored from a backup."""

import os
import shutil
import signal
from pathlib import Path

from .background import Background
from .process import Process, free_port, run, until

PROGRAMS = str(max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name)))


class Postgres:
    def __init__(self, directory, name):
        self.name = name
        self.directory = directory
        self.data = directory / name
        self.port = free_port()
        self._process = None

    def init(self):
        run([f"{PROGRAMS}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-locale",
             "-E", "UTF8", "--data-checksums"])

    def follow(self, primary):
        """Becomes a standby that streams through a slot of its own, both named after it."""
        run([f"{PROGRAMS}/pg_basebackup", "-D", self.data, "-d",
             f"host={primary.directory} port={primary.port} user=postgres application_name={self.name}",
             "--no-sync", "-c", "fast", "-R", "-C", "-S", self.name])

    def configure(self, **settings):
        lines = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": self.directory,
                 "fsync": "off", "shared_buffers": "16MB", "log_min_messages": "warning", **settings}
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            for key, value in lines.items():
                conf.write(f"{key} = '{value}'\n")

    def start(self, state="ready", **settings):
        """Until it is in this state: `ready` for queries, `starting`, or `standby` where nobody may ask."""
        if self._process:
            return
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self._process = Process([f"{PROGRAMS}/postgres", "-D", self.data, *options],
                                self.directory / f"{self.name}.log")
        self._process.until_ready(lambda: self._is(state), f"PostgreSQL {self.name}")

    def _is(self, state):
        """The postmaster writes its own state into the last line of its lock file, which is empty at first."""
        lock = self.data / "postmaster.pid"
        return lock.exists() and lock.read_text(encoding="utf-8").split()[-1:] == [state]

    def until_ready(self):
        self._process.until_ready(lambda: self._is("ready"), f"PostgreSQL {self.name}")

    def signal(self, number):
        """To the postmaster alone: with SIGSTOP, who is connected goes on and nobody new gets in."""
        self._process.send(number)

    def stop(self):
        self._end(signal.SIGINT)

    def abandon(self):
        """Ends it at once; the next start would begin with recovery."""
        self._end(signal.SIGQUIT)

    def discard(self):
        """Ends it, and nothing is left of it."""
        self.abandon()
        shutil.rmtree(self.data, ignore_errors=True)

    def freeze(self):
        """The postmaster first: then nobody new comes. The kernel goes on accepting connections for it."""
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        self._send(signal.SIGSTOP, [pid])
        self._send(signal.SIGSTOP, children.read_text(encoding="utf-8").split())

    def thaw(self):
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children")
        self._send(signal.SIGCONT, [*children.read_text(encoding="utf-8").split(), pid])

    @staticmethod
    def _send(number, pids):
        for pid in pids:
            os.kill(int(pid), number)

    def promote(self):
        """Returns when it takes writes."""
        assert self.sql("SELECT pg_promote()") == "t"

    def become_standby_of(self, primary):
        """With the data it has, as after a planned switchover; at its next start."""
        with open(self.data / "postgresql.auto.conf", "a", encoding="utf-8") as conf:
            conf.write(f"primary_conninfo = 'host={primary.directory} port={primary.port} user=postgres "
                       f"application_name={self.name}'\nprimary_slot_name = ''\n")
        (self.data / "standby.signal").touch()

    def followers(self):
        """Names of those that stream from it."""
        return self.sql("SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'").split()

    def _end(self, number):
        if self._process:
            process, self._process = self._process, None
            process.stop(number)

    def dsn(self, user="recoverd"):
        return f"host=127.0.0.1 port={self.port} user={user} dbname=postgres"

    def sql(self, *statements):
        """Each in a transaction of its own; returns what the last ones print, without headings."""
        commands = [word for statement in statements for word in ("-c", statement)]
        return run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d",
                    f"host={self.directory} port={self.port} user=postgres dbname=postgres", *commands]).strip()

    def set(self, name, value):
        self.sql(f"ALTER SYSTEM SET {name} = '{value}'", "SELECT pg_reload_conf()")
        until(lambda: self.sql(f"SHOW {name}") == value, f"{name} is {value}")

    def write(self):
        self.sql("INSERT INTO orders (item) SELECT md5(i::text) FROM generate_series(1, 100) AS i")

    def switch_wal(self):
        """Writes, since an empty segment would not be switched; returns the segment that is finished now."""
        self.write()
        return self.sql("SELECT pg_walfile_name(pg_switch_wal())")

    def archived(self, segment):
        """Whether the server believes that this segment is archived by now."""
        return self.sql("SELECT coalesce(last_archived_wal, '') FROM pg_stat_archiver")[:24] >= segment


class Writer(Background):
    """Somebody who writes all the time, as long as the with-block lasts."""

    def __init__(self, postgres):
        super().__init__()
        self._postgres = postgres
        self.failure = None
        self.writes = 0

    def _run(self):
        try:
            while not self._over.is_set():
                self._postgres.write()
                self.writes += 1
        except (RuntimeError, OSError) as failure:
            self.failure = failure

    def __exit__(self, *error):
        super().__exit__(*error)
        assert self.failure is None, self.failure
