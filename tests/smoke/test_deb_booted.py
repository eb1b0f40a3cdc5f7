# SPDX-License-Identifier: Apache-2.0
"""What becomes of a machine, with a systemd that has really booted, on which the Debian package is installed, upgraded,
removed and purged."""

import json
import re
import shutil
import subprocess

import pytest

from servers import debian_package
from servers.container import MAKE_PATIENCE, Container
from servers.debian_package import CONFIG
from servers.process import PATIENCE, until
from test_systemd_unit import BUILD

pytestmark = pytest.mark.all

UNIT = "recoverd.service"
URL = "http://127.0.0.1:9754"


class Machine(Container):
    """A Debian on which nobody has installed anything yet. Its network is its own, so that ports are those people get."""

    def __init__(self):
        # What apt would fetch is there already: installing needs no network.
        super().__init__([BUILD / "recoverd", BUILD / "worker"], "--private-network")

    def apt(self, verb, name):
        """As an unattended upgrade does it: questions are answered by keeping what the administrator wrote."""
        return self.run("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o",
                        "Dpkg::Options::=--force-confold", verb, name, patience=MAKE_PATIENCE)

    def install(self, package):
        shutil.copy(package, self.root / "root/recoverd.deb")
        return self.apt("install", "/root/recoverd.deb")

    def ask(self, url=f"{URL}/-/ready"):
        """What its own web port answers, with this machine's curl; nothing when it does not."""
        done = subprocess.run(self.inside("--net", "curl", "--silent", "--fail", "--max-time", "10", url),
                              capture_output=True, text=True, timeout=PATIENCE, check=False)
        return done.stdout if done.returncode == 0 else ""

    def until_ready(self):
        until(self.ask, lambda: f"it answers:\n{self.journal(UNIT)}")

    def is_enabled(self, unit=UNIT):
        return self.complete("systemctl", "is-enabled", unit)[1].strip()

    def traces(self):
        """Every path on its disk that is named after it."""
        return set(self.run("find", "/", "-xdev", "-name", "*recoverd*", "-not", "-path", "/root/*").split())


@pytest.fixture(scope="module")
def next_package(package, tmp_path_factory):
    """The same a version later, with another configuration to begin with."""
    folder = debian_package.unpack(package, tmp_path_factory.mktemp("next") / "content")
    control = folder / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*", r"\g<0>+1", control.read_text(), flags=re.MULTILINE))
    with (folder / CONFIG.lstrip("/")).open("a") as config:
        config.write("\n# New in this version.\n")
    return debian_package.pack(folder, folder.parent / "recoverd.deb")


@pytest.fixture(scope="module")
def booted():
    machine = Machine()
    try:
        machine.boot()
        yield machine
    finally:
        machine.remove()


@pytest.fixture
def machine(booted):
    yield booted
    booted.run("dpkg", "--purge", "recoverd")


@pytest.fixture
def installed(machine, package):
    machine.install(package)
    machine.until_ready()
    return machine


def test_it_watches_as_soon_as_it_is_installed(installed):
    assert installed.show(UNIT, "ActiveState") == "active"
    assert installed.is_enabled() == "enabled"
    assert installed.is_enabled("recoverd.socket") == "disabled"
    assert installed.run("stat", "--format=%U", f"/proc/{installed.show(UNIT, 'MainPID')}").strip() == "recoverd"
    until(lambda: '"recoverd"' in installed.ask(f"{URL}/api/v1/checks"), "the first check is there")
    # It names hosts and users.
    assert installed.run("stat", "--format=%a %U %G", "/etc/recoverd", CONFIG).split("\n")[:2] == ["750 root recoverd",
                                                                                               "640 root recoverd"]


def test_upgrade_restarts_it_and_keeps_state_and_configuration(installed, next_package):
    installed.put(CONFIG, '[asset.orders-db]\n[check.orders]\nasset = "orders-db"\ncollector = "outcome"\n'
                          'exercise = "restore-test"\n')
    installed.put("/etc/default/recoverd", 'ARGS="--log.level=debug"\n')
    installed.run("systemctl", "restart", UNIT)
    installed.until_ready()
    installed.run("recoverd", "outcome", "--asset", "orders-db", "--exercise", "restore-test", "--outcome", "failed")
    reported = installed.ask(f"{URL}/api/v1/alerts")
    assert "RestoreTestFailed" in reported
    pid = installed.show(UNIT, "MainPID")

    installed.install(next_package)
    until(lambda: installed.ask() and installed.show(UNIT, "MainPID") not in ("0", pid), "another one has started")
    assert started_at(installed.ask(f"{URL}/api/v1/alerts")) == started_at(reported)
    assert "--log.level=debug" in installed.run("cat", "/etc/default/recoverd")
    assert "[asset.orders-db]" in installed.run("cat", CONFIG)
    # What the package would begin with now lies beside it.
    assert "New in this version" in installed.run("cat", f"{CONFIG}.dpkg-dist")
    assert installed.run("stat", "--format=%a %U %G", CONFIG).strip() == "640 root recoverd"


def started_at(alerts):
    [alert] = [alert for alert in json.loads(alerts)["alerts"] if alert["alertname"] == "RestoreTestFailed"]
    return alert["started_at"]


def test_upgrade_leaves_alone_what_the_administrator_switched_off(installed, next_package):
    installed.run("systemctl", "disable", "--now", UNIT)
    installed.install(next_package)
    assert installed.is_enabled() == "disabled"
    assert installed.show(UNIT, "ActiveState") == "inactive"


def test_upgrade_keeps_the_socket_open_for_those_who_use_it(installed, next_package):
    installed.put("/etc/default/recoverd", 'ARGS="--web.systemd-socket"\n')
    installed.run("systemctl", "stop", UNIT)
    installed.run("systemctl", "enable", "--now", "recoverd.socket")
    installed.until_ready()
    since = installed.show("recoverd.socket", "ActiveEnterTimestamp")
    installed.install(next_package)
    installed.until_ready()
    assert installed.is_enabled("recoverd.socket") == "enabled"
    assert installed.show("recoverd.socket", "ActiveEnterTimestamp") == since
    installed.apt("remove", "recoverd")
    assert not installed.ask()
    assert installed.show("recoverd.socket", "ActiveState") == "inactive"


def test_removed_it_leaves_configuration_and_state_and_comes_back_with_them(installed, package):
    installed.put(CONFIG, "# mine\n" + (installed.root / CONFIG.lstrip("/")).read_text(encoding="utf-8"))
    state = installed.root / "var/lib/recoverd/recoverd.db"
    installed.apt("remove", "recoverd")
    assert not installed.ask()
    assert installed.show(UNIT, "ActiveState") == "inactive"
    assert not {path for path in installed.traces() if path.startswith("/usr")}
    assert state.is_file()
    installed.install(package)
    installed.until_ready()
    assert installed.run("cat", CONFIG).startswith("# mine\n")


def test_purged_it_leaves_nothing_but_its_user_and_what_others_put_there(machine, package):
    assert machine.traces() == set()
    machine.install(package)
    machine.until_ready()
    assert "/var/lib/recoverd" in machine.traces()
    machine.put("/etc/recoverd/secrets/orders-db", "secret\n", mode=0o600)
    machine.apt("purge", "recoverd")
    assert machine.traces() == {"/etc/recoverd"}
    assert machine.run("find", "/etc/recoverd", "-type", "f").split() == ["/etc/recoverd/secrets/orders-db"]
    shutil.rmtree(machine.root / "etc/recoverd")
    assert machine.run("getent", "passwd", "recoverd").startswith("recoverd:")
