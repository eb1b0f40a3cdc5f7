# SPDX-License-Identifier: Apache-2.0
"""A standby that no longer follows, or too slowly; and slots that keep for somebody who does not come."""

import pytest

from watched import STANDBY
from servers.alertmanager import Alert
from servers.postgres import Postgres, Writer
from servers.process import until

SLOT = "forgotten"


def test_standby_is_stopped(site, drills):
    site.agent.begin(site.config())
    drills.run("standby stopped",
               [Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)],
               site.standby.stop, site.standby.start)


@pytest.fixture
def talkative(site):
    """A standby that says often how far it is; every ten seconds would do as well."""
    site.standby.set("wal_receiver_status_interval", "1s")
    yield site.standby
    site.standby.sql("ALTER SYSTEM RESET wal_receiver_status_interval", "SELECT pg_reload_conf()")


def lag(site):
    return site.agent.value("recoverd_replication_lag_seconds", check="orders-wal", subject=STANDBY) or 0


LAGS = Alert("ReplicationLagHigh", "P2", "critical", "orders-db", "orders-wal", STANDBY)


@pytest.mark.all
def test_standby_that_replays_nothing_is_behind(site, drills, talkative):
    """It receives everything: what was written is safe, and cannot be read there. One row is enough."""
    config = site.config()
    config["policy"]["replication_lag_high"] = {"over": "2s"}
    site.agent.begin(config)

    def pause():
        talkative.sql("SELECT pg_wal_replay_pause()")
        until(lambda: talkative.sql("SELECT pg_get_wal_replay_pause_state()") == "paused", "nothing is replayed")
        site.primary.write()

    drills.run("standby's replay paused", [LAGS], pause, lambda: talkative.sql("SELECT pg_wal_replay_resume()"))


@pytest.mark.all
def test_standby_that_is_late_on_purpose_is_late_only_beyond_that(site, drills, talkative):
    """What it is late by is seen, and nobody is told; then it stops replaying, and somebody is."""
    config = site.config()
    config["check.orders-wal"]["standby_delays"] = {STANDBY: "4s"}
    config["policy"]["replication_lag_high"] = {"over": "3s"}
    talkative.set("recovery_min_apply_delay", "4s")
    try:
        site.agent.begin(config)
        with Writer(site.primary):
            until(lambda: lag(site) > 3.5, lambda: f"the standby is late: {lag(site)}")
            drills.stays_quiet(looks=3)
            drills.run("delayed standby stops replaying", [LAGS],
                       lambda: talkative.sql("SELECT pg_wal_replay_pause()"),
                       lambda: talkative.sql("SELECT pg_wal_replay_resume()"))
    finally:
        talkative.sql("ALTER SYSTEM RESET recovery_min_apply_delay", "SELECT pg_reload_conf()")


@pytest.mark.all
def test_delayed_standby_of_a_quiet_primary_is_not_late_by_the_silence(site, drills, talkative):
    """By its own account: the age of what it replayed last says how long its primary was idle as well."""
    config = site.config()
    config["check.orders-standby"] = {"asset": "orders-db", "collector": "postgresql", "every": "1s",
                                      "timeout": "900ms", "dsn": talkative.dsn(), "expect_role": "standby",
                                      "settings": {"fsync": "off"}}
    config["check.orders-wal"]["standby_delays"] = {STANDBY: "4s"}
    config["policy"]["replication_lag_high"] = {"over": "4s"}
    site.primary.write()
    talkative.set("recovery_min_apply_delay", "4s")
    try:
        site.agent.begin(config)
        until(lambda: float(talkative.sql("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())")) > 12,
              "the primary has been quiet for long")
        rows = talkative.sql("SELECT count(*) FROM orders")
        site.primary.write()
        drills.stays_quiet(looks=2)
        assert talkative.sql("SELECT count(*) FROM orders") == rows, "the drill was slower than the delay"
        until(lambda: talkative.sql("SELECT count(*) FROM orders") != rows, "what was written is replayed")
        drills.stays_quiet(looks=2)
    finally:
        talkative.sql("ALTER SYSTEM RESET recovery_min_apply_delay", "SELECT pg_reload_conf()")


@pytest.fixture(scope="module")
def ledger(servers):
    """A primary of its own, whose log may pile up and be removed; nobody follows."""
    server = Postgres(servers.directory, "ledger")
    server.init()
    server.configure(wal_level="replica")
    server.start()
    server.sql("CREATE ROLE recoverd LOGIN", "GRANT pg_monitor TO recoverd", "CREATE TABLE orders (item text)")
    yield server
    server.abandon()


def watch_slots(site, ledger, **policy):
    config = site.config_of("ledger-db", ledger={"collector": "postgresql", "dsn": ledger.dsn(),
                                                 "settings": {"fsync": "off"}})
    config["policy"] = policy
    site.agent.begin(config)


RETAINS = Alert("ReplicationSlotRetaining", "P3", "warning", "ledger-db", "ledger", SLOT)


def reserve(ledger):
    ledger.sql(f"SELECT pg_create_physical_replication_slot('{SLOT}', true)")


def drop(ledger):
    ledger.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")


@pytest.mark.all
def test_slot_that_nobody_reads_fills_the_disk(site, drills, ledger):
    watch_slots(site, ledger, replication_slot_retaining={"over": "40MiB"})

    def fill():
        reserve(ledger)
        for _ in range(4):
            ledger.switch_wal()

    drills.run("slot retains more than its limit", [RETAINS], fill, lambda: drop(ledger))


@pytest.mark.all
def test_slot_that_lost_what_it_needs(site, drills, ledger):
    """The server's own limit is the threshold: the disk is safe, and the slot's consumer must be rebuilt."""
    ledger.set("max_slot_wal_keep_size", "16MB")
    watch_slots(site, ledger)

    def lose():
        reserve(ledger)
        for _ in range(4):
            ledger.switch_wal()
        ledger.sql("CHECKPOINT")
        assert ledger.sql(f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{SLOT}'") == "lost"

    def told():
        # It may have been told as one that retains too much before; the next sending says what became of it.
        until(lambda: "is lost" in site.alertmanager.document(RETAINS.alertname)["annotations"]["description"],
              "the slot is said to be lost")

    drills.run("slot lost", [RETAINS], lose, lambda: drop(ledger), while_broken=told)
