# SPDX-License-Identifier: Apache-2.0
"""Folders of dumps: one of many is not renewed any more, and dumps of another size than usual."""

import shutil

import pytest

from servers.alertmanager import Alert
from servers.background import Background
from servers.dumps import Dumps

MiB = 1024 * 1024
HOUR = 3600
TENANTS = [f"tenant{number:02}" for number in range(40)]


@pytest.fixture
def dumps(servers):
    dumps = Dumps(servers.directory / "dumps")
    yield dumps
    shutil.rmtree(dumps.directory)


class Nights(Background):
    """Renews the dumps of all but those in `stopped`, every second, as long as the with-block lasts."""

    def __init__(self, dumps):
        super().__init__()
        self._dumps = dumps
        self.stopped = set()
        self._renew()

    def _renew(self):
        for tenant in TENANTS:
            if tenant not in self.stopped:
                self._dumps.write(tenant)
                self._dumps.prune(tenant, keep=3)

    def _run(self):
        while not self._over.wait(1):
            self._renew()


@pytest.mark.all
def test_one_of_forty_dumps_is_not_renewed(site, dumps, drills):
    """Thirty-nine fresh ones in the same folder hide nothing."""
    config = site.config_of("tenants", dumps={"collector": "files", "path": dumps.pattern(), "settle": "200ms"})
    config["asset.tenants"]["backup_every"] = "5s"
    with Nights(dumps) as nights:
        site.agent.begin(config)
        drills.run("one of 40 dumps not renewed",
                   [Alert("BackupTooOld", "P2", "critical", "tenants", "dumps", "tenant17")],
                   lambda: nights.stopped.add("tenant17"), nights.stopped.clear)
        # All of them were seen, each by itself.
        assert len(site.agent.samples("recoverd_backup_last_success_timestamp_seconds")) == len(TENANTS)


@pytest.mark.all
@pytest.mark.parametrize(("share", "priority", "severity"),
                         [(0.40, "P3", "warning"), (2.00, "P3", "warning"), (0.05, "P2", "critical")])
def test_dump_of_another_size(site, dumps, drills, share, priority, severity):
    """Said of the dump that is the first of that size and of two more; then it is the new usual."""
    usual = 64 * MiB
    for hours in range(8, 1, -1):
        dumps.write("stock", usual + hours * MiB // 4, age=hours * HOUR)
    config = site.config_of("stock", dump={"collector": "files", "path": dumps.pattern("stock")})
    config["asset.stock"]["backup_every"] = "2h"
    site.agent.begin(config)

    def write(minutes):
        dumps.write("stock", int(usual * share), age=minutes * 60)

    def two_more():
        for minutes in (50, 40):
            write(minutes)
            site.agent.looks(1)

    drills.run(f"dump of {share:.0%} of its usual size",
               [Alert("BackupSizeAnomaly", priority, severity, "stock", "dump")],
               lambda: write(60), lambda: write(30), while_broken=two_more)
