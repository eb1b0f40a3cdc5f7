# SPDX-License-Identifier: Apache-2.0
"""Damage inside of a database: pages, rows, foreign keys; and a canary that a failover sends back."""

import json

import pytest

from servers.alertmanager import Alert
from servers.postgres import Postgres
from servers.process import until
from servers.scripted import ScriptedServer, answer

CHECK = "ledger-data"
ORDERS = "public.orders"
LINES = "public.lines.lines_order_fkey"

SCHEMA = (
    "CREATE ROLE recoverd LOGIN", "CREATE EXTENSION amcheck",
    "CREATE TABLE orders (id int PRIMARY KEY, item text)", "CREATE TABLE audit (id int, item text)",
    "CREATE TABLE lines (id int, orders int CONSTRAINT lines_order_fkey REFERENCES orders)",
    "INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 5000) i",
    "INSERT INTO audit SELECT i, md5(i::text) FROM generate_series(1, 100) i",
    "INSERT INTO lines SELECT i, i FROM generate_series(1, 500) i",
    "GRANT SELECT ON orders, lines, audit TO recoverd",
    "GRANT EXECUTE ON FUNCTION bt_index_check(regclass) TO recoverd",
    "GRANT EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint) TO recoverd",
    "CREATE SCHEMA recoverd",
    "CREATE TABLE recoverd.canary (name text PRIMARY KEY, counter bigint NOT NULL, written_at timestamptz NOT NULL)",
    "GRANT USAGE ON SCHEMA recoverd TO recoverd", "GRANT SELECT, INSERT, UPDATE ON recoverd.canary TO recoverd")


def failed(assertion, priority, subject=""):
    return Alert("AssertionFailed", priority, "critical", "ledger-db", CHECK, subject, assertion)


def database(directory, name, **settings):
    server = Postgres(directory, name)
    server.init()
    server.configure(autovacuum="off", **settings)
    server.start()
    return server


@pytest.fixture(scope="module")
def ledger(servers):
    server = database(servers.directory, "validated")
    server.sql(*SCHEMA)
    yield server
    server.abandon()


def watched(site, dsn, silence="20s", **options):
    config = site.config_of("ledger-db", **{CHECK: {"collector": "postgresql_validation", "dsn": dsn, "every": "2s",
                                                    "timeout": "1900ms", **options}})
    config["policy"] = {"evidence_missing": {"over": silence}}
    return config


def watch(site, dsn, **options):
    site.agent.begin(watched(site, dsn, **options))


def everything(site, server, **more):
    watch(site, server.dsn(), **{"tables": [ORDERS], "frozen": ["public.audit"], "amcheck": ["public.orders_pkey"],
                                 "foreign_keys": [LINES], "canary": "recoverd", **more})


def measured(site, name, **subject):
    return site.agent.value("recoverd_measurement", check=CHECK, measurement=name, **subject)


def said(site, alert):
    return site.alertmanager.document(alert)["annotations"]["description"]


@pytest.mark.ci
def test_foreign_key_is_made_not_valid_and_an_orphan_comes_in(site, drills, ledger):
    everything(site, ledger)
    drills.stays_quiet(looks=2)
    assert measured(site, "rows", subject=ORDERS) == 5000
    assert int(ledger.sql("SELECT counter FROM recoverd.canary")) > 1
    assert measured(site, "canary_seconds") < 1

    def orphan():
        ledger.sql("ALTER TABLE lines DROP CONSTRAINT lines_order_fkey", "INSERT INTO lines VALUES (501, 77777)",
                   "ALTER TABLE lines ADD CONSTRAINT lines_order_fkey FOREIGN KEY (orders) REFERENCES orders NOT VALID")

    def adopt():
        ledger.sql("DELETE FROM lines WHERE orders = 77777", "ALTER TABLE lines VALIDATE CONSTRAINT lines_order_fkey")

    drills.run("foreign key NOT VALID, and an orphan",
               [failed("not_valid_foreign_keys", "P2"), failed("orphans", "P2", LINES)], orphan, adopt)


