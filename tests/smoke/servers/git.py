# SPDX-License-Identifier: Apache-2.0
"""A Git repository, somebody who pushes to it, and its mirror and bundle, all on this machine."""

import os
import shutil

from .process import complete, run, server_user


class Git:
    def __init__(self, directory, name):
        self.directory = directory / f"git-{name}"
        self.directory.mkdir()
        self.scratch = self.directory / "scratch"
        self.scratch.mkdir()
        for folder in (self.directory, self.scratch):
            if os.geteuid() == 0:
                os.chown(folder, server_user().pw_uid, server_user().pw_gid)
        self.origin = self.directory / "origin.git"
        self.mirror = self.directory / "mirror.git"
        self.bundle = self.directory / "orders.bundle"
        self.work = self.directory / "work"
        self._pushed = 0
        self.git("init", "-q", "--bare", "-b", "main", self.origin)
        self.git("init", "-q", "-b", "main", self.work)
        self.work_git("remote", "add", "origin", self.origin)
        self.push()
        self.work_git("push", "-q", "origin", "main:refs/heads/release/1", "main:refs/tags/v1")
        self.git("clone", "-q", "--mirror", self.origin, self.mirror)
        # As a mirror of some age: one pack.
        self.git("-C", self.mirror, "repack", "-adq")

    def _command(self, *words):
        who = [f"GIT_{role}_{what}={value}" for role in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", "drill"), ("EMAIL", "drill@example.org"))]
        return ["env", f"HOME={self.directory}", *who, "git", *words]

    def git(self, *words):
        return run(self._command(*words))

    def work_git(self, *words):
        return self.git("-C", self.work, *words)

    def commit(self, file="file", content=None):
        """Something that does not compress."""
        self._pushed += 1
        path = self.work / file
        data = os.urandom(40_000) if content is None else content
        # The folder is the servers' user's.
        run(["sh", "-c", f"base64 -d > '{path}' <<'END'\n{_base64(data)}\nEND"])
        self.work_git("add", ".")
        self.work_git("commit", "-q", "-m", f"change {self._pushed}")

    def push(self, **commit):
        self.commit(**commit)
        self.work_git("push", "-q", "origin", "HEAD:main")

    def update_mirror(self):
        """As `git remote update --prune`: whatever happened at the origin happens here."""
        self.git("-C", self.mirror, "fetch", "-q", "--prune", "origin", "+refs/*:refs/*")

    def update_bundle(self):
        self.git("-C", self.origin, "bundle", "create", "-q", self.bundle, "--all")

    def tip(self):
        return self.git("-C", self.origin, "rev-parse", "main").strip()

    def pack(self):
        """The mirror's, in one file."""
        self.git("-C", self.mirror, "repack", "-adq")
        (pack,) = (self.mirror / "objects/pack").glob("*.pack")
        return pack

    def set_aside(self, repository, aside=True):
        """Away, or back again."""
        away = repository.with_name(repository.name + ".away")
        if aside:
            repository.rename(away)
        elif away.exists():
            shutil.rmtree(repository, ignore_errors=True)
            away.rename(repository)

    def leftovers(self):
        return sorted(path.name for path in self.scratch.iterdir())

    def check(self, **options):
        """As a collector's options. That nothing is mirrored is said after twice `backup_every`."""
        return {"collector": "git", "every": "2s", "timeout": "1900ms", "origin": self.origin, "mirror": self.mirror,
                "scratch": self.scratch, **options}

    def serves(self):
        return complete(self._command("ls-remote", self.origin)).returncode == 0


def _base64(data):
    import base64
    return base64.encodebytes(data).decode()
