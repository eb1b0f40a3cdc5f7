# SPDX-License-Identifier: Apache-2.0
"""The database is down: said once, by whoever is closest to the cause."""

import time

import pytest

from servers.alertmanager import Alert
from servers.process import until


def stop(site):
    site.primary.stop()


def start(site):
    site.primary.start()
    site.until_streaming()


def silent_for(site, seconds):
    last = site.agent.value("recoverd_check_last_success_timestamp_seconds", check="orders-wal")
    return time.time() - last > seconds


def with_port(site):
    config = site.config()
    config["check.orders-port"] = {"asset": "orders-db", "collector": "tcp", "every": "1s", "timeout": "900ms",
                                   "address": f"127.0.0.1:{site.primary.port}"}
    return config


def test_down_is_said_by_the_check_of_the_port(site, drills):
    config = with_port(site)
    # Above three probes of the port.
    config["policy"]["evidence_missing"] = {"over": "8s"}
    site.agent.begin(config)
    drills.run("PostgreSQL stopped, port is watched",
               [Alert("EndpointDown", "P2", "critical", "orders-db", "orders-port")],
               lambda: stop(site), lambda: start(site),
               while_broken=lambda: until(lambda: silent_for(site, 10), "the other check is silent too"))


def test_down_without_a_check_of_the_port_is_missing_evidence(site, drills):
    config = site.config()
    config["policy"]["evidence_missing"] = {"over": "3s"}
    site.agent.begin(config)
    drills.run("PostgreSQL stopped, port is not watched",
               [Alert("EvidenceMissing", "P3", "warning", "orders-db", "orders-wal")],
               lambda: stop(site), lambda: start(site))


def test_a_database_that_hangs_is_missing_evidence_though_its_port_is_up(site, drills):
    """The kernel goes on accepting connections for a server that does nothing any more."""
    config = with_port(site)
    config["policy"]["evidence_missing"] = {"over": "3s"}
    site.agent.begin(config)

    def told():
        assert site.agent.value("recoverd_probe_success", check="orders-port") == 1
        description = site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert "it accepts, but says nothing" in description, description

    drills.run("PostgreSQL hangs, port is watched",
               [Alert("EvidenceMissing", "P3", "warning", "orders-db", "orders-wal")],
               site.primary.freeze, site.primary.thaw, while_broken=told)
    site.until_streaming()


@pytest.mark.all
def test_many_checks_of_one_database_that_is_down_are_one_alert(site, drills):
    """It names the target, and all who learn nothing of it."""
    config = site.config()
    others = [f"orders-{number}" for number in range(9)]
    for other in others:
        config[f"check.{other}"] = {**config["check.orders-wal"], "asset": other}
        config[f"asset.{other}"] = {"description": "on the same server"}
    # Of ten that look each second one sees the primary before its standby is back.
    config["policy"] |= {"evidence_missing": {"over": "3s"}, "replica_missing": {"for": "60s"}}
    site.agent.begin(config)

    def names_all():
        description = site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        return all(check in description for check in (*others, "orders-wal"))

    def told():
        assert (site.alertmanager.document("EvidenceMissing")["labels"]["target"]
                == f"127.0.0.1:{site.primary.port}")
        # Each falls silent at its own moment, and who came later is told with the next sending.
        until(names_all, "all are named")

    drills.run("PostgreSQL stopped, ten checks ask it", [Alert("EvidenceMissing", "P3", "warning")],
               lambda: stop(site), lambda: start(site),
               while_broken=told)
