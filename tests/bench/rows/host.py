# SPDX-License-Identifier: Apache-2.0
"""One agent for a database host, beside the exporters that do their part of it: postgres_exporter, redis_exporter,
blackbox_exporter, node_exporter, each scraped as often as the agent looks. What pgBackRest says nobody of them asks."""

from contextlib import ExitStack

from cost import Meter
from peers import Exporter, Nginx, Prometheus, Scraper
from servers.agent import toml
from servers.certificates import Authority
from servers.pgbackrest import PgBackRest
from servers.postgres import Postgres
from servers.tls import TlsServer
from servers.valkey import Valkey
from watching import agent_for, http_checks, until_all_have_run, wait

EVERY = 15
ENDPOINTS = 20
CERTIFICATES = 5
NAME = "shop.example"
# Of its own only what is asked for here.
BLACKBOX = """
modules:
  http_2xx: {{ prober: http, http: {{ preferred_ip_protocol: ip4 }} }}
  tls: {{ prober: tcp, tcp: {{ preferred_ip_protocol: ip4, tls: true,
                            tls_config: {{ ca_file: {ca}, server_name: {name} }} }} }}
"""


class Host:
    """What stands on it, and what it asks."""

    def __init__(self, bench):
        folder = bench.fresh_directory("database")
        self.primary = Postgres(folder, "primary")
        self.primary.init()
        self.repository = PgBackRest(folder, "orders", self.primary)
        archive = " ".join(map(str, self.repository.command("archive-push", "%p")))
        self.primary.configure(wal_level="replica", archive_mode="on", archive_command=archive)
        self.primary.start()
        self.repository.run("stanza-create")
        self.repository.backup()
        self.valkey = Valkey(folder, "cache")
        self.valkey.start()
        self.nginx = Nginx(bench.directory)
        self.authority = Authority(folder, "root")
        certificate = self.authority.issue(NAME, begun_days_ago=1, ends_in_days=89)
        self.speak_tls = [TlsServer(certificate) for _ in range(CERTIFICATES)]

    def stop(self):
        for server in (*self.speak_tls, self.nginx, self.valkey):
            server.stop()
        self.primary.abandon()


def config(host):
    every = f"{EVERY}s"
    tables = {
        "asset.orders": {"backup_every": "1h"},
        "check.backup": {"asset": "orders", "collector": "pgbackrest", "config": host.repository.config, "every": "5m"},
        "check.server": {"asset": "orders", "collector": "postgresql", "dsn": host.primary.dsn("postgres"), "every": every},
        "check.cache": {"collector": "valkey", "address": host.valkey.address, "every": every}}
    for number, server in enumerate(host.speak_tls):
        tables[f"check.tls-{number}"] = {"collector": "tls", "address": server.address, "server_name": NAME, "every": every,
                                         "tls": {"ca_file": host.authority.certificate}}
    return http_checks(host.nginx.url, ENDPOINTS, EVERY) + toml(tables)


def of_recoverd(bench, host):
    agent = agent_for(bench, "host", config(host))
    try:
        until_all_have_run(agent, ENDPOINTS + CERTIFICATES + 3)
        with Scraper(agent.url, EVERY):
            wait(2 * EVERY)
            with Meter(agent.pid) as cost:
                wait(max(bench.seconds, 4 * EVERY))
        return cost
    finally:
        agent.stop()


def of_exporters(bench, host):
    folder = bench.fresh_directory("exporters")
    modules = folder / "blackbox.yml"
    modules.write_text(BLACKBOX.format(ca=host.authority.certificate, name=NAME), encoding="utf-8")
    database = f"postgresql://postgres@127.0.0.1:{host.primary.port}/postgres?sslmode=disable"
    with ExitStack() as started:

        def start(name, *arguments, **more):
            exporter = Exporter(folder, name, *arguments, **more)
            started.callback(exporter.stop)
            return exporter

        scraped = [start("prometheus-postgres-exporter", environment={"DATA_SOURCE_NAME": database}),
                   start("prometheus-redis-exporter", f"--redis.addr=redis://{host.valkey.address}"),
                   start("prometheus-node-exporter")]
        blackbox = start("prometheus-blackbox-exporter", f"--config.file={modules}")
        prometheus = Prometheus(folder, blackbox, [f"{host.nginx.url}/{number}" for number in range(ENDPOINTS)], EVERY,
                                other_modules={"tls": [server.address for server in host.speak_tls]})
        started.callback(prometheus.stop)
        for exporter in scraped:
            started.enter_context(Scraper(exporter.url, EVERY))
        wait(2 * EVERY)
        up = prometheus.value("sum(probe_success)")
        assert up == ENDPOINTS + CERTIFICATES, f"blackbox_exporter finds {up} up"
        with Meter(blackbox.pid, *(exporter.pid for exporter in scraped)) as cost:
            wait(max(bench.seconds, 4 * EVERY))
        return cost


def measure(bench, table):
    host = Host(bench)
    try:
        ours, theirs = of_recoverd(bench, host), of_exporters(bench, host)
    finally:
        host.stop()
    peer = "postgres_ + redis_ + blackbox_ + node_exporter"
    table.row("database host: resident", ours.resident, "MiB", peer=peer, theirs=theirs.resident, times=4)
    table.row("database host: CPU", 100 * ours.cpu / ours.seconds, "% of a core", peer=peer,
              theirs=100 * theirs.cpu / theirs.seconds, times=10)
