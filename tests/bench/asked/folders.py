# SPDX-License-Identifier: Apache-2.0
"""Folders of this machine, which the worker reads."""

import os
import shutil
import time
from pathlib import Path

from .source import Asked

# A snapshot that OpenBao made.
CAPTURED = Path(__file__).resolve().parents[2] / "data/vault/openbao.snap"
HOUR = 3600


class Folder(Asked):
    """Nobody counts what is read."""

    COUNT = 0

    def __init__(self, bench):
        super().__init__()
        self.folder = bench.fresh_directory(f"asked-{self.collector}")
        for number in range(self.COUNT):
            file = self.folder / f"{self.collector}-{number:03}"
            self.make(file)
            # One each hour; nobody writes to the newest any more.
            moment = time.time() - (self.COUNT - number) * HOUR
            os.utime(file, (moment, moment))
        self.check = {"collector": self.collector, "path": self.folder / f"{self.collector}-*"}

    def make(self, file):
        raise NotImplementedError

    @property
    def asked(self):
        return None


class Dumps(Folder):
    COUNT = 100
    collector, what = "files", f"{COUNT} dumps in a folder"

    def make(self, file):
        file.write_bytes(b"-- a dump\n" * 1000)


class Snapshots(Folder):
    COUNT = 48
    collector, what = "vault_snapshot", f"{COUNT} snapshots in a folder, each proven before"

    def make(self, file):
        shutil.copyfile(CAPTURED, file)


ALL = (Dumps, Snapshots)
