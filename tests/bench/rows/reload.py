# SPDX-License-Identifier: Apache-2.0
"""From the start to the first evidence, and how long a reload of 10,000 checks takes. The peer is Prometheus with as many
targets."""

import signal
import time
import urllib.request

from peers import Exporter, Nginx, Prometheus
from servers.agent import Agent
from servers.process import until
from watching import agent_for, buckets, http_checks, quantile_between, until_all_have_run

CHECKS = 10_000


def first_evidence(bench, nginx):
    agent = Agent(bench.fresh_directory("first"), bench.build, log_level="info")
    agent.write(http_checks(nginx.url, 1, 1))
    began = time.monotonic()
    agent.start()
    try:
        until(lambda: agent.value("recoverd_check_success"), "the first check has run")
        return time.monotonic() - began
    finally:
        agent.stop()


def of_recoverd(bench, nginx):
    agent = agent_for(bench, "reload", http_checks(nginx.url, CHECKS, 15))
    try:
        until_all_have_run(agent, CHECKS)
        changed = http_checks(nginx.url, CHECKS, 15) + '[asset.orders]\nbackup_every = "1h"\n'
        agent.write(changed)
        stamp = "recoverd_config_last_reload_success_timestamp_seconds"
        before, lag = agent.value(stamp), buckets(agent, "recoverd_scheduler_lag_seconds")
        began = time.time()
        agent.send(signal.SIGHUP)
        until(lambda: agent.value(stamp) != before, "the configuration is taken")
        took = agent.value(stamp) - began
        time.sleep(15)
        return took, quantile_between(lag, buckets(agent, "recoverd_scheduler_lag_seconds"), 0.999)
    finally:
        agent.stop()


def of_prometheus(bench, nginx):
    folder = bench.fresh_directory("reload-prometheus")
    blackbox = Exporter(folder, "prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml")
    prometheus = Prometheus(folder, blackbox, [f"{nginx.url}/{number}" for number in range(CHECKS)], 3600,
                            lifecycle=True)
    try:
        began = time.monotonic()
        urllib.request.urlopen(urllib.request.Request(f"{prometheus.url}/-/reload", method="POST"), timeout=60).close()
        return time.monotonic() - began
    finally:
        prometheus.stop()
        blackbox.stop()


def measure(bench, table):
    nginx = Nginx(bench.directory)
    try:
        table.row("start to first evidence", first_evidence(bench, nginx) * 1000, "ms", at_most=200)
        took, late = of_recoverd(bench, nginx)
        table.row("reload of 10,000 checks", took * 1000, "ms", peer="Prometheus, 10,000 targets",
                  theirs=of_prometheus(bench, nginx) * 1000, at_most=500)
        table.row("reload of 10,000 checks: checks late (p99.9, its bucket)", late * 1000, "ms")
    finally:
        nginx.stop()
