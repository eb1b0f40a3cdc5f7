# SPDX-License-Identifier: Apache-2.0
"""Certificates that end soon, that nobody would trust, and the server that has a good one again."""

from dataclasses import dataclass

import pytest

from servers.alertmanager import Alert
from servers.certificates import Authority
from servers.tls import TlsServer

NAME = "shop.example"
# Of a life of 90 days: above 14 days, which are less than a third of it.
GOOD = {"begun_days_ago": 30, "ends_in_days": 60}

P3 = Alert("CertificateExpiring", "P3", "warning", "shop", "front")
P1 = Alert("CertificateExpiring", "P1", "critical", "shop", "front")


@dataclass
class Shop:
    """A server, and who signs for it."""

    root: Authority
    intermediate: Authority
    server: TlsServer
    good: str

    def over_tls(self):
        return {"collector": "tls", "address": self.server.address, "server_name": NAME,
                "tls": {"ca_file": self.root.certificate}}

    def over_https(self):
        return {"collector": "http", "url": f"https://{self.server.address}/", "expect_body": "up",
                "tls": {"ca_file": self.root.certificate, "server_name": NAME}}


@pytest.fixture(scope="module")
def shop(servers):
    root = Authority(servers.directory, "root")
    good = root.issue(NAME, **GOOD)
    server = TlsServer(good)
    yield Shop(root, Authority(servers.directory, "intermediate", root), server, good)
    server.stop()


def run(drills, shop, fault, alert, certificate, while_broken=None):
    drills.run(fault, [alert], lambda: shop.server.show(certificate), lambda: shop.server.show(shop.good), while_broken)


def run_https(site, drills, shop, fault, alert, certificate):
    """Three probes in a row find an endpoint down: that it is not also said to be shows only then."""
    run(drills, shop, fault, alert, certificate, while_broken=lambda: site.agent.looks(3))


def test_certificate_has_expired(site, drills, shop):
    site.agent.begin(site.config_of("shop", front=shop.over_tls()))
    run(drills, shop, "certificate expired", P1, shop.root.issue(NAME, begun_days_ago=90, ends_in_days=-1))


@pytest.mark.all
def test_certificate_ends_soon(site, drills, shop):
    site.agent.begin(site.config_of("shop", front=shop.over_tls()))
    run(drills, shop, "certificate near its end", P3, shop.root.issue(NAME, begun_days_ago=85, ends_in_days=5))


@pytest.mark.all
def test_certificate_is_of_another_name(site, drills, shop):
    site.agent.begin(site.config_of("shop", front=shop.over_tls()))
    run(drills, shop, "certificate of another name", P1, shop.root.issue("other.example", **GOOD))


@pytest.mark.all
def test_chain_is_broken(site, drills, shop):
    """Browsers that know the intermediate one from elsewhere go on, programs do not."""
    site.agent.begin(site.config_of("shop", front=shop.over_tls()))
    run(drills, shop, "certificate without its intermediate", P1, shop.intermediate.issue(NAME, **GOOD))


@pytest.mark.all
def test_certificate_of_a_web_server_has_expired(site, drills, shop):
    """Nobody gets through to the endpoint, and that has one cause: it is said once."""
    site.agent.begin(site.config_of("shop", front=shop.over_https()))
    run_https(site, drills, shop, "certificate expired, https", P1,
              shop.root.issue(NAME, begun_days_ago=90, ends_in_days=-1))


@pytest.mark.all
def test_certificate_of_a_web_server_ends_soon(site, drills, shop):
    site.agent.begin(site.config_of("shop", front=shop.over_https()))
    run_https(site, drills, shop, "certificate near its end, https", P3,
              shop.root.issue(NAME, begun_days_ago=85, ends_in_days=5))


@pytest.mark.all
def test_certificate_of_a_web_server_is_of_another_name(site, drills, shop):
    site.agent.begin(site.config_of("shop", front=shop.over_https()))
    run_https(site, drills, shop, "certificate of another name, https", P1, shop.root.issue("other.example", **GOOD))
