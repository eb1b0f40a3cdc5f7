# SPDX-License-Identifier: Apache-2.0
"""Databases and what stands before them: the real ones, each behind a relay that counts."""

from servers.pgbouncer import USERS, PgBouncer
from servers.postgres import Postgres
from servers.valkey import Valkey

from .relay import Commands, Relay, Statements
from .source import Asked, secret_file

TABLES = (
    "CREATE ROLE recoverd LOGIN", "CREATE EXTENSION amcheck",
    "CREATE TABLE orders (id int PRIMARY KEY, item text)",
    "CREATE TABLE lines (id int, orders int CONSTRAINT lines_order_fkey REFERENCES orders)",
    "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 5000) i",
    "INSERT INTO lines SELECT i, i FROM generate_series(1, 5000) i", "ANALYZE",
    "GRANT SELECT ON orders, lines TO recoverd", "GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO recoverd",
    "CREATE SCHEMA recoverd",
    "CREATE TABLE recoverd.canary (name text PRIMARY KEY, counter bigint NOT NULL, written_at timestamptz NOT NULL)",
    "GRANT USAGE ON SCHEMA recoverd TO recoverd", "GRANT SELECT, INSERT, UPDATE ON recoverd.canary TO recoverd")


class OfPostgres(Asked):
    """A server of its own."""

    unit = "statement"
    statements = ("CREATE ROLE recoverd LOGIN", "GRANT pg_monitor TO recoverd")

    def __init__(self, bench):
        super().__init__()
        self._server = Postgres(bench.fresh_directory(f"asked-{self.collector}"), "server")
        self._server.init()
        # As it would be where it matters; `true` archives at once.
        self._server.configure(fsync="on", archive_mode="on", archive_command="true")
        self._server.start()
        try:
            self._server.sql(*self.statements)
        except BaseException:
            self._server.abandon()
            raise
        self._relay = Relay(self._server.port, Statements, self.seen)
        self.dsn = f"host=127.0.0.1 port={self._relay.port} user=recoverd dbname=postgres"

    def stop(self):
        self._relay.stop()
        self._server.abandon()


class Server(OfPostgres):
    collector, what = "postgresql", "a primary that archives its WAL"

    def __init__(self, bench):
        super().__init__(bench)
        self.check = {"collector": "postgresql", "dsn": self.dsn, "expect_role": "primary"}


class Contents(OfPostgres):
    collector, what = "postgresql_validation", "two tables of 5,000 rows, a foreign key, an index and a canary"
    statements = TABLES
    # More of them would write into the same row.
    copies = 1

    def __init__(self, bench):
        super().__init__(bench)
        self.check = {"collector": "postgresql_validation", "dsn": self.dsn, "tables": ["public.orders", "public.lines"],
                      "amcheck": ["public.orders_pkey"], "foreign_keys": ["public.lines.lines_order_fkey"],
                      "canary": "recoverd"}


class Pooler(Asked):
    collector, what, unit = "pgbouncer", "the console of one pool", "statement"

    class Nobody:
        """The console answers whether or not a server stands behind the pool; nobody listens there."""

        port = 1

    def __init__(self, bench):
        super().__init__()
        # Its files belong to whoever runs it.
        folder = bench.fresh_directory("asked-pgbouncer")
        self._server = PgBouncer(folder, self.Nobody)
        self._server.start()
        self._relay = Relay(self._server.port, Statements, self.seen)
        dsn = f"host=127.0.0.1 port={self._relay.port} user=recoverd dbname=pgbouncer"
        self.check = {"collector": "pgbouncer", "dsn": dsn,
                      "password": secret_file(bench, "pgbouncer.password", USERS["recoverd"])}

    def stop(self):
        self._relay.stop()
        self._server.stop()


class Cache(Asked):
    collector, what, unit = "valkey", "a primary that saved its dataset", "command"

    def __init__(self, bench):
        super().__init__()
        self._server = Valkey(bench.fresh_directory("asked-valkey"), "cache")
        self._server.start()
        self._server.call("SET", "orders", "1")
        self._server.save()
        self._relay = Relay(self._server.port, Commands, self.seen)
        self.check = {"collector": "valkey", "address": f"127.0.0.1:{self._relay.port}"}

    def stop(self):
        self._relay.stop()
        self._server.stop()


ALL = (Server, Contents, Pooler, Cache)
