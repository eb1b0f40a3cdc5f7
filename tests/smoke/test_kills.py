# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while outcomes are reported: what was answered with 2xx is there, alerts go on as one."""

import random
import time
from datetime import datetime, timezone

import pytest

from servers.background import Background
from servers.process import until
from test_agent import FAILING, break_archiving, mend_archiving


class Reporter(Background):
    """Reports one passed restore test after the other, and keeps what was acknowledged."""

    def __init__(self, agent):
        super().__init__()
        self._agent = agent
        self.acknowledged = []
        # What no caller may ever be told of an outcome that is fine.
        self.refused = []

    def _run(self):
        number = 0
        while not self._over.is_set():
            number += 1
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            outcome = {"id": f"run-{number}", "asset": "orders-db", "exercise": "restore-test", "outcome": "passed",
                       "started_at": now, "ended_at": now, "depth": "queried"}
            try:
                status, body = self._agent.report(**outcome)
            except OSError:
                # Nobody was told anything: it may be there or not.
                time.sleep(0.01)
                continue
            if status == 201:
                self.acknowledged.append(outcome)
            else:
                self.refused.append((status, body))


def kill_at_random(site, reporter, times, seed):
    """Each life is one in which something was acknowledged, and ends up to a third of a second later."""
    chance = random.Random(seed)
    for _ in range(times):
        before = len(reporter.acknowledged)
        until(lambda: len(reporter.acknowledged) > before, "an outcome is acknowledged")
        time.sleep(chance.uniform(0, 0.3))
        site.agent.kill()
        site.agent.start()


def lost(site, acknowledged):
    """Those that are new to it when they are told again: it has forgotten them."""
    answers = [(outcome["id"], *site.agent.report(**outcome)) for outcome in acknowledged]
    return [answer for answer in answers if answer[1] != 200]


@pytest.mark.parametrize("times", [pytest.param(10, marks=pytest.mark.all), pytest.param(200, marks=pytest.mark.all)])
def test_nothing_acknowledged_is_lost_when_killed(site, drills, times):
    seed = random.SystemRandom().randrange(2**32)
    site.agent.begin(site.config())

    def kills():
        began = site.agent.began(FAILING.alertname)
        sent = site.alertmanager.document(FAILING.alertname)
        with Reporter(site.agent) as reporter:
            kill_at_random(site, reporter, times, seed)
        assert len(reporter.acknowledged) >= times
        assert not reporter.refused
        assert not lost(site, reporter.acknowledged)
        site.agent.looks(1)
        until(lambda: site.alertmanager.document(FAILING.alertname)["endsAt"] != sent["endsAt"], "it is sent again")
        assert site.agent.began(FAILING.alertname) == began
        assert site.alertmanager.document(FAILING.alertname)["startsAt"] == sent["startsAt"]

    drills.run(f"{times} kills while outcomes come, seed {seed}", [FAILING], lambda: break_archiving(site),
               lambda: mend_archiving(site), while_broken=kills)
