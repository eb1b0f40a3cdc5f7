# SPDX-License-Identifier: Apache-2.0
"""HTTP checks with a new connection each: collected, judged, stored, published, scraped. The peer is blackbox_exporter with
the Prometheus that drives it and keeps what it says. The floor under both is libcurl alone, which asks for the same pages
at the same moments over new connections, and forgets the answers."""

from cost import Meter
from peers import BUILT, Exporter, Nginx, Prometheus, Scraper
from servers.process import Process, until
from watching import agent_for, buckets, http_checks, quantile_between, until_all_have_run, wait


def of_recoverd(bench, nginx, count, every):
    agent = agent_for(bench, f"agent-{count}", http_checks(nginx.url, count, every))
    try:
        until_all_have_run(agent, count)
        with Scraper(agent.url, every):
            before = buckets(agent, "recoverd_scheduler_lag_seconds")
            with Meter(agent.pid) as cost:
                wait(bench.seconds)
            after = buckets(agent, "recoverd_scheduler_lag_seconds")
        return cost, quantile_between(before, after, 0.99)
    finally:
        agent.stop()


def of_blackbox(bench, nginx, count, every):
    folder = bench.fresh_directory(f"blackbox-{count}")
    blackbox = Exporter(folder, "prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml")
    targets = [f"{nginx.url}/{number}" for number in range(count)]
    prometheus = Prometheus(folder, blackbox, targets, every)

    try:
        until(lambda: prometheus.value("sum(probe_success)") == count, "every target was probed", patience=120)
        with Meter(blackbox.pid, prometheus.pid) as cost:
            wait(bench.seconds)
        return cost
    finally:
        prometheus.stop()
        blackbox.stop()


def of_libcurl(bench, nginx, count, every):
    libcurl = Process([BUILT / "libcurl_alone", nginx.url, count, every], bench.fresh_directory(f"libcurl-{count}") / "log")
    try:
        libcurl.until_ready(lambda: "were answered" in libcurl.tail(), "libcurl alone")
        with Meter(libcurl.pid) as cost:
            wait(bench.seconds)
        return cost
    finally:
        libcurl.stop()


def per_check(cost, count, every):
    """Microseconds of CPU."""
    return cost.cpu * 1e6 / (cost.seconds / every * count)


def measure(bench, table):
    nginx = Nginx(bench.directory)
    peer = "blackbox_exporter + Prometheus"
    try:
        ours, late = of_recoverd(bench, nginx, 1000, 5)
        theirs = of_blackbox(bench, nginx, 1000, 5)
        table.row("1,000 HTTP checks every 5 s: CPU per check", per_check(ours, 1000, 5), "µs", peer=peer,
                  theirs=per_check(theirs, 1000, 5), at_most=120, times=12)
        table.row("the same", per_check(ours, 1000, 5), "µs", peer="libcurl alone",
                  theirs=per_check(of_libcurl(bench, nginx, 1000, 5), 1000, 5))
        table.row("1,000 HTTP checks every 5 s: resident", ours.resident, "MiB", peer=peer, theirs=theirs.resident,
                  at_most=20)
        ours, late = of_recoverd(bench, nginx, 10_000, 15)
        table.row("10,000 HTTP checks every 15 s: CPU per check", per_check(ours, 10_000, 15), "µs", peer="libcurl alone",
                  theirs=per_check(of_libcurl(bench, nginx, 10_000, 15), 10_000, 15), at_most=120)
        table.row("10,000 HTTP checks every 15 s: resident", ours.resident, "MiB", at_most=64)
        table.row("10,000 HTTP checks every 15 s: late (p99, its bucket)", late * 1000, "ms", at_most=100)
    finally:
        nginx.stop()
