# SPDX-License-Identifier: Apache-2.0
"""Sources as large as they come, while a hundred other checks go on: what a round costs, and whom it makes late. The peer is a
tool that only fetches or reads the same."""

import resource
import subprocess
import time

from cost import Peak, cpu_of_family
from peers import Nginx
from sources import ALL
from watching import agent_for, buckets, http_checks, quantile_between, until_all_have_run, wait
from servers.agent import toml
from servers.http import post_json
from servers.process import until

ROUNDS = 4
OTHERS = 100
# One that was asked to look can be asked again after five seconds.
APART = 6


def of_peer(command):
    """CPU seconds of one time."""
    def spent():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = spent()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, timeout=300)
    return spent() - before


def look(agent):
    """Until it has looked once more."""
    def last_run():
        return agent.value("recoverd_check_last_run_timestamp_seconds", check="large")

    before = last_run()
    status, said = post_json(f"{agent.url}/api/v1/checks/large/run", {})
    assert status < 300, said
    until(lambda: last_run() != before, "it has looked", patience=60)


def look_often(agent):
    for _ in range(ROUNDS):
        began = time.monotonic()
        look(agent)
        wait(max(0, APART - (time.monotonic() - began)))


def cpu_rate(agent, meanwhile):
    """CPU seconds a second, of the agent and all below it."""
    began, before = time.monotonic(), cpu_of_family(agent.pid)
    meanwhile()
    return (cpu_of_family(agent.pid) - before) / (time.monotonic() - began)


def measure_one(bench, table, source, others):
    check = {**source.check, "every": "1h", "timeout": "60s"}
    agent = agent_for(bench, type(source).__name__.lower(), toml({"check.large": check}) + others, source.prepare)
    try:
        until_all_have_run(agent, OTHERS + 1)
        at_rest = cpu_rate(agent, lambda: wait(APART))
        before = buckets(agent, "recoverd_scheduler_lag_seconds")
        busy = cpu_rate(agent, lambda: look_often(agent))
        late = quantile_between(before, buckets(agent, "recoverd_scheduler_lag_seconds"), 1)
        with Peak(agent.pid) as peak:
            look(agent)
        # What counts costs time and memory as well: it comes last.
        source.count(agent)
        wait(APART)
        asked = source.asked
        look(agent)
        requests = source.asked - asked
    finally:
        agent.stop()
    table.row(f"{source.name}: CPU of a round", (busy - at_rest) * APART * 1000, "ms", peer=source.peer,
              theirs=of_peer(source.peer_command) * 1000)
    table.row("the same: most resident, children included", peak.resident, "MiB", at_most=source.most_resident)
    table.row("the same: another check begins late by at most (its bucket)", late * 1000, "ms", at_most=50)
    table.row(f"the same: {source.unit} of a round", requests, "")


def measure(bench, table):
    nginx = Nginx(bench.directory)
    try:
        for kind in ALL:
            source = kind(bench)
            try:
                measure_one(bench, table, source, http_checks(nginx.url, OTHERS, 1))
            finally:
                source.stop()
    finally:
        nginx.stop()