@pytest.mark.all
def test_rows_that_are_gone_and_rows_that_changed(site, drills, ledger):
    everything(site, ledger)

    def lose():
        ledger.sql("CREATE TABLE kept AS SELECT * FROM orders WHERE id > 4000",
                   "DELETE FROM orders WHERE id > 4000", "UPDATE audit SET item = 'else' WHERE id = 7")

    def bring_back():
        ledger.sql("INSERT INTO orders SELECT * FROM kept", "DROP TABLE kept",
                   "UPDATE audit SET item = md5('7') WHERE id = 7")

    drills.run("a fifth of a table's rows gone, another changed",
               [failed("row_count", "P2", ORDERS), failed("content", "P2", "public.audit")], lose, bring_back)


@pytest.mark.all
def test_schema_of_the_canary_is_taken_away(site, drills, ledger):
    everything(site, ledger)
    drills.run("schema of the canary renamed", [failed("canary", "P1")],
               lambda: ledger.sql("ALTER SCHEMA recoverd RENAME TO elsewhere"),
               lambda: ledger.sql("ALTER SCHEMA elsewhere RENAME TO recoverd"))


@pytest.mark.all
def test_database_that_only_reads(site, drills, ledger):
    everything(site, ledger)
    drills.run("database read-only", [failed("canary", "P1")],
               lambda: ledger.set("default_transaction_read_only", "on"),
               lambda: ledger.sql("SET default_transaction_read_only = off",
                                  "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"))


@pytest.mark.all
def test_table_beyond_the_budget_is_unknown(site, ledger):
    """It holds no longer; as silence, it would be told after some minutes."""
    everything(site, ledger, budget="1MiB")

    def readable(state):
        return site.agent.value("recoverd_assertion_state", check=CHECK, subject=ORDERS, assertion="readable",
                                state=state) == 1

    until(lambda: readable("holds"), "it can be read")
    ledger.sql("BEGIN", "INSERT INTO orders SELECT i FROM generate_series(10000, 50000) i", "ROLLBACK")
    try:
        until(lambda: readable("unknown"), "it is too large to be read")
        assert "the budget for reading one is 1.0 MiB" in json.dumps(site.agent.api("checks"))
    finally:
        ledger.sql("VACUUM FULL orders")
    until(lambda: readable("holds"), "it can be read again")


def damage(server, relation):
    """Turns some bytes of its second page over, while nobody keeps it in memory; returns what puts them back."""
    path = server.data / server.sql(f"SELECT pg_relation_filepath('{relation}')")
    server.sql("CHECKPOINT")
    server.stop()
    kept = path.read_bytes()
    path.write_bytes(kept[:8192 + 4000] + bytes(b ^ 255 for b in kept[8192 + 4000:8192 + 4100]) + kept[8192 + 4100:])
    server.start()

    def put_back():
        server.stop()
        path.write_bytes(kept)
        server.start()
        server.sql("SELECT pg_stat_reset()", "SELECT count(*) FROM orders")
    return put_back


@pytest.mark.ci
def test_page_is_damaged_on_disk(site, drills, ledger):
    everything(site, ledger)
    mend = []
    # Looks during the restart find the server away, which is no news yet.
    drills.run("page damaged on disk", [failed("readable", "P1", ORDERS), failed("checksum_failures", "P1")],
               lambda: mend.append(damage(ledger, "orders")), lambda: mend.pop()())


@pytest.mark.all
def test_index_is_damaged_on_disk(site, drills, ledger):
    everything(site, ledger)
    mend = []
    drills.run("index damaged on disk",
               [failed("bt_index_check", "P1", "public.orders_pkey"), failed("checksum_failures", "P1")],
               lambda: mend.append(damage(ledger, "orders_pkey")), lambda: mend.pop()())


@pytest.fixture
def copy(servers, ledger):
    """A database of its own with the same rows, as a logical replica is one."""
    server = database(servers.directory, "copied")
    server.sql(*SCHEMA)
    yield server
    server.discard()


@pytest.mark.all
def test_row_is_deleted_on_one_side(site, drills, ledger, copy):
    watch(site, copy.dsn(), compare_dsn=ledger.dsn(), hashed=[ORDERS])
    drills.stays_quiet(looks=1)
    drills.run("one row of 5000 deleted in a copy",
               [failed("row_count_difference", "P2", ORDERS), failed("content", "P1", ORDERS)],
               lambda: copy.sql("DELETE FROM lines WHERE orders = 500", "DELETE FROM orders WHERE id = 500"),
               lambda: copy.sql("INSERT INTO orders VALUES (500, md5('500'))"))


