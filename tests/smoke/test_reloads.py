# SPDX-License-Identifier: Apache-2.0
"""The configuration changes while checks run, alerts fire, and somebody may still be writing it."""

import os
import shutil

import pytest

from servers.agent import toml
from servers.alertmanager import Alert
from servers.crowd import Crowd
from servers.footprint import Footprint
from servers.postgres import Writer
from servers.process import until
from watched import STANDBY

MISSING = Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)
REFUSED = Alert("ConfigReloadFailed", "P3", "warning")


@pytest.fixture
def crowd():
    crowd = Crowd()
    yield crowd
    crowd.stop()


def taken_checks(agent):
    """What it watches by now."""
    return {labels["check"] for labels, _ in agent.samples("recoverd_check_info")}


def replace(agent, config):
    """As editors and deployments do it: nobody ever reads half of it."""
    new = agent.config_file.with_suffix(".new")
    new.write_text(toml(config), encoding="utf-8")
    os.replace(new, agent.config_file)


class ConfigMap:
    """A mounted one, which changes as kubelet changes it: the files are links through `..data`, which is turned at once
    to another folder, and the old folder goes."""

    def __init__(self, folder):
        self.file = folder / "recoverd.toml"
        self._folder = folder
        self._number = 0
        folder.mkdir()

    def write(self, config):
        self._number += 1
        new = self._folder / f"..{self._number}"
        new.mkdir()
        (new / self.file.name).write_text(config if isinstance(config, str) else toml(config), encoding="utf-8")
        turning = self._folder / "..data_tmp"
        turning.symlink_to(new.name)
        turning.rename(self._folder / "..data")
        if not self.file.is_symlink():
            self.file.symlink_to(f"..data/{self.file.name}")
        shutil.rmtree(self._folder / f"..{self._number - 1}", ignore_errors=True)


@pytest.fixture
def config_map(site):
    made = ConfigMap(site.directory / "config-map")
    before = site.agent.config_file
    site.agent.config_file, site.agent.arguments = made.file, ["--config.auto-reload-interval=1s"]
    # The site's own way to write a file would write through the links.
    site.agent.write = made.write
    yield made
    del site.agent.write
    site.agent.config_file, site.agent.arguments = before, []
    shutil.rmtree(made.file.parent)


def test_config_map_that_kubelet_swaps_is_taken_over(site, drills, config_map):
    """Nobody sends a signal. A broken one is refused, said, and mended by the next."""
    config = site.config()
    site.agent.begin(config)
    changed = site.config()
    changed["check.orders-log"] = changed.pop("check.orders-wal")
    config_map.write(changed)
    until(lambda: taken_checks(site.agent) == {"orders-backup", "orders-log"}, "the swapped one is taken")
    assert site.agent.value("recoverd_config_last_reload_successful") == 1

    def mend_it():
        config_map.write(config)
        until(lambda: taken_checks(site.agent) == {"orders-backup", "orders-wal"}, "the mended one is taken")

    drills.run("broken ConfigMap swapped in", [REFUSED], lambda: config_map.write("[check.orders-wal]\nnonsense = 1\n"),
               mend_it, while_broken=lambda: site.agent.looks(2))


@pytest.mark.all
def test_renamed_check_takes_its_alert_along(site, drills):
    """The old name's alert ends, the new one's begins: a check's name is part of who an alert is."""
    config = site.config()
    site.agent.begin(config)
    renamed = site.config()
    renamed["check.orders-log"] = renamed.pop("check.orders-wal")
    again = Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-log", STANDBY)

    def break_it():
        site.standby.stop()
        until(lambda: site.alertmanager.firing()[MISSING], "the standby is missed")
        site.agent.reload(renamed)

    pager = site.alertmanager.pager
    try:
        drills.until_quiet()
        mark = pager.mark()
        break_it()
        until(lambda: dict(site.alertmanager.firing()) == {again: 1}, lambda: f"{site.alertmanager.firing()}")
        site.standby.start()
        until(lambda: not site.alertmanager.firing(), "all is resolved")
        until(lambda: not pager.open(), "the pager heard of it")
        assert pager.since(mark) == {(status, alert): 1 for status in ("firing", "resolved")
                                     for alert in (MISSING, again)}
    finally:
        site.standby.start()


