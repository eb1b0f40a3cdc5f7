# SPDX-License-Identifier: Apache-2.0
"""A restic repository on this machine, and the folder that is backed up into it."""

import os

from .process import run, server_user


class Restic:
    PASSWORD = "correct-horse"

    def __init__(self, directory, name):
        self.directory = directory / f"restic-{name}"
        self.directory.mkdir()
        self.repository = self.directory / "repo"
        self.password = self.directory / "password"
        self.source = self.directory / name
        self.source.mkdir()
        self.set_password(self.PASSWORD)
        for path in (self.directory, self.source):
            if os.geteuid() == 0:
                os.chown(path, server_user().pw_uid, server_user().pw_gid)
        self.write("first")

    def set_password(self, password):
        """What the agent believes it to be."""
        self.password.write_text(password, encoding="utf-8")
        self.password.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(self.password, server_user().pw_uid, server_user().pw_gid)

    def write(self, name, size=200_000):
        """A file that does not compress, of its own bytes."""
        file = self.source / name
        file.write_bytes(os.urandom(size))
        file.chmod(0o644)

    def run(self, *words):
        return run(["env", f"RESTIC_PASSWORD={self.PASSWORD}", f"RESTIC_REPOSITORY={self.repository}",
                    f"RESTIC_CACHE_DIR={self.directory / 'cache'}", "restic", "--quiet", *words])

    def init(self):
        self.run("init")

    def backup(self, *words):
        self.run("backup", "--host=db1", *words, self.source)

    @property
    def subject(self):
        return f"db1:{self.source}"

    def largest_pack(self):
        return max((path for path in self.repository.glob("data/*/*") if path.is_file()),
                   key=lambda path: path.stat().st_size)

    def check(self, **options):
        """As a collector's options."""
        command = ["env", f"RESTIC_CACHE_DIR={self.directory / 'cache'}", "restic"]
        return {"collector": "restic", "every": "6s", "timeout": "5900ms", "repository": self.repository,
                "password": {"file": self.password}, "command": command, **options}
