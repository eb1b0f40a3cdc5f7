# SPDX-License-Identifier: Apache-2.0
"""Packages made by packaging/deb/build, and taken apart again."""

from pathlib import Path

from .container import run

ROOT = Path(__file__).resolve().parents[3]
CONFIG = "/etc/recoverd/recoverd.toml"
# Packing takes seconds; a busy machine may take its time.
BUILD_PATIENCE = 600


def build(folder, *options):
    run([ROOT / "packaging/deb/build", *options, folder], BUILD_PATIENCE)
    [package] = folder.glob("recoverd_*.deb")
    return package


def unpack(package, folder):
    """All of it, with what dpkg is told in DEBIAN."""
    run(["dpkg-deb", "--raw-extract", package, folder], BUILD_PATIENCE)
    return folder


def pack(folder, package):
    run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, package], BUILD_PATIENCE)
    return package
