# SPDX-License-Identifier: Apache-2.0
"""packaging/image: what is in the image and what is not, what its bill of materials says, and whether it runs confined."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from servers.agent import toml
from servers.certificates import Authority
from servers.container import complete, run
from servers.manifests import ROOT
from servers.podman import Container, Podman
from servers.process import until
from servers.sbom import Sbom, executables, files_of, has_special_rights
from servers.tls import TlsServer
from test_systemd_unit import BUILD, install
from watched import make_directory

IMAGE = "localhost/recoverd:test"
NOBODY = 65532
LIMIT = 40_000_000
# Seconds since 1970, and as the bill of materials has it.
MADE_AT = 1_795_316_400
MADE_AT_TEXT = "2026-11-22T03:00:00Z"
# Debian's mirror, an unpacked Debian, a compiler's packages, and then a compiler.
BUILD_PATIENCE = 3600


@pytest.fixture(scope="module")
def collect(tmp_path_factory):
    """Makes the image's files on this machine from the build under test, in a folder of that name, as at MADE_AT."""
    folder = tmp_path_factory.mktemp("image")
    install(folder / "installed")

    def collected(name):
        run(["env", f"SOURCE_DATE_EPOCH={MADE_AT}", ROOT / "packaging/image/root", folder / "installed", BUILD,
             folder / name])
        return folder / name

    yield collected
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def root(collect):
    return collect("root")


@pytest.fixture(scope="module")
def podman():
    podman = Podman()
    yield podman
    podman.remove()


@pytest.fixture(scope="module")
def revision():
    return run(["git", "-C", ROOT, "rev-parse", "--short=12", "HEAD"]).strip()


@pytest.fixture(scope="module")
def image(podman, revision):
    """Built by the one command that people type."""
    podman.run(ROOT / "packaging/image/build", IMAGE, patience=BUILD_PATIENCE)
    return IMAGE


@pytest.fixture(scope="module")
def image_root(podman, image):
    return podman.root_of(image)


def holds_only_what_it_must(root):
    # No shell, no package manager, nothing that a burglar could use but ourselves.
    assert executables(root) == {"usr/bin/recoverd", "usr/libexec/recoverd/worker"}
    assert not has_special_rights(root)
    state = (root / "var/lib/recoverd").stat()
    assert (state.st_uid, state.st_mode & 0o777) == (NOBODY, 0o751)
    # A check may clone or download into the second.
    assert {(root / name).stat().st_mode & 0o7777 for name in ("tmp", "var/tmp")} == {0o1777}
    theirs = {str(path.relative_to(root)) for path in root.rglob("*") if path.lstat().st_uid != 0}
    assert theirs == {"var/lib/recoverd"}


def bill_is_right(root):
    sbom = Sbom(root)
    sbom.is_well_formed()
    sbom.is_all_there_is()
    assert {"libc6", "libstdc++6", "libcurl4", "libssl3", "ca-certificates"} <= sbom.contained
    assert {"libasio-dev", "libfmt-dev", "nlohmann-json3-dev"} <= sbom.compiled_in
    compared, different = sbom.same_as_here()
    return compared, different


@pytest.mark.ci
def test_files_of_the_image_are_those_of_the_bill_of_materials(root):
    holds_only_what_it_must(root)
    compared, different = bill_is_right(root)
    assert compared > 30 and not different


@pytest.mark.ci
def test_a_file_that_the_bill_does_not_name_would_be_noticed(root):
    stranger = root / "usr/lib/x86_64-linux-gnu/libpam.so.0"
    shutil.copy(os.path.realpath("/usr/lib/x86_64-linux-gnu/libpam.so.0"), stranger)
    try:
        with pytest.raises(AssertionError):
            Sbom(root).is_all_there_is()
    finally:
        stranger.unlink()


def packed(root):
    """What a layer says of each path, but for its times: these are the commit's, as `packaging/image/build` asks for."""
    def told(path):
        about = path.lstat()
        if path.is_symlink():
            held = path.readlink()
        else:
            held = path.read_bytes() if path.is_file() else None
        return about.st_mode, about.st_uid, about.st_gid, held

    return {str(path.relative_to(root)): told(path) for path in root.rglob("*")}


@pytest.mark.all
def test_collected_anew_from_the_same_it_is_the_same(root, collect):
    one, another = packed(root), packed(collect("another"))
    assert {name for name in one.keys() | another.keys() if one.get(name) != another.get(name)} == set()
    assert Sbom(root).document["creationInfo"]["created"] == MADE_AT_TEXT


@pytest.mark.ci
@pytest.mark.parametrize("argv", [["/usr/bin/recoverd", "--version"], ["/usr/bin/recoverd", "config", "check"],
                                  ["/usr/bin/recoverd", "collectors", "files"]])
def test_programs_find_all_they_load_in_the_image(root, argv):
    # The shipped configuration, with nothing of this machine around it.
    run(["chroot", f"--userspec={NOBODY}:{NOBODY}", root, *argv])


@pytest.mark.ci
def test_worker_finds_all_it_loads_in_the_image(root):
    done = subprocess.run(["chroot", f"--userspec={NOBODY}:{NOBODY}", str(root), "/usr/libexec/recoverd/worker"],
                          input=b"", capture_output=True, timeout=60, check=False)
    assert b"error while loading shared libraries" not in done.stderr
    assert done.returncode != 127


