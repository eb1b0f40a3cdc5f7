# SPDX-License-Identifier: Apache-2.0
"""The archive command fails, or claims success and stores nothing."""

import os
import time

import pytest

from servers.alertmanager import Alert
from servers.process import until


def age(file, seconds):
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_archive_command_fails(site, drills):
    site.agent.begin(site.config())

    def break_it():
        site.primary.set("archive_command", "false")
        site.primary.switch_wal()

    drills.run("archive_command fails",
               [Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")],
               break_it, lambda: site.primary.set("archive_command", site.archive_command))


def test_archive_command_stores_nothing(site, drills):
    """The server says archived, the repository has it not."""
    site.agent.begin(site.config())
    lost = []

    def break_it():
        site.primary.set("archive_command", "/bin/true")
        lost.append(site.primary.switch_wal())
        until(lambda: site.primary.archived(lost[0]), "the server believes it is archived")

    def mend_it():
        for segment in lost:
            site.repository.run("archive-push", site.primary.data / "pg_wal" / segment)
        site.primary.set("archive_command", site.archive_command)

    # What was said less than a minute before the repository was looked at is not held against it.
    drills.run("archive_command = /bin/true",
               [Alert("WalArchiveGap", "P2", "critical", "orders-db", "orders-wal")], break_it, mend_it,
               patience=120)


def test_segment_vanishes_from_the_repository(site, drills):
    segments = [site.primary.switch_wal() for _ in range(3)]
    until(lambda: all(map(site.repository.archived_file, segments)), "the segments are in the repository")
    for segment in segments:
        # A hole counts only before a segment that is older than two minutes: others may still be on their way.
        age(site.repository.archived_file(segment), seconds=180)
    file = site.repository.archived_file(segments[1])
    away = site.directory / "away"
    site.agent.begin(site.config())
    drills.run("segment deleted in the repository",
               [Alert("WalArchiveGap", "P2", "critical", "orders-db", "orders-backup", "orders/repo1")],
               lambda: file.rename(away), lambda: away.rename(file))


@pytest.mark.all
def test_archive_command_hangs(site, drills):
    """It reports no failure: it shows in the segment that waits, for twice as long as a failure may last."""
    site.agent.begin(site.config())
    stuck = site.directory / "stuck"

    def break_it():
        stuck.touch()
        site.primary.set("archive_command", f"while [ -e {stuck} ]; do sleep 0.1; done; exit 1")
        site.primary.switch_wal()

    def mend_it():
        site.primary.set("archive_command", site.archive_command)
        stuck.unlink()

    drills.run("archive_command hangs",
               [Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")], break_it, mend_it)


@pytest.mark.all
def test_archive_repository_is_full(site, drills):
    """pgBackRest itself meets the end of the room: here a limit on the size of a file, far below a segment."""
    site.agent.begin(site.config())

    def break_it():
        site.primary.set("archive_command", f'ulimit -f 8; trap "" XFSZ; exec {site.archive_command}')
        site.primary.switch_wal()

    drills.run("archive repository full",
               [Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")],
               break_it, lambda: site.primary.set("archive_command", site.archive_command))


@pytest.mark.all
def test_one_row_on_an_idle_server(site, drills):
    """With `archive_timeout` 0 nothing archives it, and no .ready file and no finished segment shows that it waits."""
    config = site.config()
    config["policy"]["pitr_lag_high"] = {"over": "3s"}
    assert site.primary.sql("SHOW archive_timeout") == "0"
    last = site.primary.switch_wal()
    until(lambda: site.primary.archived(last), "all that was written is archived")
    site.agent.begin(config)
    # That nobody writes is nothing to speak of, however long it lasts.
    drills.stays_quiet(looks=6)
    drills.run("one row, never archived",
               [Alert("PitrLagHigh", "P2", "critical", "orders-db", "orders-wal")],
               lambda: site.primary.sql("INSERT INTO orders VALUES ('the last one')"), site.primary.switch_wal)
