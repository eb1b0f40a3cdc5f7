# SPDX-License-Identifier: Apache-2.0
"""Objects in a bucket of a real Ceph gateway: what kept them safe is taken away, they are deleted, empty, or nobody may
look any more. The gateway takes long to start, so that the others who read a bucket are here as well: a Terraform state
that goes back or stays locked, a snapshot of OpenBao that is cut off."""

import json
import time
from itertools import count

import pytest

from servers.alertmanager import Alert
from servers.ceph import Bucket, Ceph
from servers.openbao import Cluster
from servers.terraform import document
from test_terraform_state import leaks

KEY = "env/prod/terraform.tfstate"
SNAPSHOTS = "vault/"
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
    if backup_every:
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


@pytest.mark.all
def test_every_series_is_gone_at_once(site, drills, ceph, bucket):
    """Somebody empties the place: the listing is whole, and the pattern fits nothing in it."""
    keys = {name: f"{name}/dump-1.gz" for name in ("crm", "orders")}

    def put():
        for key in keys.values():
            bucket.put(key, "x" * 1000)

    put()
    watch(site, ceph, bucket, backup_every=None, key="{subject}/dump-*.gz")
    drills.run("S3: every series gone at once",
               [Alert("SubjectVanished", "P2", "critical", "states", "states", name) for name in keys],
               lambda: [bucket.delete(key) for key in keys.values()], put)


@pytest.mark.ci
def test_key_is_revoked(watched, drills, ceph):
    drills.run("S3: key changed", [alert("EvidenceMissing", "P3")], lambda: ceph.set_secret("another"),
               lambda: ceph.set_secret(ceph.SECRET))
    assert ceph.SECRET not in watched.agent.log()


@pytest.mark.all
def test_gateway_is_gone(watched, drills, ceph):
    drills.run("S3: gateway stopped", [alert("EvidenceMissing", "P3")], ceph.stop_gateway, ceph.start_gateway)


def holds(site, assertion, **subject):
    return site.agent.value("recoverd_assertion_state", check="states", assertion=assertion, state="holds",
                            **subject) == 1


def depths(site):
    """How deep each recovery point was proven, by its key."""
    (check,) = site.agent.api("checks")["checks"]
    return {point["id"]: point["depth"] for subject in check["subjects"] for seen in subject["evidence"]
            for point in seen["points"]}


@pytest.fixture
def state(site, ceph, bucket):
    """Of serial 9, read by the collector that knows what it is."""
    bucket.put(KEY, document(9, 10))
    yield watch(site, ceph, bucket, backup_every=None, collector="terraform_state", key=KEY)
    leaks(site)
    assert ceph.SECRET not in site.agent.log()


@pytest.mark.ci
def test_terraform_state_goes_back(state, drills, bucket):
    """Somebody puts an older version back. Of the bytes the gateway has its own sum, which is held against them."""
    assert holds(state, "format") and holds(state, "checksum")
    drills.run("S3: Terraform's state went back", [failed("serial")], lambda: bucket.put(KEY, document(6, 10)),
               lambda: bucket.put(KEY, document(12, 10)))


@pytest.mark.ci
def test_terraform_lock_is_left_behind(state, drills, bucket):
    """Until an object KEY.tflock was seen nobody knows that there is none; from then on that it is gone is that."""
    def lock():
        created = time.strftime("%Y-%m-%dT%H:%M:%S.123456789Z", time.gmtime(time.time() - 3 * 3600))
        bucket.put(f"{KEY}.tflock", json.dumps({"ID": "42a155af", "Who": "ci@runner", "Created": created}))

    def age():
        return state.agent.value("recoverd_measurement", check="states", measurement="lock_age")

    assert age() is None
    drills.run("S3: Terraform's lock left behind", [alert("MeasurementOutOfRange", "P3")], lock,
               lambda: bucket.delete(f"{KEY}.tflock"))
    assert age() == 0


@pytest.mark.all
def test_one_of_two_terraform_states_is_deleted(site, drills, ceph, bucket):
    for name in ("a", "b"):
        bucket.put(f"many/{name}/terraform.tfstate", document(9, 10))
    watch(site, ceph, bucket, backup_every=None, collector="terraform_state", prefix="many/")
    gone = "b/terraform.tfstate"
    assert all(holds(site, "checksum", subject=subject) for subject in ("a/terraform.tfstate", gone))
    drills.run("S3: one of two Terraform states deleted",
               [Alert("SubjectVanished", "P2", "critical", "states", "states", gone)],
               lambda: bucket.delete(f"many/{gone}"), lambda: bucket.put(f"many/{gone}", document(12, 10)))


@pytest.fixture(scope="module")
def snapshot(servers):
    """Takes one of a server that is alone; there is nobody else to ask for it."""
    cluster = Cluster(servers.directory, ["bao1"])
    try:
        cluster.start()
        yield cluster.snapshot
    finally:
        cluster.stop()


@pytest.mark.ci
def test_newest_vault_snapshot_is_truncated(site, drills, ceph, bucket, snapshot):
    """As an upload leaves it of a file that was cut off before: the gateway has all that it was given."""
    file = site.directory / "uploaded.snap"

    def put(number, content):
        file.write_bytes(content)
        bucket.put(f"{SNAPSHOTS}{number}.snap", f"@{file}")

    put(1, snapshot())
    put(2, snapshot())
    watch(site, ceph, bucket, collector="vault_snapshot", prefix=SNAPSHOTS)
    assert depths(site) == {f"{SNAPSHOTS}1.snap": "exists", f"{SNAPSHOTS}2.snap": "checksummed"}
    drills.run("S3: Vault's snapshot truncated", [alert("BackupCorrupt", "P1")], lambda: put(3, snapshot()[:-1000]),
               lambda: put(3, snapshot()))
    assert depths(site)[f"{SNAPSHOTS}3.snap"] == "checksummed"
    assert ceph.SECRET not in site.agent.log()