@pytest.fixture
def authority():
    """One whom only those trust who were told of it."""
    directory = make_directory()
    yield Authority(directory, "own")
    shutil.rmtree(directory)


@pytest.fixture
def trusted(root):
    """The authorities of the image, to be written anew."""
    file = root / "etc/ssl/certs/ca-certificates.crt"
    debians = file.read_bytes()
    yield file
    file.write_bytes(debians)


def look(root, address):
    """What `recoverd check` in the image says of a server's certificate, for which it is told of no authority."""
    config = root / "tmp/recoverd.toml"
    config.write_text(toml({"": {"instance": "image"}, "asset.shop": {"description": "of a test"},
                            "check.front": {"asset": "shop", "collector": "tls", "address": address,
                                            "server_name": "shop.example"}}), encoding="utf-8")
    try:
        _, out, err = complete(["chroot", f"--userspec={NOBODY}:{NOBODY}", root, "/usr/bin/recoverd", "check",
                                "--config.file=/tmp/recoverd.toml", "--output=json"])
    finally:
        config.unlink()
    assert out, err
    (check,) = json.loads(out)["checks"]
    return check


@pytest.mark.ci
def test_checks_trust_whom_the_image_says(root, trusted, authority):
    server = TlsServer(authority.issue("shop.example", begun_days_ago=30, ends_in_days=60))
    try:
        refused = look(root, server.address)
        assert refused["state"] == "P1" and "not to be trusted" in refused["troubles"][0]["reason"], refused
        trusted.write_bytes(authority.certificate.read_bytes())
        accepted = look(root, server.address)
        assert (accepted["state"], accepted["troubles"]) == ("good", []), accepted
    finally:
        server.stop()


@pytest.mark.all
def test_image_is_small_and_says_what_it_is(podman, image, image_root, revision):
    told = podman.inspect(image)
    assert told["Size"] < LIMIT
    assert sum(path.stat().st_size for path in files_of(image_root).values()) < LIMIT
    config = told["Config"]
    assert config["User"] == f"{NOBODY}:{NOBODY}"
    assert config["Entrypoint"] == ["/usr/bin/recoverd"]
    assert list(config["Volumes"]) == ["/var/lib/recoverd"]
    assert told["Healthcheck"]["Test"] == ["CMD", "/usr/bin/recoverd", "status", "--healthy"]
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in config["Labels"].items()}
    assert (labels["title"], labels["licenses"], labels["revision"]) == ("recoverd", "Apache-2.0", revision)
    assert labels["version"] == Sbom(image_root).versions["recoverd"]
    assert {"created", "description", "documentation"} <= labels.keys()


@pytest.mark.all
def test_built_image_holds_what_its_bill_says(image_root):
    holds_only_what_it_must(image_root)
    compared, different = bill_is_right(image_root)
    # Packages of another version than here were not compared.
    assert compared and not different
    sbom = Sbom(image_root)
    # What it trusts is found where its own OpenSSL looks.
    assert (image_root / "usr/lib/ssl/cert.pem").readlink() == Path("/etc/ssl/certs/ca-certificates.crt")
    # Linked statically, so that the tables of ICU need not be there.
    assert "libarchive-dev" in sbom.compiled_in
    assert not {name for name in sbom.contained if name.startswith(("libicu", "libxml2", "libarchive"))}


@pytest.fixture
def state(podman):
    folder = podman.directory / "state"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    yield folder
    shutil.rmtree(folder)


def started(podman, image, state):
    container = Container(podman, image, state)
    until(lambda: container.get("/-/ready"), lambda: f"it is ready:\n{container.log()}")
    return container


@pytest.mark.all
def test_it_runs_confined_and_tells_how_it_is(podman, image, state):
    container = started(podman, image, state)
    status = dict(line.split(":\t", 1) for line in container.process("status").splitlines() if ":\t" in line)
    assert status["Uid"].split() == [str(NOBODY)] * 4
    assert (int(status["CapBnd"], 16), int(status["CapEff"], 16), status["NoNewPrivs"]) == (0, 0, "1")
    mounts = [line.split() for line in container.process("mounts").splitlines()]
    (whole,) = [options.split(",") for _, point, _, options, *_ in mounts if point == "/"]
    assert "ro" in whole
    assert container.complete("sh", "-c", "true")[0] == 127
    # It looks at itself, as the shipped configuration says.
    until(lambda: json.loads(container.get("/api/v1/status") or "{}").get("checks", {}).get("never_run") == 0,
          "its check has run")
    assert json.loads(container.get("/api/v1/status"))["status"] == "operational"
    assert container.healthy()
    container.send("STOP")
    assert not container.healthy()
    container.send("CONT")
    assert container.stop() == 0


@pytest.mark.all
def test_state_outlives_the_container(podman, image, state):
    def first_seen(container):
        until(lambda: container.get("/metrics").count('recoverd_check_last_success_timestamp_seconds{'), "it has looked")
        (check,) = json.loads(container.get("/api/v1/checks"))["checks"]
        return [subject["first_seen"] for subject in check["subjects"]]

    container = started(podman, image, state)
    before = first_seen(container)
    assert before
    container.stop()
    another = started(podman, image, state)
    assert another.id != container.id
    assert first_seen(another) == before
    another.stop()
