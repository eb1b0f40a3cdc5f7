# SPDX-License-Identifier: Apache-2.0
"""A Kafka cluster of three: a broker dies, a partition goes offline, somebody lowers a topic's retention, a consumer stops."""

import time

import pytest

from outages import RECOVERY, is_measured
from servers.alertmanager import Alert
from servers.background import Background
from servers.certificates import Authority
from servers.kafka import PASSWORD, USER, Cluster, Consumer
from servers.process import until
from test_systemd_unit import BUILD

WEEK = "retention.ms=604800000"
# A JVM of two busy cores needs a while to come back.
PATIENCE = 120

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def authority(servers):
    return Authority(servers.directory, "kafka-authority")


@pytest.fixture(scope="module")
def cluster(servers, authority):
    made = Cluster(servers.directory, BUILD, authority.issue("localhost", 1, 90))
    try:
        made.start()
        made.do("create", "orders", 3, 3, WEEK, "min.insync.replicas=2")
        # On one broker only.
        made.do("create", "scratch", 1, "@3", WEEK)
        made.do("produce", "orders", 300)
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def consumer(servers, cluster):
    made = Consumer(cluster, "billing", "orders", servers.directory / "kafka-consumer.log")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def watched(site, cluster, consumer):
    return watch(site, cluster)


def config_of(site, cluster, policy=None, **check):
    config = site.config_of("bus", kafka={
        "collector": "kafka", "every": "3s", "timeout": "2900ms", "brokers": cluster.addresses, "retention": "7d",
        "groups": ["billing"], "max_lag": 200, **check})
    config["policy"] = {"replica_missing": {"for": "4s"}, **(policy or {})}
    return config


def watch(site, cluster, policy=None, **check):
    cluster.until_well()
    site.agent.begin(config_of(site, cluster, policy, **check))
    return site


def alert(name, subject="", assertion="", priority="P2", severity="critical"):
    return Alert(name, priority, severity, "bus", "kafka", subject, assertion)


class Orders(Background):
    """Somebody orders all the time."""

    def __init__(self, cluster):
        super().__init__()
        self._cluster = cluster

    def _run(self):
        while not self._over.wait(1):
            self._cluster.do("produce", "orders", 200)


def test_healthy_cluster_is_quiet(watched, drills):
    drills.stays_quiet(looks=2)
    agent = watched.agent
    until(lambda: agent.value("recoverd_measurement", check="kafka", subject="group/billing/orders") == 0,
          "the consumer has read all")


def test_broker_is_killed(watched, drills, cluster):
    """What has other replicas goes on, and is not said to be down; what has none is offline."""
    drills.run("Kafka broker killed, partition offline",
               [alert("ReplicaMissing", "broker-3"), alert("EndpointDown", "scratch")],
               cluster.brokers[2].kill, lambda: (cluster.brokers[2].start(), cluster.until_well()), patience=PATIENCE)


@pytest.mark.all
def test_broker_that_is_killed_is_a_scenario(site, drills, cluster, consumer):
    """Said by the scenario alone, measured, and validated when all brokers are back."""
    cluster.until_well()
    config = config_of(site, cluster)
    config["[scenario]"] = {"name": "broker", "asset": "bus", "priority": "P1", "rto": "5m", "checks": ["kafka"],
                            "when": ["replica_missing", "endpoint_down"], "at_least": 1}
    config["[validation]"] = {"name": RECOVERY, "asset": "bus", "after": ["broker"],
                              "step": [{"check": "kafka", "priority": "P2", "within": "30s"}]}
    site.agent.begin(config)
    times = {}

    def kill():
        times["down"] = time.time()
        cluster.brokers[2].kill()

    def bring_back():
        cluster.brokers[2].start()
        cluster.until_well()
        times["up"] = time.time()

    drills.run("Kafka broker killed: the scenario speaks",
               [Alert("ScenarioActive", "P1", "critical", "bus"), alert("ReplicaMissing", "broker-3", "", "P4", "info"),
                alert("EndpointDown", "scratch", "", "P4", "info")], kill, bring_back, patience=PATIENCE)
    # The cluster itself needs two seconds to find out, and each end is seen by the next look.
    is_measured(site, drills, "broker", times["up"] - times["down"], within=6)


