# SPDX-License-Identifier: Apache-2.0
"""Whoever reads the metrics, well or badly, many at once: none may keep another one waiting, nor a check."""

import gzip
import socket
import threading
import time
import urllib.request
from collections import Counter

import pytest

from servers.footprint import Footprint
from servers.http import get
from servers.process import complete, until
from servers.prometheus import Prometheus

OPENMETRICS = "application/openmetrics-text;version=1.0.0"
# Debian's own interpreter: the package is installed for it, whatever runs the tests.
PARSE = ["/usr/bin/python3", "-c", """
import sys
from prometheus_client.{0}parser import text_string_to_metric_families
print(sum(len(family.samples) for family in text_string_to_metric_families(sys.stdin.read())))
"""]
MANY = 50
# Such as scanners and broken proxies send; none of them is a request.
MALFORMED = [
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    b"GET /metrics\r\n\r\n",
    b"GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n",
    b"GET  /metrics HTTP/1.1\r\n\r\n",
    b"\x00\xff\xfe\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
    b"POST /api/v1/outcomes HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
    b"\r\n" * 100,
]


def fetch(agent, accept):
    """As a scraper that takes gzip; the text, and what the agent calls it."""
    request = urllib.request.Request(f"{agent.url}/metrics", headers={"Accept": accept, "Accept-Encoding": "gzip"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
        return gzip.decompress(body).decode(), answer.headers["Content-Type"]


def connect(agent):
    return socket.create_connection(("127.0.0.1", agent.port), timeout=30)


def ask(agent, request):
    """Sends it and reads to the end, however the other side ends it."""
    with connect(agent) as client:
        try:
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while data := client.recv(65536):
                answer += data
            return answer
        except ConnectionError:
            return b""


class Bad:
    """Clients that hold on to their connections, as long as the with-block lasts."""

    def __init__(self, agent):
        self._agent = agent
        self._clients = []

    def _keep(self, said):
        client = connect(self._agent)
        client.sendall(said)
        self._clients.append(client)

    def __enter__(self):
        for _ in range(20):
            # Never says what it wants; says it letter by letter; asks and does not read.
            self._keep(b"")
            self._keep(b"GET /metrics HTTP/1.1\r\nHo")
            self._keep(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
        for _ in range(20):
            # Half open: this side has ended, the other one is not told.
            self._keep(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            self._clients[-1].shutdown(socket.SHUT_WR)
        return self

    def __exit__(self, *_):
        for client in self._clients:
            client.close()


class Scrapers:
    """Many who scrape in earnest, as long as the with-block lasts."""

    def __init__(self, agent, many):
        self._agent = agent
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._scrape) for _ in range(many)]
        self.came_out = Counter()

    def _scrape(self):
        while not self._stop.is_set():
            try:
                text, _ = fetch(self._agent, OPENMETRICS)
                self.came_out["whole" if text.endswith("# EOF\n") else "cut off"] += 1
            except OSError as error:
                self.came_out[repr(error)] += 1
            self._stop.wait(0.2)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def slowest(answer, times):
    took = []
    for _ in range(times):
        began = time.monotonic()
        answer()
        took.append(time.monotonic() - began)
    return max(took)


def test_others_read_both_formats(site):
    """Prometheus' own client library, strictly; every sample that it finds in one it finds in the other."""
    site.agent.begin(site.config())
    until(lambda: site.agent.value("recoverd_alertmanager_last_success_timestamp_seconds"), "an alert was sent")
    counts = []
    for accept, parser in (("text/plain;version=0.0.4", ""), (OPENMETRICS, "openmetrics.")):
        text, kind = fetch(site.agent, accept)
        assert accept.partition(";")[0] in kind
        parsed = complete([word.replace("{0}", parser) for word in PARSE], text)
        assert parsed.returncode == 0, parsed.stderr
        counts.append(int(parsed.stdout))
    assert counts[0] == counts[1] > 50


def test_bad_clients_keep_nobody_waiting(site, drills):
    site.agent.begin(site.config())
    drills.until_quiet()
    before = Footprint.of(site.agent.pid).descriptors
    mark = site.alertmanager.pager.mark()
    with Bad(site.agent), Scrapers(site.agent, MANY) as scrapers:
        runs = site.agent.runs()["orders-wal"]
        began = time.time()
        until(lambda: scrapers.came_out["whole"] >= 4 * MANY, lambda: f"everybody has scraped: {scrapers.came_out}")
        for request in MALFORMED:
            answer = ask(site.agent, request)
            assert not answer or answer.split(b" ")[1] in (b"400", b"405", b"413", b"414", b"431", b"501", b"505"), \
                (request[:60], answer[:60])
        # Far below what a probe of it would wait, on however busy a machine.
        assert slowest(lambda: get(f"{site.agent.url}/-/healthy"), 20) < 5
        site.agent.looks(3)
        looked = site.agent.runs()["orders-wal"] - runs
        assert looked <= time.time() - began + 1
    assert set(scrapers.came_out) == {"whole"}, scrapers.came_out
    assert site.agent.late_starts(5) == 0
    until(lambda: Footprint.of(site.agent.pid).descriptors <= before + 3,
          lambda: f"{before} descriptors: {Footprint.of(site.agent.pid)}")
    drills.stays_quiet(looks=1)
    assert not site.alertmanager.pager.since(mark)


@pytest.mark.all
def test_prometheus_scrapes_for_minutes(site, drills):
    """Every scrape comes whole, in the format that it prefers, and no series is there twice."""
    site.agent.begin(site.config())
    prometheus = Prometheus(site.directory, f"127.0.0.1:{site.agent.port}")
    try:
        until(lambda: [value for _, value in prometheus.query("count_over_time(up[5m])") if value >= 120],
              "two minutes of scrapes", patience=300)
        ((_, worst),) = prometheus.query("min_over_time(up[5m])")
        assert worst == 1
        ((_, samples),) = prometheus.query("scrape_samples_scraped")
        ((_, kept),) = prometheus.query("scrape_samples_post_metric_relabeling")
        assert samples == kept > 50
        log = (site.directory / "prometheus.log").read_text(encoding="utf-8")
        assert "duplicate" not in log and "out-of-order" not in log
    finally:
        prometheus.stop()
    drills.stays_quiet(looks=1)
