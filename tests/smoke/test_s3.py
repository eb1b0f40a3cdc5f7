# SPDX-License-Identifier: Apache-2.0
"""Objects in a bucket of a real Ceph gateway: what kept them safe is taken away, they are deleted, empty, or nobody may
look any more."""

from itertools import count

import pytest

from servers.alertmanager import Alert
from servers.ceph import Bucket, Ceph

KEY = "env/prod/terraform.tfstate"
_numbers = count(1)

@pytest.fixture(scope="module")
def ceph(servers):
    made = Ceph(servers.directory)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def bucket(ceph):
    """With versioning, and one version of a state in it."""
    made = Bucket(ceph, f"states{next(_numbers)}")
    made.versioning("Enabled")
    made.put(KEY, '{"serial": 1}')
    return made


@pytest.fixture
def watched(site, ceph, bucket):
    return watch(site, ceph, bucket, key=KEY, retention="90d", private=True)


def config_of(site, ceph, bucket, backup_every="1h", **options):
    secret = site.directory / "s3.secret"
    secret.write_text(ceph.SECRET, encoding="utf-8")
    config = site.config_of("states", states={
        "collector": "s3", "endpoint": ceph.url, "bucket": bucket.name, "access_key_id": ceph.KEY,
        "secret_access_key": {"file": str(secret)}, "every": "2s", "timeout": "1900ms", **options})
    config["asset.states"]["backup_every"] = backup_every
    config["policy"] = {"evidence_missing": {"over": "8s"}}
    return config


def watch(site, ceph, bucket, **options):
    site.agent.begin(config_of(site, ceph, bucket, **options))
    return site


def alert(name, priority="P2", assertion=""):
    severity = "critical" if priority in ("P1", "P2") else "warning"
    return Alert(name, priority, severity, "states", "states", assertion=assertion)


def failed(assertion):
    return alert("AssertionFailed", assertion=assertion)


@pytest.mark.ci
def test_versioning_is_suspended(watched, drills, bucket):
    drills.run("S3: versioning suspended", [failed("versioning")], lambda: bucket.versioning("Suspended"),
               lambda: bucket.versioning("Enabled"))


@pytest.mark.all
def test_state_is_deleted(watched, drills, bucket):
    """Its versions are still there, and bring it back."""
    markers = []
    drills.run("S3: object deleted", [failed("object")], lambda: markers.append(bucket.delete(KEY)),
               lambda: bucket.delete(KEY, markers[0]))


@pytest.mark.all
def test_state_is_overwritten_by_nothing(watched, drills, bucket):
    versions = []
    drills.run("S3: empty version", [alert("BackupCorrupt", "P1")], lambda: versions.append(bucket.put(KEY, "")),
               lambda: bucket.delete(KEY, versions[0]))


@pytest.mark.all
def test_lifecycle_deletes_too_soon(watched, drills, bucket):
    """Months before it has deleted anything."""
    drills.run("S3: lifecycle of 30 days", [failed("lifecycle")], lambda: bucket.lifecycle(30),
               lambda: bucket.lifecycle(None))


@pytest.mark.all
def test_bucket_is_opened_to_everybody(watched, drills, bucket):
    drills.run("S3: bucket public", [failed("public_access")], lambda: bucket.acl("public-read"),
               lambda: bucket.acl("private"))


@pytest.mark.ci
def test_default_retention_is_taken_away(site, drills, ceph):
    """Two settings. Of an object that is not locked this gateway says no word that would be a no: that is unknown, and after a
    while missing evidence."""
    bucket = Bucket(ceph, f"locked{next(_numbers)}", object_lock=True)
    bucket.default_retention("COMPLIANCE", 1)
    bucket.put(KEY, '{"serial": 1}')
    watch(site, ceph, bucket, key=KEY, object_lock="COMPLIANCE", object_lock_for="1d")

    def take_away():
        bucket.default_retention(None, 0)
        bucket.put(KEY, '{"serial": 2}')

    def give_back():
        bucket.default_retention("COMPLIANCE", 1)
        bucket.put(KEY, '{"serial": 3}')

    drills.run("S3: no default retention",
               [failed("object_lock"), failed("object_lock_days")], take_away, give_back)


@pytest.mark.all
def test_no_new_dump(site, drills, ceph, bucket):
    """Twice `backup_every` may pass. More keys than one page holds are for the unit tests."""
    bucket.put("dumps/orders%20db%2B-1.dump", "x" * 1000)
    watch(site, ceph, bucket, prefix="dumps/")

    def promise(backup_every):
        site.agent.reload(config_of(site, ceph, bucket, backup_every, prefix="dumps/"))

    drills.run("S3: no new object", [alert("BackupTooOld")], lambda: promise("2s"),
               lambda: (promise("1h"), bucket.put("dumps/2.dump", "x" * 1000)))


@pytest.mark.ci
def test_key_is_revoked(watched, drills, ceph):
    drills.run("S3: key changed", [alert("EvidenceMissing", "P3")], lambda: ceph.set_secret("another"),
               lambda: ceph.set_secret(ceph.SECRET))
    assert ceph.SECRET not in watched.agent.log()


@pytest.mark.all
def test_gateway_is_gone(watched, drills, ceph):
    drills.run("S3: gateway stopped", [alert("EvidenceMissing", "P3")], ceph.stop_gateway, ceph.start_gateway)
