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


@pytest.mark.all
def test_full_backup_is_too_old_though_a_differential_is_fresh(site, drills):
    """Where the policy says so: a differential is worth as much as the full one below it."""
    config = site.config()
    config["policy"]["backup_too_old"] = {"backup_type": "full", "over": "25s", "priority": "P3"}
    site.repository.backup()
    site.repository.backup("diff")
    site.agent.begin(config)
    drills.run("full backup too old, differential fresh",
               [Alert("BackupTooOld", "P3", "warning", "orders-db", "orders-backup", "orders/repo1")],
               lambda: None, site.repository.backup, while_broken=lambda: site.repository.backup("diff"))


@pytest.mark.all
def test_quiet_days_between_nightly_backups(site, drills):
    """Nothing is written between them, so that all but the first are of next to nothing."""
    site.repository.backup()
    config = site.config()
    config["asset.orders-db"]["backup_every"] = "24h"
    site.agent.begin(config)
    for _ in range(4):
        site.repository.backup("diff")
        drills.stays_quiet(looks=1)
    site.repository.backup("incr")
    drills.stays_quiet(looks=2)


def new_stanza(site, name):
    """Another one, so that the lock of its backup says nothing of the others; its WAL is nobody's concern here."""
    repository = PgBackRest(site.directory, name, site.primary, **{"archive-check": "n"})
    repository.run("stanza-create")
    return repository


@pytest.fixture(scope="module")
def ledger(servers):
    return new_stanza(servers, "ledger")


def with_ledger(site, ledger):
    config = site.config()
    # A first backup is still to come; who waits for it knows.
    config["asset.ledger-db"] = {"backup_every": "1h", "policy": {"backup_missing": False}}
    config["check.ledger-backup"] = site.check_of(ledger, asset="ledger-db")
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


# pgBackRest 2.45 shows the same lock while it expires old backups, so that for ten minutes after another backup none can
# be told to run: the next two are the first of their stanza.


@pytest.mark.all
def test_backup_fails(site, drills):
    """Its WAL does not arrive, as with a wrong archive_command: pgBackRest waits for it, and gives up."""
    attic = new_stanza(site, "attic")
    site.agent.begin(site.config_of_backups(attic, backup_missing=False))

    def break_it():
        backup = attic.start_backup("--archive-check", "--archive-timeout=8")
        until(lambda: site.agent.value("recoverd_backup_running", check="attic-backup") == 1, "the agent sees it run")
        until(backup.ended, "the backup gave up")
        assert backup.stop() != 0

    drills.run("backup fails",
               [Alert("BackupFailed", "P2", "critical", "attic-db", "attic-backup", "attic/repo1")],
               break_it, attic.backup)


@pytest.mark.all
def test_backup_never_ends(site, drills):
    depot = new_stanza(site, "depot")
    site.agent.begin(site.config_of_backups(depot, backup_stuck={"over": "4s"}, backup_missing=False))
    backups = []

    def break_it():
        backups.append(depot.start_backup())
        until(lambda: backups[0].ended() or depot.backup_runs(), "the backup runs")
        backups[0].send(signal.SIGSTOP)

    def mend_it():
        backups[0].send(signal.SIGCONT)
        until(backups[0].ended, "the backup ends")
        assert backups[0].stop() == 0

    drills.run("backup never ends",
               [Alert("BackupStuck", "P3", "warning", "depot-db", "depot-backup", "depot/repo1")],
               break_it, mend_it)


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


@pytest.mark.all
def test_sizes_of_backups_before_and_after_a_schema_is_dropped(site, drills):
    """Differentials grow from one full backup to the next, which is nothing. What is gone shows in the full ones: in
    the first and the two after it, and the fourth is the new usual."""
    site.primary.sql("CREATE SCHEMA old", "CREATE TABLE old.rows AS SELECT repeat(md5(i::text), 60) AS row "
                     "FROM generate_series(1, 30000) AS i", "CREATE TABLE growing (row text)")
    stock = new_stanza(site, "stock")
    for _ in range(3):
        stock.backup()
    site.agent.begin(site.config_of_backups(stock))
    for _ in range(3):
        site.primary.sql("INSERT INTO growing SELECT repeat(md5(i::text), 30) FROM generate_series(1, 3000) AS i")
        stock.backup("diff")
        drills.stays_quiet(looks=1)
    stock.backup()
    drills.stays_quiet(looks=1)

    def two_more():
        for _ in range(2):
            stock.backup()
            site.agent.looks(1)

    def break_it():
        site.primary.sql("DROP SCHEMA old CASCADE")
        stock.backup()

    drills.run("schema dropped",
               [Alert("BackupSizeAnomaly", "P3", "warning", "stock-db", "stock-backup", "stock/repo1")],
               break_it, stock.backup, while_broken=two_more)
    site.primary.sql("DROP TABLE growing")
