# SPDX-License-Identifier: Apache-2.0
"""A crash puts no secret on a disk: neither agent nor worker leaves a core, whatever the limits are."""

import os
import signal
from pathlib import Path

import pytest

from conftest import REPOSITORY
from servers.process import Process, complete, program, run, until
from test_secrets import script

# May leave as large a core as there may be, in a folder where there may be files. Its stdin stays open, so that a worker
# waits for what it is to do.
MAY_DUMP = """#!/bin/sh
set -e
ulimit -S -c "$(ulimit -H -c)"
cd FOLDER
mkfifo stdin
exec PROGRAM "$@" 3<>stdin <&3
"""


@pytest.fixture
def may_dump(site):
    """Makes of a program one that may dump core; returns its folder and what to run."""
    made = []

    def make(path):
        folder = site.directory / f"cores-of-{path.name}"
        run(["mkdir", folder])
        made.append(folder)
        return folder, script(folder / path.name, MAY_DUMP, FOLDER=folder, PROGRAM=path)

    yield make
    for folder in made:
        run(["rm", "-rf", folder])


def can_be_looked_into(pid):
    """By its own user: the kernel dumps whom it lets others look into, and nobody else."""
    return complete(["cat", f"/proc/{pid}/environ"]).returncode == 0


def is_run(pid, path):
    """Itself: the script that begins it has its name, and has not raised any limit yet."""
    return Path(f"/proc/{pid}/exe").resolve() == Path(path).resolve()


def crashed(pid):
    """How a child of ours ends by a crash: killed, or dumped as well. It stays, for whoever waits for it."""
    os.kill(pid, signal.SIGSEGV)
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT).si_code


def cores_in(folder):
    return [file.name for file in folder.iterdir() if "core" in file.name]


def test_another_program_could_be_dumped_by_the_same_means(may_dump):
    """Or what follows proves nothing. Whether this machine keeps cores at all is its own affair."""
    sleep = Path(program("sleep"))
    folder, runnable = may_dump(sleep)
    other = Process([runnable, "600"], folder / "log")
    try:
        until(lambda: can_be_looked_into(other.pid) and is_run(other.pid, sleep), "it sleeps, for everybody to see")
        pattern = Path("/proc/sys/kernel/core_pattern").read_text(encoding="utf-8").strip()
        limit = run(["sh", "-c", "ulimit -H -c"]).strip()
        how = crashed(other.pid)
        if pattern == "core" and limit == "unlimited":
            assert how == os.CLD_DUMPED and cores_in(folder)
    finally:
        other.stop(signal.SIGKILL)


def test_an_agent_that_crashes_leaves_no_core(site, may_dump):
    agent = site.agent
    folder, runnable = may_dump(agent.binary)
    binary, agent.binary = agent.binary, runnable
    try:
        agent.begin(site.config())
        assert is_run(agent.pid, binary) and not can_be_looked_into(agent.pid)
        assert crashed(agent.pid) == os.CLD_KILLED
    finally:
        agent.kill()
        agent.binary = binary
    assert cores_in(folder) == []


def test_a_worker_that_crashes_leaves_no_core(site, may_dump):
    path = site.agent.directory / "worker"
    folder, runnable = may_dump(path)
    worker = Process([runnable, "files"], folder / "log")
    try:
        until(lambda: is_run(worker.pid, path) and not can_be_looked_into(worker.pid), "it waits, for nobody to see")
        assert crashed(worker.pid) == os.CLD_KILLED
    finally:
        worker.stop(signal.SIGKILL)
    assert cores_in(folder) == []


def test_the_unit_allows_nobody_a_core():
    assert "LimitCORE=0" in (REPOSITORY / "systemd/recoverd.service").read_text(encoding="utf-8").splitlines()
