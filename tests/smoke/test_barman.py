# SPDX-License-Identifier: Apache-2.0
"""Backups that Barman does not make, that fail, that wait for their WAL, and a Barman that cannot be asked."""

import signal

import pytest

from servers.alertmanager import Alert
from servers.barman import Barman
from servers.postgres import Postgres
from servers.process import until

CHECK = "stock-barman"


@pytest.fixture(scope="module")
def stock(servers):
    """A server of its own, so that whoever stops it stops nobody else, with one backup."""
    postgres = Postgres(servers.directory, "stock")
    postgres.init()
    barman = Barman(servers.directory, "stock", postgres)
    postgres.configure(wal_level="replica", archive_mode="on", archive_command=barman.archive_command)
    postgres.start()
    postgres.sql("CREATE TABLE orders (item text)")
    barman.begin()
    barman.backup()
    yield barman, postgres
    postgres.abandon()


def config_of(site, barman, backup_every="1h", **check):
    config = site.config_of("stock-db", **{CHECK: barman.check(**check)})
    config["asset.stock-db"]["backup_every"] = backup_every
    config["policy"] = {"evidence_missing": {"over": "15s"}}
    return config


def alert(name, priority, subject="stock", assertion=""):
    severity = "critical" if priority in ("P1", "P2") else "warning"
    return Alert(name, priority, severity, "stock-db", CHECK, subject, assertion)


@pytest.mark.all
def test_no_new_backup(site, stock, drills):
    """Twice `backup_every` may pass."""
    barman, _ = stock
    site.agent.begin(config_of(site, barman))
    drills.run("barman: no new backup", [alert("BackupTooOld", "P2")],
               lambda: site.agent.reload(config_of(site, barman, backup_every="2s")),
               lambda: (site.agent.reload(config_of(site, barman)), barman.backup()))


@pytest.mark.all
def test_backup_fails(site, stock, drills):
    """It is interrupted half-way."""
    barman, _ = stock
    site.agent.begin(config_of(site, barman))

    def break_it():
        barman.configure(bandwidth_limit=50)
        backup = barman.start_backup()
        until(lambda: backup.ended() or barman.has("STARTED"), "the backup runs")
        until(lambda: site.agent.value("recoverd_backup_running", check=CHECK) == 1, "the agent sees it run")
        backup.stop(signal.SIGINT)
        until(lambda: barman.has("FAILED"), "it failed")

    def mend_it():
        barman.configure()
        barman.backup()

    drills.run("barman: backup fails", [alert("BackupFailed", "P2")], break_it, mend_it, patience=120)


@pytest.mark.all
def test_server_is_down(site, stock, drills):
    """Barman's own check says so; the backups that are there are as good as before."""
    barman, postgres = stock
    site.agent.begin(config_of(site, barman))
    drills.run("barman: its server is down", [alert("AssertionFailed", "P2", assertion="check")],
               postgres.stop, postgres.start)


@pytest.mark.all
def test_barman_cannot_be_asked(site, stock, drills):
    barman, _ = stock
    site.agent.begin(config_of(site, barman))
    drills.run("barman: configuration unreadable", [alert("EvidenceMissing", "P3", subject="")],
               lambda: barman.config.chmod(0), lambda: barman.config.chmod(0o644))
