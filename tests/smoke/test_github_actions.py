# SPDX-License-Identifier: Apache-2.0
"""A scheduled restore test at GitHub: it fails, is repeated, is switched off; and how little asking for it costs."""

import os
import time

import pytest

from servers.alertmanager import Alert
from servers.github import TOKEN, GitHub
from servers.process import server_user, until

CHECK = "restore-runs"


@pytest.fixture
def github():
    made = GitHub()
    made.run("success", ago=3600)
    yield made
    made.stop()


def config_of(site, github, **check):
    token = site.directory / "github-token"
    token.write_text(TOKEN + "\n", encoding="utf-8")
    token.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(token, server_user().pw_uid, server_user().pw_gid)
    config = site.config_of("orders", **{CHECK: github.check(token, **check)})
    config["policy"] = {"evidence_missing": {"over": "8s"}}
    return config


def alert(name, priority, assertion=""):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "orders", CHECK, "", assertion)


@pytest.mark.ci
def test_run_fails_and_is_repeated(site, github, drills):
    """Looking again and again costs nothing; a run that goes on, or was skipped, changes nothing."""
    site.agent.begin(config_of(site, github))
    site.agent.looks(2)
    used = github.used
    assert used == 2
    drills.stays_quiet(looks=4)
    assert github.used == used and github.asked >= used + 8
    assert TOKEN not in site.agent.log()
    failed = {}

    def fail():
        failed["run"] = github.run("failure", ago=1800)

    def goes_on():
        github.run(None, status="in_progress", ago=20)
        github.run("skipped", ago=10)
        site.agent.looks(2)

    def repeat():
        del github.runs[:2]
        run = failed["run"]
        run.update(conclusion="success", run_attempt=2, run_started_at=run["updated_at"])

    drills.run("github_actions: restore test failed", [alert("RestoreTestFailed", "P2")], fail, repeat,
               while_broken=goes_on)


@pytest.mark.all
def test_workflow_is_switched_off(site, github, drills):
    site.agent.begin(config_of(site, github))

    def switch(state):
        github.state = state

    drills.run("github_actions: disabled_inactivity", [alert("AssertionFailed", "P2", "state")],
               lambda: switch("disabled_inactivity"), lambda: switch("active"))


@pytest.mark.all
def test_rate_limit(site, github, drills):
    """It is asked once in vain, and not again before its time, not even by a new life."""
    site.agent.begin(config_of(site, github))
    drills.until_quiet()
    github.limited_until = int(time.time()) + 90
    until(lambda: github.in_vain == 1, "it was asked in vain")
    site.agent.looks(3)
    site.agent.stop()
    site.agent.start()
    site.agent.looks(3)
    assert github.in_vain == 1
    until(lambda: site.alertmanager.firing() == {alert("EvidenceMissing", "P3"): 1}, "nobody knows meanwhile")
    until(lambda: not site.alertmanager.firing(), "it is asked again, and known", patience=180)
    assert github.in_vain == 1
