# SPDX-License-Identifier: Apache-2.0
"""Ping with the privileges that there are: a group in net.ipv4.ping_group_range, CAP_NET_RAW, and neither. Each in a
network of its own, where only this host is."""

import pytest

from servers import own_network

RANGE = "sysctl -q -w 'net.ipv4.ping_group_range=0 2147483647'"
# Of what is inherited too: a container's root may have it from there.
NO_RAW = "setpriv --inh-caps=-net_raw --bounding-set=-net_raw"
# How it may ping, as what to do before, and what to run it by.
GRANTED = {"by group": (RANGE, NO_RAW), "by capability": ("true", "")}
DENIED = ("true", NO_RAW)


def look(site, granted, address):
    """What `recoverd check` says of that address: good, a priority or unknown, and its words. As root, which has the
    capability unless it is taken away."""
    first, by = granted
    site.agent.write(site.config_of("host", echo={
        "collector": "icmp", "address": address, "count": 3, "interval": "20ms"}))
    return own_network.look(site.agent, f"ip link set lo up; {first}", by)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("granted", GRANTED.values(), ids=GRANTED.keys())
def test_host_that_answers_is_up(site, granted, address):
    state, words = look(site, granted, address)
    assert state == "good" and '"state": "up"' in words, words


@pytest.mark.parametrize("granted", GRANTED.values(), ids=GRANTED.keys())
def test_host_that_cannot_be_reached_is_down(site, granted):
    state, words = look(site, granted, "192.0.2.1")
    assert state == "P2" and "3 of 3 echoes to 192.0.2.1 lost: Network is unreachable" in words, words


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_who_may_not_ping_knows_nothing_and_says_what_to_grant(site, address):
    """Neither good nor bad."""
    state, words = look(site, DENIED, address)
    assert state == "unknown", words
    assert "may not ping" in words and "net.ipv4.ping_group_range" in words and "CAP_NET_RAW" in words, words
