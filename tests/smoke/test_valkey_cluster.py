# SPDX-License-Identifier: Apache-2.0
"""A failover within a cluster of Valkey or Redis: a primary is lost, its replica takes over, it comes back as one."""

import signal

import pytest

from servers.alertmanager import Alert
from servers.process import until
from servers.valkey import SERVERS
from servers.valkey_cluster import Cluster

# The first primary's.
SLOTS = 5461

pytestmark = pytest.mark.all


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def cluster(servers, server):
    made = Cluster(servers.directory, server)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def watch(site, lost, heir, other):
    """The primary that will be lost, its replica, and a member that has nothing to do with either."""
    config = site.config_of("cache", **{
        # When it comes back it finds no cluster for a moment, or one that is not whole.
        "lost": {"collector": "valkey", "address": lost.address,
                 "policy": {"evidence_missing": {"over": "3s"}, "assertion_failed": {"for": "20s"}}},
        "heir": {"collector": "valkey", "address": heir.address, "replicas": [lost.address],
                 "policy": {"replica_missing": {"for": "1s"}}},
        "other": {"collector": "valkey", "address": other.address}})
    # That nothing is saved is not what this is about.
    config["policy"] = {"backup_missing": False}
    site.agent.begin(config)


def alert(name, check, subject="", assertion="", priority="P2", severity="critical"):
    return Alert(name, priority, severity, "cache", check, subject, assertion)


def slots_are_nobodys(check):
    """As the members that are left see it."""
    return [alert("AssertionFailed", check, assertion=name) for name in ("cluster_state", "cluster_slots_fail")]


FAULTS = {"killed": (lambda member: member.stop(), lambda member: member.start()),
          "hangs": (lambda member: member.signal(signal.SIGSTOP), lambda member: member.signal(signal.SIGCONT))}


@pytest.mark.parametrize("fault", FAULTS)
def test_primary_is_lost(site, drills, server, cluster, fault):
    """While nobody serves its slots every member says so. Then they are served, and who is gone is named by the one
    that it should follow now, and by the check that learns nothing from it."""
    lost, heir, other = cluster.primaries[0], cluster.replicas[0], cluster.primaries[1]
    break_it, mend_it = FAULTS[fault]
    watch(site, lost, heir, other)
    silent = alert("EvidenceMissing", "lost", priority="P3", severity="warning")

    def take_over():
        told = [one["annotations"]["description"] for one in site.alertmanager.all()
                if one["labels"].get("check") == "other"]
        assert any(f"cluster_slots_fail: 0 expected, {SLOTS} found" in words for words in told), told
        cluster.let_take_over(heir)

    def come_back():
        mend_it(lost)
        until(lambda: lost.answers() and lost.info("role") == "slave", "what was the primary is a replica")
        cluster.until_well()

    drills.goes_on(f"{server}: primary of a shard {fault}, a replica takes over",
                   (lambda: break_it(lost), [silent, alert("ReplicaMissing", "heir", "replica"),
                                             *slots_are_nobodys("heir"), *slots_are_nobodys("other")]),
                   (take_over, [silent, alert("ReplicaMissing", "heir", lost.address)]),
                   (come_back, []))