@pytest.mark.all
def test_changed_check_keeps_its_alert_until_it_has_looked(site, drills):
    site.agent.begin(site.config())
    changed = site.config()
    changed["check.orders-wal"] |= {"dsn": site.primary.dsn() + " connect_timeout=7", "every": "2s"}

    def change():
        before = site.alertmanager.document("ReplicaMissing")["startsAt"]
        site.agent.reload(changed)
        site.agent.looks(2, ["orders-wal"])
        assert site.alertmanager.document("ReplicaMissing")["startsAt"] == before

    drills.run("alert's check is changed", [MISSING], site.standby.stop, site.standby.start, while_broken=change)


def test_half_a_file_is_refused_and_said(site, drills):
    """Written in place, and read before the end was there: what was taken before goes on."""
    config = site.config()
    site.agent.begin(config)
    whole = toml(config)
    # Within a value, so that nobody could take it for a whole one.
    half = whole[:whole.index("postgresql") + 4]
    assert "check.orders-wal" in half

    def old_one_goes_on():
        assert taken_checks(site.agent) == {"orders-backup", "orders-wal"}
        site.agent.looks(2)

    drills.run("reload of half a file", [REFUSED], lambda: site.agent.reload(half, taken=False),
               lambda: site.agent.reload(config), while_broken=old_one_goes_on)


def test_the_last_of_many_changes_is_taken(site, drills, crowd):
    """A signal that comes while the file is being read is no signal to be lost."""
    site.agent.begin(site.config())
    drills.until_quiet()
    for number in range(20):
        config = site.config()
        config[f"check.shop-{number}"] = {"collector": "http", "url": f"{crowd.url}/{number}", "every": "1s",
                                          "timeout": "900ms"}
        replace(site.agent, config)
        site.agent.hang_up()
    until(lambda: taken_checks(site.agent) == {"orders-backup", "orders-wal", "shop-19"},
          lambda: f"the last one is taken: {taken_checks(site.agent)}")
    drills.stays_quiet(looks=1)


@pytest.mark.parametrize("times", [
    pytest.param(30, marks=pytest.mark.all),
    pytest.param(500, marks=pytest.mark.all),
])
def test_reloads_while_checks_run(site, drills, crowd, times):
    """With an alert that fires through all of them, and a writer in the database."""
    def config(number):
        made = site.config()
        for each in range(40):
            made[f"check.shop-{each}"] = {"collector": "http", "url": f"{crowd.url}/{each}", "every": "1s",
                                          "timeout": "900ms"}
        # Each time one more that is new, one that is changed, and one that is gone.
        made[f"check.new-{number}"] = {"collector": "http", "url": f"{crowd.url}/new", "every": "1s",
                                       "timeout": "900ms"}
        made[f"check.shop-{number % 40}"]["url"] += f"?{number}"
        del made[f"check.shop-{(number + 1) % 40}"]
        return made

    site.agent.begin(config(0))
    memory = Footprint.of(site.agent.pid).anonymous_kib

    def reload_often():
        began = site.alertmanager.document("ReplicaMissing")["startsAt"]
        with Writer(site.primary):
            for number in range(1, times + 1):
                replace(site.agent, config(number))
                site.agent.hang_up()
                until(lambda name=f"new-{number}": name in taken_checks(site.agent), f"reload {number} is taken")
        assert site.alertmanager.document("ReplicaMissing")["startsAt"] == began
        assert site.agent.value("recoverd_config_last_reload_successful") == 1
        assert Footprint.of(site.agent.pid).anonymous_kib < 2 * memory + 8 * 1024

    drills.run(f"{times} reloads while an alert fires", [MISSING], site.standby.stop, site.standby.start,
               while_broken=reload_often)


@pytest.mark.all
def test_files_that_are_being_written_never_take_anything_away(site, drills):
    """Somebody writes the file in place, bit by bit, while it is read again and again."""
    config = site.config()
    whole = toml(config)
    # Each piece ends within a line: no half of it is a configuration.
    lines = [at for at, letter in enumerate(whole) if letter == "="]
    cuts = [0, *lines[len(lines) // 4::7], len(whole)]
    site.agent.begin(config)
    drills.until_quiet()
    for _ in range(5):
        with open(site.agent.config_file, "w", encoding="utf-8") as out:
            for begin, end in zip(cuts, cuts[1:]):
                out.write(whole[begin:end])
                out.flush()
                site.agent.hang_up()
                assert taken_checks(site.agent) == {"orders-backup", "orders-wal"}
    site.agent.hang_up()
    until(lambda: site.agent.value("recoverd_config_last_reload_successful") == 1, "the whole file is taken")
    drills.until_quiet()
    assert taken_checks(site.agent) == {"orders-backup", "orders-wal"}
    site.agent.looks(1)
