# SPDX-License-Identifier: Apache-2.0
"""What processes cost between two moments: CPU with that of the children they have reaped, memory, wake-ups."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from servers.background import Background

TICKS = os.sysconf("SC_CLK_TCK")


def _status(pid):
    text = (Path("/proc") / str(pid) / "status").read_text(encoding="utf-8")
    return dict(line.split(":", 1) for line in text.splitlines())


def cpu_seconds(pid):
    """User and system, its own and that of children it has waited for."""
    fields = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def cpu_of_own(pid):
    """User and system of all its threads, to the nanosecond where cpu_seconds() counts ticks; no children."""
    # As clock_getcpuclockid(3) makes it: the scheduler's clock of a process.
    return time.clock_gettime(~pid << 3 | 2)


def cpu_of_reaped(pid):
    """User and system of the children it has waited for."""
    fields = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / TICKS


def switches(pid):
    """How often its threads went to sleep of their own will: each time is a wake-up later."""
    total = 0
    for task in (Path("/proc") / str(pid) / "task").iterdir():
        for line in (task / "status").read_text(encoding="utf-8").splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total


def resident_mib(pid):
    return int(_status(pid)["VmRSS"].split()[0]) / 1024


def anonymous_mib(pid):
    """RssAnon: without the pages of files, which programs share."""
    return int(_status(pid)["RssAnon"].split()[0]) / 1024


@dataclass
class Cost:
    seconds: float = 0
    cpu: float = 0
    wakeups: int = 0
    resident: float = 0
    anonymous: float = 0
    by_pid: dict = field(default_factory=dict)


class Meter:
    """Between `with` and its end: what these processes cost."""

    def __init__(self, *pids):
        self._pids = pids
        self.cost = Cost()

    def __enter__(self):
        self._began = time.monotonic()
        self._cpu = {pid: cpu_seconds(pid) for pid in self._pids}
        self._switches = sum(map(switches, self._pids))
        return self.cost

    def __exit__(self, *_):
        cost = self.cost
        cost.seconds = time.monotonic() - self._began
        cost.by_pid = {pid: cpu_seconds(pid) - self._cpu[pid] for pid in self._pids}
        cost.cpu = sum(cost.by_pid.values())
        cost.wakeups = sum(map(switches, self._pids)) - self._switches
        cost.resident = sum(map(resident_mib, self._pids))
        cost.anonymous = sum(map(anonymous_mib, self._pids))


def family(pid):
    """Itself, its children, and theirs."""
    found = [pid]
    for parent in found:
        try:
            for task in (Path("/proc") / str(parent) / "task").glob("*/children"):
                found += map(int, task.read_text().split())
        except OSError:  # has ended meanwhile
            pass
    return found


def cpu_of_family(pid):
    total = 0.0
    for one in family(pid):
        try:
            total += cpu_seconds(one)
        except OSError:  # has ended: its parent has it now, or will
            pass
    return total


class Peak(Background):
    """Between `with` and its end: the most that a process and all below it had resident, looked at each 20 ms. Looking costs
    whom it looks at: the kernel drops what it kept of a child's /proc when the parent reaps it, and that is the parent's time. So
    CPU is measured at another time."""

    def __init__(self, pid):
        super().__init__()
        self._pid, self._program = pid, self._program_of(pid)
        self.resident = 0.0

    def _run(self):
        while not self._over.wait(0.02):
            self.resident = max(self.resident, sum(map(self._resident, family(self._pid))))

    @staticmethod
    def _program_of(pid):
        return os.readlink(f"/proc/{pid}/exe")

    def _resident(self, pid):
        try:
            # Until it has become another program, a child runs in its parent's memory (posix_spawn).
            if pid != self._pid and self._program_of(pid) == self._program:
                return 0.0
            return resident_mib(pid)
        except (OSError, KeyError):  # has ended meanwhile
            return 0.0
