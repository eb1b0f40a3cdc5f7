# SPDX-License-Identifier: Apache-2.0
"""A mirror that is behind, rewritten, damaged or cut off; a bundle that looks well and is not; an origin that is gone."""

import os

import pytest

from servers.alertmanager import Alert
from servers.git import Git
from servers.process import until

CHECK = "orders-git"
CLONED = {"clone": True, "clone_every": "1s", "every": "4s", "timeout": "3900ms"}


@pytest.fixture(scope="module")
def forge(servers):
    return Git(servers.directory, "orders")


@pytest.fixture(autouse=True)
def nothing_is_left(forge, request):
    yield
    until(lambda: not forge.leftovers(), lambda: f"no scratch folder is left: {forge.leftovers()}")


def config_of(site, forge, **check):
    config = site.config_of("orders", **{CHECK: forge.check(**check)})
    config["asset.orders"]["backup_every"] = "2s"
    config["policy"] = {"evidence_missing": {"over": "12s"}}
    return config


def alert(name, priority, subject="", assertion=""):
    return Alert(name, priority, "critical" if priority in ("P1", "P2") else "warning", "orders", CHECK, subject, assertion)


@pytest.mark.ci
def test_mirror_behind(site, forge, drills):
    """A push that is not mirrored. An origin where nothing happens makes no mirror old: before it is quiet for longer
    than anything may be late."""
    site.agent.begin(config_of(site, forge))
    drills.stays_quiet(looks=3)
    drills.run("git: push not mirrored", [alert("BackupTooOld", "P2")], forge.push, forge.update_mirror)
    assert site.agent.value("recoverd_measurement", check=CHECK, measurement="refs_behind") == 0


@pytest.mark.all
def test_forced_push_that_was_mirrored(site, forge, drills):
    """Nothing is late, and history is gone."""
    site.agent.begin(config_of(site, forge))
    drills.until_quiet()
    tip = forge.tip()

    def rewrite():
        forge.work_git("commit", "-q", "--amend", "-m", "rewritten")
        forge.work_git("push", "-q", "--force", "origin", "HEAD:main")
        forge.update_mirror()

    def undo():
        forge.work_git("reset", "-q", "--hard", tip)
        forge.work_git("push", "-q", "--force", "origin", "HEAD:main")
        forge.update_mirror()

    drills.run("git: forced push mirrored", [alert("AssertionFailed", "P2", assertion="protected_refs")], rewrite, undo)


