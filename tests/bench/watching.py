# SPDX-License-Identifier: Apache-2.0
"""An agent under measurement: its configuration, and what its own metrics tell of how late it was."""

import time

from servers.agent import Agent
from servers.process import until


def agent_for(bench, name, config, prepare=lambda agent: None):
    """Begun with this configuration in a folder of its own, without debug logs."""
    agent = Agent(bench.fresh_directory(name), bench.build, log_level="info")
    agent.write(config)
    prepare(agent)
    agent.start()
    return agent


def http_checks(url, count, every):
    """`count` checks of one server, each with a new connection."""
    names = ", ".join(f'{{ name = "{number}" }}' for number in range(count))
    return (f'[check."endpoint-{{name}}"]\ncollector = "http"\nurl = "{url}/{{name}}"\nevery = "{every}s"\n'
            f'timeout = "{every * 900}ms"\nfresh_connection = true\nfor_each = [{names}]\n')


def until_all_have_run(agent, count):
    until(lambda: sum(value for _, value in agent.samples("recoverd_check_success")) >= count,
          f"{count} checks have run", patience=120)


def buckets(agent, name):
    """Upper bounds with how many are below each, so far."""
    return {float(labels["le"]): value for labels, value in agent.samples(f"{name}_bucket")}


def quantile_between(before, after, fraction):
    """The bound below which that fraction lies of what came between two looks at a histogram."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    whole = max(counts.values())
    return next(bound for bound, count in counts.items() if count >= fraction * whole)


def wait(seconds):
    time.sleep(seconds)
