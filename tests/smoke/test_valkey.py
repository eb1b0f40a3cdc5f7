# SPDX-License-Identifier: Apache-2.0
"""Valkey and Redis: saves that fail, replicas that are lost, a failover, a flush, and passwords that are wrong."""

import pytest

from servers.alertmanager import Alert
from servers.process import until
from servers.valkey import MASTER, SERVERS, Sentinel, Valkey

PASSWORD = "correct-horse"
ACL = f"on >{PASSWORD} resetkeys resetchannels -@all +info +cluster|info"


def alert(name, priority="P2", severity="critical", subject="", assertion=""):
    return Alert(name, priority, severity, "cache", "cache", subject, assertion)


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def begin(servers, server, request):
    """Starts a server of a name that nobody had before; it ends with the test."""
    running = []

    def begin(name, kind=Valkey, *words, **options):
        whole = f"{name}-{server.split('-')[0]}-{abs(hash(request.node.name)) % 10000}"
        made = kind(servers.directory, whole, *words, server=server, **options)
        running.append(made)
        made.start()
        return made

    yield begin
    for made in running:
        made.stop()


@pytest.fixture
def cache(begin):
    """With something in it, that was saved."""
    made = begin("cache", save="3600 1")
    made.fill()
    made.save()
    return made


def watch(site, cache, policy=None, **options):
    config = site.config_of("cache", cache={"collector": "valkey", "address": cache.address, **options})
    config["asset.cache"]["backup_every"] = "1h"
    config["policy"] = policy or {}
    site.agent.begin(config)


def test_save_fails(site, drills, cache):
    watch(site, cache)
    drills.run(f"{cache.name}: save fails", [alert("BackupFailed")], cache.fail_to_save, cache.save_again)


@pytest.mark.all
def test_save_fails_beside_an_append_only_file(site, drills, cache):
    """Nothing is lost, and the disk is at fault nevertheless."""
    cache.call("CONFIG", "SET", "appendonly", "yes")
    until(lambda: cache.info("aof_rewrite_in_progress") == "0", "the file is whole")
    watch(site, cache)
    drills.run(f"{cache.name}: save fails beside an AOF",
               [alert("AssertionFailed", assertion="rdb_last_bgsave_status")], cache.fail_to_save, cache.save_again)


@pytest.mark.all
def test_server_that_never_saved(site, drills, begin):
    """Its time of the last save is that of its start."""
    cache = begin("cache")
    watch(site, cache)
    until(lambda: site.alertmanager.firing()[alert("BackupMissing", "P3", "warning")] == 1, "nothing was ever saved")
    assert cache.info("rdb_last_bgsave_status") == "ok"
    assert float(cache.info("rdb_last_save_time")) > 0
    cache.save()
    drills.until_quiet()


@pytest.mark.all
def test_restart_loses_no_save_that_it_read(site, drills, cache):
    watch(site, cache)

    def restart():
        cache.stop()
        cache.start()

    restart()
    assert cache.info("rdb_saves") == "0"
    drills.stays_quiet(looks=3)

    def lose():
        cache.stop()
        (cache.data / "dump.rdb").unlink()
        cache.start()

    drills.run(f"{cache.name}: restarted, its file lost", [alert("BackupMissing", "P1", "critical")], lose, cache.save)


@pytest.mark.all
def test_flush(site, drills, cache):
    """With save points it overwrites the file as well: by age all is well, and everything is gone."""
    watch(site, cache, min_keys=1)
    for _ in range(3):
        before = cache.info("rdb_last_save_time")
        until(lambda: cache.call("SAVE") and cache.info("rdb_last_save_time") != before, "another second's save")
        site.agent.looks(1)

    def fill_again():
        cache.fill()
        cache.save()

    drills.run(f"{cache.name}: flushed",
               [alert("MeasurementOutOfRange", "P3", "warning"), alert("BackupSizeAnomaly")],
               lambda: cache.call("FLUSHALL"), fill_again)


