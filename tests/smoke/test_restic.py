# SPDX-License-Identifier: Apache-2.0
"""A restic repository that nobody backs up into, that is damaged, empty, or cannot be read."""

import pytest

from servers.alertmanager import Alert
from servers.process import until
from servers.restic import Restic

CHECK = "home-restic"


@pytest.fixture(scope="module")
def home(servers):
    """A repository with one backup of one series."""
    restic = Restic(servers.directory, "home")
    restic.init()
    restic.backup()
    return restic


def config_of(site, restic, backup_every="1h", **check):
    config = site.config_of("home", **{CHECK: restic.check(**check)})
    config["asset.home"]["backup_every"] = backup_every
    # As soon as the second look has brought nothing.
    if "every" not in check:
        config["policy"] = {"evidence_missing": {"over": "15s"}}
    return config


def alert(name, priority, subject=""):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "home", CHECK, subject)


@pytest.mark.ci
def test_no_new_snapshot(site, home, drills):
    """Twice `backup_every` may pass."""
    often = {"every": "2s", "timeout": "1900ms"}
    site.agent.begin(config_of(site, home, **often))
    drills.run("restic: no new snapshot", [alert("BackupTooOld", "P2", home.subject)],
               lambda: site.agent.reload(config_of(site, home, backup_every="2s", **often)),
               lambda: (site.agent.reload(config_of(site, home, **often)), home.backup()))


@pytest.mark.all
def test_wrong_password(site, home, drills):
    site.agent.begin(config_of(site, home))
    drills.run("restic: wrong password", [alert("EvidenceMissing", "P3")],
               lambda: home.set_password("wrong-horse"), lambda: home.set_password(home.PASSWORD))
    assert "horse" not in site.agent.log()


@pytest.mark.all
def test_repository_is_gone(site, home, drills):
    """As when its disk is not mounted."""
    away = home.directory / "away"
    site.agent.begin(config_of(site, home))
    drills.run("restic: repository not mounted", [alert("EvidenceMissing", "P3")],
               lambda: home.repository.rename(away), lambda: away.rename(home.repository))


@pytest.mark.all
def test_lost_pack(site, home, drills):
    """restic lists its snapshots as if nothing were wrong; only its own check finds out."""
    pack = home.largest_pack()
    away = home.directory / "pack"
    # Five runs of restic, on a machine that may have other things to do.
    site.agent.begin(config_of(site, home, verify="listed", verify_every="1s", every="16s", timeout="15s"))
    drills.run("restic: pack lost", [alert("BackupCorrupt", "P1", home.subject)],
               lambda: pack.rename(away), lambda: away.rename(pack), patience=120)


@pytest.mark.all
def test_empty_repository_and_its_first_snapshot(site, drills):
    """Nothing has vanished when the first series comes."""
    cellar = Restic(site.directory, "cellar")
    cellar.init()
    config = site.config_of("home", **{CHECK: cellar.check()})
    site.agent.begin(site.config())
    drills.run("restic: empty repository", [alert("BackupMissing", "P3")],
               lambda: site.agent.reload(config), cellar.backup)


@pytest.mark.all
def test_partial_snapshot_of_a_failed_backup(site, home, drills):
    """A backup that could not read everything leaves a snapshot like any other; the job tells of it."""
    config = config_of(site, home)
    config["check.home-job"] = {"asset": "home", "collector": "outcome"}
    site.agent.begin(config)

    def report(outcome):
        status, body = site.agent.report(asset="home", kind="backup", outcome=outcome)
        assert status == 201, body

    def break_it():
        before = site.agent.value("recoverd_backup_points", check=CHECK)
        home.backup()
        report("failed")
        until(lambda: site.agent.value("recoverd_backup_points", check=CHECK) == before + 1, "the snapshot is seen")

    report("passed")
    drills.run("restic: backup incomplete", [Alert("BackupFailed", "P2", "critical", "home", "home-job")],
               break_it, lambda: (home.backup(), report("passed")))
