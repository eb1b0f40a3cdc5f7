#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What recoverd costs, beside what others cost for the same work in the same run.

    tests/bench/bench.py [--build FOLDER] [--seconds N] [ROW…]

Each row is a file of tests/bench/rows, which says what is done, by whom, and what was wanted. Prints tables in Markdown; a
figure that misses its goal is marked, and fails nothing: machines differ, so look at the ratios. Wants an otherwise quiet
machine, `tools/install-packages build test bench`, the preset release in build/release and, for
in_process and http_checks, the preset bench in build/bench."""
import argparse
import importlib
import os
import pathlib
import platform
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/bench"), str(ROOT / "tests/smoke")]

from table import Table  # noqa: E402
from watched import make_directory  # noqa: E402


class Bench:
    """What each row is given: a folder, the build, and how long to look."""

    def __init__(self, build, seconds):
        self.build, self.seconds = build, seconds
        self.directory = make_directory()

    def fresh_directory(self, name):
        folder = self.directory / name
        folder.mkdir()
        shutil.chown(folder, *self._owner())
        return folder

    def _owner(self):
        about = os.stat(self.directory)
        return about.st_uid, about.st_gid

    def stop(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def about_the_machine():
    revision = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True,
                              check=False).stdout.strip()
    return f"{os.cpu_count()} cores, Linux {platform.release()}, commit {revision}"


def main():
    rows = sorted(path.stem for path in (ROOT / "tests/bench/rows").glob("*.py"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(rows)} (default: all)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--seconds", type=float, default=60, help="how long each is looked at")
    asked = parser.parse_args()
    for row in asked.rows:
        if row not in rows:
            parser.error(f"expected one of {', '.join(rows)}, found '{row}'")
    table = Table()
    bench = Bench(asked.build, asked.seconds)
    try:
        for row in asked.rows or rows:
            print(f"{row} …", file=sys.stderr, flush=True)
            importlib.import_module(f"rows.{row}").measure(bench, table)
    finally:
        bench.stop()
    print(about_the_machine() + "\n")
    table.print()


if __name__ == "__main__":
    main()
