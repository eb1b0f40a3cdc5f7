# SPDX-License-Identifier: Apache-2.0
"""A Kafka cluster of three: a broker dies, a partition goes offline, somebody lowers a topic's retention, a consumer
stops; a password or a certificate is not the right one."""

import pytest

from outages import RECOVERY, Customers, is_measured, length, spanned
from servers.alertmanager import Alert
from servers.background import Background
from servers.certificates import Authority
from servers.kafka import PASSWORDS, PLAIN, SCRAM, USER, Cluster, Consumer
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
    made = Cluster(servers.directory, BUILD, authority)
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


# Of the check, in seconds.
EVERY = 3


class Users:
    """Of what broker 3 alone holds."""

    def __init__(self, cluster):
        self._cluster = cluster

    def well(self):
        # Whose answer broke off, for the broker that was killed was to give it, asks again.
        state = until(self._cluster.state, "the cluster answers")
        return {"broker 3", "topic scratch 1 of 1"} <= set(state)


def config_of(site, cluster, policy=None, **check):
    config = site.config_of("bus", kafka={
        "collector": "kafka", "every": f"{EVERY}s", "timeout": "2900ms", "brokers": cluster.addresses,
        "retention": "7d", "groups": ["billing"], "max_lag": 200, **check})
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


def until_learned(agent):
    """What only those learn whom the brokers let in: that the consumer has read all."""
    until(lambda: agent.value("recoverd_check_success", check="kafka") == 1
          and agent.value("recoverd_measurement", check="kafka", subject="group/billing/orders") == 0,
          "the consumer has read all")


def test_healthy_cluster_is_quiet(watched, drills):
    drills.stays_quiet(looks=2)
    until_learned(watched.agent)


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
    killed = []
    with Customers(Users(cluster)) as users:
        drills.run("Kafka broker killed: the scenario speaks",
                   [Alert("ScenarioActive", "P1", "critical", "bus"),
                    alert("ReplicaMissing", "broker-3", "", "P4", "info"),
                    alert("EndpointDown", "scratch", "", "P4", "info")],
                   lambda: killed.extend(spanned(cluster.brokers[2].kill)),
                   lambda: (cluster.brokers[2].start(), cluster.until_well()), patience=PATIENCE)
    # From the kill to when the cluster itself has found out, for which it needs two seconds.
    lost = killed[0], users.lost[1]
    is_measured(site, drills, "broker", "kafka", length(lost, users.back), every=EVERY)


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


MISSING = alert("EvidenceMissing", priority="P3", severity="warning")
SILENT = {"evidence_missing": {"over": "20s"}}


@pytest.fixture(scope="module")
def passwords(cluster):
    cluster.let_in()
    return PASSWORDS


@pytest.fixture
def trusted(site, authority):
    """The file of the authorities that the agent trusts."""
    file = site.directory / "kafka-authorities.pem"
    copy(authority.certificate, file)
    return file


def copy(source, file):
    file.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")


@pytest.fixture
def mechanism():
    """The default. Tests that are about others name them as a parameter."""
    return SCRAM


@pytest.fixture
def secret(site, cluster, consumer, passwords, trusted, mechanism):
    """The file of the password, by which the agent is let in over TLS."""
    file = site.directory / "kafka.password"
    file.write_text(passwords[mechanism], encoding="utf-8")
    named = {} if mechanism == SCRAM else {"sasl_mechanism": mechanism}
    watch(site, cluster, SILENT, **by_password(cluster, file, trusted), **named)
    return file


def by_password(cluster, file, trusted):
    return {"brokers": cluster.secure_addresses, "username": USER, "password": {"file": str(file)},
            "tls": {"ca_file": str(trusted)}}


@pytest.fixture
def shown(site, authority):
    """The file of the agent's certificate and its key."""
    file = site.directory / "kafka-client.pem"
    copy(authority.issue(USER, 1, 90), file)
    return file


