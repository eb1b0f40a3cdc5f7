# SPDX-License-Identifier: Apache-2.0
"""Somebody else is the primary now: on a pair of its own, since no timeline comes back."""

import pytest

from servers.alertmanager import Alert
from servers.postgres import Postgres
from servers.process import until

PRIMARY = "ledger-primary"
STANDBY = "ledger-standby"


def not_its_role(check):
    return Alert("AssertionFailed", "P2", "critical", "ledger-db", check, assertion="role")


class Pair:
    """A primary and its standby, who may change places."""

    def __init__(self, directory):
        self.primary = Postgres(directory, "ledger1")
        self.standby = Postgres(directory, "ledger2")
        self.primary.init()
        self.primary.configure(wal_level="replica", wal_keep_size="256MB", wal_retrieve_retry_interval="200ms")
        self.primary.start()
        self.primary.sql("CREATE ROLE recoverd LOGIN", "GRANT pg_monitor TO recoverd",
                         "CREATE TABLE orders (item text)")
        self.rebuild_standby()

    def swap(self):
        self.primary, self.standby = self.standby, self.primary

    def until_streaming(self):
        until(lambda: self.standby.name in self.primary.followers(), f"{self.standby.name} streams")

    def rebuild_standby(self):
        """From nothing: whatever it wrote on a timeline of its own is lost."""
        self.standby.discard()
        # Left over on a primary that was its standby, or knew it before.
        self.primary.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active")
        self.standby.follow(self.primary)
        self.standby.configure(cluster_name=self.standby.name)
        self.standby.start()
        self.until_streaming()

    def switch_over(self):
        """As planned: the old primary ends well, so nothing is lost, and then follows."""
        self.primary.stop()
        self.standby.promote()
        self.swap()
        self.standby.become_standby_of(self.primary)
        self.standby.start()
        self.until_streaming()

    def stop(self):
        self.standby.abandon()
        self.primary.abandon()


@pytest.fixture(scope="module")
def pair(servers):
    pair = Pair(servers.directory)
    yield pair
    pair.stop()


def config(site, pair, silence):
    """Each of the two is watched, and must be what it is now."""
    common = {"collector": "postgresql", "settings": {"fsync": "off"}}
    made = site.config_of("ledger-db", **{
        PRIMARY: {**common, "dsn": pair.primary.dsn(), "expect_role": "primary", "standbys": [pair.standby.name]},
        STANDBY: {**common, "dsn": pair.standby.dsn(), "expect_role": "standby"}})
    made["policy"] = {"replica_missing": {"for": "1s"}, "evidence_missing": {"over": silence}}
    return made


def test_a_standby_takes_over_from_a_dead_primary(site, drills, pair):
    """Ends when the configuration says who is what, and the old primary follows."""
    site.agent.begin(config(site, pair, silence="3s"))

    def fail_over():
        pair.primary.abandon()
        pair.standby.promote()

    def mend():
        pair.swap()
        # First of all, or the old primary may be found to be a standby before that is right; with patience until it is one.
        patient = config(site, pair, silence="60s")
        patient["policy"]["replica_missing"] = {"for": "60s"}
        site.agent.reload(patient)
        pair.rebuild_standby()

    drills.run("primary dies, standby promoted",
               [Alert("EvidenceMissing", "P3", "warning", "ledger-db", PRIMARY), not_its_role(STANDBY)],
               fail_over, mend)


@pytest.mark.all
def test_a_dead_primary_is_told_by_both_ends(site, drills, pair):
    """One cannot be asked, and the other follows nobody; its own data may still be read."""
    site.agent.begin(config(site, pair, silence="3s"))

    def mend():
        pair.primary.start()
        pair.until_streaming()

    drills.run("primary dies, standby waits",
               [Alert("EvidenceMissing", "P3", "warning", "ledger-db", PRIMARY),
                Alert("ReplicaMissing", "P2", "critical", "ledger-db", STANDBY, pair.standby.name)],
               pair.primary.abandon, mend)


@pytest.mark.all
def test_a_standby_that_is_behind_is_told_by_both_ends(site, drills, pair):
    """Each check has seen it for itself, and each says it once."""
    made = config(site, pair, silence="60s")
    made["policy"]["replication_lag_high"] = {"over": "2s"}
    pair.standby.set("wal_receiver_status_interval", "1s")
    site.agent.begin(made)

    def pause():
        pair.standby.sql("SELECT pg_wal_replay_pause()")
        pair.primary.write()

    drills.run("standby's replay paused, both are watched",
               [Alert("ReplicationLagHigh", "P2", "critical", "ledger-db", check, pair.standby.name)
                for check in (PRIMARY, STANDBY)],
               pause, lambda: pair.standby.sql("SELECT pg_wal_replay_resume()"))


@pytest.mark.all
def test_a_planned_switchover_that_the_configuration_does_not_know(site, drills, pair):
    """Both say that they are not what they should be, and nothing is missing."""
    site.agent.begin(config(site, pair, silence="60s"))
    drills.run("planned switchover, and back", [not_its_role(PRIMARY), not_its_role(STANDBY)],
               pair.switch_over, pair.switch_over)


@pytest.mark.all
def test_two_primaries(site, drills, pair):
    """The standby was promoted although its primary lives: whoever writes to either is on his own."""
    site.agent.begin(config(site, pair, silence="60s"))
    drills.run("standby promoted beside its primary",
               [not_its_role(STANDBY),
                Alert("ReplicaMissing", "P2", "critical", "ledger-db", PRIMARY, pair.standby.name)],
               pair.standby.promote, pair.rebuild_standby)


def whoever_is_primary(site, pair, silence):
    """One check that finds it by itself."""
    hosts = f"host=127.0.0.1,127.0.0.1 port={pair.primary.port},{pair.standby.port} user=recoverd dbname=postgres"
    made = site.config_of("ledger-db", ledger={
        "collector": "postgresql", "dsn": f"{hosts} target_session_attrs=read-write", "expect_role": "primary",
        "settings": {"fsync": "off"}})
    made["policy"] = {"evidence_missing": {"over": silence}}
    return made


def take_over(pair):
    pair.standby.promote()
    pair.swap()


@pytest.mark.all
def test_nobody_is_primary(site, drills, pair):
    """The one that still answers tells more than the one that does not."""
    site.agent.begin(whoever_is_primary(site, pair, silence="3s"))

    def told():
        description = site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert "session is read-only" in description, description

    drills.run("primary dies, nobody takes over",
               [Alert("EvidenceMissing", "P3", "warning", "ledger-db", "ledger")],
               pair.primary.abandon, lambda: take_over(pair), while_broken=told)
    pair.rebuild_standby()


@pytest.mark.all
def test_an_old_primary_comes_back(site, drills, pair):
    """A failover is no business of a check for whoever is primary; one that goes back in time is."""
    site.agent.begin(whoever_is_primary(site, pair, silence="60s"))
    pair.primary.abandon()
    take_over(pair)
    drills.stays_quiet(looks=2)
    drills.run("old primary comes back after a failover",
               [Alert("AssertionFailed", "P2", "critical", "ledger-db", "ledger", assertion="timeline")],
               pair.standby.start, pair.rebuild_standby)
