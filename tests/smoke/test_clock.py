# SPDX-License-Identifier: Apache-2.0
"""The wall clock of the agent's host is wrong, or jumps while it watches. Alertmanager's own clock stays right.

Only the agent lives by the other clock (libfaketime); databases and repositories date what they hold by the right one.
"""

import os
import time
from datetime import datetime, timedelta, timezone

import pytest

from servers import faketime
from servers.alertmanager import Alert
from servers.crowd import Crowd
from servers.process import until
from watched import STANDBY

SKEWED = Alert("ClockSkewed", "P3", "warning")
OLD = Alert("BackupTooOld", "P2", "critical", "orders-db", "orders-backup", "orders/repo1")
MISSING = Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)
# What others dated by a right clock lies ahead of a slow one. A server says what time it is there.
AHEAD = [Alert("EvidenceImplausible", "P3", "warning", "orders-db", "orders-backup", "orders/repo1")]


class WallClock:
    """The agent's wall clock alone; the one that never jumps, by which it measures intervals, stays what it is."""

    def __init__(self, site):
        self._file = site.directory / "faketime"
        self.set("+0")
        site.agent.environment = faketime.environment(site.directory, FAKETIME_TIMESTAMP_FILE=str(self._file),
                                                      FAKETIME_NO_CACHE="1")

    def set(self, offset):
        """At once, also for those who are reading it."""
        new = self._file.with_suffix(".new")
        new.write_text(offset + "\n", encoding="utf-8")
        os.chmod(new, 0o644)
        new.rename(self._file)

    def begin_at(self, moment):
        """It goes on from there."""
        self._ahead = moment.timestamp() - time.time()
        self.set(f"{self._ahead:+.3f}")

    def now(self):
        return time.time() + self._ahead


@pytest.fixture
def clock(site):
    yield WallClock(site)
    site.agent.environment = {}


@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.stop()


def dump(site, at):
    """A file as a dump leaves it; returns the pattern to watch."""
    file = site.directory / "clock-orders.dump"
    file.write_bytes(os.urandom(8192))
    os.chmod(file, 0o644)
    os.utime(file, (at, at))
    return site.directory / "clock-*.dump"


def small_site(site, clock, crowd):
    """What needs no server that has a clock: a dump that was just made, and an endpoint."""
    return {
        "": {"instance": "smoke"},
        "asset.orders-db": {"backup_every": "1h"},
        "check.dump": {"asset": "orders-db", "collector": "files", "every": "1s", "timeout": "900ms",
                       "path": dump(site, clock.now() - 60)},
        "check.shop": {"collector": "http", "every": "1s", "timeout": "900ms", "url": f"{crowd.url}/shop"},
        "alertmanager": {"urls": [site.alertmanager.url], "interval": "3s", "timeout": "2s"},
        # A day that is an hour longer or shorter would show.
        "policy": {"backup_too_old": {"over": "30m"}},
    }


@pytest.mark.parametrize("jump, alerts", [
    pytest.param("+1h", [SKEWED], marks=pytest.mark.all),
    pytest.param("-1h", [SKEWED, *AHEAD], marks=pytest.mark.all),
    pytest.param("+1d", [SKEWED, OLD], marks=pytest.mark.all),
    pytest.param("-1d", [SKEWED, *AHEAD], marks=pytest.mark.all),
    pytest.param("+1y", [SKEWED, OLD], marks=pytest.mark.all),
    pytest.param("-1y", [SKEWED, *AHEAD], marks=pytest.mark.all),
])
def test_jump_is_said_and_nobody_was_silent_for_it(site, drills, clock, jump, alerts):
    site.agent.begin(site.config())

    def skew_is_shown():
        assert abs(site.agent.value("recoverd_clock_skew_seconds")) >= 3599

    drills.run(f"wall clock jumps by {jump}", alerts, lambda: clock.set(jump), lambda: clock.set("+0"),
               while_broken=skew_is_shown)
    assert site.agent.value("recoverd_clock_skew_seconds") == 0


@pytest.mark.all
def test_what_fires_goes_on_through_a_jump(site, drills, clock):
    """Alertmanager would take an alert for over whose end a slow clock dated."""
    site.agent.begin(site.config())

    def break_it():
        site.standby.stop()
        until(lambda: site.alertmanager.firing()[MISSING], "the standby is missed")
        break_it.began = site.alertmanager.document("ReplicaMissing")["startsAt"]
        clock.set("-1d")

    def beginning_is_kept():
        began = datetime.fromisoformat(site.alertmanager.document("ReplicaMissing")["startsAt"][:19])
        assert abs(began - datetime.fromisoformat(break_it.began[:19])) <= timedelta(seconds=3)

    def mend_it():
        clock.set("+0")
        site.standby.start()

    drills.run("clock a day back while an alert fires", [MISSING, SKEWED, *AHEAD], break_it, mend_it,
               while_broken=beginning_is_kept)


@pytest.mark.all
def test_backup_from_the_future_is_not_believed(site, drills, clock, crowd):
    clock.begin_at(datetime.now(timezone.utc))
    site.agent.begin(small_site(site, clock, crowd))
    drills.run("backup is dated a day ahead",
               [Alert("EvidenceImplausible", "P3", "warning", "orders-db", "dump")],
               lambda: dump(site, time.time() + 86_400), lambda: dump(site, time.time()))


@pytest.mark.parametrize("change", [
    pytest.param(datetime(2026, 10, 25, 1, tzinfo=timezone.utc), id="to-winter", marks=pytest.mark.all),
    pytest.param(datetime(2027, 3, 28, 1, tzinfo=timezone.utc), id="to-summer", marks=pytest.mark.all),
])
def test_daylight_saving_changes_nothing(site, drills, clock, crowd, change):
    clock.begin_at(change - timedelta(seconds=20))
    site.agent.environment["TZ"] = "Europe/Berlin"
    site.agent.begin(small_site(site, clock, crowd))
    drills.until_quiet()
    assert clock.now() < change.timestamp(), "the machine is too slow to see the change"
    mark = site.alertmanager.pager.mark()
    began, asked = clock.now(), crowd.asked("/shop")
    until(lambda: clock.now() > change.timestamp() + 3, "the hour has changed")
    # Once a second; a skipped hour, or one that came twice, would be none or many.
    seconds = clock.now() - began
    assert seconds / 2 <= crowd.asked("/shop") - asked <= seconds + 5
    drills.stays_quiet(looks=2)
    assert not site.alertmanager.pager.since(mark)
    assert site.agent.value("recoverd_clock_skew_seconds") == 0


@pytest.mark.all
def test_there_is_life_after_2038(site, drills, clock, crowd):
    """After the last second that 32 bits can count."""
    clock.begin_at(datetime(2038, 1, 20, tzinfo=timezone.utc))
    site.agent.begin(small_site(site, clock, crowd))
    end = datetime.fromtimestamp(clock.now(), timezone.utc).isoformat()
    status, body = site.agent.report(asset="orders-db", kind="exercise", exercise="restore-test", outcome="passed",
                                     depth="restored", ended_at=end)
    assert status == 201, body

    def restart():
        site.agent.kill()
        site.agent.start()
        site.agent.looks(1)

    drills.run("endpoint down on 2038-01-20", [Alert("EndpointDown", "P2", "critical", "", "shop")],
               crowd.hang, crowd.answer, while_broken=restart)
    newest = site.agent.value("recoverd_backup_last_success_timestamp_seconds", check="dump")
    assert newest > 2**31
    assert site.agent.value("recoverd_exercise_last_timestamp_seconds", outcome="passed") > 2**31
