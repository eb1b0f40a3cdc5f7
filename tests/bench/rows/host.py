# SPDX-License-Identifier: Apache-2.0
"""One agent for a database host, beside the exporters that do their part of it: postgres_exporter, blackbox_exporter,
node_exporter, each scraped as often as the agent looks. What pgBackRest says nobody of them asks."""

from cost import Meter
from peers import Exporter, Nginx, Prometheus, Scraper
from servers.agent import toml
from servers.pgbackrest import PgBackRest
from servers.postgres import Postgres
from watching import agent_for, http_checks, until_all_have_run, wait

EVERY = 15
ENDPOINTS = 20


def make_database(bench):
    folder = bench.fresh_directory("database")
    primary = Postgres(folder, "primary")
    primary.init()
    repository = PgBackRest(folder, "orders", primary)
    primary.configure(wal_level="replica", archive_mode="on",
                      archive_command=" ".join(map(str, repository.command("archive-push", "%p"))))
    primary.start()
    repository.run("stanza-create")
    repository.backup()
    return primary, repository


def config(primary, repository, nginx):
    return http_checks(nginx.url, ENDPOINTS, EVERY) + toml({
        "asset.orders": {"backup_every": "1h"},
        "check.backup": {"asset": "orders", "collector": "pgbackrest", "config": repository.config, "every": "5m"},
        "check.server": {"asset": "orders", "collector": "postgresql", "dsn": primary.dsn("postgres"),
                         "every": f"{EVERY}s"}})


def of_exporters(bench, primary, nginx):
    folder = bench.fresh_directory("exporters")
    exporters = [
        Exporter(folder, "prometheus-postgres-exporter",
                 environment={"DATA_SOURCE_NAME": f"postgresql://postgres@127.0.0.1:{primary.port}/postgres?sslmode=disable"}),
        Exporter(folder, "prometheus-node-exporter"),
        Exporter(folder, "prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml")]
    prometheus = Prometheus(folder, exporters[-1], [f"{nginx.url}/{number}" for number in range(ENDPOINTS)], EVERY)
    try:
        with Scraper(exporters[0].url, EVERY), Scraper(exporters[1].url, EVERY):
            wait(2 * EVERY)
            with Meter(*[exporter.pid for exporter in exporters]) as cost:
                wait(max(bench.seconds, 4 * EVERY))
        return cost
    finally:
        prometheus.stop()
        for exporter in exporters:
            exporter.stop()


def measure(bench, table):
    nginx = Nginx(bench.directory)
    primary, repository = make_database(bench)
    try:
        agent = agent_for(bench, "host", config(primary, repository, nginx))
        try:
            until_all_have_run(agent, ENDPOINTS + 2)
            with Scraper(agent.url, EVERY):
                wait(2 * EVERY)
                with Meter(agent.pid) as ours:
                    wait(max(bench.seconds, 4 * EVERY))
        finally:
            agent.stop()
        theirs = of_exporters(bench, primary, nginx)
    finally:
        primary.abandon()
        nginx.stop()
    peer = "postgres_ + blackbox_ + node_exporter"
    table.row("database host: resident", ours.resident, "MiB", peer=peer, theirs=theirs.resident, times=4)
    table.row("database host: CPU", 100 * ours.cpu / ours.seconds, "% of a core", peer=peer,
              theirs=100 * theirs.cpu / theirs.seconds, times=10)
