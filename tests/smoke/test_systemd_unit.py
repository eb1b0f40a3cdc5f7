# SPDX-License-Identifier: Apache-2.0
"""What `cmake --install` leaves behind, as systemd's own programs see it, and whether it starts as it lies there."""

import json
import os
import pathlib
import shlex
import shutil
import signal
import socket
import subprocess

import pytest

from servers.http import answers, get_json
from servers.process import PATIENCE, free_port, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("RECOVERD_BUILD", ROOT / "build/dev"))
UNITS = "usr/lib/systemd/system"
DROP_IN = "usr/share/doc/recoverd/examples/recoverd.service.d/pgbackrest-as-postgres.conf"
# On systemd's scale of 0 (nothing left open) to 10, times ten, as --threshold takes it.
EXPOSURE = 15


def said(*argv, env=None):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=PATIENCE, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def install(destination, prefix="/usr"):
    status, out, err = said("cmake", "--install", BUILD, "--prefix", prefix, env={"DESTDIR": str(destination)})
    assert status == 0, out + err
    return destination


@pytest.fixture
def installed(tmp_path):
    """A root of its own, with the host's targets and slices beside our units so that references can be followed, and the
    shell, which systemd looks for from 257 on."""
    root = install(tmp_path / "root")
    (root / "bin").mkdir()
    shutil.copy("/bin/sh", root / "bin/sh")
    host = pathlib.Path("/usr/lib/systemd/system")
    for unit in (*host.glob("*.target"), *host.glob("*.slice")):
        shutil.copy(unit, root / UNITS / unit.name)
    return root


def use_drop_in(root, change=lambda text: text):
    folder = root / "etc/systemd/system/recoverd.service.d"
    folder.mkdir(parents=True)
    (folder / "drop-in.conf").write_text(change((root / DROP_IN).read_text()))


def verify(root):
    """systemd only warns of an unknown key: what it says counts, not its status alone."""
    status, out, err = said("systemd-analyze", "verify", f"--root={root}", "--man=no", "recoverd.service", "recoverd.socket")
    return status, out + err


def exposure(root):
    return said("systemd-analyze", "security", "--offline=yes", f"--root={root}", f"--threshold={EXPOSURE}", "--no-pager",
                "recoverd.service")


def test_systemd_has_nothing_to_say_about_the_units(installed):
    assert verify(installed) == (0, "")


def test_a_mistake_in_a_unit_would_be_noticed(installed):
    use_drop_in(installed, lambda text: text.replace("PrivateTmp=", "PrivatTmp="))
    assert "PrivatTmp" in verify(installed)[1]


def test_the_drop_in_for_pgbackrest_is_sound_and_is_not_active(installed):
    assert not list(installed.glob("**/system/recoverd.service.d"))
    use_drop_in(installed)
    assert verify(installed) == (0, "")
    assert exposure(installed)[0] == 0


def test_the_unit_leaves_little_open(installed):
    status, out, err = exposure(installed)
    assert status == 0, out + err
    assert "Overall exposure level" in out


def test_a_unit_that_leaves_more_open_would_be_noticed(installed):
    unit = installed / UNITS / "recoverd.service"
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "").replace("CapabilityBoundingSet=", "")
                    .replace("NoNewPrivileges=yes", ""))
    assert exposure(installed)[0] != 0


def test_users_and_folders_are_made(installed):
    status, out, err = said("systemd-sysusers", f"--root={installed}", "--dry-run")
    assert status == 0, err
    assert "Creating user 'recoverd'" in out + err
    # --clean reads every line and removes nothing here: no line has an age. Users of the root must exist.
    for name in ("passwd", "group"):
        (installed / "etc" / name).write_text("recoverd:x:999:\n" if name == "group" else
                                              "recoverd:x:999:999::/var/lib/recoverd:/usr/sbin/nologin\n")
    status, out, err = said("systemd-tmpfiles", f"--root={installed}", "--clean", "recoverd.conf")
    assert (status, out + err) == (0, "")


def test_installing_again_keeps_the_configuration(installed):
    config = installed / "etc/recoverd/recoverd.toml"
    config.write_text("# mine\n")
    install(installed)
    assert config.read_text() == "# mine\n"
    assert (installed / "usr/share/doc/recoverd/examples/recoverd.toml").read_text() != "# mine\n"


def test_the_units_name_what_was_installed_wherever_that_is(tmp_path):
    for prefix in ("/usr", "/usr/local"):
        root = install(tmp_path / prefix.strip("/").replace("/", "-"), prefix)
        unit = (root / prefix.strip("/") / "lib/systemd/system/recoverd.service").read_text()
        for line in unit.splitlines():
            if line.startswith(("ExecStart=", "ExecReload=/usr")):
                program = line.split("=", 1)[1].split()[0]
                assert os.access(root / program.strip("/"), os.X_OK), line
            if line.startswith("Documentation=file://"):
                assert (root / line.split("file:///", 1)[1]).is_file(), line
        assert (root / prefix.strip("/") / "libexec/recoverd/worker").is_file()
        assert (root / "etc/recoverd/recoverd.toml").is_file()


def command_of_unit(root):
    """What ExecStart says, in the root, without what /etc/default/recoverd would add."""
    [line] = [line for line in (root / UNITS / "recoverd.service").read_text().splitlines() if line.startswith("ExecStart=")]
    words = [word for word in shlex.split(line.removeprefix("ExecStart=")) if word != "$ARGS"]
    return [str(root / words[0].strip("/")), *words[1:], f"--config.file={root}/etc/recoverd/recoverd.toml"]


def test_what_is_installed_starts_reports_ready_and_ends_well(installed, tmp_path):
    notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notifications.bind(str(tmp_path / "notify"))
    notifications.settimeout(PATIENCE)
    with socket.create_server(("127.0.0.1", free_port())) as web, open(tmp_path / "log", "wb") as log:
        port = web.getsockname()[1]
        # As systemd hands a socket over: descriptor 3, and the pid it is meant for. dash knows no descriptor above 9.
        handed = f'LISTEN_PID=$$ LISTEN_FDS=1 exec "$@" 3<&{web.fileno()}'
        daemon = subprocess.Popen(["bash", "-c", handed, "bash", *command_of_unit(installed), "--web.systemd-socket",
                                   f"--storage.path={tmp_path}/state"], pass_fds=[web.fileno()], stdout=log, stderr=log,
                                  env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")})
        try:
            told = notifications.recv(4096).decode()
            assert "READY=1" in told, told
            # Until it has looked nobody knows.
            while "STATUS=operational: no alerts; watching 0 assets with 1 check" not in told:
                told = notifications.recv(4096).decode()
            until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), "recoverd answers on the socket it was handed")
            checks = json.dumps(get_json(f"http://127.0.0.1:{port}/api/v1/checks"))
            assert '"recoverd"' in checks
            daemon.send_signal(signal.SIGHUP)
            assert notifications.recv(4096).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert notifications.recv(4096).startswith(b"READY=1\nSTATUS=operational: no alerts; watching ")
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(PATIENCE) == 0
        finally:
            daemon.kill()
            daemon.wait()


def test_socket_activation_without_a_socket_is_refused_in_words(installed, tmp_path):
    status, out, err = said(*command_of_unit(installed), "--log.format=logfmt", "--web.systemd-socket",
                            f"--storage.path={tmp_path}/state")
    assert status != 0
    assert "socket" in out + err
