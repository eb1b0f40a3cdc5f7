# SPDX-License-Identifier: Apache-2.0
"""Endpoints that answer in ways no client should have to bear; those that are fine are left alone."""

import pytest

from servers import scripted
from servers.alertmanager import Alert
from servers.footprint import Footprint
from servers.scripted import ScriptedServer

DOWN = Alert("EndpointDown", "P2", "critical", "shop", "front")
DEGRADED = Alert("EndpointDegraded", "P3", "warning", "shop", "front")


def healthy(stream):
    scripted.good(stream, {"status": "up"})


@pytest.fixture
def front():
    server = ScriptedServer(healthy)
    yield server
    server.stop()


def begin(site, url):
    site.agent.begin(site.config_of("shop", front={
        "collector": "http", "url": url, "slow": "300ms", "expect_json": {"/status": "up"}}))


def run(site, drills, front, fault, alert, script):
    begin(site, front.url)
    drills.run(fault, [alert], lambda: setattr(front, "script", script), lambda: setattr(front, "script", healthy))


def test_endpoint_is_slow(site, drills, front):
    run(site, drills, front, "HTTP: slow", DEGRADED, scripted.slow(0.5, healthy))


@pytest.mark.all
def test_endpoint_says_something_else(site, drills, front):
    run(site, drills, front, "HTTP: JSON that says it is ill", DEGRADED,
        lambda stream: scripted.good(stream, {"status": "read-only"}))


@pytest.mark.all
def test_endpoint_says_nothing_that_is_json(site, drills, front):
    """A page of a proxy in between, with status 200."""
    run(site, drills, front, "HTTP: no JSON", DEGRADED,
        lambda stream: stream.sendall(scripted.answer(b"<html>Welcome</html>")))


@pytest.mark.all
def test_answer_is_cut_off(site, drills, front):
    run(site, drills, front, "HTTP: cut off in the body", DOWN, scripted.cut_off)


@pytest.mark.parametrize("fault, script", [
    pytest.param("endless body", scripted.endless, marks=pytest.mark.all),
    pytest.param("compressed bomb of 64 MiB", scripted.bomb(64), marks=pytest.mark.all),
])
def test_body_is_too_large(site, drills, front, fault, script):
    """As much is read as the check allows, and no more is held."""
    begin(site, front.url)
    before = Footprint.of(site.agent.pid)

    def holds_little():
        more = Footprint.of(site.agent.pid).anonymous_kib - before.anonymous_kib
        assert more < 16 * 1024, f"{more} KiB more than before"

    drills.run(f"HTTP: {fault}", [DEGRADED], lambda: setattr(front, "script", script),
               lambda: setattr(front, "script", healthy), while_broken=holds_little)


@pytest.mark.all
def test_body_drips(site, drills, front):
    """The check's timeout is for all of it, and to run into it is an answer: it is down."""
    run(site, drills, front, "HTTP: dripping body", DOWN, scripted.dripping)


@pytest.mark.all
def test_redirects_go_round(site, drills, front):
    run(site, drills, front, "HTTP: redirect loop", DOWN, scripted.redirect_to(front.url))


@pytest.mark.all
def test_name_does_not_resolve(site, drills, front):
    """The server is well, and nobody finds it."""
    begin(site, front.url)
    config = site.config_of("shop", front={"collector": "http", "url": "http://shop.invalid/"})
    good = site.config_of("shop", front={"collector": "http", "url": front.url})
    drills.run("HTTP: name does not resolve", [DOWN], lambda: site.agent.reload(config),
               lambda: site.agent.reload(good))


@pytest.mark.all
def test_endpoint_that_has_ipv6_only_is_up(site, drills):
    server = ScriptedServer(healthy, host="::1")
    try:
        begin(site, server.url)
        drills.stays_quiet(looks=4)
        assert site.agent.value("recoverd_probe_success", check="front") == 1
    finally:
        server.stop()
