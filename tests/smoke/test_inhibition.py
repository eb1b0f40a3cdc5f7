# SPDX-License-Identifier: Apache-2.0
"""packaging/alertmanager in a real Alertmanager: which alert hides which. One hidden wrongly is a page that never comes."""

import re

import pytest

from routed import Routed, shipped
from servers.process import until
from test_routes import every_alert

# Cause, consequence, and the labels beside the asset that both have in common. Agents of several hosts may tell of a
# target or of a standby; of all else each has its own.
PAIRS = [
    ("EndpointDown", "EvidenceMissing", {"target": "db1:5432"}),
    ("WalArchivingFailing", "PitrLagHigh", {}),
    ("WalArchiveGap", "PitrWindowShort", {}),
    ("ReplicaMissing", "ReplicationLagHigh", {"subject": "standby1"}),
    ("BackupCorrupt", "BackupTooOld", {"check": "orders-backup", "subject": "orders/repo1"}),
]
CAUSES = {cause for cause, _, _ in PAIRS}
# Beside them, of what the agent has lowered already.
SCENARIO = ("ScenarioActive", "EndpointDown|EndpointDegraded|ScenarioActive|RtoExceeded")
OF_SEVERAL_HOSTS = {"EndpointDown", "ReplicaMissing", "ScenarioActive"}
MATCHER = re.compile(r'(\w+)(=~|!=|!~|=)"(.*)"')


def alert(name, asset, priority="P2", **labels):
    return {"alertname": name, "priority": priority, **({"asset": asset} if asset else {}), **labels}


def matchers(texts):
    """By label; the first of several."""
    found = {}
    for name, operator, value in (MATCHER.fullmatch(text).groups() for text in texts):
        found.setdefault(name, (operator, value))
    return found


def test_each_pair_is_of_alerts_that_exist_and_of_one_asset():
    found = []
    for rule in shipped()["inhibit_rules"]:
        source, target = matchers(rule["source_matchers"]), matchers(rule["target_matchers"])
        for side in (source, target):
            assert side["source"] == ("=", "recoverd")
            # Labels that both lack are equal: without this a rule hides everything that has no asset.
            assert all(side[name] == ("=~", ".+") for name in rule["equal"] if name not in ("check", "instance", "cluster"))
        assert {"asset", "cluster"} <= set(rule["equal"])
        assert ("instance" in rule["equal"]) == (source["alertname"][1] not in OF_SEVERAL_HOSTS)
        pair = source["alertname"][1], target["alertname"][1]
        assert source["priority"] == ("=~", "P1|P2")
        assert target["priority"] == (("=", "P4") if pair == SCENARIO else ("!=", "P1"))
        found.append(pair)
    assert found == [*((cause, consequence) for cause, consequence, _ in PAIRS), SCENARIO]
    assert {name for pair in found for names in pair for name in names.split("|")} <= every_alert()


@pytest.fixture
def routed(servers):
    made = Routed(servers.directory, 60)
    yield made
    made.stop()


def hidden_after(routed, alerts):
    """What is hidden once all of them were considered: when one more pair is hidden, which comes last."""
    routed.fire(*alerts)
    routed.fire(alert("WalArchivingFailing", "last"))
    routed.fire(last := alert("PitrLagHigh", "last"))
    until(lambda: last in routed.hidden(), "the last one is hidden")
    return [found for found in routed.hidden() if found != last]


@pytest.mark.all
@pytest.mark.parametrize("cause, consequence, common", PAIRS)
def test_a_cause_hides_its_consequence_and_nothing_else(routed, cause, consequence, common):
    hidden = alert(consequence, "orders-db", **common)
    lower = alert(consequence, "orders-db", "P3", **common)
    others = [
        alert(consequence, "orders-db", "P1", **common),
        alert(consequence, "files", **common),
        alert(consequence, None, **common),
        alert(consequence, "orders-db", cluster="west", **common),
        *([alert(consequence, "orders-db", instance="another", **common)] if cause not in OF_SEVERAL_HOSTS else []),
        *(alert(consequence, "orders-db", **{**common, name: "another"}) for name in common),
        *(alert(consequence, "orders-db", **{key: value for key, value in common.items() if key != name})
          for name in common),
        # Not the causes of other pairs, which would hide what is theirs.
        *(alert(name, "orders-db", **common) for name in every_alert() - CAUSES - {consequence}),
    ]
    causes = [alert(cause, "orders-db", **common), alert(cause, None, **common)]
    found = hidden_after(routed, [*causes, hidden, lower, *others])
    assert sorted(found, key=str) == sorted([hidden, lower], key=str)


@pytest.mark.ci
def test_a_scenario_hides_what_the_agent_lowered_and_nothing_that_it_did_not(routed):
    lowered = [("EndpointDown", {"check": "orders-port"}), ("ScenarioActive", {"scenario": "node"}),
               ("RtoExceeded", {"scenario": "node"})]
    explained = [alert(name, "orders-db", "P4", **labels) for name, labels in lowered]
    others = [
        *(alert(name, "orders-db", priority, **labels) for name, labels in lowered for priority in ("P1", "P2", "P3")),
        *(alert(name, "orders-db", "P4", check="orders-port") for name in every_alert() - set(SCENARIO[1].split("|"))),
        *(alert(name, asset, "P4", **labels) for name, labels in lowered for asset in ("files", None)),
    ]
    causes = [alert("ScenarioActive", asset, "P1", scenario="db-primary") for asset in ("orders-db", None)]
    drill = alert("ScenarioActive", "files", "P4", scenario="files")
    assert sorted(hidden_after(routed, [*causes, drill, *explained, *others]), key=str) == sorted(explained, key=str)


@pytest.mark.all
def test_a_cause_that_wakes_nobody_hides_nothing(routed):
    """Lowered for planned work, or by policy."""
    alerts = [alert(name, f"{cause}-{priority}", priority if name == cause else "P2", **common)
              for cause, consequence, common in PAIRS for priority in ("P3", "P4") for name in (cause, consequence)]
    assert hidden_after(routed, alerts) == []


@pytest.mark.ci
def test_what_is_down_on_one_host_hides_nothing_of_another(routed):
    """Each calls its own server by the same name."""
    own = ["127.0.0.1:5432", "localhost:5432", "[::1]:5432", "::1", "local socket:5432", "/run/valkey.sock",
           "http://localhost:9090", "https://127.0.0.1:8443/health"]
    alerts = [alert(name, "orders-db", target=target) for target in own for name in ("EndpointDown", "EvidenceMissing")]
    shared = [alert(name, "orders-db", target="db1:5432") for name in ("EndpointDown", "EvidenceMissing")]
    assert hidden_after(routed, [*alerts, *shared]) == [shared[1]]


@pytest.mark.ci
def test_an_outage_hides_no_backup_that_failed(routed):
    down = alert("EndpointDown", "shop", "P1", check="shop-web", target="shop:443")
    rest = [alert(name, "shop", check="shop-web", target="shop:443")
            for name in every_alert() - {"EndpointDown", "EvidenceMissing"}
            if name not in {consequence for _, consequence, _ in PAIRS}]
    assert hidden_after(routed, [down, *rest]) == []
    until(lambda: any("BackupFailed" in note.title for note in routed.sinks.notes("pagerduty")), "its page comes")
