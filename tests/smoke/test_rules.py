# SPDX-License-Identifier: Apache-2.0
"""Teams that let Prometheus notify: `recoverd rules` in a real Prometheus, with the real Alertmanager behind it."""

import pytest

from servers.alertmanager import Alert
from servers.process import until
from servers.prometheus import Prometheus
from watched import STANDBY

MISSING = Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)


@pytest.fixture
def prometheus(servers):
    servers.agent.write(servers.config())
    status, rules, err = servers.agent.command("rules", f"--config.file={servers.agent.config_file}")
    assert status == 0, err
    file = servers.directory / "rules.yml"
    file.write_text(rules, encoding="utf-8")
    server = Prometheus(servers.directory, f"127.0.0.1:{servers.agent.port}", file, servers.alertmanager)
    yield server
    server.stop()


def test_prometheus_notifies_where_the_agent_does_not(site, drills, prometheus):
    config = site.config()
    del config["alertmanager"]
    site.agent.begin(config)
    until(lambda: prometheus.query("up == 1"), "Prometheus scrapes the agent")
    drills.run("standby stopped, Prometheus notifies", [MISSING], site.standby.stop, site.standby.start)


@pytest.mark.ci
def test_a_restart_that_prometheus_sees_is_told_to_nobody(site, drills, prometheus):
    config = site.config()
    del config["alertmanager"]
    site.agent.begin(config)

    def is_away_for_a_while():
        def fires(alertname):
            return prometheus.query(f'ALERTS{{alertname="{alertname}"}}')

        # The watchdog is not held, and the last of the rules: when it is over, all were asked without a word of the agent.
        until(lambda: fires("RecoverdWatchdog"), "the watchdog fires")
        site.agent.stop()
        until(lambda: not fires("RecoverdWatchdog"), "Prometheus misses the agent")
        assert fires(MISSING.alertname)
        site.agent.start()
        until(lambda: fires("RecoverdWatchdog"), "Prometheus scrapes it again")

    drills.run("restart while Prometheus notifies", [MISSING], site.standby.stop, site.standby.start,
               while_broken=is_away_for_a_while)


def test_never_both(site, drills, prometheus):
    site.agent.begin(site.config())
    until(lambda: prometheus.query("recoverd_alertmanager_push_enabled == 1"), "Prometheus knows who notifies")
    drills.run("standby stopped, both could notify", [MISSING], site.standby.stop, site.standby.start)
