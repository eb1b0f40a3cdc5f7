# SPDX-License-Identifier: Apache-2.0
"""Endpoints whose name has addresses of both families, on a host without IPv6: in a network of its own, with a hosts
file of its own."""

import pytest

from servers import own_network

HOSTS = """\
127.0.0.1 localhost
127.0.0.1 both.example
2001:db8::1 both.example
2001:db8::1 new.example
"""
# Nobody listens there.
CHECKS = {
    "tcp": lambda host: {"collector": "tcp", "address": f"{host}:9"},
    "http": lambda host: {"collector": "http", "url": f"http://{host}:9/"},
}


def look(site, check):
    """What `recoverd check` says of it: good, a priority or unknown, and its words."""
    site.agent.write(site.config_of("shop", front=check))
    hosts = site.directory / "hosts"
    hosts.write_text(HOSTS, encoding="utf-8")
    return own_network.look(site.agent, "sysctl -q -w net.ipv6.conf.all.disable_ipv6=1; ip link set lo up;"
                            f" mount --bind {hosts} /etc/hosts", namespaces=["--mount"])


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_dead_endpoint_with_an_address_of_a_family_that_we_lack_is_down(site, check):
    state, words = look(site, check("both.example"))
    assert state == "P2" and "Connection refused" in words, words


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_of_an_endpoint_that_we_cannot_try_nothing_is_known(site, check):
    """Nothing is wrong there, for all we know."""
    state, words = look(site, check("new.example"))
    assert state == "unknown" and "Cannot assign requested address" in words, words
