# SPDX-License-Identifier: Apache-2.0
"""A service that works through what will fail, the scenario that it decides, and how long its customers really waited."""

import socket
import subprocess
import time

from servers.background import Background
from servers.process import until
from servers.web_server import Handler, WebServer

RECOVERY = "after-recovery"
# Of the probe: what it says is up to one of these late, at each end, so that the length is as near to the truth.
EVERY = 1
# By so much, in seconds, a probe may begin late on two busy cores.
LATE = 0.75


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


class Port:
    """A service that is well as long as somebody listens."""

    def __init__(self, port):
        self._address = ("127.0.0.1", port)

    def well(self):
        try:
            with socket.create_connection(self._address, timeout=0.5):
                return True
        except OSError:
            return False


class Customers(Background):
    """They ask all the time, and each as soon as the one before was answered."""

    def __init__(self, service):
        super().__init__()
        self._service = service
        # Between which two moments the service was lost, and came back first: from when the last one asked who met it
        # as it had been, to when the first one had an answer who did not.
        self.lost = self.back = None

    def _run(self):
        asked_last, was_well = time.time(), True
        while not self._over.wait(0.1):
            asked = time.time()
            well = self._service.well()
            if well != was_well:
                turned = (asked_last, time.time())
                if well:
                    self.back = self.back or turned
                else:
                    self.lost = self.lost or turned
            asked_last, was_well = asked, well


def spanned(act):
    """Does it, and returns between which two moments it took effect."""
    began = time.time()
    act()
    return began, time.time()


def length(lost, back):
    """The shortest and the longest that what was lost and came back in these spans may have been away."""
    return back[0] - lost[1], back[1] - lost[0]


def with_scenario(config, scenario, asset, service, *steps):
    """Its probe decides the scenario; once it is over, the service and these checks must be well again."""
    config["check.service"] = {"asset": asset, "collector": "http", "url": service.url, "every": f"{EVERY}s",
                               "timeout": "900ms", "failures": 1, "successes": 1}
    config["[scenario]"] = {"name": scenario, "asset": asset, "priority": "P1", "rto": "5m", "checks": ["service"]}
    config["[validation]"] = {"name": RECOVERY, "asset": asset, "after": [scenario],
                              "step": [{"check": check, "priority": "P2", "within": "30s"}
                                       for check in ("service", *steps)]}
    return config


def is_measured(site, drills, scenario, check, truth, every=EVERY):
    """What the agent says the outage lasted is what it lasted, within one interval of the check that decides it, and
    what was to be validated afterwards was. `truth`: the shortest and the longest that it may have been."""
    lasted = until(lambda: site.agent.value("recoverd_outage_last_duration_seconds", scenario=scenario),
                   "the outage is over")
    # A look that finds all well is dated by its end, and one that does not may have been under way for as long.
    within = every + site.agent.value("recoverd_check_duration_seconds", check=check) + LATE
    assert truth[0] - within <= lasted <= truth[1] + within, f"measured {lasted} s, it was {truth} s, within {within} s"

    def ran(outcome):
        return site.agent.value("recoverd_exercise_last_timestamp_seconds", exercise=RECOVERY, outcome=outcome)

    until(lambda: ran("passed") or ran("failed"), "the validation has ended")
    assert ran("failed") is None, site.agent.api("validations")
    drills.lines.append(f"{'  measured against true downtime':<52} {lasted:6.1f} s  {'':<44} {truth[1]:6.1f} s")
