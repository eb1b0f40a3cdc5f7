# SPDX-License-Identifier: Apache-2.0
"""Backups that are not made, and backups that fail."""

import signal
from contextlib import contextmanager

import pytest

from servers.alertmanager import Alert
from servers.pgbackrest import PgBackRest
from servers.process import until


def test_newest_backup_is_too_old(site, drills):
    """Twice `backup_every` may pass."""
    site.agent.begin(site.config())
    config = site.config()
    config["asset.orders-db"]["backup_every"] = "8s"
    drills.run("no new backup",
               [Alert("BackupTooOld", "P2", "critical", "orders-db", "orders-backup", "orders/repo1")],
               lambda: site.agent.reload(config), lambda: site.repository.backup("diff"))


@pytest.fixture(scope="module")
def ledger(servers):
    """A second stanza, so that the lock of its backup says nothing of the first; its WAL is nobody's concern here."""
    repository = PgBackRest(servers.directory, "ledger", servers.primary, **{"archive-check": "n"})
    repository.run("stanza-create")
    return repository


def with_ledger(site, ledger):
    config = site.config()
    # A first backup is still to come; who waits for it knows.
    config["asset.ledger-db"] = {"backup_every": "1h", "policy": {"backup_missing": False}}
    config["check.ledger-backup"] = {"asset": "ledger-db", "collector": "pgbackrest", "every": "2s",
                                     "timeout": "1900ms", "config": ledger.config, "scan_archive": False}
    return config


def test_backup_is_killed_half_way(site, ledger, drills):
    site.agent.begin(with_ledger(site, ledger))

    def break_it():
        backup = ledger.start_backup()
        until(lambda: backup.ended() or ledger.backup_runs(), "the backup runs")
        backup.send(signal.SIGSTOP)
        until(lambda: site.agent.value("recoverd_backup_running", check="ledger-backup") == 1, "the agent sees it run")
        backup.stop(signal.SIGKILL)
        until(lambda: not ledger.backup_runs(), "its lock is gone")

    drills.run("backup killed half-way",
               [Alert("BackupFailed", "P2", "critical", "ledger-db", "ledger-backup", "ledger/repo1")],
               break_it, ledger.backup)


@contextmanager
def page_of(postgres, table):
    """Some bytes in the first page of a table that lies on disk as it is."""
    postgres.sql("CHECKPOINT")
    with open(postgres.data / postgres.sql(f"SELECT pg_relation_filepath('{table}')"), "r+b", buffering=0) as file:
        def write(content):
            file.seek(4096)
            file.write(content)

        file.seek(4096)
        yield file.read(8), write


def test_backup_finds_a_damaged_page(site, ledger, drills):
    """pgBackRest itself ends with status 0."""
    if not ledger.info()["backup"]:
        ledger.backup()
    site.primary.sql("CREATE TABLE damaged AS SELECT generate_series(1, 1000)")
    site.agent.begin(with_ledger(site, ledger))
    with page_of(site.primary, "damaged") as (content, write):
        def break_it():
            write(bytes(byte ^ 0xFF for byte in content))
            ledger.backup()

        def mend_it():
            write(content)
            ledger.backup()

        drills.run("damaged page in the newest backup",
                   [Alert("BackupCorrupt", "P1", "critical", "ledger-db", "ledger-backup", "ledger/repo1")],
                   break_it, mend_it)
    site.primary.sql("DROP TABLE damaged")


def test_job_reports_that_it_failed(site, drills):
    config = site.config()
    config["check.orders-dump"] = {"asset": "orders-db", "collector": "outcome"}
    site.agent.begin(config)

    def report(outcome, **more):
        status, body = site.agent.report(asset="orders-db", kind="backup", outcome=outcome, **more)
        assert status == 201, body

    report("passed", size_bytes=1000000)
    drills.run("job reports a failed backup",
               [Alert("BackupFailed", "P2", "critical", "orders-db", "orders-dump")],
               lambda: report("failed", message="disk full"), lambda: report("passed", size_bytes=1000000))
