# SPDX-License-Identifier: Apache-2.0
"""Plug-ins that behave as badly as plug-ins do: the check of each is the only one that suffers."""

from pathlib import Path

import pytest

from servers.alertmanager import Alert
from servers.footprint import Footprint
from servers.process import until
from servers.scripts import Script

UNKNOWN = Alert("EvidenceMissing", "P3", "warning", "disk", "plugin")
CRITICAL = Alert("AssertionFailed", "P2", "critical", "disk", "plugin", "", "status")
GOOD = "echo 'DISK OK | /=40%;80;90'"
# Nobody else sleeps so long: what is left behind is found by it.
LONG = "98761"


def left_behind():
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if process.read_bytes().split(b"\0")[:2] == [b"sleep", LONG.encode()]:
                found.append(process.parent.name)
        except OSError:
            # It has ended meanwhile.
            continue
    return found


@pytest.fixture
def plugin(servers):
    return Script(servers.directory, "check_disk", GOOD)


def begin(site, plugin):
    config = site.config_of("disk", plugin={"collector": "exec", "command": [str(plugin.path)]},
                            beside={"collector": "exec", "command": ["/bin/true"]})
    config["policy"] = {"evidence_missing": {"over": "3s"}}
    site.agent.begin(config)


def run(site, drills, plugin, fault, alert, body):
    begin(site, plugin)
    before = Footprint.of(site.agent.pid)

    def goes_on():
        """Others are looked at as before, and nothing is held that grows."""
        site.agent.looks(3, ["beside"])
        more = Footprint.of(site.agent.pid).anonymous_kib - before.anonymous_kib
        assert more < 16 * 1024, f"{more} KiB more than before"

    drills.run(fault, [alert], lambda: plugin.write(body), lambda: plugin.write(GOOD), while_broken=goes_on)
    until(lambda: not left_behind(), lambda: f"no process is left behind: {left_behind()}")


@pytest.mark.all
def test_plugin_hangs(site, drills, plugin):
    """It and what it has started are ended."""
    run(site, drills, plugin, "plug-in hangs", UNKNOWN, f"sleep {LONG} &\nsleep {LONG}")


@pytest.mark.all
def test_plugin_floods(site, drills, plugin):
    run(site, drills, plugin, "plug-in prints without end", UNKNOWN, "exec yes 'DISK OK'")


@pytest.mark.all
def test_plugin_dies_by_a_signal(site, drills, plugin):
    run(site, drills, plugin, "plug-in dies by a signal", UNKNOWN, "echo 'DISK OK'\nkill -SEGV $$")


@pytest.mark.all
def test_performance_data_is_bad(site, drills, plugin):
    """The verdict stands, be it good or bad; what can be read of the figures is kept."""
    plugin.write("echo \"DISK OK | /=40% size=1,5GB =3 'odd=1 free=nan\"")
    begin(site, plugin)
    drills.stays_quiet(looks=2)
    assert site.agent.value("recoverd_measurement", check="plugin", measurement="/") == 0.4
    drills.run("plug-in is critical, with bad figures", [CRITICAL],
               lambda: plugin.write("echo 'DISK CRITICAL | /=99%;; size=;;;; ;='\nexit 2"), lambda: plugin.write(GOOD))


def test_plugin_forks_and_leaves(site, drills, plugin):
    """What it said counts. What it left behind holds its output open, and is ended."""
    plugin.write(f"sleep {LONG} &\n{GOOD}")
    begin(site, plugin)
    drills.stays_quiet(looks=3)
    assert site.agent.value("recoverd_check_success", check="plugin") == 1
    plugin.write(GOOD)
    site.agent.looks(2)
    until(lambda: not left_behind(), lambda: f"no process is left behind: {left_behind()}")
