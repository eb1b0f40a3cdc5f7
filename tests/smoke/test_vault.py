# SPDX-License-Identifier: Apache-2.0
"""Vault as OpenBao is it: a server is sealed, a peer or the quorum is lost, a snapshot is cut off."""

import os
import shutil
import time

import pytest

from servers.alertmanager import Alert
from servers.openbao import Cluster
from servers.process import until
from servers.scripted import ScriptedServer, answer

pytestmark = pytest.mark.ci


@pytest.fixture(scope="module")
def cluster(servers):
    made = Cluster(servers.directory)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def snapshots(servers, cluster):
    """A folder with two snapshots of it."""
    folder = servers.directory / "snapshots"
    folder.mkdir(mode=0o755)
    for age in (7200, 3600):
        write(folder / f"vault-{age}.snap", cluster.snapshot(), age)
    yield folder
    shutil.rmtree(folder)


def write(path, content, age=0):
    path.write_bytes(content)
    path.chmod(0o644)
    then = time.time() - age
    os.utime(path, (then, then))


def config_of(site, cluster, server, **check):
    config = site.config_of("secrets", vault={"collector": "vault", "address": server.url, "token": cluster.token(),
                                              **check})
    config["policy"] = {"replica_missing": {"for": "1s"}}
    return config


def config_of_snapshots(site, **check):
    config = site.config_of("secrets", snapshots={"collector": "vault_snapshot", "settle": "200ms", **check})
    config["check.snapshots"] |= {"every": "2s", "timeout": "1900ms"}
    return config


def alert(name, priority, check="vault", subject=""):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "secrets", check, subject)


def test_sealed_server(site, drills, cluster):
    """It is asked by itself: to the others it is a peer that does not follow."""
    server = cluster.servers[1]
    site.agent.begin(config_of(site, cluster, server, peers=["bao1"]))
    drills.run("OpenBao sealed", [alert("EndpointDown", "P2")], lambda: cluster.seal(server),
               lambda: cluster.unseal(server))
    cluster.until_well()


def test_peer_is_killed(site, drills, cluster):
    """It stays "alive" for autopilot all the while."""
    lost = cluster.servers[2]
    site.agent.begin(config_of(site, cluster, cluster.servers[0], failure_tolerance=0))
    drills.run("OpenBao's peer killed", [alert("ReplicaMissing", "P2", subject=lost.name)], lost.stop,
               lambda: cluster.revive(lost))


def test_truncated_snapshot(site, drills, cluster, snapshots):
    """The newest one is cut off, as a job leaves it whose download broke; nothing but its archive tells."""
    newest = snapshots / "vault-0.snap"
    site.agent.begin(config_of_snapshots(site, path=snapshots / "*.snap"))
    drills.run("Vault's snapshot truncated", [alert("BackupCorrupt", "P1", "snapshots")],
               lambda: write(newest, cluster.snapshot()[:-1000], 10), lambda: write(newest, cluster.snapshot(), 5))
    assert site.agent.value("recoverd_backup_points", check="snapshots") == 3


def test_fresh_snapshot(site, drills, cluster, servers):
    """Taken from the real server, it passes; then something on the way cuts it off without a word."""
    scratch = servers.directory / "scratch"
    scratch.mkdir(mode=0o777)
    scratch.chmod(0o777)
    whole = cluster.snapshot()
    on_the_way = ScriptedServer(lambda stream: stream.sendall(answer(whole)))
    options = {"token": cluster.token(), "scratch": scratch, "download_every": "1s"}
    try:
        site.agent.begin(config_of_snapshots(site, address=cluster.leader().url, **options))
        until(lambda: site.agent.value("recoverd_exercise_last_timestamp_seconds", exercise="snapshot-download",
                                       outcome="passed"), "a fresh snapshot was taken and is whole")
        site.agent.stop()
        site.agent.begin(config_of_snapshots(site, address=on_the_way.url, **options))

        def deliver(content):
            on_the_way.script = lambda stream: stream.sendall(answer(content))

        drills.run("Vault's fresh snapshot truncated", [alert("ExerciseFailed", "P3", "snapshots")],
                   lambda: deliver(whole[:-1000]), lambda: deliver(whole))
        assert not list(scratch.iterdir())
        assert cluster.token_file.read_text(encoding="utf-8") not in site.agent.log()
    finally:
        on_the_way.stop()


@pytest.mark.all
def test_quorum_is_lost(site, drills, cluster):
    """A standby goes on to call itself well, and refers to a leader that is dead: whoever asks it is served by nobody. While
    two of three live they elect another within seconds, which is no outage to tell of."""
    leader = cluster.leader()
    (asked, other) = [server for server in cluster.servers if server is not leader]
    config = config_of(site, cluster, asked)
    config["policy"] = {"replica_missing": {"for": "10m"}}
    site.agent.begin(config)

    def revive():
        cluster.revive(leader)
        cluster.revive(other)

    drills.run("OpenBao's quorum lost", [alert("EndpointDown", "P2")], lambda: (leader.stop(), other.stop()), revive,
               patience=120)
    cluster.until_well()
