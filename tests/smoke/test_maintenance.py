# SPDX-License-Identifier: Apache-2.0
"""What was planned lowers what it explains, says so, and nothing else. Nor is a day without an agent a reason to page."""

import socket
import time
from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest

from servers import faketime
from servers.alertmanager import Alert
from servers.process import free_port, until
from watched import STANDBY

FAILING = Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")
LOWERED = Alert("WalArchivingFailing", "P4", "info", "orders-db", "orders-wal")


class Port:
    """Something of another asset, open until it is closed."""

    def __init__(self):
        self.number = free_port()
        self.open()

    def open(self):
        self._socket = socket.create_server(("127.0.0.1", self.number))

    def close(self):
        self._socket.close()


@pytest.fixture
def shop():
    port = Port()
    yield port
    port.close()


def config_with_shop(site, shop):
    config = site.config()
    config["asset.shop"] = {}
    config["check.shop-port"] = {"asset": "shop", "collector": "tcp", "every": "1s", "timeout": "900ms",
                                 "address": f"127.0.0.1:{shop.number}"}
    return config


def window(ends_in, **more):
    now = datetime.now(timezone.utc)
    return {"assets": ["orders-*"], "from": (now - timedelta(hours=1)).isoformat(timespec="seconds"),
            "to": (now + ends_in).isoformat(timespec="seconds"), **more}


def break_archiving(site):
    site.primary.set("archive_command", "false")
    site.primary.switch_wal()


def mend_archiving(site):
    site.primary.set("archive_command", site.archive_command)


def says(site, alertname, words):
    description = site.alertmanager.document(alertname)["annotations"]["description"]
    assert words in description, description


def test_maintenance_lowers_its_assets_and_no_others(site, drills, shop):
    config = config_with_shop(site, shop)
    config["[maintenance]"] = window(timedelta(hours=1), reason="move to new disks")
    site.agent.begin(config)

    def break_it():
        break_archiving(site)
        shop.close()

    def mend_it():
        mend_archiving(site)
        shop.open()

    drills.run("two faults, one in maintenance",
               [LOWERED, Alert("EndpointDown", "P2", "critical", "shop", "shop-port")], break_it, mend_it,
               while_broken=lambda: says(site, "WalArchivingFailing",
                                         "Lowered from P2 to P4: maintenance: move to new disks."))


@pytest.mark.all
def test_end_of_maintenance_gives_back_the_priority(site, drills):
    """By itself, at its second, and the alert keeps its beginning."""
    site.agent.begin(site.config())
    alertmanager = site.alertmanager

    drills.until_quiet()
    mark = alertmanager.pager.mark()

    def became(alert, often=1):
        """And somebody was told: what ends before Alertmanager's `group_wait` is over nobody hears of."""
        until(lambda: alertmanager.firing() == Counter([alert]),
              lambda: f"fires {alert}, found {dict(alertmanager.firing())}")
        until(lambda: alertmanager.pager.since(mark)[("firing", alert)] == often,
              lambda: f"told {often} times that {alert} fires, found {alertmanager.pager.since(mark)}")
        return alertmanager.document(alert.alertname)["startsAt"]

    try:
        break_archiving(site)
        began = became(FAILING)
        config = site.config()
        config["[maintenance]"] = window(timedelta(seconds=15))
        site.agent.reload(config)
        assert became(LOWERED) == began
        assert became(FAILING, often=2) == began
    finally:
        mend_archiving(site)
    told = Counter({(status, alert): often for status in ("firing", "resolved")
                    for alert, often in ((FAILING, 2), (LOWERED, 1))})
    until(lambda: alertmanager.pager.since(mark) >= told, lambda: f"told {told}, found {alertmanager.pager.since(mark)}")
    drills.stays_quiet(looks=1)
    assert alertmanager.pager.since(mark) == told


@pytest.mark.all
def test_running_exercise_lowers_what_it_brings_about(site, drills):
    """A failover test takes the standby away. It does not make a restore fail."""
    config = site.config()
    config["[exercise]"] = {"name": "failover", "asset": "orders-db", "cadence": "30d", "duration": "1h"}
    site.agent.begin(config)

    def report(exercise, outcome, **more):
        status, body = site.agent.report(asset="orders-db", exercise=exercise, outcome=outcome, **more)
        assert status in (200, 201), body

    def break_it():
        report("failover", "started", id="failover-1")
        site.standby.stop()
        report("restore-test", "failed", message="17 tables of 19")

    def mend_it():
        site.standby.start()
        site.until_streaming()
        site.agent.looks(2)
        report("failover", "passed", id="failover-1")
        report("restore-test", "passed", depth="restored")

    drills.run("standby gone in a failover test, restore fails",
               [Alert("ReplicaMissing", "P4", "info", "orders-db", "orders-wal", STANDBY),
                Alert("RestoreTestFailed", "P2", "critical", "orders-db", "orders-db/outcomes", "restore-test")],
               break_it, mend_it,
               while_broken=lambda: says(site, "ReplicaMissing",
                                         "Lowered from P2 to P4: exercise failover is running."))


@pytest.mark.all
def test_day_without_the_agent_is_no_storm(site, drills, shop):
    """All is long silent when it starts, and some of it goes on so until its turn comes. Nobody hears of it."""
    config = config_with_shop(site, shop)
    # Nobody goes on with backups and archives in a day that is not real.
    config["asset.orders-db"].update(backup_every="7d", rpo="7d", restore_test_every="7d")
    config["policy"]["pitr_lag_high"] = {"over": "2d"}
    for number in range(30):
        config[f"check.rare-{number}"] = {"asset": "shop", "collector": "exec", "every": "1h", "timeout": "10s",
                                          "command": ["/bin/echo", "fine"]}
    site.agent.begin(config)
    drills.until_quiet()
    mark = site.alertmanager.pager.mark()
    assert site.agent.stop() == 0
    site.agent.environment = faketime.environment(site.directory, FAKETIME="+1d")
    try:
        site.agent.start()
        tomorrow = time.time() + 23 * 3600
        until(lambda: min(site.agent.runs().values()) > tomorrow, lambda: f"all has run: {site.agent.runs()}")
        site.agent.looks(2, ["orders-backup", "orders-wal", "shop-port"])
        drills.until_quiet()
    finally:
        site.agent.environment = {}
    assert not site.alertmanager.pager.since(mark)
