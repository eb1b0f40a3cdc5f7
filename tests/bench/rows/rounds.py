# SPDX-License-Identifier: Apache-2.0
"""What one round of each collector costs: CPU, memory, requests. An agent of its own looks at one source, again and again;
everything is included: asking, judging, storing, publishing. What an agent costs that looks at nothing is taken off. Those that
`large` measures are left to it; of an outcome, which is told, there is no round."""

import itertools
import math
import os
import shutil
import subprocess
import time
from contextlib import ExitStack

from asked import apis, databases, folders, probes, programs, queries, units
from asked.source import Asked
from cost import Peak, cpu_of_own, cpu_of_reaped
from servers.agent import Agent, toml
from servers.process import until
from watching import buckets, wait

# Those of one sum are looked at side by side: CPU is counted by process, and together they have little to do. Programs that
# take a core for as long as they run stand alone.
SIDE_BY_SIDE = (apis.ALL + units.ALL, queries.ALL + probes.ALL, databases.ALL, programs.IN_PLACE + folders.ALL, programs.REAL)
# Measured by `large`, each beside a peer.
LARGE = {"git", "kafka", "kubernetes", "s3", "terraform_state"}
TOLD = {"outcome"}
PROGRAMS = ("recoverd", "worker")


class AtRest(Asked):
    """Looks once, and no more while it is measured."""

    collector, copies, every = "at rest", 1, 3600
    check = {"collector": "exec", "command": ["echo", "OK"]}

    def __init__(self, _bench):
        super().__init__()


class Look:
    """An agent that looks at one source."""

    _numbers = itertools.count()

    def __init__(self, bench, links, source):
        self.source = source
        folder = bench.fresh_directory(f"round-{next(self._numbers)}")
        for name in PROGRAMS:
            os.link(links / name, folder / name)
        # It copies none where they are: they are large, and one of each is enough.
        self.agent = Agent(folder, folder / "nowhere", log_level="info")
        check = {**source.check, "every": f"{source.every}s", "timeout": f"{source.every * 900}ms"}
        self.agent.write(toml({f"check.round-{number}": check for number in range(source.copies)}))
        source.prepare(self.agent)
        self.agent.start()

    def until_all_are_well(self):
        """What fails costs less, and proves nothing."""
        until(self.all_are_well, lambda: f"{self.source.collector} is well:\n{self.agent.log()}", patience=30)

    def all_are_well(self):
        """The checks learn what they want to know, and what they probe is up."""
        learned = [value for _, value in self.agent.samples("recoverd_check_success")]
        up = [value for _, value in self.agent.samples("recoverd_probe_success")]
        return len(learned) == self.source.copies and all(learned) and all(up)

    def rounds(self):
        return buckets(self.agent, "recoverd_scheduler_lag_seconds")[math.inf]

    def spent(self):
        """CPU seconds of its own, and of its children."""
        return cpu_of_own(self.agent.pid), cpu_of_reaped(self.agent.pid)

    def begin(self):
        """The agent answers first: what that costs is nobody's round."""
        self._rounds, self._asked = self.rounds(), self.source.asked
        self._spent, self._began = self.spent(), time.monotonic()

    def end(self):
        self.seconds = time.monotonic() - self._began
        self.own, self.children = (after - before for after, before in zip(self.spent(), self._spent))
        asked = self.source.asked
        self.made = self.rounds() - self._rounds
        self.requests = None if asked is None else (asked - self._asked) / max(1, self.made)

    def tell(self, table, resident, at_rest):
        """`at_rest`: CPU seconds a second."""
        expected = self.source.copies * self.seconds / self.source.every
        assert self.made > 0.8 * expected - 1, f"{self.source.collector}: {self.made} of {expected} rounds"
        assert self.all_are_well(), f"{self.source.collector} is well no more:\n{self.agent.log()}"
        own = (self.own - at_rest * self.seconds) / self.made
        number = "" if self.requests is None else f"{self.requests:.2g}"
        unit = self.source.unit and f" {self.source.unit}{'' if number == '1' else 's'}"
        table.round(self.source.collector, self.source.what, cpu=(own + self.children / self.made) * 1000, own=own * 1000,
                    resident=resident, requests=number + unit)


def side_by_side(bench, links, kinds, table):
    # A whole number of every interval: as much of a round is missing at the end as is too much in the beginning.
    interval = max(kind.every for kind in kinds)
    seconds = interval * math.ceil(bench.seconds / 10 / interval)
    with ExitStack() as running:
        looks = []
        for kind in (*kinds, AtRest):
            source = kind(bench)
            running.callback(source.stop)
            looks.append(Look(bench, links, source))
            running.callback(looks[-1].agent.stop)
        for look in looks:
            look.until_all_are_well()
        for look in looks:
            look.begin()
        wait(seconds)
        for look in looks:
            look.end()
        *looks, rest = looks
        with ExitStack() as looked_at:
            peaks = [looked_at.enter_context(Peak(look.agent.pid)) for look in looks]
            wait(interval)
        for look, peak in zip(looks, peaks):
            look.tell(table, peak.resident, rest.own / rest.seconds)


def none_is_missing(build):
    """Every collector that the program has is measured, here or elsewhere, or it is said why not."""
    listed = subprocess.run([build / "recoverd", "collectors"], capture_output=True, text=True, check=True, timeout=60).stdout
    known = {line.split()[0] for line in listed.splitlines()}
    here = {kind.collector for kinds in SIDE_BY_SIDE for kind in kinds}
    assert known == here | LARGE | TOLD, f"measured or said why not, and there, differ by {known ^ (here | LARGE | TOLD)}"


def measure(bench, table):
    none_is_missing(bench.build)
    links = bench.fresh_directory("programs")
    for name in PROGRAMS:
        shutil.copy2(bench.build / name, links / name)
    for kinds in SIDE_BY_SIDE:
        side_by_side(bench, links, kinds, table)
