# SPDX-License-Identifier: Apache-2.0
"""A customer's way through a shop, step by step: which one broke is in the alert, what was taken on the way is nowhere."""

import os

import pytest

from servers.alertmanager import Alert
from servers.http import get
from servers.process import server_user
from servers.shop import PASSWORD, TOKEN, Shop

DOWN = Alert("EndpointDown", "P1", "critical", "shop", "checkout")


@pytest.fixture
def shop():
    server = Shop()
    yield server
    server.stop()


def config_of(site, shop):
    password = site.directory / "shop-password"
    password.write_text(PASSWORD + "\n", encoding="utf-8")
    password.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(password, server_user().pw_uid, server_user().pw_gid)
    bearer = {"Authorization": "Bearer {token}"}
    return site.config_of("shop", checkout={
        "collector": "http", "url": shop.url, "secrets": {"password": {"file": str(password)}},
        "policy": {"endpoint_down": {"priority": "P1"}},
        "steps": [
            {"name": "login", "url": "/login", "verb": "POST", "body": '{"user": "probe", "password": "{password}"}',
             "take": {"token": "/access/token"}},
            {"name": "order", "url": "/orders", "verb": "POST", "headers": bearer, "body": '{"sku": "probe"}',
             "expect_status": 201, "take": {"id": "/id"}},
            {"name": "look", "url": "/orders/{id}", "headers": bearer, "expect_json": {"/state": "placed"}},
            {"name": "cancel", "url": "/orders/{id}", "verb": "DELETE", "headers": bearer, "expect_status": 204},
        ]})


def nowhere(site, secret):
    """Neither where people look nor where programs do."""
    for path in ("/", "/metrics", "/api/v1/status", "/api/v1/checks", "/api/v1/alerts", "/config"):
        assert secret not in get(site.agent.url + path), f"in {path}"
    assert secret not in site.agent.log()


def test_third_step_breaks(site, drills, shop):
    site.agent.begin(config_of(site, shop))
    drills.stays_quiet(looks=2)
    before = dict(shop.counts)

    def names_the_step():
        words = site.alertmanager.document("EndpointDown")["annotations"]["description"]
        assert "step 3 of 4 'look': expected \"placed\" at '/state', found \"lost\"" in words
        assert TOKEN not in str(site.alertmanager.all())
        for secret in (TOKEN, PASSWORD):
            nowhere(site, secret)

    drills.run("HTTP: the third of four steps breaks", [DOWN], lambda: setattr(shop, "state", "lost"),
               lambda: setattr(shop, "state", "placed"), while_broken=names_the_step)
    after = shop.counts
    # What is sent is sent once: as many orders as logins, and no order that was not looked at.
    assert after["POST /orders"] > before["POST /orders"]
    assert after["POST /login"] - after["POST /orders"] in (0, 1)
    assert after["POST /orders"] - after["GET /orders/"] in (0, 1)


@pytest.mark.all
def test_token_is_no_longer_given(site, drills, shop):
    """An answer without what a later step needs is the failure of the step that should have had it."""
    begun = config_of(site, shop)
    site.agent.begin(begun)
    steps = begun["check.checkout"]["steps"]
    broken = {**begun, "check.checkout": {**begun["check.checkout"], "steps": [
        {**steps[0], "take": {"token": "/access/key"}}, *steps[1:]]}}

    def names_the_step():
        words = site.alertmanager.document("EndpointDown")["annotations"]["description"]
        assert "step 1 of 4 'login': expected text or a number at '/access/key' for {token}, found nothing" in words

    drills.run("HTTP: an answer without the token", [DOWN], lambda: site.agent.reload(broken),
               lambda: site.agent.reload(begun), while_broken=names_the_step)
