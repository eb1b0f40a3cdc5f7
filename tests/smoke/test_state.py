# SPDX-License-Identifier: Apache-2.0
"""The disk of the agent's state is full, read-only or hangs, its file damaged or of another version: said, and worked on."""

import os
import sqlite3
from contextlib import closing, contextmanager

import pytest

from servers.alertmanager import Alert
from servers.process import as_root, server_user, until
from test_agent import FAILING, break_archiving, mend_archiving

DEGRADED = Alert("StateDegraded", "P3", "warning")


@contextmanager
def small_disk(site):
    """The agent's state lives on a disk of one MiB."""
    user = server_user()
    site.agent.stop()
    site.agent.state.mkdir(exist_ok=True)
    as_root("mount", "-t", "tmpfs", "-o", f"size=1m,mode=0700,uid={user.pw_uid},gid={user.pw_gid}", "recoverd-smoke",
            site.agent.state)
    try:
        yield site.agent.state
    finally:
        site.agent.stop()
        as_root("umount", site.agent.state)


@contextmanager
def disk_that_can_freeze(site):
    """The agent's state lives on a file system of its own, which tmpfs could not: fsfreeze(8) lets no write return."""
    user = server_user()
    site.agent.stop()
    site.agent.state.mkdir(exist_ok=True)
    image = site.agent.state.with_suffix(".img")
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    as_root("mkfs.ext4", "-q", "-F", "-m", "0", image)
    as_root("mount", "-o", "loop", image, site.agent.state)
    try:
        as_root("chown", f"{user.pw_uid}:{user.pw_gid}", site.agent.state)
        yield site.agent.state
    finally:
        site.agent.stop()
        as_root("umount", site.agent.state)
        image.unlink()


def begin_on(site):
    """A new life on the disk as it is."""
    site.agent.write(site.config())
    site.agent.start()
    site.agent.looks(1)


def fill(disk):
    with open(disk / "ballast", "wb", buffering=0) as ballast:
        try:
            while True:
                ballast.write(bytes(4096))
        except OSError:
            pass


def report(site, run):
    return site.agent.report(id=run, asset="orders-db", exercise="restore-test", outcome="passed", depth="queried")[0]


def is_said_and_worked_on(site):
    """Outcomes are refused, because they cannot be kept; checks go on."""
    assert report(site, "while-broken") == 503
    site.agent.looks(1)
    assert site.agent.value("recoverd_store_errors_total") > 0


def play(site, drills, words, spoil, mend):
    """With another alert that begins and ends meanwhile: it is sent all the same, and neither waits for the disk."""
    begin_on(site)
    assert report(site, "before") == 201

    def break_both():
        spoil()
        break_archiving(site)

    def mend_both():
        mend()
        mend_archiving(site)

    drills.run(f"disk of the state {words}", [DEGRADED, FAILING], break_both, mend_both,
               while_broken=lambda: is_said_and_worked_on(site))
    assert report(site, "before") == 200
    assert report(site, "while-broken") == 201


@pytest.mark.all
def test_disk_full(site, drills):
    with small_disk(site) as disk:
        play(site, drills, "is full", lambda: fill(disk), (disk / "ballast").unlink)


@pytest.mark.all
def test_disk_hangs(site, drills):
    with disk_that_can_freeze(site) as disk:
        play(site, drills, "hangs", lambda: as_root("fsfreeze", "--freeze", disk),
             lambda: as_root("fsfreeze", "--unfreeze", disk))


@pytest.mark.all
def test_disk_read_only_at_start(site, drills):
    with small_disk(site) as disk:
        begin_on(site)
        assert report(site, "before") == 201

        def break_it():
            site.agent.stop()
            as_root("mount", "-o", "remount,ro", disk)
            site.agent.start()

        drills.run("disk of the state is read-only", [DEGRADED], break_it,
                   lambda: write_again(disk),
                   while_broken=lambda: is_said_and_worked_on(site))
        assert report(site, "before") == 200
        assert report(site, "while-broken") == 201


def stopped_on_a_read_only_disk(site, disk):
    site.agent.stop()
    as_root("mount", "-o", "remount,ro", disk)


def killed_on_a_full_disk(site, disk):
    """What was committed last stands in SQLite's log, and there is no room for its index."""
    site.agent.kill()
    (disk / "recoverd.db-shm").unlink()
    fill(disk)


def write_again(disk):
    as_root("mount", "-o", "remount,rw", disk)
    (disk / "ballast").unlink(missing_ok=True)


@pytest.mark.all
@pytest.mark.parametrize("harm", [stopped_on_a_read_only_disk, killed_on_a_full_disk])
def test_firing_alert_goes_on_over_a_start_that_cannot_write(site, drills, harm):
    """What cannot be written can still be read: the alert keeps its beginning."""
    with small_disk(site) as disk:
        begin_on(site)
        began = []

        def break_both():
            break_archiving(site)
            until(lambda: site.alertmanager.firing() == {FAILING: 1}, "the alert fires")
            began.append(site.agent.began(FAILING.alertname))
            harm(site, disk)
            site.agent.start()

        def mend_both():
            write_again(disk)
            mend_archiving(site)

        def kept():
            assert site.agent.began(FAILING.alertname) == began[0]

        drills.run(f"{harm.__name__.replace('_', ' ')}, alert fires", [FAILING, DEGRADED], break_both, mend_both,
                   while_broken=kept)


def overwrite_beginning(file):
    with open(file, "r+b") as database:
        database.write(b"\xff" * 4096)


def cut_in_half(file):
    os.truncate(file, file.stat().st_size // 2)


def set_version(file, version):
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"PRAGMA user_version={version}")


def restart_with(site, harm):
    """What it wrote is in the one file: it ended well."""
    site.agent.stop()
    harm(site.agent.state / "recoverd.db")
    site.agent.start()


@pytest.mark.parametrize("what, harm", [
    pytest.param("damaged", overwrite_beginning, id="damaged"),
    pytest.param("half-written", cut_in_half, id="half-written", marks=pytest.mark.all),
    pytest.param("later version's", lambda file: set_version(file, 99), id="later", marks=pytest.mark.all)])
def test_state_that_cannot_be_read_is_set_aside(site, drills, what, harm):
    """It is said until a start that reads what this one wrote; outcomes are taken at once."""
    site.agent.begin(site.config())

    def goes_on():
        assert (site.agent.state / "recoverd.db.damaged").exists()
        assert report(site, "after") == 201

    drills.run(f"{what} state file", [DEGRADED], lambda: restart_with(site, harm),
               lambda: restart_with(site, lambda file: None), while_broken=goes_on)
    assert report(site, "after") == 200


@pytest.mark.all
def test_state_of_an_older_version_is_taken_over(site, drills):
    site.agent.begin(site.config())
    assert report(site, "before") == 201
    restart_with(site, lambda file: set_version(file, 0))
    drills.stays_quiet(looks=2)
    assert report(site, "before") == 200
