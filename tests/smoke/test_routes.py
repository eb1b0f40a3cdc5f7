# SPDX-License-Identifier: Apache-2.0
"""packaging/alertmanager: who is told of each alert that there is, by amtool."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from routed import CONFIG, routes, seconds, shipped
from servers.alertmanager import WATCHDOG
from servers.process import program
from test_prometheus_rules import RULES, load, rules_in

PRIORITIES = ("P1", "P2", "P3", "P4")
ENGINEERING = {"P1": "engineering-page", "P2": "engineering-page", "P3": "engineering-chat", "P4": "engineering-mail"}
# What customers feel. Everything else is named, so that whoever adds an alert decides.
OUTAGES = {"EndpointDown", "EndpointDegraded", "ScenarioActive", "RtoExceeded"}
# What partners hear of, too: that something is down, once, and not that it still is.
FOR_PARTNERS = {"EndpointDown", "ScenarioActive"}
NOT_FOR_CUSTOMERS = set("""
    BackupTooOld BackupMissing BackupFailed BackupCorrupt BackupStuck BackupSizeAnomaly BackupRetentionShort PitrLagHigh
    PitrWindowShort WalArchivingFailing WalArchiveGap ReplicaMissing ReplicationLagHigh ReplicationSlotRetaining
    RestoreTestFailed RestoreTestOverdue ExerciseFailed ExerciseOverdue ExerciseTooLong AssertionFailed
    MeasurementOutOfRange CertificateExpiring ValidationFailed AssetUncovered SubjectVanished EvidenceMissing EvidenceImplausible
    ConfigReloadFailed StateDegraded ClockSkewed RecoverdDown RecoverdAbsent RecoverdWatchdogMissing RecoverdStalled
    RecoverdNotSending RecoverdRestarting""".split())


def every_alert():
    """From the rules that are shipped; that these are the program's own table is tested elsewhere."""
    files = [load(RULES / f"recoverd-{name}.yml") for name in ("alerts", "agent")]
    return {name for file in files for name in rules_in(file, "alert")}


def receivers(labels):
    words = [f"{name}={value}" for name, value in labels.items()]
    done = subprocess.run([program("amtool"), "config", "routes", "test", f"--config.file={CONFIG}", *words],
                          capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.strip().split(","))


def due(alertname, priority, customer_facing):
    """Who is to be told, by the communication plan."""
    told = {ENGINEERING[priority]}
    felt = customer_facing and alertname in OUTAGES
    if priority == "P1" or felt and priority == "P2":
        told.add("management")
    if felt and priority != "P4":
        told.add("customers")
    if felt and priority == "P1" and alertname in FOR_PARTNERS:
        told.add("partners")
    return told


def test_of_each_alert_somebody_decided_whether_customers_feel_it():
    assert OUTAGES.isdisjoint(NOT_FOR_CUSTOMERS)
    decided = OUTAGES | NOT_FOR_CUSTOMERS | {WATCHDOG}
    assert every_alert() == decided, "add it to one of the two sets above, and an outage to alertmanager.yml"


@pytest.mark.parametrize("customer_facing", [True, False])
def test_each_alert_of_each_priority_goes_to_whom_it_shall(customer_facing):
    cases = [(name, priority) for name in sorted(every_alert() - {WATCHDOG}) for priority in PRIORITIES
             if customer_facing or name in OUTAGES | {"BackupMissing"}]
    facing = {"customer_facing": "true"} if customer_facing else {}
    # Each answer is a process of some 20 ms.
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda case: receivers({"source": "recoverd", "alertname": case[0], "priority": case[1],
                                                 "asset": "shop", **facing}), cases)
    wrong = {case: told for case, told in zip(cases, found) if told != due(*case, customer_facing)}
    assert not wrong


def test_the_watchdog_is_for_no_person_and_a_test_for_engineering_alone():
    assert receivers({"source": "recoverd", "alertname": WATCHDOG, "severity": "none"}) == {"deadman"}
    for priority, receiver in ENGINEERING.items():
        assert receivers({"source": "recoverd", "alertname": "RecoverdTest", "priority": priority,
                          "test": "true"}) == {receiver}


def groups(route, receiver, inherited=()):
    """What tells the notifications of a receiver apart, of each route to it."""
    by = route.get("group_by", inherited)
    named = route.get("receiver", receiver)
    yield named, tuple(route.get("matchers", ())), set(by)
    for inner in route.get("routes", []):
        yield from groups(inner, named, by)


def test_no_acknowledged_page_swallows_another_hosts_another_zones_or_another_clusters():
    paging = [(matchers, by) for receiver, matchers, by in groups(shipped()["route"], None)
              if receiver in ("engineering-page", "engineering-chat")]
    of_scenarios = [by for matchers, by in paging if matchers == ('alertname=~"ScenarioActive|RtoExceeded"',)]
    assert (len(paging), len(of_scenarios)) == (6, 3)
    assert all({"alertname", "asset", "check", "scenario", "instance", "cluster", "priority"} <= by for _, by in paging)
    outside = [by for receiver, _, by in groups(shipped()["route"], None) if receiver in ("customers", "partners")]
    assert outside == [{"asset", "cluster"}] * 2
    assert all("subject" in by for by in of_scenarios)
    # Each pod that is down would be one.
    assert sum("subject" in by for _, by in paging) == len(of_scenarios)


def test_what_nobody_thought_of_is_said_to_have_no_route():
    assert receivers({"source": "recoverd", "alertname": "BackupTooOld"}) == {"unrouted"}
    assert receivers({"source": "recoverd", "alertname": "BackupTooOld", "priority": "P5"}) == {"unrouted"}
    assert receivers({"alertname": "BackupTooOld", "priority": "P1"}) == {"unrouted"}


def test_no_time_is_one_that_alertmanager_does_not_keep():
    """A repetition after exactly so many ticks comes one tick later or not, by chance; after --data.retention (120h) it
    is forgotten who was told."""
    for route in routes(shipped()["route"]):
        if "repeat_interval" not in route:
            continue
        interval, repeat = seconds(route["group_interval"]), seconds(route["repeat_interval"])
        assert repeat < seconds("5d")
        if route["receiver"] in ("management", "customers", "deadman"):
            rhythm = {"management": 1800, "customers": 900, "deadman": 60}[route["receiver"]]
            assert rhythm % interval == 0
            assert rhythm - interval < repeat < rhythm


def test_no_secret_stands_in_the_files():
    text = CONFIG.read_text(encoding="utf-8")
    for word in ("api_url:", "routing_key:", "service_key:", "password:", "credentials:", "bearer_token:"):
        assert word not in text
