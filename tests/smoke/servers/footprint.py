# SPDX-License-Identifier: Apache-2.0
"""What a process holds, as the kernel counts it."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Footprint:
    anonymous_kib: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid):
        process = Path("/proc") / str(pid)
        status = dict(line.split(":", 1) for line in (process / "status").read_text(encoding="utf-8").splitlines())
        # RssAnon: what it asked for itself. Pages of libraries come and go with what others on the machine do.
        return cls(int(status["RssAnon"].split()[0]), len(os.listdir(process / "fd")), int(status["Threads"]))
