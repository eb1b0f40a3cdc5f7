# SPDX-License-Identifier: Apache-2.0
"""A folder into which somebody writes dumps: `NAME-NUMBER.dump`."""

import os
import time


class Dumps:
    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        directory.chmod(0o755)
        self._written = 0

    def pattern(self, name="{subject}"):
        return str(self.directory / f"{name}-*.dump")

    def write(self, name, size=4096, age=0.0):
        """Written at once, then given this age in seconds. The size is what the file says: it takes no room."""
        self._written += 1
        making = self.directory / f".{self._written}"
        with open(making, "wb") as file:
            file.truncate(size)
        then = time.time() - age
        os.utime(making, (then, then))
        making.rename(self.directory / f"{name}-{self._written:06}.dump")

    def prune(self, name, keep):
        for old in sorted(self.directory.glob(f"{name}-*.dump"))[:-keep]:
            old.unlink()