@pytest.mark.ci
def test_pack_rots(site, forge, drills):
    """All refs are equal, and what they name cannot be read: only a clone finds out."""
    pack = forge.pack()
    content = pack.read_bytes()
    site.agent.begin(config_of(site, forge, **CLONED))
    drills.stays_quiet(looks=1)
    assert site.agent.value("recoverd_measurement", check=CHECK, measurement="clone_intact") == 1

    def rot():
        pack.chmod(0o600)
        pack.write_bytes(content[:len(content) // 2] + bytes(64) + content[len(content) // 2 + 64:])

    drills.run("git: pack of the mirror corrupt", [alert("BackupCorrupt", "P1")], rot, lambda: pack.write_bytes(content))


@pytest.mark.all
def test_deleted_branch(site, forge, drills):
    """Of what is protected, that is: other branches come and go."""
    site.agent.begin(config_of(site, forge, protect=["HEAD", "refs/heads/release/*"]))
    forge.work_git("push", "-q", "origin", "HEAD:refs/heads/passing")
    forge.update_mirror()
    drills.until_quiet()
    tip = forge.git("-C", forge.origin, "rev-parse", "refs/heads/release/1").strip()
    # A commit of its own: one that main holds is not lost with its branch.
    forge.commit("other")
    forge.work_git("push", "-q", "origin", "HEAD:refs/heads/release/1")
    own = forge.work_git("rev-parse", "HEAD").strip()
    forge.work_git("reset", "-q", "--hard", "HEAD~1")
    forge.update_mirror()
    site.agent.looks(2)

    def delete():
        forge.work_git("push", "-q", "origin", ":refs/heads/release/1", ":refs/heads/passing")
        forge.update_mirror()

    def bring_back():
        forge.work_git("push", "-q", "origin", f"{own}:refs/heads/release/1")
        forge.update_mirror()

    drills.run("git: protected branch deleted", [alert("AssertionFailed", "P2", assertion="protected_refs")], delete,
               bring_back)
    forge.work_git("push", "-q", "--force", "origin", f"{tip}:refs/heads/release/1")
    forge.update_mirror()


@pytest.mark.all
def test_truncated_bundle(site, forge, drills):
    """`git bundle verify` is content with one."""
    forge.update_bundle()
    content = forge.bundle.read_bytes()
    site.agent.begin(config_of(site, forge, mirror=forge.bundle, **CLONED))
    drills.stays_quiet(looks=1)
    drills.run("git: bundle truncated", [alert("BackupCorrupt", "P1")],
               lambda: forge.bundle.write_bytes(content[:len(content) // 2]), lambda: forge.bundle.write_bytes(content))


@pytest.mark.all
def test_shallow_mirror(site, forge, drills):
    site.agent.begin(config_of(site, forge))
    drills.until_quiet()

    def cut_off():
        forge.set_aside(forge.mirror)
        forge.git("clone", "-q", "--mirror", "--depth", "1", f"file://{forge.origin}", forge.mirror)

    drills.run("git: mirror is a shallow clone", [alert("BackupCorrupt", "P1")], cut_off,
               lambda: forge.set_aside(forge.mirror, aside=False))


@pytest.mark.all
def test_empty_mirror(site, forge, drills):
    """fsck is content with one, too."""
    site.agent.begin(config_of(site, forge))
    drills.until_quiet()

    def empty():
        forge.set_aside(forge.mirror)
        forge.git("init", "-q", "--bare", forge.mirror)

    drills.run("git: mirror is empty", [alert("BackupMissing", "P1")], empty,
               lambda: forge.set_aside(forge.mirror, aside=False))


@pytest.mark.all
def test_origin_unreachable(site, forge, drills):
    """Nobody knows then whether anything was pushed."""
    site.agent.begin(config_of(site, forge))
    drills.run("git: origin gone", [alert("EvidenceMissing", "P3")], lambda: forge.set_aside(forge.origin),
               lambda: forge.set_aside(forge.origin, aside=False))


@pytest.mark.all
def test_lfs_pointer_without_object(site, forge, drills):
    """It is in the clone, whole, and what it stands for is nowhere."""
    digest = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 5\n"
    tip = forge.tip()
    forge.commit(".gitattributes", b"*.bin filter=lfs diff=lfs merge=lfs -text\n")
    forge.push(file="large.bin", content=pointer.encode())
    forge.update_mirror()
    store = forge.mirror / "lfs/objects" / digest[:2] / digest[2:4]
    store.mkdir(parents=True)
    (store / digest).write_bytes(b"hello")
    for folder in (store, *store.parents):
        if folder == forge.mirror:
            break
        folder.chmod(0o755)
    site.agent.begin(config_of(site, forge, **CLONED))
    drills.run("git: LFS object missing", [alert("AssertionFailed", "P2", "clone", "lfs_objects_missing")],
               (store / digest).unlink, lambda: (store / digest).write_bytes(b"hello"))
    forge.work_git("reset", "-q", "--hard", tip)
    forge.work_git("push", "-q", "--force", "origin", "HEAD:main")
    forge.update_mirror()


@pytest.mark.all
def test_clone_beyond_its_limit(site, forge, drills):
    """Nothing is known of what could not be cloned, and nothing of what is known grows old for it."""
    config = config_of(site, forge, **CLONED)
    small = config_of(site, forge, **CLONED, max_size="4KiB")
    site.agent.begin(config)
    drills.run("git: clone beyond `max_size`", [alert("EvidenceMissing", "P3", "clone")],
               lambda: site.agent.reload(small), lambda: site.agent.reload(config))


@pytest.mark.all
def test_agent_that_is_ended_in_the_middle_of_a_clone(site, forge):
    """Its scratch folder goes with it: the fixture looks."""
    slow = forge.directory / "slow"
    slow.mkdir(mode=0o755)
    slow.chmod(0o755)
    script = slow / "git"
    script.write_text(f"#!/bin/sh\ncase \" $* \" in *' clone '*) for folder in {forge.scratch}/*; do touch $folder/begun; "
                      "done; sleep 60;; esac\nexec /usr/bin/git \"$@\"\n", encoding="utf-8")
    script.chmod(0o755)
    site.agent.environment = {"PATH": f"{slow}:{os.environ['PATH']}"}
    try:
        for end in (lambda: site.agent.reload(config_of(site, forge)), site.agent.stop):
            config = config_of(site, forge, **CLONED)
            config[f"check.{CHECK}"].update(every="10s", timeout="9900ms")
            site.agent.stop()
            site.agent.write(config)
            site.agent.start()
            until(lambda: list(forge.scratch.glob("*/begun")), "a clone is being made")
            end()
            until(lambda: not forge.leftovers(), lambda: f"no scratch folder is left: {forge.leftovers()}")
    finally:
        site.agent.environment = {}
