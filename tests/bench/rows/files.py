# SPDX-License-Identifier: Apache-2.0
"""200,000 files in one backup folder, while other checks go on. The peer is `find`, which only lists them."""

import subprocess
import time

from peers import Nginx
from watching import agent_for, buckets, http_checks, quantile_between, until_all_have_run
from servers.process import until

FILES = 200_000


def fill(folder):
    for number in range(FILES):
        (folder / f"orders-{number:06}.dump").touch()


def of_find(folder):
    began = time.monotonic()
    subprocess.run(["find", str(folder), "-name", "orders-*.dump", "-printf", "%T@ %s %p\n"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def measure(bench, table):
    folder = bench.fresh_directory("dumps")
    fill(folder)
    nginx = Nginx(bench.directory)
    config = http_checks(nginx.url, 100, 1) + (
        f'[check.dumps]\ncollector = "files"\nevery = "5s"\ntimeout = "4s"\npath = "{folder}/orders-*.dump"\n')
    agent = agent_for(bench, "files", config)
    try:
        until_all_have_run(agent, 101)
        before = buckets(agent, "recoverd_scheduler_lag_seconds")
        took = []
        for _ in range(5):
            run = agent.value("recoverd_check_last_run_timestamp_seconds", check="dumps")
            until(lambda: agent.value("recoverd_check_last_run_timestamp_seconds", check="dumps") != run, "it ran again")
            took.append(agent.value("recoverd_check_duration_seconds", check="dumps"))
        late = quantile_between(before, buckets(agent, "recoverd_scheduler_lag_seconds"), 0.99)
    finally:
        agent.stop()
        nginx.stop()
    find = sorted(of_find(folder) for _ in range(5))[2]
    table.row(f"{FILES:,} files in one folder: one look", sorted(took)[2] * 1000, "ms", peer="find -printf",
              theirs=find * 1000, at_most=500)
    table.row(f"{FILES:,} files in one folder: other checks late (p99, its bucket)", late * 1000, "ms", at_most=50)
