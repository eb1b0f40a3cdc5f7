# SPDX-License-Identifier: Apache-2.0
"""At rest: thirty checks a minute, scraped every 15 s. The peer is blackbox_exporter, asked the same thirty times a minute."""

from cost import Meter
from peers import Exporter, Nginx, Prometheus, Scraper
from watching import agent_for, http_checks, until_all_have_run, wait

CHECKS = 15
EVERY = 30
SCRAPED = 15


def measure(bench, table):
    nginx = Nginx(bench.directory)
    agent = agent_for(bench, "idle", http_checks(nginx.url, CHECKS, EVERY))
    try:
        until_all_have_run(agent, CHECKS)
        with Scraper(agent.url, SCRAPED), Meter(agent.pid) as ours:
            wait(max(bench.seconds, 2 * EVERY))
    finally:
        agent.stop()
    folder = bench.fresh_directory("idle-blackbox")
    blackbox = Exporter(folder, "prometheus-blackbox-exporter", "--config.file=/etc/prometheus/blackbox.yml")
    prometheus = Prometheus(folder, blackbox, [f"{nginx.url}/{number}" for number in range(CHECKS)], EVERY)
    try:
        wait(EVERY)
        with Meter(blackbox.pid) as theirs:
            wait(max(bench.seconds, 2 * EVERY))
    finally:
        prometheus.stop()
        blackbox.stop()
        nginx.stop()
    minutes = ours.seconds / 60
    peer = "blackbox_exporter alone"
    table.row("at rest: resident", ours.resident, "MiB", peer=peer, theirs=theirs.resident, at_most=14)
    table.row("at rest: of that its own (RssAnon)", ours.anonymous, "MiB", peer=peer, theirs=theirs.anonymous, at_most=4)
    table.row("at rest: CPU", 100 * ours.cpu / ours.seconds, "% of a core", peer=peer,
              theirs=100 * theirs.cpu / theirs.seconds, at_most=0.1)
    table.row("at rest: wake-ups a minute, all threads", ours.wakeups / minutes, "", peer=peer,
              theirs=theirs.wakeups / (theirs.seconds / 60))
