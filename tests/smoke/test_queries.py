# SPDX-License-Identifier: Apache-2.0
"""Queries of a real Prometheus, and of servers that answer as Loki and Tempo do."""

import time

import pytest

from servers import scripted
from servers.alertmanager import Alert
from servers.exposition import Exposition
from servers.process import until
from servers.prometheus import Prometheus
from servers.scripted import ScriptedServer


@pytest.fixture(scope="module")
def shop():
    exposition = Exposition()
    exposition.values = {"errors_ratio": 0.01}
    yield exposition
    exposition.stop()


@pytest.fixture(scope="module")
def prometheus(servers, shop):
    server = Prometheus(servers.directory, shop.address)
    until(lambda: server.query("errors_ratio"), "Prometheus has scraped it", 30)
    yield server
    server.stop()


def config_of(site, server, **options):
    config = site.config_of("shop", errors={
        "collector": "prometheus", "url": server.url, "query": "max(errors_ratio)", "measurement": "error_ratio",
        "above": 0.05, **options})
    config["policy"] = {"evidence_missing": {"over": "4s"}, "measurement_out_of_range": {"priority": "P2"}}
    return config


def alert(name, priority="P2", assertion="", **labels):
    return Alert(name, priority, "critical" if priority == "P2" else "warning", "shop", "errors", assertion=assertion,
                 **labels)


def test_threshold_is_crossed(site, drills, prometheus, shop):
    site.agent.begin(config_of(site, prometheus))
    drills.run("Prometheus: an error rate above", [alert("MeasurementOutOfRange")],
               lambda: shop.values.update(errors_ratio=0.2), lambda: shop.values.update(errors_ratio=0.01))


@pytest.mark.ci
@pytest.mark.parametrize("absent_is, due", [("unknown", alert("EvidenceMissing", "P3")),
                                            ("bad", alert("AssertionFailed", assertion="series"))])
def test_series_vanishes(site, drills, prometheus, shop, absent_is, due):
    site.agent.begin(config_of(site, prometheus, absent_is=absent_is))
    drills.run(f"Prometheus: the series vanishes ({absent_is})", [due], shop.values.clear,
               lambda: shop.values.update(errors_ratio=0.01))


@pytest.mark.ci
def test_server_stops(site, drills, prometheus):
    """Nobody knows, which is not the same as a threshold crossed. It has to scrape again when it is back."""
    site.agent.begin(config_of(site, prometheus))
    drills.run("Prometheus: stopped", [alert("EvidenceMissing", "P3")], prometheus.stop, prometheus.start)


@pytest.mark.all
def test_metrics_stop_flowing(site, drills, prometheus, shop):
    """Of a target that answers, Prometheus forgets what it no longer shows at once: so the query remembers."""
    config = site.config_of("shop", errors={
        "collector": "prometheus", "url": prometheus.url, "fresh_within": "5s",
        "query": "max(max_over_time(timestamp(errors_ratio)[5m:1s]))"})
    site.agent.begin(config)
    drills.run("Prometheus: no new samples", [alert("MeasurementOutOfRange", "P3")], shop.values.clear,
               lambda: shop.values.update(errors_ratio=0.01))


def nanoseconds(ago):
    return str(time.time_ns() - ago * 10**9)


def lines(*ago):
    """What Loki answers with lines of so many seconds ago."""
    return lambda stream: scripted.good(stream, {"status": "success", "data": {"resultType": "streams", "result": [
        {"stream": {"job": "shop"}, "values": [[nanoseconds(each), "a line"]]} for each in ago]}})


def traces(*ago, done=3):
    return lambda stream: scripted.good(stream, {
        "traces": [{"traceID": "2f3e", "startTimeUnixNano": nanoseconds(each), "durationMs": 5} for each in ago],
        "metrics": {"completedJobs": done, "totalJobs": 3}})


def said(status, words):
    return lambda stream: stream.sendall(scripted.answer(words.encode(), status))


STALE = alert("MeasurementOutOfRange", "P3")
UNKNOWN = alert("EvidenceMissing", "P3")


@pytest.mark.parametrize("collector, fault, due, well, broken", [
    pytest.param("loki", "no new lines", STALE, lines(1), lines(900)),
    pytest.param("loki", "no lines at all", STALE, lines(1), lines(), marks=pytest.mark.all),
    pytest.param("loki", "no org id", UNKNOWN, lines(1), said("401 Unauthorized", "no org id"), marks=pytest.mark.all),
    pytest.param("tempo", "no new traces", STALE, traces(1), traces(900), marks=pytest.mark.ci),
    pytest.param("tempo", "not all was searched", UNKNOWN, traces(1), traces(done=1), marks=pytest.mark.all),
])
def test_logs_and_traces_flow(site, drills, collector, fault, due, well, broken):
    server = ScriptedServer(well)
    config = site.config_of("shop", errors={"collector": collector, "url": server.url, "query": "{}",
                                            "fresh_within": "10m", "absent_is": "bad"})
    config["policy"] = {"evidence_missing": {"over": "4s"}}
    site.agent.begin(config)
    try:
        drills.run(f"{collector}: {fault}", [due], lambda: setattr(server, "script", broken),
                   lambda: setattr(server, "script", well))
    finally:
        server.stop()


def rate(value, **more):
    return lambda stream: scripted.good(stream, {"series": [{"labels": [], "value": value}], **more})


@pytest.mark.ci
def test_errors_in_traces(site, drills):
    server = ScriptedServer(rate(0.1))
    config = site.config_of("shop", errors={"collector": "tempo", "url": server.url, "above": 5,
                                            "query": "{ status = error } | rate()"})
    site.agent.begin(config)
    try:
        drills.run("tempo: an error rate above", [alert("MeasurementOutOfRange", "P3")],
                   lambda: setattr(server, "script", rate(7.5)), lambda: setattr(server, "script", rate(0.1)))
    finally:
        server.stop()
