# SPDX-License-Identifier: Apache-2.0
"""Restore tests that fail, that nobody runs, and one that is done for real."""

import time
from datetime import datetime, timezone

from servers.alertmanager import Alert
from servers.postgres import Postgres
from servers.process import until

OUTCOMES = "orders-db/outcomes"


def report(site, outcome, **more):
    status, body = site.agent.report(asset="orders-db", exercise="restore-test", outcome=outcome, **more)
    assert status == 201, body


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
