# SPDX-License-Identifier: Apache-2.0
"""Valkey and Redis: saves that fail, replicas that are lost, a failover, a flush, and passwords that are wrong."""

import re
from contextlib import suppress
from itertools import count

import pytest

from servers.alertmanager import Alert
from servers.certificates import Authority
from servers.process import as_root, free_port, server_user, until
from servers.valkey import MASTER, SERVERS, Refused, Sentinel, Valkey
from outages import Customers, Service, is_measured, length, spanned, with_scenario
from test_state import fill

PASSWORD = "correct-horse"


_numbers = count(1)


def alert(name, priority="P2", severity="critical", subject="", assertion=""):
    return Alert(name, priority, severity, "cache", "cache", subject, assertion)


def let_in(site, server):
    """Makes the user that the program asks for in `recoverd collectors valkey`; returns the options that name it."""
    _, told, _ = site.agent.command("collectors", "valkey")
    of_server, of_sentinel = re.findall(r"`ACL SETUSER (recoverd [^`]+)`", told)
    words = of_sentinel if isinstance(server, Sentinel) else of_server
    server.call("ACL", "SETUSER", *words.replace("PASSWORD", PASSWORD).split())
    secret = site.directory / f"{server.name}.secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    return {"username": "recoverd", "password": {"file": str(secret)}}


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param


@pytest.fixture
def begin(servers, server):
    """Starts a server in a folder that nobody had before; it ends with the test."""
    running = []

    def begin(name, kind=Valkey, *words, **options):
        whole = f"{name}-{server.split('-')[0]}-{next(_numbers)}"
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
    config = site.config_of("cache", cache={"collector": "valkey", **{"address": cache.address, **options}})
    config["asset.cache"]["backup_every"] = "1h"
    config["policy"] = policy or {}
    site.agent.begin(config)


def test_save_fails(site, drills, server, cache):
    watch(site, cache)
    drills.run(f"{server}: save fails", [alert("BackupFailed")], cache.fail_to_save, cache.save_again)


@pytest.mark.all
def test_save_fails_beside_an_append_only_file(site, drills, server, cache):
    """Nothing is lost, and the disk is at fault nevertheless."""
    cache.call("CONFIG", "SET", "appendonly", "yes")
    until(lambda: cache.info("aof_rewrite_in_progress") == "0", "the file is whole")
    watch(site, cache)
    drills.run(f"{server}: save fails beside an AOF",
               [alert("AssertionFailed", assertion="rdb_last_bgsave_status")], cache.fail_to_save, cache.save_again)


@pytest.fixture
def on_a_small_disk(begin):
    """All it keeps is an append-only file, on a disk of four MiB."""
    made = begin("small", appendonly="yes")
    made.stop()
    user = server_user()
    as_root("mount", "-t", "tmpfs", "-o", f"size=4m,mode=0700,uid={user.pw_uid},gid={user.pw_gid}", "recoverd-smoke",
            made.data)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        as_root("umount", made.data)


@pytest.mark.all
def test_disk_is_full(site, drills, server, on_a_small_disk):
    """What is written is taken, and kept nowhere; the file is there and as large as ever."""
    cache = on_a_small_disk
    watch(site, cache, {"wal_archiving_failing": {"over": "2s"}})

    def break_it():
        fill(cache.data)
        with suppress(Refused):
            for number in range(100):
                cache.call("SET", f"key{number}", "x" * 100_000)
        until(lambda: cache.info("aof_last_write_status") == "err", "the file cannot be written")

    drills.run(f"{server}: disk of the AOF is full", [alert("WalArchivingFailing")], break_it,
               (cache.data / "ballast").unlink)


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
def test_restart_loses_no_save_that_it_read(site, drills, server, cache):
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

    drills.run(f"{server}: restarted, its file lost", [alert("BackupMissing", "P1", "critical")], lose, cache.save)


@pytest.mark.all
def test_flush(site, drills, server, cache):
    """With save points it overwrites the file as well: by age all is well, and everything is gone."""
    watch(site, cache, min_keys=1)
    for _ in range(3):
        before = cache.info("rdb_last_save_time")
        until(lambda: cache.call("SAVE") and cache.info("rdb_last_save_time") != before, "another second's save")
        site.agent.looks(1)

    def fill_again():
        cache.fill()
        cache.save()

    drills.run(f"{server}: flushed",
               [alert("MeasurementOutOfRange", "P3", "warning"), alert("BackupSizeAnomaly")],
               lambda: cache.call("FLUSHALL"), fill_again)


@pytest.mark.all
def test_wrong_password(site, drills, server, cache):
    watch(site, cache, {"evidence_missing": {"over": "3s"}}, **let_in(site, cache),
          settings={"maxmemory-policy": "noeviction"})
    drills.stays_quiet(looks=2)

    def change(password):
        cache.call("ACL", "SETUSER", "recoverd", "resetpass", f">{password}")

    def told():
        assert "WRONGPASS" in site.alertmanager.document("EvidenceMissing")["annotations"]["description"]
        assert PASSWORD not in site.agent.log()

    drills.run(f"{server}: password changed", [alert("EvidenceMissing", "P3", "warning")],
               lambda: change("another"), lambda: change(PASSWORD), while_broken=told)


