# SPDX-License-Identifier: Apache-2.0
"""Nothing is wrong: nobody may hear anything but the watchdog."""

from datetime import datetime

import pytest

from servers.postgres import Writer
from servers.process import until


def moment(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def test_nothing_but_the_watchdog_while_all_is_well(site, drills):
    site.agent.begin(site.config())
    drills.stays_quiet(looks=2)
    with Writer(site.primary) as writer:
        drills.stays_quiet(looks=3)
        site.primary.switch_wal()
        site.repository.backup("diff")
        drills.stays_quiet(looks=2)
    assert writer.writes > 0
    # Idle again, with something written that is not archived yet.
    drills.stays_quiet(looks=2)


@pytest.mark.all
def test_nothing_but_the_watchdog_for_many_intervals(site, drills):
    """Busy and idle, with a backup now and then."""
    site.agent.begin(site.config())
    for _ in range(3):
        with Writer(site.primary):
            drills.stays_quiet(looks=10)
        site.repository.backup("incr")
        drills.stays_quiet(looks=10)


def test_three_lost_sends_resolve_nothing(site):
    config = site.config()
    site.agent.begin(config)
    until(site.alertmanager.has_watchdog, "the watchdog fires")
    watchdog = site.alertmanager.document("RecoverdWatchdog")
    ahead = moment(watchdog["endsAt"]) - moment(watchdog["updatedAt"])
    assert config["alertmanager"]["interval"] == "3s"
    # Four intervals after it was made, which was just before Alertmanager got it.
    assert 10 < ahead.total_seconds() <= 12
