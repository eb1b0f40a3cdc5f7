# SPDX-License-Identifier: Apache-2.0
"""A Borg repository that nobody backs up into, that is damaged, replaced, or cannot be read."""

import pytest

from servers.alertmanager import Alert
from servers.borg import Borg

CHECK = "attic-borg"


@pytest.fixture(scope="module")
def attic(servers):
    """A repository with one archive of one series."""
    borg = Borg(servers.directory, "attic")
    borg.backup()
    return borg


def config_of(site, borg, backup_every="1h", **check):
    config = site.config_of("attic", **{CHECK: borg.check(**check)})
    config["asset.attic"]["backup_every"] = backup_every
    # As soon as the second look has brought nothing.
    if "every" not in check:
        config["policy"] = {"evidence_missing": {"over": "15s"}}
    return config


def alert(name, priority, subject=""):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "attic", CHECK, subject)


@pytest.mark.all
def test_no_new_archive(site, attic, drills):
    """Twice `backup_every` may pass."""
    site.agent.begin(config_of(site, attic))
    drills.run("borg: no new archive", [alert("BackupTooOld", "P2", "db1")],
               lambda: site.agent.reload(config_of(site, attic, backup_every="2s")),
               lambda: (site.agent.reload(config_of(site, attic)), attic.backup()))


@pytest.mark.all
def test_wrong_passphrase(site, attic, drills):
    site.agent.begin(config_of(site, attic))
    drills.run("borg: wrong passphrase", [alert("EvidenceMissing", "P3")],
               lambda: attic.set_passphrase("wrong-horse"), lambda: attic.set_passphrase(attic.PASSPHRASE))
    assert "horse" not in site.agent.log()


@pytest.mark.all
def test_damaged_segment(site, attic, drills):
    """Borg lists its archives as if nothing were wrong; only its own check finds out."""
    segment = attic.largest_segment()
    content = segment.read_bytes()
    site.agent.begin(config_of(site, attic, verify="listed", verify_every="1s", every="16s", timeout="15s"))
    drills.run("borg: segment damaged", [alert("BackupCorrupt", "P1", "db1")],
               lambda: segment.write_bytes(content[:len(content) // 2] + bytes(64) + content[len(content) // 2 + 64:]),
               lambda: segment.write_bytes(content), patience=120)


@pytest.mark.all
def test_somebody_works_in_the_repository(site, attic, drills):
    """Its lock keeps nobody from looking."""
    site.agent.begin(config_of(site, attic))
    (attic.repository / "lock.exclusive").mkdir()
    try:
        drills.stays_quiet(looks=3)
    finally:
        (attic.repository / "lock.exclusive").rmdir()


@pytest.mark.all
def test_empty_repository_and_its_first_archive(site, drills):
    """Nothing has vanished when the first series comes."""
    shed = Borg(site.directory, "shed")
    config = site.config_of("attic", **{CHECK: shed.check()})
    site.agent.begin(site.config())
    drills.run("borg: empty repository", [alert("BackupMissing", "P3")],
               lambda: site.agent.reload(config), shed.backup)