@pytest.mark.all
def test_wrong_password(site, drills, cache):
    cache.call("ACL", "SETUSER", "recoverd", *ACL.split())
    secret = site.directory / f"{cache.name}.secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    secret.chmod(0o644)
    watch(site, cache, {"evidence_missing": {"over": "3s"}}, username="recoverd", password={"file": str(secret)},
          settings={"maxmemory-policy": "noeviction"})
    drills.stays_quiet(looks=2)

    def change(password):
        cache.call("ACL", "SETUSER", "recoverd", "resetpass", f">{password}")

    def told():
        assert "WRONGPASS" in site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert PASSWORD not in site.agent.log()

    drills.run(f"{cache.name}: password changed", [alert("EvidenceMissing", "P3", "warning")],
               lambda: change("another"), lambda: change(PASSWORD), while_broken=told)


@pytest.fixture
def replica(begin, cache):
    made = begin("replica")
    made.follow(cache)
    made.until_following()
    until(lambda: "state=online" in cache.info("slave0"), "the replica is online")
    return made


@pytest.mark.all
def test_replica_is_lost(site, drills, cache, replica):
    watch(site, cache, {"replica_missing": {"for": "1s"}}, replicas=[replica.address], expect_role="primary")

    def mend():
        replica.start()
        replica.follow(cache)
        replica.until_following()

    drills.run(f"{cache.name}: replica lost", [alert("ReplicaMissing", subject=replica.address)], replica.stop, mend)


@pytest.mark.all
def test_replica_loses_its_primary(site, drills, cache, replica):
    """By the replica's own account; where it saves nothing is not what this is about."""
    watch(site, replica, {"replica_missing": {"for": "1s"}, "backup_missing": False}, expect_role="replica")

    def mend():
        cache.start()
        replica.until_following()

    drills.run(f"{cache.name}: replica without its primary", [alert("ReplicaMissing", subject="replica")], cache.stop,
               mend)


@pytest.fixture
def sentinels(begin, cache, replica):
    made = [begin(f"sentinel{i}", Sentinel, cache) for i in range(3)]
    until(lambda: all("slaves=1,sentinels=3" in one.info("master0") for one in made), "they know each other")
    return made


@pytest.mark.all
def test_failover(site, drills, cache, replica, sentinels):
    """Seen by a sentinel: while it lasts, the primary is down; then another one is, and what was it is no replica."""
    watch(site, sentinels[0], {"replica_missing": {"for": "1s"}}, replicas=[cache.address])
    # The one that is the primary cannot follow itself.
    until(lambda: site.alertmanager.firing()[alert("ReplicaMissing", subject=f"{MASTER}/{cache.address}")] == 1,
          "nobody of this address follows yet")
    cache.stop()
    until(lambda: sentinels[0].primary() == replica.port, "the replica was promoted")
    cache.start()
    until(lambda: cache.info("role") == "slave", "the old primary follows the new one")
    drills.until_quiet()


@pytest.mark.all
def test_too_few_sentinels(site, drills, sentinels):
    watch(site, sentinels[0])

    def break_it():
        for sentinel in sentinels[1:]:
            sentinel.stop()

    def mend_it():
        for sentinel in sentinels[1:]:
            sentinel.start()

    drills.run(f"{sentinels[0].name}: no quorum", [alert("AssertionFailed", subject=MASTER, assertion="quorum")],
               break_it, mend_it)


@pytest.mark.all
def test_cluster_loses_slots(site, drills, begin):
    """It goes on without them, and calls itself ok."""
    member = begin("member", cluster_enabled="yes", cluster_require_full_coverage="no")
    member.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: "cluster_state:ok" in member.call("CLUSTER", "INFO"), "the cluster is whole")
    member.save()
    watch(site, member)

    def break_it():
        member.call("CLUSTER", "DELSLOTS", 7)
        assert "cluster_state:ok" in member.call("CLUSTER", "INFO")

    drills.run(f"{member.name}: a slot is nobody's",
               [alert("AssertionFailed", assertion="cluster_slots_assigned")],
               break_it, lambda: member.call("CLUSTER", "ADDSLOTS", 7))