@pytest.mark.all
def test_certificate_of_another(site, drills, server, servers, begin):
    """Nothing is said to such a server, the password least of all."""
    name, number = "cache.example", next(_numbers)
    ours, theirs = (Authority(servers.directory, f"{who}-{number}") for who in ("ours", "theirs"))
    good, bad = (authority.issue(name, begun_days_ago=1, ends_in_days=60) for authority in (ours, theirs))
    port = free_port()
    cache = begin("tls", tls_port=port, tls_cert_file=good, tls_key_file=good, tls_ca_cert_file=ours.certificate,
                  tls_auth_clients="no")
    cache.save()
    watch(site, cache, {"evidence_missing": {"over": "3s"}}, address=f"127.0.0.1:{port}",
          tls={"ca_file": str(ours.certificate), "server_name": name})
    drills.stays_quiet(looks=2)

    def show(certificate):
        cache.call("CONFIG", "SET", "tls-cert-file", certificate, "tls-key-file", certificate)

    drills.run(f"{server}: certificate of another", [alert("EvidenceMissing", "P3", "warning")], lambda: show(bad),
               lambda: show(good))


@pytest.fixture
def replica(begin, cache):
    made = begin("replica")
    made.follow(cache)
    made.until_following()
    until(lambda: "state=online" in cache.info("slave0"), "the replica is online")
    return made


@pytest.mark.all
def test_replica_is_lost(site, drills, server, cache, replica):
    watch(site, cache, {"replica_missing": {"for": "1s"}}, replicas=[replica.address], expect_role="primary")

    def mend():
        replica.start()
        replica.follow(cache)
        replica.until_following()

    drills.run(f"{server}: replica lost", [alert("ReplicaMissing", subject=replica.address)], replica.stop, mend)


@pytest.mark.all
def test_replica_loses_its_primary(site, drills, server, cache, replica):
    """By the replica's own account; where it saves nothing is not what this is about."""
    watch(site, replica, {"replica_missing": {"for": "1s"}, "backup_missing": False}, expect_role="replica")

    def mend():
        cache.start()
        replica.until_following()

    drills.run(f"{server}: replica without its primary", [alert("ReplicaMissing", subject="replica")], cache.stop,
               mend)


@pytest.mark.all
def test_replica_without_its_primary_has_nothing_new(site, drills, server, cache, replica):
    """Nothing it holds is unsaved; what it holds is as old as the link that broke."""
    replica.save()
    watch(site, replica, {"replica_missing": False, "backup_too_old": {"over": "5s"}}, expect_role="replica")
    drills.stays_quiet(looks=3)

    def mend():
        cache.start()
        replica.until_following()
        # Seen in step before it saves: a save of the same second might be one of before.
        site.agent.looks(1)
        replica.save()

    drills.run(f"{server}: replica without its primary grows old", [alert("BackupTooOld")], cache.stop, mend)


@pytest.mark.all
def test_primary_and_replica_change_places(site, drills, server, cache, replica):
    """As a failover leaves them: what was the primary's address is a replica's."""
    watch(site, cache, expect_role="primary", replicas=[replica.address])

    def swap(new, old):
        new.call("REPLICAOF", "NO", "ONE")
        old.follow(new)
        old.until_following()

    drills.run(f"{server}: roles are swapped", [alert("AssertionFailed", assertion="role")],
               lambda: swap(replica, cache), lambda: swap(cache, replica))


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
    # A sentinel turns it once it was well for eight seconds on end, looks every ten, and waits longer on a busy machine.
    until(lambda: cache.info("role") == "slave", "the old primary follows the new one", 180)
    drills.until_quiet()


@pytest.mark.all
def test_failover_is_a_scenario(site, drills, server, cache, replica, sentinels):
    """As a customer meets it, who asks a sentinel where to write. It is over before anybody could do anything."""
    by_port = {one.port: one for one in (cache, replica)}
    service = Service(lambda: by_port[sentinels[0].primary()].call("SET", "order", "placed"))
    site.agent.begin(with_scenario(site.config_of("cache"), "cache", "cache", service))
    site.agent.looks(1)
    broke = []

    with Customers(service) as customers:
        drills.passes(f"{server}: primary killed, a sentinel promotes",
                      [Alert("ScenarioActive", "P1", "critical", "cache"),
                       Alert("EndpointDown", "P4", "info", "cache", "service")],
                      lambda: broke.extend(spanned(cache.stop)))
    is_measured(site, drills, "cache", "service", length(broke, customers.back))
    service.stop()


@pytest.mark.all
def test_too_few_sentinels(site, drills, server, sentinels):
    watch(site, sentinels[0], **let_in(site, sentinels[0]))

    def break_it():
        for sentinel in sentinels[1:]:
            sentinel.stop()

    def mend_it():
        for sentinel in sentinels[1:]:
            sentinel.start()

    drills.run(f"{server}: no quorum", [alert("AssertionFailed", subject=MASTER, assertion="quorum")],
               break_it, mend_it)


@pytest.mark.all
def test_cluster_loses_slots(site, drills, server, begin):
    """It goes on without them, and calls itself ok."""
    member = begin("member", cluster_enabled="yes", cluster_require_full_coverage="no")
    member.call("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
    until(lambda: "cluster_state:ok" in member.call("CLUSTER", "INFO"), "the cluster is whole")
    member.save()
    watch(site, member, **let_in(site, member))

    def break_it():
        member.call("CLUSTER", "DELSLOTS", 7)
        assert "cluster_state:ok" in member.call("CLUSTER", "INFO")

    drills.run(f"{server}: a slot is nobody's",
               [alert("AssertionFailed", assertion="cluster_slots_assigned")],
               break_it, lambda: member.call("CLUSTER", "ADDSLOTS", 7))
