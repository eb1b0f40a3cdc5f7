# SPDX-License-Identifier: Apache-2.0
"""Another wall clock for one program, by libfaketime; the clock that never jumps stays what it is."""

from pathlib import Path

from .process import program, run

LIBRARY = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
SOURCE = Path(__file__).with_name("real_timerfd.c")


def environment(directory, **settings):
    """What the program has to be started with; `settings` are libfaketime's and say which time it is."""
    built = directory / "real_timerfd.so"
    if not built.exists():
        source = directory / SOURCE.name
        source.write_bytes(SOURCE.read_bytes())
        run([program("gcc", "cc"), "-shared", "-fPIC", "-O2", "-o", built, source])
    # Files keep the dates they have.
    return {"LD_PRELOAD": f"{built}:{LIBRARY}", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1", **settings}