@pytest.fixture
def pair(servers):
    """A primary and its standby, of which the first will die."""
    primary = database(servers.directory, "failing", wal_level="replica")
    primary.sql(*SCHEMA)
    standby = Postgres(servers.directory, "following")
    standby.follow(primary)
    standby.configure()
    standby.start()
    until(lambda: primary.followers() == ["following"], "the standby streams")
    yield primary, standby
    primary.discard()
    standby.discard()


def on_either(primary, standby):
    return (f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} user=recoverd dbname=postgres "
            "target_session_attrs=primary")


@pytest.mark.all
def test_canary_arrives_on_a_standby_that_is_not_written_to(site, drills, pair):
    primary, standby = pair
    primary.sql("INSERT INTO recoverd.canary VALUES ('x', 1, now())")
    watch(site, standby.dsn(), compare_dsn=primary.dsn(), canary="recoverd", hashed=[ORDERS])
    drills.stays_quiet(looks=2)
    assert site.agent.value("recoverd_assertion_state", check=CHECK, assertion="canary_arrived", state="holds") == 1
    assert primary.sql("SELECT count(*) FROM recoverd.canary") == "1"


@pytest.mark.ci
def test_failover_to_a_standby_that_was_behind(site, drills, pair):
    """What it cost is said until somebody accepts it."""
    primary, standby = pair
    watch(site, on_either(primary, standby), canary="recoverd")
    drills.stays_quiet(looks=1)
    standby.set("primary_conninfo", "")
    until(lambda: not primary.followers(), "the standby is cut off")
    left = int(standby.sql("SELECT counter FROM recoverd.canary"))
    until(lambda: int(primary.sql("SELECT counter FROM recoverd.canary")) > left + 1, "the canary goes on")
    site.agent.looks(1)

    def fail_over():
        primary.abandon()
        standby.promote()

    def counted():
        assert "the newest that is left is" in said(site, "AssertionFailed"), said(site, "AssertionFailed")
        assert measured(site, "canary_lost_seconds") >= 2

    def accept():
        status, _, words = site.agent.command("forget", f"{CHECK}/", "--url", site.agent.url)
        assert status == 0, words

    drills.run("failover that lost rows", [failed("canary_lost_rows", "P1")], fail_over,
               accept, while_broken=counted)


@pytest.mark.ci
def test_scenario_says_what_its_failover_lost(site, pair):
    """In seconds and rows, by its canary: what was lost is what the standby had not got when it was promoted."""
    primary, standby = pair
    state = {"status": "200 OK"}
    service = ScriptedServer(lambda stream: stream.sendall(answer(b"", state["status"])))
    config = watched(site, on_either(primary, standby), canary="recoverd")
    config["check.service"] = {"asset": "ledger-db", "collector": "http", "url": service.url, "every": "1s",
                               "timeout": "900ms", "failures": 2, "successes": 1}
    config["[scenario]"] = {"name": "failover", "checks": ["service"], "rpo": "1s", "canary": CHECK}
    site.agent.begin(config)
    site.agent.looks(2)
    standby.set("primary_conninfo", "")
    until(lambda: not primary.followers(), "the standby is cut off")
    left = int(standby.sql("SELECT counter FROM recoverd.canary"))
    until(lambda: int(primary.sql("SELECT counter FROM recoverd.canary")) > left + 1, "the canary goes on")
    site.agent.looks(1)
    lost_rows = int(primary.sql("SELECT counter FROM recoverd.canary")) - left
    assert site.agent.value("recoverd_scenario_rpo_actual_seconds", scenario="failover") is None

    state["status"] = "503 Service Unavailable"
    primary.abandon()
    until(lambda: site.agent.value("recoverd_scenario_active", scenario="failover") == 1, "the outage is seen")
    standby.promote()
    until(lambda: measured(site, "canary_lost_rows"), "the canary is asked again")
    state["status"] = "200 OK"
    until(lambda: site.agent.value("recoverd_scenario_active", scenario="failover") == 0, "the outage is over")
    until(lambda: site.agent.value("recoverd_scenario_rpo_actual_seconds", scenario="failover"), "it says what was lost")
    [group] = site.agent.api("scenarios")["scenarios"][0]["groups"]
    [outage] = group["past"]
    assert outage["lost_rows"] in (lost_rows, lost_rows + 1), "one more may have been written before the end"
    assert 2 <= outage["lost_seconds"] <= 2 * (lost_rows + 1) + 2
    service.stop()
