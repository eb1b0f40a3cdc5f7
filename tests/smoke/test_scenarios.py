# SPDX-License-Identifier: Apache-2.0
"""Failure scenarios on real servers: who speaks, how long it really lasted, and what is validated afterwards."""

import pytest

from outages import RECOVERY, Customers, Port, is_measured, length, spanned
from servers.alertmanager import Alert
from servers.process import until
from servers.scripted import ScriptedServer, good
from servers.zone import Zone


def with_scenario(site):
    """The port of the primary decides a scenario; once it is over, port and archiving must be well again."""
    config = site.config()
    config["check.orders-port"] = {"asset": "orders-db", "collector": "tcp", "every": "1s", "timeout": "900ms",
                                   "failures": 2, "successes": 1, "address": f"127.0.0.1:{site.primary.port}"}
    # A primary that is back may be seen before its standby has come to it again.
    config["policy"] |= {"evidence_missing": {"over": "1m"}, "replica_missing": {"for": "60s"}}
    config["[scenario]"] = {"name": "db-primary", "asset": "orders-db", "priority": "P1", "rto": "1m",
                            "checks": ["orders-port"]}
    config["[validation]"] = {"name": RECOVERY, "asset": "orders-db", "after": ["db-primary"],
                              "step": [{"check": "orders-port", "priority": "P1", "stop": True},
                                       {"check": "orders-wal", "priority": "P2", "within": "30s"}]}
    return config


def test_the_primary_is_gone_and_comes_back(site, drills):
    """Said once, by the scenario; measured within one interval of the truth; validated by itself."""
    site.agent.begin(with_scenario(site))
    # When its port is closed, and opened, in the midst of a stop and a start only who knocks at it can tell.
    with Customers(Port(site.primary.port)) as customers:
        drills.run("database stopped: the scenario speaks",
                   [Alert("ScenarioActive", "P1", "critical", "orders-db"),
                    Alert("EndpointDown", "P4", "info", "orders-db", "orders-port")],
                   site.primary.stop, lambda: (site.primary.start(), site.until_streaming()))
    is_measured(site, drills, "db-primary", "orders-port", length(customers.lost, customers.back))


@pytest.mark.ci
def test_a_validation_that_is_asked_for_tells_each_step(site):
    site.agent.begin(with_scenario(site))
    site.agent.looks(1)
    code, out, err = site.agent.command("validate", RECOVERY, "--url", site.agent.url)
    assert code == 0, out + err
    assert [line.split() for line in out.splitlines()] == [["passed", "orders-port"], ["passed", "orders-wal"]]
    site.primary.stop()
    try:
        code, out, _ = site.agent.command("validate", RECOVERY, "--url", site.agent.url)
    finally:
        site.primary.start()
        site.until_streaming()
    # It breaks the scenario, too: then what was begun is given up.
    assert code == 2, out
    assert "given up" in out or "failed" in out


@pytest.fixture
def zones():
    made = {name: [ScriptedServer(lambda stream: good(stream, {})) for _ in range(2)] for name in ("a", "b")}
    yield made
    for server in made["a"] + made["b"]:
        server.stop()


@pytest.mark.ci
def test_a_zone_is_gone_and_the_region_is_not(site, zones):
    """One alert for the zone, those of its endpoints explained by it, over a restart of the agent as well."""
    config = {key: value for key, value in site.config().items() if not key.startswith(("check.", "asset."))}
    for zone, servers in zones.items():
        for number, server in enumerate(servers):
            config[f"check.web-{zone}{number}"] = {
                "collector": "http", "url": server.url, "every": "1s", "timeout": "900ms", "failures": 2,
                "successes": 1, "location": {"zone": zone, "region": "r"}}
    config["[scenario]"] = {"name": "az", "priority": "P1", "by": "zone", "checks": ["web-*"]}
    config["[scenario] "] = {"name": "region", "priority": "P1", "by": "region", "checks": ["web-*"],
                             "explains": ["az"]}
    site.agent.begin(config)

    def active(scenario, subject):
        return site.agent.value("recoverd_scenario_active", scenario=scenario, subject=subject)

    def explained():
        return {labels["check"] for labels, _ in site.agent.samples("recoverd_finding")
                if labels["rule"] == "EndpointDown" and labels["priority"] == "P4"}

    until(lambda: active("region", "r") == 0, "all is seen")
    for server in zones["a"]:
        server.stop()
    until(lambda: active("az", "a") == 1, "the zone is gone")
    until(lambda: explained() == {"web-a0", "web-a1"}, lambda: f"its endpoints are explained: {explained()}")
    assert active("az", "b") == 0 and active("region", "r") == 0
    began = site.agent.value("recoverd_scenario_start_timestamp_seconds", scenario="az", subject="a")
    # What was not told before the agent is killed, it rightly tells afterwards.
    until(lambda: {alert.check for alert in site.alertmanager.pager.open()
                   if (alert.alertname, alert.priority) == ("EndpointDown", "P4")} == {"web-a0", "web-a1"}
          and "ScenarioActive" in {alert.alertname for alert in site.alertmanager.pager.open()},
          lambda: f"the pager knows of all: {site.alertmanager.pager.open()}")
    mark = site.alertmanager.pager.mark()
    site.agent.kill()
    site.agent.start()
    site.agent.looks(2)
    assert site.agent.value("recoverd_scenario_start_timestamp_seconds", scenario="az", subject="a") == began
    assert explained() == {"web-a0", "web-a1"}
    told = site.alertmanager.pager.since(mark)
    assert not [alert for status, alert in told if status == "firing"], f"nothing is told twice after a restart: {told}"


@pytest.fixture
def cut_off():
    made = Zone(2)
    yield made
    made.stop()


@pytest.mark.all
def test_a_zone_is_cut_off_from_the_network(site, drills, cut_off, zones):
    """Nobody refuses: packets go nowhere. The zone is measured by the moment at which its cable was pulled."""
    config = site.config_of("shop", **{
        f"web-{zone}{number}": {"collector": "http", "url": f"{url}/", "failures": 2, "successes": 1,
                                "location": {"zone": zone, "region": "r"}}
        for zone, urls in (("a", cut_off.urls), ("b", [server.url for server in zones["b"]]))
        for number, url in enumerate(urls)})
    # Long enough for the other one to be found down as well: until then one of them would speak for itself.
    config["policy"] = {"endpoint_down": {"for": "3s"}}
    config["[scenario]"] = {"name": "az", "asset": "shop", "priority": "P1", "by": "zone", "checks": ["web-*"]}
    config["[scenario] "] = {"name": "region", "asset": "shop", "priority": "P1", "by": "region", "checks": ["web-*"],
                             "explains": ["az"]}
    config["[validation]"] = {"name": RECOVERY, "asset": "shop", "after": ["az"],
                              "step": [{"check": f"web-a{number}", "priority": "P2", "within": "30s"}
                                       for number in range(2)]}
    site.agent.begin(config)
    lost, back = [], []
    drills.run("a zone cut off from the network",
               [Alert("ScenarioActive", "P1", "critical", "shop", subject="a")] +
               [Alert("EndpointDown", "P4", "info", "shop", f"web-a{number}") for number in range(2)],
               lambda: lost.extend(spanned(cut_off.pull)), lambda: back.extend(spanned(cut_off.plug)))
    is_measured(site, drills, "az", "web-a0", length(lost, back))
