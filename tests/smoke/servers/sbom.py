# SPDX-License-Identifier: Apache-2.0
"""A root file system and its bill of materials: is each of them all of the other?"""

import functools
import json
import re
import stat
from pathlib import Path

from .container import complete

DOCUMENT = "usr/share/recoverd/sbom.spdx.json"
# The project's own, and what is made for the image alone.
OURS = {"usr/bin/recoverd", "usr/libexec/recoverd/worker", "etc/recoverd/recoverd.toml", "etc/passwd", "etc/group",
        "etc/nsswitch.conf", DOCUMENT}
# Two that are of a package but not where it has them, or not as it has them.
MADE_BY = {"etc/ssl/certs/ca-certificates.crt": "ca-certificates"}


def owners_here(names):
    """The package of each file, by this machine's dpkg. It reads all it knows for each question, so there is one; and it
    knows each file by the path it was packed with, before /lib became a link."""
    asked = {path: name for name in names for path in (f"/{name}", f"/{name}".removeprefix("/usr"))}
    _, out, _ = complete(["dpkg", "-S", *asked])
    packages = {asked[path]: package.split(":")[0] for package, _, path in
                (line.rpartition(": ") for line in out.splitlines()) if path in asked}
    assert packages.keys() == set(names), f"no package holds {set(names) - packages.keys()}"
    return packages


@functools.cache
def _version_here(package):
    return complete(["dpkg-query", "-W", "-f=${Version}", package])[1]


def files_of(root):
    """Regular files, by their paths below the root."""
    return {str(path.relative_to(root)): path for path in root.rglob("*")
            if path.is_file() and not path.is_symlink()}


def executables(root):
    """What could be started: libraries are not, though some have the bit."""
    return {name for name, path in files_of(root).items()
            if path.stat().st_mode & 0o111 and not re.search(r"\.so(\.|$)", name)}


def has_special_rights(root):
    return {str(path.relative_to(root)) for path in root.rglob("*")
            if not path.is_symlink() and path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID)}


class Sbom:
    def __init__(self, root):
        self._root = root
        self.document = json.loads((root / DOCUMENT).read_text(encoding="utf-8"))
        self._names = {each["SPDXID"]: each["name"] for each in self.document["packages"]}
        self.versions = {each["name"]: each["versionInfo"] for each in self.document["packages"]}

    def _related(self, kind, given, wanted):
        return {self._names[each[wanted]] for each in self.document["relationships"]
                if each["relationshipType"] == kind and self._names.get(each[given]) == "recoverd"}

    @property
    def contained(self):
        return self._related("CONTAINS", "spdxElementId", "relatedSpdxElement")

    @property
    def compiled_in(self):
        return self._related("BUILD_DEPENDENCY_OF", "relatedSpdxElement", "spdxElementId")

    def is_well_formed(self):
        """As SPDX 2.3 has it: what must be there is there, identifiers are, and all that is named exists."""
        document = self.document
        assert (document["spdxVersion"], document["dataLicense"], document["SPDXID"]) == (
            "SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT")
        assert re.fullmatch(r"https://\S+", document["documentNamespace"]) and "#" not in document["documentNamespace"]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", document["creationInfo"]["created"])
        assert all(re.match("(Tool|Organization|Person): ", each) for each in document["creationInfo"]["creators"])
        assert len(self._names) == len(document["packages"]) == len(self.versions)
        for package in document["packages"]:
            assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", package["SPDXID"])
            assert {"name", "versionInfo", "downloadLocation", "licenseConcluded", "copyrightText"} <= package.keys()
            for reference in package.get("externalRefs", []):
                assert re.fullmatch(r"pkg:deb/debian/[a-z0-9.%B-]+@[\w.%~-]+\?arch=\w+&distro=debian-\d+",
                                    reference["referenceLocator"]), reference
        for each in document["relationships"]:
            assert {each["spdxElementId"], each["relatedSpdxElement"]} <= {*self._names, "SPDXRef-DOCUMENT"}

    def owners(self):
        """The package of each file that is not the project's, by this machine's dpkg."""
        found, others = {}, []
        for name in files_of(self._root):
            parts = name.split("/")
            if name in OURS or name.startswith("usr/share/doc/recoverd/"):
                continue
            if parts[:3] == ["usr", "share", "doc"]:
                found[name] = parts[3]
            elif parts[:4] == ["var", "lib", "dpkg", "status.d"]:
                found[name] = parts[4]
            elif name in MADE_BY:
                found[name] = MADE_BY[name]
            else:
                others.append(name)
        return {**found, **owners_here(others)}

    def is_all_there_is(self):
        """No file of a package it does not name, no package named of which there is nothing; and scanners, which read
        dpkg's records, see the same versions."""
        owners = self.owners()
        assert set(owners.values()) == self.contained
        # More than its licence and its record.
        real = {package for name, package in owners.items() if not name.startswith(("usr/share/doc/", "var/lib/dpkg/"))}
        assert real == self.contained
        for package in self.contained:
            record = (self._root / "var/lib/dpkg/status.d" / package).read_text(encoding="utf-8")
            assert re.search("^Version: (.*)$", record, flags=re.M)[1] == self.versions[package]
            assert (self._root / "usr/share/doc" / package / "copyright").stat().st_size > 0

    def same_as_here(self):
        """The files that packages of this very version have on this machine; how many there are, and those that differ."""
        compared, different = 0, []
        for name, package in self.owners().items():
            if name.startswith("usr/lib/") and _version_here(package) == self.versions[package]:
                compared += 1
                different += [name] if (self._root / name).read_bytes() != Path(f"/{name}").read_bytes() else []
        return compared, different
