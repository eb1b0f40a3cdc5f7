# SPDX-License-Identifier: Apache-2.0
"""What Prometheus, its tools and the command line make of it."""

import time

import pytest

from servers.process import complete, program, until
from servers.prometheus import Prometheus


@pytest.fixture
def prometheus(servers):
    server = Prometheus(servers.directory, f"127.0.0.1:{servers.agent.port}")
    yield server
    server.stop()


def test_prometheus_scrapes_it(site, prometheus):
    site.agent.begin(site.config())
    until(lambda: prometheus.query("up == 1"), "Prometheus scrapes the agent")
    newest = site.repository.info()["backup"][-1]
    series = f'recoverd_backup_last_success_timestamp_seconds{{backup_type="{newest["type"]}"}}'
    ((labels, value),) = until(lambda: prometheus.query(series), "Prometheus has the newest backup")
    assert value == newest["timestamp"]["stop"]
    expected = {"asset": "orders-db", "check": "orders-backup", "subject": "orders/repo1", "method": "pgbackrest",
                "backup_type": newest["type"], "job": "recoverd", "instance": f"127.0.0.1:{site.agent.port}",
                "__name__": "recoverd_backup_last_success_timestamp_seconds"}
    assert labels == expected
    ((_, loss),) = prometheus.query("time() - recoverd_asset_recoverable_until_timestamp_seconds")
    assert 0 <= loss <= time.time() - newest["timestamp"]["stop"] + 5


def test_promtool_finds_nothing_in_the_metrics(site):
    site.agent.begin(site.config())
    until(lambda: site.agent.value("recoverd_alertmanager_last_success_timestamp_seconds"), "an alert was sent")
    found = complete([program("promtool"), "check", "metrics"], site.agent.metrics())
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_config_check_tells_good_from_bad(site):
    site.agent.write(site.config())
    status, out, err = site.agent.command("config", "check", site.agent.config_file)
    assert status == 0, out + err
    bad = site.config()
    bad["check.orders-backup"]["stanzza"] = "orders"
    site.agent.write(bad)
    status, out, err = site.agent.command("config", "check", site.agent.config_file)
    assert status == 1
    assert "unknown key 'stanzza'" in out + err
    assert "hint: did you mean 'stanza'?" in out + err


def test_promtool_takes_the_rules(site):
    site.agent.write(site.config())
    status, rules, err = site.agent.command("rules", f"--config.file={site.agent.config_file}")
    assert status == 0, err
    file = site.directory / "rules.yml"
    file.write_text(rules, encoding="utf-8")
    found = complete([program("promtool"), "check", "rules", file])
    assert found.returncode == 0, found.stdout + found.stderr
    assert "SUCCESS" in found.stdout
