# SPDX-License-Identifier: Apache-2.0
"""Minutes of faults that come and go. What is held at the end is what was held at the beginning."""

import os
import random
import signal
import time

import pytest

from servers.footprint import Footprint
from servers.process import free_port, until
from servers.scripts import Script

SECONDS = float(os.environ.get("RECOVERD_SOAK", "600"))
# Two rounds fill the caches, the pools and the histories that are bounded anyway.
WARM_ROUNDS = 2
# An allocator keeps some pages where it was; a leak of one small object a run would be beyond this after ten minutes.
ANONYMOUS_KIB_OF_PLAY = 2048

HANG = "primary hangs"


class Fault:
    def __init__(self, name, begin, end):
        self.name, self.begin, self.end = name, begin, end


@pytest.fixture
def plugin(servers):
    """A plug-in that does what its file says: good, bad, a flood, or never an end."""
    script = Script(servers.directory, "plugin", "echo fine")
    yield script
    script.write("echo fine")


def busy_config(site, plugin):
    config = site.config()
    nobody = free_port()
    config["check.plugin"] = {"asset": "orders-db", "collector": "exec", "every": "1s", "timeout": "900ms",
                              "command": [plugin.path]}
    config["check.dumps"] = {"collector": "files", "every": "1s", "timeout": "900ms",
                             "path": f"{site.directory}/dumps/{{subject}}-*.dump"}
    for number in range(20):
        # Half of them answer: the agent itself does.
        port = site.agent.port if number % 2 else nobody
        config[f"check.endpoint-{number}"] = {"collector": "http", "every": "1s", "timeout": "900ms",
                                              "url": f"http://127.0.0.1:{port}/-/healthy", "fresh_connection": True,
                                              "policy": {"endpoint_down": False}}
    return config


def faults(site, plugin, config):
    changed = {**config, "check.more": {"collector": "tcp", "every": "1s", "timeout": "900ms",
                                        "address": f"127.0.0.1:{site.agent.port}"}}

    def report(outcome):
        status, body = site.agent.report(asset="orders-db", exercise="restore-test", outcome=outcome, depth="restored")
        assert status == 201, body

    return [
        Fault("archiving fails", lambda: (site.primary.set("archive_command", "false"), site.primary.switch_wal()),
              lambda: site.primary.set("archive_command", site.archive_command)),
        Fault("standby stops", site.standby.stop, lambda: (site.standby.start(), site.until_streaming())),
        Fault(HANG, lambda: site.primary.signal(signal.SIGSTOP), lambda: site.primary.signal(signal.SIGCONT)),
        Fault("plug-in hangs", lambda: plugin.write("sleep 1000"), lambda: plugin.write("echo fine")),
        Fault("plug-in floods", lambda: plugin.write("yes"), lambda: plugin.write("echo fine")),
        Fault("restore test fails", lambda: report("failed"), lambda: report("passed")),
        Fault("configuration changes", lambda: site.agent.reload(changed), lambda: site.agent.reload(config)),
        Fault("configuration is broken", lambda: site.agent.reload("[check", taken=False),
              lambda: site.agent.reload(config)),
        Fault("Alertmanager hangs", lambda: site.alertmanager.signal(signal.SIGSTOP),
              lambda: site.alertmanager.signal(signal.SIGCONT)),
    ]


def play_round(site, round_of_faults, dice):
    """Each fault once, up to three of them at a time."""
    dice.shuffle(round_of_faults)
    while round_of_faults:
        some = [round_of_faults.pop() for _ in range(min(dice.randint(1, 3), len(round_of_faults)))]
        # Others ask the primary when they begin and end.
        some.sort(key=lambda fault: fault.name == HANG)
        begun = []
        try:
            for fault in some:
                begun.append(fault)
                fault.begin()
            site.agent.looks(2, checks=["endpoint-1"])
        finally:
            for fault in reversed(begun):
                fault.end()
        site.agent.looks(2, checks=["endpoint-1"])


@pytest.mark.all
def test_faults_that_come_and_go_leave_nothing_behind(site, drills, plugin):
    seed = int(time.time())
    dice = random.Random(seed)
    print(f"seed {seed}")
    (site.directory / "dumps").mkdir(exist_ok=True)
    (site.directory / "dumps" / "shop-1.dump").write_bytes(b"x" * 4096)
    config = busy_config(site, plugin)
    site.agent.begin(config)

    def at_rest():
        drills.until_quiet()
        site.agent.looks(2)
        return Footprint.of(site.agent.pid)

    for _ in range(WARM_ROUNDS):
        play_round(site, faults(site, plugin, config), dice)
    before = at_rest()
    began = time.monotonic()
    rounds = 0
    while time.monotonic() - began < SECONDS:
        play_round(site, faults(site, plugin, config), dice)
        rounds += 1
    found = []

    def as_before():
        found.append(at_rest())
        now = found[-1]
        return (now.descriptors <= before.descriptors and now.threads <= before.threads
                and now.anonymous_kib <= before.anonymous_kib + ANONYMOUS_KIB_OF_PLAY)

    until(as_before, lambda: f"holds what it held: {before}, now {found[-1]}", patience=120)
    drills.lines.append(f"{f'soak: {rounds} rounds of 9 faults':<52} {SECONDS:6.0f} s  "
                        f"{before.anonymous_kib} -> {found[-1].anonymous_kib} KiB RssAnon, "
                        f"{before.descriptors} -> {found[-1].descriptors} descriptors, "
                        f"{before.threads} -> {found[-1].threads} threads")
