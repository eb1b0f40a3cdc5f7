# SPDX-License-Identifier: Apache-2.0
"""A PgBouncer in front of one PostgreSQL server, with a database `orders` whose pool holds two connections."""

from .background import Background
from .process import Process, complete, free_port, program, run, until

POOL_SIZE = 2
USERS = {"app": "of-the-app", "admin": "of-the-admin", "recoverd": "of-the-agent", "stranger": "of-nobody"}

CONFIG = """
[databases]
orders = host=127.0.0.1 port={server} dbname=postgres pool_size={size}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = md5
auth_file = {users}
admin_users = admin
stats_users = recoverd
max_client_conn = 20
query_wait_timeout = 60
server_login_retry = 1
"""


class PgBouncer:
    def __init__(self, directory, postgres):
        self.port = free_port()
        users = directory / "pgbouncer.users"
        users.write_text("".join(f'"{user}" "{password}"\n' for user, password in USERS.items()), encoding="utf-8")
        self._config = directory / "pgbouncer.ini"
        self._config.write_text(CONFIG.format(server=postgres.port, port=self.port, users=users, size=POOL_SIZE),
                                encoding="utf-8")
        self._log = directory / "pgbouncer.log"
        self._process = None

    def start(self):
        self._process = Process([program("pgbouncer", "/usr/sbin/pgbouncer"), "-q", self._config], self._log)
        self._process.until_ready(lambda: self._ask("SHOW VERSION").returncode == 0, "PgBouncer")

    def stop(self):
        if self._process:
            process, self._process = self._process, None
            process.stop()

    def dsn(self, user="recoverd", database="pgbouncer"):
        return f"host=127.0.0.1 port={self.port} user={user} dbname={database}"

    def _psql(self, user, database, *words):
        return ["psql", "-X", "-A", "-t", "-q", "-d", f"{self.dsn(user, database)} password={USERS[user]}", *words]

    def _ask(self, command):
        return complete(self._psql("admin", "pgbouncer", "-c", command))

    def admin(self, command):
        return run(self._psql("admin", "pgbouncer", "-c", command))

    def waiting(self):
        """Clients of `orders` that wait for a server."""
        rows = [row.split("|") for row in self.admin("SHOW POOLS").splitlines()]
        return sum(int(row[3]) for row in rows if row[0] == "orders")

    def client(self, statement="SELECT pg_sleep(600)"):
        """Somebody who uses `orders` until he is stopped."""
        return Process(self._psql("app", "orders", "-c", statement), f"{self._log}.clients")


class Clients:
    """So many clients of a pool at once, begun and ended by a drill."""

    def __init__(self, pooler, number):
        self._pooler = pooler
        self._number = number
        self._running = []

    def come(self):
        self._running = [self._pooler.client() for _ in range(self._number)]

    def go(self):
        while self._running:
            self._running.pop().stop()


class Insistent(Background):
    """An application that connects again whenever it is turned away."""

    def __init__(self, pooler):
        super().__init__()
        self._pooler = pooler

    def _run(self):
        while not self._over.is_set():
            client = self._pooler.client("SELECT 1")
            until(lambda: client.ended() or self._over.is_set(), "the client is done, or nobody needs it", 600)
            client.stop()
            self._over.wait(0.2)
