# SPDX-License-Identifier: Apache-2.0
"""A service that works through what will fail, the scenario that it decides, and how long its customers really waited."""

import subprocess
import time

from servers.background import Background
from servers.process import until
from servers.web_server import Handler, WebServer

RECOVERY = "after-recovery"
# Of the probe: what it says is up to one of these late, at each end.
EVERY = 1


class Service(WebServer):
    """`GET /` does once what `work` does: 200 where that went well, and 503 where it raised an error."""

    def __init__(self, work):
        def well():
            try:
                work()
                return True
            except (OSError, RuntimeError, subprocess.SubprocessError):
                return False

        class Door(Handler):
            def do_GET(self):
                self.answer(200 if well() else 503)

        self.well = well
        self.url = self.serve(Door)


class Customers(Background):
    """They ask all the time, and each as soon as the one before was answered."""

    def __init__(self, service):
        super().__init__()
        self._service = service
        self._refused = None
        # When the first one was served who came after one who was not.
        self.served_again = None

    def _run(self):
        while not self._over.wait(0.1):
            well = self._service.well()
            self._refused = self._refused or not well
            if well and self._refused and not self.served_again:
                self.served_again = time.time()


def with_scenario(config, scenario, asset, service, *steps):
    """Its probe decides the scenario; once it is over, the service and these checks must be well again."""
    config["check.service"] = {"asset": asset, "collector": "http", "url": service.url, "every": f"{EVERY}s",
                               "timeout": "900ms", "failures": 1, "successes": 1}
    config["[scenario]"] = {"name": scenario, "asset": asset, "priority": "P1", "rto": "5m", "checks": ["service"]}
    config["[validation]"] = {"name": RECOVERY, "asset": asset, "after": [scenario],
                              "step": [{"check": check, "priority": "P2", "within": "30s"}
                                       for check in ("service", *steps)]}
    return config


def is_measured(site, drills, scenario, truth, within=2 * EVERY):
    """What the agent says the outage lasted is what it lasted, and what was to be validated afterwards was."""
    lasted = until(lambda: site.agent.value("recoverd_outage_last_duration_seconds", scenario=scenario),
                   "the outage is over")
    assert abs(lasted - truth) <= within, f"measured {lasted} s, it was {truth} s"

    def ran(outcome):
        return site.agent.value("recoverd_exercise_last_timestamp_seconds", exercise=RECOVERY, outcome=outcome)

    until(lambda: ran("passed") or ran("failed"), "the validation has ended")
    assert ran("failed") is None, site.agent.api("validations")
    drills.lines.append(f"{'  measured against true downtime':<52} {lasted:6.1f} s  {'':<44} {truth:6.1f} s")
