# SPDX-License-Identifier: Apache-2.0
"""Restore tests that fail, that nobody runs, and one that is done for real."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from servers.alertmanager import Alert
from servers.postgres import Postgres
from servers.process import until

OUTCOMES = "orders-db/outcomes"


def tell(site, outcome, status, **more):
    """Tells of a restore test; `status` is what the agent must answer."""
    found, body = site.agent.report(asset="orders-db", exercise="restore-test", outcome=outcome, **more)
    assert found == status, body
    return body


def report(site, outcome, **more):
    tell(site, outcome, 201, **more)


def from_now(seconds):
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds)).isoformat()


def test_restore_test_fails(site, drills):
    site.agent.begin(site.config())
    drills.run("restore test failed",
               [Alert("RestoreTestFailed", "P2", "critical", "orders-db", OUTCOMES, "restore-test")],
               lambda: report(site, "failed", message="17 tables of 19"),
               lambda: report(site, "passed", depth="queried"))


def test_nobody_tests_the_restore(site, drills):
    """A quarter more than promised may pass."""
    config = site.config()
    config["asset.orders-db"]["restore_test_every"] = "9s"
    site.agent.begin(config)
    drills.run("no restore test",
               [Alert("RestoreTestOverdue", "P2", "critical", "orders-db")],
               lambda: None, lambda: report(site, "passed", depth="restored"))


@pytest.mark.all
def test_restore_test_never_ends(site, drills):
    """It said that it began, and died. The one after it shows that it is over."""
    config = site.config()
    config["policy"]["exercise_too_long"] = {"over": "3s"}
    site.agent.begin(config)
    drills.run("restore test never ends",
               [Alert("ExerciseTooLong", "P3", "warning", "orders-db")],
               lambda: report(site, "started", id="night-1"),
               lambda: report(site, "passed", id="night-2", depth="queried"))


@pytest.mark.all
def test_backup_job_never_ends(site, drills):
    config = site.config()
    config["check.orders-dump"] = {"asset": "orders-db", "collector": "outcome"}
    config["policy"]["backup_stuck"] = {"over": "3s"}
    site.agent.begin(config)

    def dump(outcome, **more):
        status, body = site.agent.report(asset="orders-db", kind="backup", outcome=outcome, **more)
        assert status == 201, body

    dump("passed", size_bytes=1000000)
    drills.run("backup job never ends",
               [Alert("BackupStuck", "P3", "warning", "orders-db", "orders-dump")],
               lambda: dump("started"), lambda: dump("passed", size_bytes=1000000))


@pytest.mark.all
def test_restore_test_ends_twice(site, drills):
    """A run has one end: the first one told stays, whichever it is."""
    site.agent.begin(site.config())
    report(site, "passed", id="night-1", depth="queried")
    tell(site, "failed", 409, id="night-1")
    drills.stays_quiet(looks=1)

    def contradict():
        tell(site, "passed", 409, id="night-2", depth="queried")
        # Who lost the answer asks again.
        tell(site, "failed", 200, id="night-2")

    drills.run("restore test ends twice",
               [Alert("RestoreTestFailed", "P2", "critical", "orders-db", OUTCOMES, "restore-test")],
               lambda: report(site, "failed", id="night-2"),
               lambda: report(site, "passed", id="night-3", depth="queried"), while_broken=contradict)


@pytest.mark.all
def test_reports_from_the_future_change_nothing(site, drills):
    """Neither does a good one end what a bad one began, nor a bad one begin anything."""
    site.agent.begin(site.config())
    body = tell(site, "failed", 400, ended_at=from_now(300))
    assert "ended_at" in body and "2 minutes ahead" in body
    tell(site, "started", 400, started_at=from_now(86400))
    drills.stays_quiet(looks=1)
    drills.run("restore test reports from the future",
               [Alert("RestoreTestFailed", "P2", "critical", "orders-db", OUTCOMES, "restore-test")],
               lambda: report(site, "failed"),
               lambda: report(site, "passed", depth="queried"),
               while_broken=lambda: tell(site, "passed", 400, depth="queried", ended_at=from_now(300)))


def restore(site):
    """The newest backup in a cluster of its own, and how many rows it holds."""
    cluster = Postgres(site.directory, "restored")
    site.repository.run("restore", f"--pg1-path={cluster.data}", "--type=immediate", "--target-action=promote")
    cluster.configure(archive_mode="off")
    cluster.start()
    try:
        until(lambda: cluster.sql("SELECT pg_is_in_recovery()") == "f", "the restored cluster takes writes")
        return int(cluster.sql("SELECT count(*) FROM orders"))
    finally:
        cluster.abandon()


def test_real_restore_makes_the_asset_recoverable(site, drills):
    site.primary.write()
    site.repository.backup("diff")
    rows = int(site.primary.sql("SELECT count(*) FROM orders"))
    config = site.config()
    config["asset.orders-db"]["restore_test_every"] = "7d"
    site.agent.begin(config)
    (asset,) = site.agent.api("assets")["assets"]
    assert asset["verdict"]["state"] == "at_risk", asset

    began = time.time()
    assert restore(site) == rows
    took = time.time() - began
    report(site, "passed", depth="queried", rto_seconds=round(took, 3), rpo_seconds=0, message=f"{rows} rows",
           started_at=datetime.fromtimestamp(began, timezone.utc).isoformat())

    def verdict():
        return {labels["verdict"]: value for labels, value in site.agent.samples("recoverd_asset_verdict")}

    until(lambda: verdict().get("recoverable") == 1, lambda: f"is recoverable: {site.agent.api('assets')}")
    assert sum(verdict().values()) == 1
    (asset,) = site.agent.api("assets")["assets"]
    assert asset["verdict"]["state"] == "recoverable", asset
    drills.stays_quiet(looks=1)
    drills.lines.append(f"{'real restore, queried':<52} {took:6.1f} s  verdict recoverable")
