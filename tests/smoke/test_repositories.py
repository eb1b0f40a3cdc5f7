# SPDX-License-Identifier: Apache-2.0
"""Repositories and configurations of pgBackRest that cannot be read any more, each with a healthy one beside it."""

import pytest

from servers.alertmanager import Alert
from servers.pgbackrest import PgBackRest
from servers.process import until

VAULT = "vault-backup"


def unseen(subject):
    return Alert("EvidenceMissing", "P3", "warning", "vault-db", VAULT, subject)


@pytest.fixture(scope="module")
def vault(servers):
    """Two repositories, the second one encrypted; each with a full backup."""
    directory = servers.directory / "pgbackrest-vault"
    repository = PgBackRest(servers.directory, "vault", servers.primary,
                            **{"archive-check": "n", "repo1-retention-full": 9, "repo2-path": directory / "repo2",
                               "repo2-bundle": "y", "repo2-retention-full": 9, "repo2-cipher-type": "aes-256-cbc",
                               "repo2-cipher-pass": "correct-horse"})
    repository.run("stanza-create")
    repository.run("backup", "--type=full", "--repo=1")
    repository.run("backup", "--type=full", "--repo=2")
    return repository


@pytest.fixture
def watched(site, vault):
    """Watched for a while, so that what goes was there before."""
    site.agent.begin(site.config_of_backups(vault, evidence_missing={"over": "3s"}))
    assert {labels["subject"] for labels, _ in points(site)} == {"vault/repo1", "vault/repo2"}
    return site


def points(site):
    return site.agent.samples("recoverd_backup_last_success_timestamp_seconds")


class Locked:
    """A file or folder that only root may read from now on."""

    def __init__(self, path):
        self._path = path
        self._mode = path.stat().st_mode

    def lock(self):
        self._path.chmod(0)

    def open(self):
        self._path.chmod(self._mode)


@pytest.mark.all
def test_one_of_two_repositories_is_unreadable(watched, vault, drills):
    """The healthy one is still seen, a new backup there included."""
    folder = Locked(vault.directory / "repo2" / "backup")

    def backup_goes_on():
        before = watched.agent.value("recoverd_backup_points", check=VAULT, subject="vault/repo1")
        vault.run("backup", "--type=full", "--repo=1")
        until(lambda: watched.agent.value("recoverd_backup_points", check=VAULT, subject="vault/repo1") == before + 1,
              "the new backup in the healthy repository is seen")

    drills.run("one repository of two unreadable", [unseen("vault/repo2")], folder.lock, folder.open,
               while_broken=backup_goes_on)


@pytest.mark.all
def test_wrong_cipher_pass(watched, vault, drills):
    text = vault.config.read_text(encoding="utf-8")
    drills.run("wrong cipher pass of one repository", [unseen("vault/repo2")],
               lambda: vault.config.write_text(text.replace("correct-horse", "wrong-horse"), encoding="utf-8"),
               lambda: vault.config.write_text(text, encoding="utf-8"))


@pytest.mark.all
def test_all_repositories_are_unreadable(watched, vault, drills):
    """Said once, of the check: pgBackRest lists nothing at all then."""
    folders = [Locked(vault.directory / repo / "backup") for repo in ("repo", "repo2")]
    drills.run("all repositories unreadable", [unseen("")],
               lambda: [folder.lock() for folder in folders], lambda: [folder.open() for folder in folders])


@pytest.mark.all
def test_configuration_is_unreadable(watched, vault, drills):
    config = Locked(vault.config)
    drills.run("pgBackRest's configuration unreadable", [unseen("")], config.lock, config.open)


@pytest.mark.all
def test_stanza_is_gone(watched, vault, drills):
    """From both repositories, as after a stanza-delete. It was there: that it is gone is said, of each."""
    folders = [vault.directory / repo / kind / "vault" for repo in ("repo", "repo2") for kind in ("backup", "archive")]

    def away(folder):
        return vault.directory / f"{folder.parent.parent.name}-{folder.parent.name}"

    drills.run("stanza gone",
               [Alert("SubjectVanished", "P2", "critical", "vault-db", VAULT, f"vault/repo{key}") for key in (1, 2)],
               lambda: [folder.rename(away(folder)) for folder in folders],
               lambda: [away(folder).rename(folder) for folder in folders])
