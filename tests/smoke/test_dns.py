# SPDX-License-Identifier: Apache-2.0
"""Names and name servers: what is gone, wrong, refused or hung is said in those words."""

import json

import pytest

from servers.alertmanager import Alert
from servers.dnsmasq import TTL, Dnsmasq

DOWN = Alert("EndpointDown", "P2", "critical", "shop", "name")
SHOP = "host-record=shop.example,192.0.2.1"
# Longer than the 512 bytes that UDP takes.
LONG = [f"txt-record=long.example,{letter * 200}" for letter in "abcd"]


@pytest.fixture
def names(site):
    server = Dnsmasq(site.directory)
    server.serve(SHOP, *LONG)
    yield server
    server.stop()


def begin(site, names, **options):
    site.agent.begin(site.config_of("shop", name={
        "collector": "dns", "name": "shop.example", "server": names.address, "expect": ["192.0.2.1"], **options}))


def says(site, words):
    assert words in site.alertmanager.document("EndpointDown")["annotations"]["description"]


def test_name_is_gone(site, drills, names):
    begin(site, names)
    drills.until_quiet()
    assert site.agent.value("recoverd_measurement", check="name", measurement="ttl") == TTL
    drills.run("DNS: the name is gone", [DOWN], lambda: names.serve(*LONG), lambda: names.serve(SHOP),
               while_broken=lambda: says(site, "NXDOMAIN: there is no such name"))


@pytest.mark.ci
def test_name_leads_elsewhere(site, drills, names):
    begin(site, names)
    drills.run("DNS: the name leads elsewhere", [DOWN], lambda: names.serve("host-record=shop.example,192.0.2.66"),
               lambda: names.serve(SHOP),
               while_broken=lambda: says(site, "expected '192.0.2.1' among the A records, found '192.0.2.66'"))


@pytest.mark.all
def test_name_server_hangs(site, drills, names):
    begin(site, names)
    drills.run("DNS: the name server hangs", [DOWN], names.hang, names.go_on,
               while_broken=lambda: says(site, f"{names.address}: no answer within 0.9 s"))


@pytest.mark.all
def test_name_server_is_gone(site, drills, names):
    begin(site, names)
    drills.run("DNS: the name server is gone", [DOWN], names.stop, lambda: names.serve(SHOP),
               while_broken=lambda: says(site, "Connection refused"))


def test_long_answers_come_by_tcp_and_other_zones_are_refused(site, names):
    def looked(**options):
        site.agent.write(site.config_of("shop", name={"collector": "dns", "server": names.address, **options}))
        _, out, err = site.agent.command("check", "--config.file", site.agent.config_file, "--output", "json")
        assert out, err
        (check,) = json.loads(out)["checks"]
        return check["state"], json.dumps(check)

    state, words = looked(name="long.example", type="TXT", expect=["a" * 200, "d" * 200], min_answers=4)
    assert state == "good" and '"state": "up"' in words, words
    state, words = looked(name="other.test")
    assert state == "P2" and "REFUSED: it does not answer us" in words, words
