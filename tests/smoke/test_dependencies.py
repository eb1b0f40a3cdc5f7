# SPDX-License-Identifier: Apache-2.0
"""docs/dependencies.md says what the built programs need, with the versions that are installed."""

import os
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from test_systemd_unit import BUILD

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/dependencies.md"
ROW = re.compile(r"^\| [^|]+ \| `(?P<package>[^`]+)` \| (?P<version>[\d.]+) \|", re.M)


def said(command):
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def listed():
    rows = {row["package"]: row["version"] for row in ROW.finditer(DOCUMENT.read_text(encoding="utf-8"))}
    assert rows
    return rows


@cache
def folders():
    """By the name of a shared library: where the loader finds it."""
    lines = re.findall(r"^\s*(\S+) \(libc6,[^)]*64[^)]*\) => (\S+)$", said(["ldconfig", "-p"]), re.M)
    # The first one counts, as for the loader.
    return dict(reversed(lines))


def package_of(library):
    path = folders()[library]
    # Before /usr was merged, dpkg knew these below /lib.
    for candidate in {os.path.realpath(path), path, os.path.realpath(path).removeprefix("/usr")}:
        owner = subprocess.run(["dpkg-query", "-S", candidate], capture_output=True, text=True, check=False).stdout
        if owner:
            return owner.split(":")[0]
    raise LookupError(f"no package has {path}")


def needed():
    """Packages of all that the programs name; what these need in turn is theirs."""
    libraries = set()
    for program in ("recoverd", "worker"):
        libraries |= set(re.findall(r"\(NEEDED\).*\[(.+)\]", said(["readelf", "-d", BUILD / program])))
    return {package_of(library) for library in libraries if not library.startswith("ld-linux")}


def on_debian_12():
    return 'VERSION_ID="12"' in Path("/etc/os-release").read_text(encoding="utf-8")


def test_every_library_that_the_programs_need_is_of_a_package():
    assert needed()


def only_for_the_list(test):
    """The list is Debian 12's: in others libraries have other versions, and packages names after them."""
    return test if on_debian_12() else None


@only_for_the_list
def test_every_library_that_the_programs_need_is_listed_and_no_other():
    shared = {package for package in listed() if not package.endswith("-dev")}
    assert shared == needed()


@only_for_the_list
@pytest.mark.parametrize("package, version", listed().items())
def test_version_is_the_installed_one(package, version):
    installed = said(["dpkg-query", "-W", "-f", "${Version}", package])
    upstream = installed.split(":")[-1]
    assert re.match(rf"{re.escape(version)}(?!\d)", upstream), f"listed {version}, installed {installed}"
