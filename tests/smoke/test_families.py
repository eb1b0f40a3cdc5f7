# SPDX-License-Identifier: Apache-2.0
"""Endpoints whose name has addresses of both families, on a host without IPv6: in a network of its own, with a hosts
file of its own."""

import json
import os
import subprocess

import pytest

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
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(["unshare", *own, "--net", "--mount", "sh", "-ec",
                           f"sysctl -q -w net.ipv6.conf.all.disable_ipv6=1; ip link set lo up;"
                           f" mount --bind {hosts} /etc/hosts; exec {site.agent.binary} check"
                           f" --config.file {site.agent.config_file} --output json"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout, done.stderr
    (checked,) = json.loads(done.stdout)["checks"]
    return checked["state"], json.dumps(checked)


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_dead_endpoint_with_an_address_of_a_family_that_we_lack_is_down(site, check):
    state, words = look(site, check("both.example"))
    assert state == "P2" and "Connection refused" in words, words


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_of_an_endpoint_that_we_cannot_try_nothing_is_known(site, check):
    """Nothing is wrong there, for all we know."""
    state, words = look(site, check("new.example"))
    assert state == "unknown" and "Cannot assign requested address" in words, words
