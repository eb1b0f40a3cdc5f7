# SPDX-License-Identifier: Apache-2.0
"""Copies that were restored from a repository: one that archives into it, and one that lives on it alone."""

import shutil

import pytest

from servers.alertmanager import Alert
from servers.pgbackrest import PgBackRest
from servers.postgres import Postgres
from servers.process import until

BACKUP = "till-backup"


@pytest.fixture(scope="module")
def till(servers):
    """A primary of its own, whose repository belongs to the drills."""
    server = Postgres(servers.directory, "till")
    server.init()
    repository = PgBackRest(servers.directory, "till", server)
    server.configure(wal_level="replica", archive_mode="on",
                     archive_command=" ".join(repository.command("archive-push", "%p")))
    server.start()
    server.sql("CREATE ROLE recoverd LOGIN", "GRANT pg_monitor TO recoverd", "CREATE TABLE orders (item text)")
    repository.run("stanza-create")
    repository.backup()
    yield server, repository
    server.abandon()


@pytest.fixture
def copy(servers, till):
    cluster = Postgres(servers.directory, "copy")
    yield cluster
    cluster.discard()


def archive(server):
    segment = server.switch_wal()
    until(lambda: server.archived(segment), f"{segment} of {server.name} is archived")


@pytest.mark.all
def test_a_restored_copy_archives_into_the_repository(site, drills, till, copy):
    """Its timeline has no gaps, and is the newest; whether production's has any nobody sees."""
    server, repository = till
    config = site.config_of_backups(repository, evidence_missing={"over": "3s"})
    config[f"check.{BACKUP}"]["scan_archive"] = True
    site.agent.begin(config)

    def test_the_restore():
        repository.run("restore", f"--pg1-path={copy.data}")
        copy.configure(archive_command=" ".join(repository.command(f"--pg1-path={copy.data}", "archive-push", "%p")))
        copy.start()
        until(lambda: copy.sql("SELECT pg_is_in_recovery()") == "f", "the copy takes writes")
        archive(copy)
        # Until here it might have been a failover.
        archive(server)
        repository.backup("incr")

    def told():
        description = site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert "expected timeline 2" in description, description

    def remove_its_timeline():
        copy.abandon()
        for found in (repository.directory / "repo/archive/till").glob("*/00000002*"):
            shutil.rmtree(found) if found.is_dir() else found.unlink()

    drills.run("a restored copy archives beside production",
               [Alert("EvidenceMissing", "P3", "warning", "till-db", BACKUP, "till/repo1")],
               test_the_restore, remove_its_timeline, while_broken=told)


def of_standby(site, copy, **options):
    config = site.config_of("till-db", copy={"collector": "postgresql", "dsn": copy.dsn(), "expect_role": "standby",
                                             "settings": {"fsync": "off"}, **options})
    config["policy"] = {"evidence_missing": {"over": "2s"}}
    return config


@pytest.mark.all
def test_a_standby_on_the_archive_alone(site, drills, till, copy):
    """How far behind it is it cannot tell. Whoever says how old its last transaction may be hears when it is older."""
    server, repository = till
    archive(server)
    repository.run("restore", f"--pg1-path={copy.data}", "--type=standby")
    copy.configure(archive_mode="off", cluster_name="copy")
    copy.start()
    archive(server)
    until(lambda: copy.sql("SELECT pg_last_xact_replay_timestamp() IS NOT NULL") == "t", "it replays")
    site.agent.begin(of_standby(site, copy, archive_lag="1h"))
    drills.run("a standby on the archive alone, no archive_lag",
               [Alert("EvidenceMissing", "P3", "warning", "till-db", "copy")],
               lambda: site.agent.reload(of_standby(site, copy)),
               lambda: site.agent.reload(of_standby(site, copy, archive_lag="1h")))

    strict = of_standby(site, copy, archive_lag="20s")
    strict["policy"]["replication_lag_high"] = {"over": "1s"}

    def nothing_comes():
        until(lambda: float(copy.sql("SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())")) > 21,
              "its last transaction is old")
        site.agent.reload(strict)

    drills.run("a standby on the archive alone is behind",
               [Alert("ReplicationLagHigh", "P2", "critical", "till-db", "copy", "copy")],
               nothing_comes, lambda: archive(server))
