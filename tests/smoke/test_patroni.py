# SPDX-License-Identifier: Apache-2.0
"""A Patroni cluster of two: who leads changes, a member goes, somebody pauses it, its store is gone."""

import pytest

from outages import Customers, Service, is_measured, length, spanned, with_scenario
from servers.alertmanager import Alert
from servers.patroni import Cluster
from servers.process import run, until
from test_validation import CHECK as CANARY
from test_validation import SCHEMA, watched

NO_LEADER = Alert("EndpointDown", "P2", "critical", "cluster", "ha")
# A failover takes as long as its lock is kept: 20 s, and what a busy machine adds.
PATIENCE = 120

pytestmark = pytest.mark.all


@pytest.fixture(scope="module")
def cluster(servers):
    made = Cluster(servers.directory)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def watched_cluster(site, cluster):
    return watch(site, cluster, replica_missing={"for": "1s"})


def watch(site, cluster, **policy):
    cluster.until_well()
    config = site.config_of("cluster", ha={"collector": "patroni", "every": "2s", "timeout": "1900ms",
                                           "urls": [member.url for member in cluster.members]})
    config["policy"] = policy
    site.agent.begin(config)
    return site


def missing(member):
    return Alert("ReplicaMissing", "P2", "critical", "cluster", "ha", member.name)


def failed(assertion, priority="P3", severity="warning"):
    return Alert("AssertionFailed", priority, severity, "cluster", "ha", "", assertion)


def test_paused_cluster(watched_cluster, drills, cluster):
    drills.run("Patroni paused", [failed("pause")], lambda: cluster.pause(True), lambda: cluster.pause(False))


def test_replica_is_stopped(watched_cluster, drills, cluster):
    """Its entry says 'stopped' until it is gone; either way it does not follow, and that is said once."""
    replica = cluster.replica()

    def forgotten():
        until(lambda: [m["name"] for m in cluster.leader().document()["members"]] == [cluster.leader().name],
              "the cluster forgot it", PATIENCE)
        watched_cluster.agent.looks(2)

    drills.run("Patroni's replica stopped", [missing(replica)], replica.stop, replica.start, while_broken=forgotten,
               patience=PATIENCE)


def test_switchover_wakes_nobody(site, drills, cluster):
    """By the defaults: it takes seconds, and the one that led follows again."""
    watch(site, cluster)
    drills.until_quiet()
    mark = site.alertmanager.pager.mark()
    before = site.agent.value("recoverd_measurement", check="ha", measurement="failovers_last_day")
    cluster.switch_over()
    site.agent.looks(3)
    drills.stays_quiet(looks=2)
    assert not site.alertmanager.pager.since(mark)
    until(lambda: site.agent.value("recoverd_measurement", check="ha", measurement="failovers_last_day") == before + 1,
          "the switchover is counted")


def test_leader_is_killed(watched_cluster, drills, cluster):
    """The replica takes over when the lock has run out; the one that led is missing until it is back."""
    leader = cluster.leader()
    successor = cluster.replica()

    def taken_over():
        until(successor.leads, "the replica leads", PATIENCE)
        watched_cluster.agent.looks(2)

    drills.run("Patroni's leader killed", [missing(leader)], leader.kill, leader.start, while_broken=taken_over,
               patience=PATIENCE)


def test_failover_is_a_scenario(site, drills, cluster):
    """As customers meet it, who write to whoever leads. The canary tells that all that was confirmed is still there."""
    cluster.until_well()
    leader, replica = cluster.leader(), cluster.replica()
    either = (f"host=127.0.0.1,127.0.0.1 port={leader.port},{replica.port} dbname=postgres target_session_attrs=primary "
              "connect_timeout=2")

    def psql(where, *statements):
        commands = [word for statement in statements for word in ("-c", statement)]
        return run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", f"{where} user=postgres", *commands])

    def canary_of(member):
        return psql(f"host=127.0.0.1 port={member.port} dbname=postgres", "SELECT max(counter) FROM recoverd.canary")

    psql(either, *SCHEMA)
    service = Service(lambda: psql(either, "INSERT INTO audit VALUES (0, 'order')"))
    config = with_scenario(watched(site, f"{either} user=recoverd", silence="3m", canary="recoverd"), "db-primary",
                           "ledger-db", service, CANARY)
    config["[scenario]"]["canary"] = CANARY
    site.agent.begin(config)
    site.agent.looks(2)
    broke = []

    def kill():
        # Just after a write, so that the next one is not under way.
        before = canary_of(leader)
        until(lambda: canary_of(leader) != before and canary_of(replica) == canary_of(leader), "the canary has arrived")
        broke.extend(spanned(leader.kill))

    with Customers(service) as customers:
        drills.passes("Patroni's leader killed, its replica promoted",
                      [Alert("ScenarioActive", "P1", "critical", "ledger-db"),
                       Alert("EndpointDown", "P4", "info", "ledger-db", "service")], kill, PATIENCE)
    is_measured(site, drills, "db-primary", "service", length(broke, customers.back))
    until(lambda: site.agent.value("recoverd_scenario_rpo_actual_seconds", scenario="db-primary") == 0,
          "nothing that was confirmed is lost")
    service.stop()
    leader.start()
    cluster.until_well()


def test_member_that_may_not_take_over(watched_cluster, drills, cluster):
    replica = cluster.replica()
    drills.run("Patroni's only replica tagged nofailover", [failed("failover_candidates")],
               lambda: replica.tag(nofailover=True), lambda: replica.tag(), patience=PATIENCE)


def test_store_is_gone(site, drills, cluster):
    """Patroni ends the primary's leading: nobody takes writes, although every member answers. The timeline that the
    replica shows afterwards is an old one for some seconds, which by the defaults are waited for."""
    watch(site, cluster)

    def end():
        # That all were asked and none leads is known only of members that were seen.
        site.agent.looks(1)
        cluster.etcd.stop()

    def back():
        cluster.etcd.start()
        cluster.until_well()

    drills.run("Patroni's etcd stopped", [NO_LEADER], end, back, patience=PATIENCE)