@pytest.mark.all
def test_what_may_not_be_described_is_not_gone(site, drills, cluster, secret, trusted):
    """Brokers leave it out of every list without a word."""
    hidden = ("--topic", "payments", "--group", "billing")
    cluster.do("create", "payments", 1, 3, WEEK)
    site.agent.reload(config_of(site, cluster, SILENT, topics=["orders", "payments"],
                                **by_password(cluster, secret, trusted)))
    until_learned(site.agent)
    drills.run("Kafka: DESCRIBE of a topic and a group is taken away",
               [alert("EvidenceMissing", subject, priority="P3", severity="warning")
                for subject in ("payments", "group/billing", "group/billing/orders")],
               lambda: cluster.forbid(*hidden), lambda: cluster.allow(*hidden), patience=PATIENCE)
    cluster.do("delete", "payments")


def by_certificate(cluster, trusted, **files):
    """Options of a check that says by no other means who it is."""
    return {"brokers": cluster.mutual_addresses,
            "tls": {"ca_file": str(trusted), **{name: str(file) for name, file in files.items()}}}


def until_told(site, kind, words):
    """The alert says why nothing is learned."""
    def description():
        return site.alertmanager.document("EvidenceMissing")["annotations"]["description"]

    until(lambda: f"{kind}: " in description() and words in description(), lambda: f"{kind}, {words}: {description()}")


def test_password_lets_in(site, drills, secret):
    """By SCRAM-SHA-512, over TLS."""
    drills.stays_quiet(looks=2)
    until_learned(site.agent)


def test_certificate_lets_in(site, drills, cluster, consumer, trusted, shown):
    watch(site, cluster, SILENT, **by_certificate(cluster, trusted, cert_file=shown))
    drills.stays_quiet(looks=2)
    until_learned(site.agent)


@pytest.mark.all
@pytest.mark.parametrize("mechanism", [PLAIN, SCRAM])
def test_wrong_password(site, drills, secret, mechanism):
    right, wrong = PASSWORDS[mechanism], "wrong-horse"
    until_learned(site.agent)
    drills.run(f"Kafka: wrong password, {mechanism}", [MISSING],
               lambda: secret.write_text(wrong, encoding="utf-8"), lambda: secret.write_text(right, encoding="utf-8"),
               while_broken=lambda: until_told(site, "refused", "Authentication failed"))
    told = site.agent.log_file.read_text(encoding="utf-8")
    assert "Authentication failed" in told
    assert right not in told and wrong not in told


@pytest.mark.all
def test_certificate_of_another(site, drills, servers, authority, secret, trusted):
    """Of a broker: such a one hears no password."""
    another = Authority(servers.directory, "kafka-another-authority")
    drills.run("Kafka: certificate that nobody trusts", [MISSING], lambda: copy(another.certificate, trusted),
               lambda: copy(authority.certificate, trusted),
               while_broken=lambda: until_told(site, "bad_answer", "certificate verify failed"))


@pytest.mark.all
def test_no_client_certificate(site, drills, cluster, consumer, trusted, shown):
    """Brokers tell it, by TLS 1.3, only after the client thinks that it is in."""
    good, without = (config_of(site, cluster, SILENT, **by_certificate(cluster, trusted, **files))
                     for files in ({"cert_file": shown}, {}))
    cluster.until_well()
    site.agent.begin(good)
    until_learned(site.agent)
    drills.run("Kafka: no client certificate", [MISSING], lambda: site.agent.reload(without),
               lambda: site.agent.reload(good), while_broken=lambda: until_told(site, "refused", "SSL alert number"))


@pytest.mark.all
def test_client_certificate_of_another(site, drills, servers, authority, cluster, consumer, trusted, shown):
    watch(site, cluster, SILENT, **by_certificate(cluster, trusted, cert_file=shown))
    until_learned(site.agent)
    another = Authority(servers.directory, "kafka-authority-of-others")
    drills.run("Kafka: client certificate that brokers do not trust", [MISSING],
               lambda: copy(another.issue(USER, 1, 90), shown), lambda: copy(authority.issue(USER, 1, 90), shown),
               while_broken=lambda: until_told(site, "refused", "SSL alert number"))
