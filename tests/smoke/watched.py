# SPDX-License-Identifier: Apache-2.0
"""The whole site under watch: a primary, its standby, a repository, Alertmanager, and the agent's configuration."""

import os
import shutil
import tempfile
from pathlib import Path

from servers.agent import Agent
from servers.alertmanager import Alertmanager
from servers.pgbackrest import PgBackRest
from servers.postgres import Postgres
from servers.process import server_user, until

STANDBY = "standby1"


def make_directory():
    """Owned by the servers' user. Short: the path of a unix socket may have 107 characters."""
    directory = Path(tempfile.mkdtemp(prefix="recoverd."))
    if os.geteuid() == 0:
        os.chown(directory, server_user().pw_uid, server_user().pw_gid)
    return directory


class Site:
    def __init__(self, build):
        self.directory = make_directory()
        self._running = []
        try:
            self._make_databases()
            self.alertmanager = self._keep(Alertmanager(self.directory))
            self.agent = self._keep(Agent(self.directory, build))
        except BaseException:
            self.stop()
            raise

    def _keep(self, server):
        self._running.append(server)
        return server

    def _make_databases(self):
        primary = self.primary = self._keep(Postgres(self.directory, "primary"))
        primary.init()
        self.repository = PgBackRest(self.directory, "orders", primary)
        primary.configure(wal_level="replica", archive_mode="on", archive_command=self.archive_command,
                          wal_keep_size="256MB")
        primary.start()
        primary.sql("CREATE ROLE recoverd LOGIN", "GRANT pg_monitor TO recoverd", "CREATE TABLE orders (item text)")
        self.repository.run("stanza-create")
        self.repository.backup()
        self.standby = self._keep(Postgres(self.directory, STANDBY))
        self.standby.follow(primary)
        self.standby.configure(cluster_name=STANDBY, archive_mode="off", wal_retrieve_retry_interval="200ms")
        self.standby.start()
        self.until_streaming()

    @property
    def archive_command(self):
        return " ".join(self.repository.command("archive-push", "%p"))

    def until_streaming(self):
        until(lambda: self.primary.sql("SELECT state FROM pg_stat_replication") == "streaming", "the standby streams")

    def config(self):
        """A site in which nothing is wrong. Short intervals, and thresholds of seconds where a test waits for them."""
        return {
            "": {"instance": "smoke", "runbook_url": "https://example.org/runbooks"},
            "asset.orders-db": {"backup_every": "1h", "rpo": "1h", "rto": "4h", "retention": "7d"},
            "check.orders-backup": {"asset": "orders-db", "collector": "pgbackrest", "every": "2s",
                                    "timeout": "1900ms", "config": self.repository.config},
            "check.orders-wal": {"asset": "orders-db", "collector": "postgresql", "every": "1s", "timeout": "900ms",
                                 "dsn": self.primary.dsn(), "expect_role": "primary", "standbys": [STANDBY],
                                 "settings": {"fsync": "off"}},
            "alertmanager": {"urls": [self.alertmanager.url], "interval": "3s", "timeout": "2s"},
            "policy": {"wal_archiving_failing": {"over": "2s"}, "replica_missing": {"for": "1s"}},
        }

    def config_of(self, asset, **checks):
        """Just these checks of one asset, often: for faults that the databases know nothing of."""
        whole = self.config()
        often = {"asset": asset, "every": "1s", "timeout": "900ms"}
        return {"": whole[""], f"asset.{asset}": {"description": "of a drill"},
                **{f"check.{name}": {**often, **check} for name, check in checks.items()},
                "alertmanager": whole["alertmanager"]}

    @staticmethod
    def check_of(repository, **options):
        """The backups of one repository, and nothing of its WAL."""
        return {"collector": "pgbackrest", "every": "2s", "timeout": "1900ms", "config": repository.config,
                "scan_archive": False, **options}

    def config_of_backups(self, repository, **policy):
        """Just the backups of a stanza of its own."""
        name = repository.stanza
        config = self.config_of(f"{name}-db", **{f"{name}-backup": self.check_of(repository)})
        config[f"asset.{name}-db"]["backup_every"] = "1h"
        return {**config, "policy": policy}

    def stop(self):
        for server in reversed(self._running):
            server.abandon() if isinstance(server, Postgres) else server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
