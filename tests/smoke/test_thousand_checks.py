# SPDX-License-Identifier: Apache-2.0
"""A third of many checks hang: theirs are the alerts, and the others go on in their rhythm."""

import pytest

from servers.alertmanager import Alert
from servers.crowd import Crowd, Forwarder
from servers.footprint import Footprint

@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.stop()


@pytest.fixture
def way_to_the_database(servers):
    forwarder = Forwarder(servers.primary.port)
    yield forwarder
    forwarder.stop()


def config(site, crowd, database, checks, every):
    """Two thirds ask what will go on to answer. Of the rest most probe what will hang, some share a server."""
    sections = {
        "": {"instance": "smoke"},
        "asset.orders-db": {"rpo": "1h"},
        "alertmanager": {"urls": [site.alertmanager.url], "interval": "3s", "timeout": "2s"},
        "policy": {"evidence_missing": {"over": f"{2 * every}s"}, "asset_uncovered": False},
    }
    times = {"every": f"{every}s", "timeout": f"{every // 2}s"}
    shared = checks // 20
    probes = checks // 3 - shared
    for number in range(checks - shared - probes):
        sections[f"check.good-{number}"] = {"collector": "http", "url": f"{crowd.url}/good/{number}", **times}
    for number in range(probes):
        sections[f"check.hanging-{number}"] = {"collector": "http", "url": f"{crowd.url}/hanging/{number}", **times}
    for number in range(shared):
        sections[f"check.shared-{number}"] = {"asset": "orders-db", "collector": "postgresql",
                                              "dsn": f"host=127.0.0.1 port={database.port} user=recoverd "
                                                     "dbname=postgres",
                                              "settings": {"fsync": "off"}, **times}
    # One alert for each endpoint, and one for the server that many checks share.
    alerts = [Alert("EndpointDown", "P2", "critical", "", f"hanging-{number}") for number in range(probes)]
    alerts.append(Alert("EvidenceMissing", "P3", "warning", "orders-db"))
    return sections, alerts


@pytest.mark.parametrize("checks, every", [
    pytest.param(90, 2, marks=pytest.mark.all),
    pytest.param(1000, 12, marks=pytest.mark.all),
])
def test_a_third_hangs(site, drills, crowd, way_to_the_database, checks, every):
    sections, alerts = config(site, crowd, way_to_the_database, checks, every)
    site.agent.begin(sections)
    good = [f"/good/{number}" for number in range(checks - len(alerts) + 1 - checks // 20)]
    assert all(crowd.asked(path) for path in good)

    def hang():
        crowd.hang("/hanging")
        way_to_the_database.hang()

    def mend():
        crowd.answer()
        way_to_the_database.go_on()

    def others_keep_their_rhythm():
        before = {path: crowd.asked(path) for path in good}
        site.agent.looks(3, [f"good-{number}" for number in range(len(good))])
        counts = [crowd.asked(path) - before[path] for path in good]
        # Whoever is asked often enough for all to have been asked three times was asked no more often than that.
        assert min(counts) >= 3
        assert max(counts) <= min(counts) + 2
        assert site.agent.late_starts(1) < 0.05
        assert Footprint.of(site.agent.pid).anonymous_kib < 64 * 1024
        (missing,) = [alert for alert in site.alertmanager.all()
                      if alert["labels"]["alertname"] == "EvidenceMissing"]
        assert missing["labels"]["target"] == f"127.0.0.1:{way_to_the_database.port}"
        assert all(f"shared-{number}" in missing["annotations"]["description"] for number in range(checks // 20))

    drills.run(f"a third of {checks} checks hangs", alerts, hang, mend, while_broken=others_keep_their_rhythm,
               # Who has learned nothing for a while looks again every few minutes only.
               patience=400)
