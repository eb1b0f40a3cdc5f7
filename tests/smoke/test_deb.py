# SPDX-License-Identifier: Apache-2.0
"""The Debian package, and what is in it."""

import re
import shutil
import subprocess

import pytest

from servers import debian_package
from servers.container import run
from servers.debian_package import BUILD_PATIENCE, CONFIG
from test_systemd_unit import ROOT

pytestmark = pytest.mark.ci

# All of it, on two busy cores.
COMPILE_PATIENCE = 2400
MOST_BYTES = 6_000_000

# Debian 12 has them there; what comes after it, below /usr.
UNITS = run(["pkg-config", "--variable=systemdsystemunitdir", "systemd"]).strip().lstrip("/")
FILES = {
    "etc/default/recoverd": 0o644,
    "etc/recoverd/recoverd.toml": 0o644,
    f"{UNITS}/recoverd.service": 0o644,
    f"{UNITS}/recoverd.socket": 0o644,
    "usr/bin/recoverd": 0o755,
    "usr/lib/sysusers.d/recoverd.conf": 0o644,
    "usr/lib/tmpfiles.d/recoverd.conf": 0o644,
    "usr/libexec/recoverd/worker": 0o755,
    "usr/share/bash-completion/completions/recoverd": 0o644,
    "usr/share/fish/vendor_completions.d/recoverd.fish": 0o644,
    "usr/share/man/man1/recoverd.1.gz": 0o644,
    "usr/share/man/man5/recoverd.toml.5.gz": 0o644,
    "usr/share/zsh/vendor-completions/_recoverd": 0o644,
}
DOCUMENTS = {"README.md", "changelog.gz", "copyright", "reference.md", "runbooks/BackupTooOld.md", "examples/recoverd.toml",
             "examples/recoverd.service.d/pgbackrest-as-postgres.conf"}


@pytest.fixture(scope="module")
def content(package, tmp_path_factory):
    return debian_package.unpack(package, tmp_path_factory.mktemp("content"))


def test_package_holds_what_it_should_and_nothing_else(content):
    found = {str(file.relative_to(content)): file.stat().st_mode & 0o7777
             for file in content.rglob("*") if file.is_file() and "DEBIAN" not in file.parts}
    documents = {name for name in found if name.startswith("usr/share/doc/recoverd/")}
    assert {name: mode for name, mode in found.items() if name not in documents} == FILES
    assert {name.removeprefix("usr/share/doc/recoverd/") for name in documents} >= DOCUMENTS
    assert {found[name] for name in documents} == {0o644}
    assert set((content / "DEBIAN/conffiles").read_text().split()) == {CONFIG, "/etc/default/recoverd"}


def test_links_in_its_documents_lead_to_what_is_in_it(content):
    pages = sorted((content / "usr/share/doc/recoverd").rglob("*.md"))
    links = [(page, link) for page in pages
             for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))]
    assert len(links) > 50
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_configuration_in_it_is_sound_and_watches_something(content):
    said = run([content / "usr/bin/recoverd", "config", "check", f"{content}{CONFIG}"])
    assert "1 check, no mistakes" in said


def test_programs_in_it_are_stripped_and_name_no_folder_of_this_machine(content):
    for name in ("usr/bin/recoverd", "usr/libexec/recoverd/worker"):
        assert ".symtab" not in run(["readelf", "--section-headers", "--wide", content / name])
        assert str(ROOT).encode() not in (content / name).read_bytes()


def test_version_is_the_same_everywhere(package, content):
    version = run(["dpkg-deb", "--field", package, "Version"]).strip()
    assert run([content / "usr/bin/recoverd", "--version"]).startswith(f"recoverd, version {version} ")
    assert f"\n## {version} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def lintian(file):
    done = subprocess.run(["lintian", "--fail-on", "error,warning", "--allow-root", file], capture_output=True, text=True,
                          timeout=BUILD_PATIENCE, check=False)
    return done.returncode, done.stdout + done.stderr


def test_lintian_finds_neither_errors_nor_warnings(package):
    [changes] = package.parent.glob("*.changes")
    status, said = lintian(changes)
    assert status == 0, said


def test_lintian_would_notice_a_mistake(content, tmp_path):
    shutil.copytree(content, tmp_path / "content", symlinks=True)
    (tmp_path / "content/usr/share/man/man1/recoverd.1.gz").unlink()
    status, said = lintian(debian_package.pack(tmp_path / "content", tmp_path / "recoverd.deb"))
    assert status != 0
    assert "no-manual-page" in said


def compile_package(folder, *environment, umask="022"):
    """From the sources, but for what was compiled before. Of the debugging information the build's id is a digest."""
    run(["env", "DEB_BUILD_OPTIONS=noautodbgsym", *environment, "sh", "-c", f'umask {umask} && exec "$@"', "sh",
         ROOT / "packaging/deb/build", folder], COMPILE_PATIENCE)
    [package] = folder.glob("*.deb")
    return package


@pytest.mark.all
def test_the_same_sources_give_the_same_bytes_and_few_of_them(tmp_path):
    package = compile_package(tmp_path / "one")
    # Elsewhere, at another time, by somebody with other habits, and nothing that was compiled before is used.
    other = compile_package(tmp_path / "other", "CCACHE_DISABLE=1", "TZ=Pacific/Kiritimati", "LC_ALL=C", umask="077")
    assert package.read_bytes() == other.read_bytes()
    program = debian_package.unpack(package, tmp_path / "content") / "usr/bin/recoverd"
    assert program.stat().st_size < MOST_BYTES