def test_somebody_lowers_retention(watched, drills, cluster):
    drills.run("Kafka topic's retention lowered", [alert("AssertionFailed", "orders", "retention.ms")],
               lambda: cluster.do("configure", "orders", "retention.ms=86400000", "min.insync.replicas=2"),
               lambda: cluster.do("configure", "orders", WEEK, "min.insync.replicas=2"))


def test_consumer_is_stopped(watched, drills, cluster, consumer):
    """Its group has no members then, and is behind all the same."""
    with Orders(cluster):
        drills.run("Kafka consumer stopped",
                   [alert("MeasurementOutOfRange", "group/billing/orders", priority="P3", severity="warning")],
                   consumer.stop, consumer.start)


@pytest.mark.all
def test_topic_is_compacted(watched, drills, cluster):
    drills.run("Kafka topic compacted, limited in size", [alert("AssertionFailed", "orders", "cleanup.policy"),
                                        alert("AssertionFailed", "orders", "retention.bytes", "P3", "warning")],
               lambda: cluster.do("configure", "orders", WEEK, "min.insync.replicas=2", "cleanup.policy=compact",
                                  "retention.bytes=1000000"),
               lambda: cluster.do("configure", "orders", WEEK, "min.insync.replicas=2"))


@pytest.mark.all
def test_quorum_is_lost(site, drills, cluster, consumer):
    """The one broker that is left lists all three as it knew them, with leaders and replicas in sync."""
    # Afterwards the consumer's group needs a while to find a coordinator, and says that it is rebalancing.
    watch(site, cluster, policy={"endpoint_degraded": {"for": "90s"}})

    def back():
        for broker in cluster.brokers:
            broker.start()
        cluster.until_well()

    drills.run("Kafka: two of three brokers killed",
               [alert("ReplicaMissing", "broker-2"), alert("ReplicaMissing", "broker-3"), alert("EndpointDown"),
                alert("EndpointDown", "orders"), alert("EndpointDown", "scratch")],
               lambda: [broker.kill() for broker in cluster.brokers[1:]], back, patience=PATIENCE)


@pytest.mark.all
def test_named_topic_is_deleted(site, drills, cluster):
    cluster.do("create", "payments", 1, 3, WEEK)
    watch(site, cluster, topics=["orders", "payments"])
    drills.run("Kafka topic deleted", [alert("EndpointDown", "payments")], lambda: cluster.do("delete", "payments"),
               lambda: cluster.do("create", "payments", 1, 3, WEEK))
    cluster.do("delete", "payments")


@pytest.fixture
def secured(site, cluster, consumer, authority):
    """By TLS and a password."""
    secret = site.directory / "kafka.password"
    trusted = site.directory / "kafka-authorities.pem"
    secret.write_text(PASSWORD, encoding="utf-8")
    trusted.write_text(authority.certificate.read_text(encoding="utf-8"), encoding="utf-8")
    watch(site, cluster, {"evidence_missing": {"over": "20s"}}, brokers=cluster.secure_addresses, username=USER, password={"file": str(secret)},
          sasl_mechanism="PLAIN", tls={"ca_file": str(trusted)})
    site.secret, site.trusted = secret, trusted
    return site


MISSING = alert("EvidenceMissing", priority="P3", severity="warning")


@pytest.mark.all
def test_wrong_password(secured, drills):
    drills.run("Kafka: wrong password", [MISSING],
               lambda: secured.secret.write_text("wrong-horse", encoding="utf-8"),
               lambda: secured.secret.write_text(PASSWORD, encoding="utf-8"))
    assert "horse" not in secured.agent.log()
    assert "Authentication failed" in secured.agent.log()


@pytest.mark.all
def test_certificate_of_another(secured, drills, servers, authority):
    another = Authority(servers.directory, "kafka-another-authority")
    drills.run("Kafka: certificate that nobody trusts", [MISSING],
               lambda: secured.trusted.write_text(another.certificate.read_text(encoding="utf-8"), encoding="utf-8"),
               lambda: secured.trusted.write_text(authority.certificate.read_text(encoding="utf-8"), encoding="utf-8"))
