# SPDX-License-Identifier: Apache-2.0
"""A pooler that lets its clients wait, or that somebody paused and forgot."""

import pytest

from servers.alertmanager import Alert
from servers.pgbouncer import POOL_SIZE, USERS, Clients, Insistent, PgBouncer
from servers.postgres import Postgres
from servers.process import until

SILENT = Alert("EvidenceMissing", "P3", "warning", "pooler", "pools")


def failed(assertion, priority="P2", severity="critical"):
    return Alert("AssertionFailed", priority, severity, "pooler", "pools", "", assertion)


WAITS = failed("longest_wait")


@pytest.fixture(scope="module")
def database(servers):
    """Behind the pooler, and of its own: it may be stopped."""
    server = Postgres(servers.directory, "pooled")
    server.init()
    server.configure()
    server.start()
    server.sql("CREATE ROLE app LOGIN")
    yield server
    server.abandon()


@pytest.fixture(scope="module")
def pooler(servers, database):
    server = PgBouncer(servers.directory, database)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def password(servers):
    """The file that the agent reads it from."""
    file = servers.directory / "pooler.password"
    file.write_text(USERS["recoverd"], encoding="utf-8")
    return file


@pytest.fixture
def watched(site, pooler, password):
    config = site.config_of("pooler", pools={"collector": "pgbouncer", "dsn": pooler.dsn(), "max_wait": "2s",
                                             "password": {"file": str(password)}})
    config["policy"] = {"evidence_missing": {"over": "4s"}}
    site.agent.begin(config)
    return site


def measured(site, name):
    return site.agent.value("recoverd_measurement", check="pools", measurement=name)


def test_four_clients_on_a_pool_of_two(watched, drills, pooler):
    clients = Clients(pooler, 4)

    def counted():
        until(lambda: measured(watched, "waiting_clients") == 4 - POOL_SIZE, "two wait")
        assert measured(watched, "servers_in_use") == 1
        assert f"of {POOL_SIZE}" in watched.alertmanager.document("AssertionFailed")["annotations"]["description"]

    drills.run("pool of two exhausted by four clients", [WAITS], clients.come, clients.go, while_broken=counted)


@pytest.mark.all
def test_paused_database_wakes_nobody_until_somebody_waits(watched, drills, pooler):
    drills.run("database paused", [failed("paused", "P3", "warning")],
               lambda: pooler.admin("PAUSE orders"), lambda: pooler.admin("RESUME orders"))
    clients = Clients(pooler, 1)

    pooler.admin("PAUSE orders")
    try:
        until(lambda: watched.alertmanager.firing() == {failed("paused", "P3", "warning"): 1}, "a pause is P3")
        clients.come()
        until(lambda: watched.alertmanager.firing() == {failed("paused"): 1}, "it is said once, as P2")
    finally:
        clients.go()
        pooler.admin("RESUME orders")
    drills.until_quiet()


@pytest.mark.all
def test_everything_paused_is_seen_by_who_waits(watched, drills, pooler):
    """SHOW DATABASES tells nothing of a PAUSE without a name."""
    clients = Clients(pooler, 1)

    def pause():
        pooler.admin("PAUSE")
        clients.come()

    def resume():
        pooler.admin("RESUME")
        clients.go()

    drills.run("PgBouncer paused, a client waits", [WAITS], pause, resume)


@pytest.mark.all
def test_disabled_database(watched, drills, pooler):
    drills.run("database disabled in PgBouncer", [failed("disabled")],
               lambda: pooler.admin("DISABLE orders"), lambda: pooler.admin("ENABLE orders"))


@pytest.mark.all
def test_server_behind_it_is_gone(watched, drills, pooler, database):
    """Its clients are turned away and come again: hardly one waits for long, and none is served."""
    with Insistent(pooler), Insistent(pooler):
        drills.run("server behind PgBouncer stopped", [WAITS], database.stop, database.start)


@pytest.mark.all
def test_nearly_as_many_clients_as_it_takes(watched, drills, pooler):
    """The agent is one of them."""
    clients = Clients(pooler, POOL_SIZE)

    def crowd():
        pooler.admin("SET max_client_conn = 3")
        clients.come()

    def disperse():
        clients.go()
        pooler.admin("SET max_client_conn = 20")

    drills.run("PgBouncer's max_client_conn nearly reached",
               [Alert("MeasurementOutOfRange", "P3", "warning", "pooler", "pools")], crowd, disperse)


@pytest.mark.all
def test_password_of_the_agent_is_wrong(watched, drills, pooler, password):
    def said():
        cause = watched.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert "refused" in cause and "password" in cause and "wrong" not in cause, cause

    drills.run("wrong password for PgBouncer", [SILENT], lambda: password.write_text("wrong", encoding="utf-8"),
               lambda: password.write_text(USERS["recoverd"], encoding="utf-8"), while_broken=said)


@pytest.mark.all
def test_pooler_is_gone(watched, drills, pooler):
    drills.run("PgBouncer stopped", [SILENT], pooler.stop, pooler.start)
