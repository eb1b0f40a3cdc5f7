# SPDX-License-Identifier: Apache-2.0
"""A Borg repository on this machine, and the folder that is backed up into it."""

import os

from .process import run, server_user


class Borg:
    PASSPHRASE = "correct-horse"

    def __init__(self, directory, name):
        self.directory = directory / f"borg-{name}"
        self.repository = self.directory / "repo"
        self.passphrase = self.directory / "passphrase"
        self.source = self.directory / name
        for folder in (self.directory, self.source):
            folder.mkdir()
            if os.geteuid() == 0:
                os.chown(folder, server_user().pw_uid, server_user().pw_gid)
        self.set_passphrase(self.PASSPHRASE)
        self._made = 0
        self.run("init", "--encryption=repokey")

    def set_passphrase(self, passphrase):
        """What the agent believes it to be."""
        self.passphrase.write_text(passphrase, encoding="utf-8")
        self.passphrase.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(self.passphrase, server_user().pw_uid, server_user().pw_gid)

    def run(self, *words):
        return run(["env", f"BORG_PASSPHRASE={self.PASSPHRASE}", f"BORG_REPO={self.repository}",
                    f"BORG_BASE_DIR={self.directory / 'base'}", "borg", *words])

    def backup(self):
        """Of something that does not compress: a segment of its own."""
        self._made += 1
        file = self.source / "data"
        file.write_bytes(os.urandom(600_000))
        file.chmod(0o644)
        self.run("create", f"::db1-20-{self._made:04}", self.source)

    def largest_segment(self):
        return max(self.repository.glob("data/0/*"), key=lambda path: path.stat().st_size)

    def check(self, **options):
        """As a collector's options."""
        return {"collector": "borg", "every": "6s", "timeout": "5900ms", "repository": self.repository,
                "passphrase": {"file": self.passphrase}, "archives": "{subject}-20*",
                "command": ["env", f"BORG_BASE_DIR={self.directory / 'base'}", "borg"], **options}
