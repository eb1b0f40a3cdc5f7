# SPDX-License-Identifier: Apache-2.0
"""A Debian of its own with systemd as its first process. It shares the network of this machine, and nothing else.

Needs to run as root. A test program that is killed takes the container with it.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from .process import PATIENCE, until

# Everything is fetched and unpacked once a run, on a machine that may be busy.
MAKE_PATIENCE = 600
GROUPS = Path("/sys/fs/cgroup")


def complete(argv, patience=PATIENCE):
    """Runs to the end as the user of the tests: status, stdout, stderr."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=patience, check=False,
                          stdin=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"})
    return done.returncode, done.stdout, done.stderr


def run(argv, patience=PATIENCE):
    status, out, err = complete(argv, patience)
    if status != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {status}:\n{out[-4000:]}{err[-4000:]}")
    return out


def owner(library):
    """The package of a library. dpkg knows each by the path it was packed with, before /lib became a link."""
    for path in (library, Path(library).resolve(), str(library).removeprefix("/usr"), f"/usr{library}"):
        status, out, _ = complete(["dpkg", "-S", path])
        if status == 0:
            return out.split(":")[0]
    raise FileNotFoundError(f"no package holds {library}")


def packages_of(programs):
    """What has to be installed for these to start."""
    libraries = {library for program in programs for library in re.findall(r"=> (/\S+)", run(["ldd", program]))}
    return sorted({owner(library) for library in libraries})


def children(pid):
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except FileNotFoundError:
        return []


class Ram:
    """A file system in memory, which only this process and those it is told to see. It ends with the test program."""

    def __init__(self, directory):
        self._directory = directory
        mount = f"mount -t tmpfs -o mode=755,size=2g tmpfs {directory} && echo mounted && exec sleep infinity"
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", mount],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._process.stdout.readline() == b"mounted\n", "expected a file system in memory; the tests need root"
        # How others get at it.
        self.path = Path(f"/proc/{self._process.pid}/root{directory}")

    def seen_by(self, *argv):
        """The command, for which it is where it was mounted."""
        return ["nsenter", "--target", self._process.pid, "--mount", *argv]

    def remove(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


class Container:
    def __init__(self, programs, *options, packages=()):
        """Made so that `programs` of this machine would start in it, with `packages` besides; not booted yet. `options` are
        systemd-nspawn's."""
        self._options = options
        self.directory = Path(tempfile.mkdtemp(prefix="recoverd-container."))
        self._process = None
        # Thousands of small files: three times as fast as on a busy disk.
        self._ram = Ram(self.directory)
        self.root = self._ram.path / "root"
        try:
            wanted = ["systemd", "systemd-sysv", "dbus", *packages, *packages_of(programs)]
            run(self._ram.seen_by("debootstrap", "--variant=minbase", f"--include={','.join(wanted)}", "bookworm",
                                  self.directory / "root"), MAKE_PATIENCE)
        except BaseException:
            self.remove()
            raise

    def _own_groups(self):
        """Control groups of its own: systemd's in the old hierarchies, and the whole of the new one."""
        hierarchies = [GROUPS] if (GROUPS / "cgroup.procs").exists() else [GROUPS / "systemd", GROUPS / "unified"]
        return [hierarchy / self.directory.name for hierarchy in hierarchies if hierarchy.is_dir()]

    def boot(self):
        groups = self._own_groups()
        for group in groups:
            group.mkdir(exist_ok=True)
        enter = "".join(f"echo $$ >{group}/cgroup.procs; " for group in groups)
        # systemd-nspawn does not take its container along when it is killed; the pid namespace around it does.
        argv = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child",
                "systemd-nspawn", "--quiet", f"--directory={self.directory}/root", "--boot", "--register=no", "--keep-unit",
                "--console=pipe", *self._options]
        argv = self._ram.seen_by("sh", "-c", enter + 'exec "$@"', "sh", *argv)
        with open(self._console, "ab") as console:
            self._process = subprocess.Popen([str(word) for word in argv],
                                             stdin=subprocess.DEVNULL, stdout=console, stderr=console)
        until(self._is_up, lambda: f"the container is up:\n{self._said()}")

    @property
    def _console(self):
        return self._ram.path / "console"

    def _said(self):
        return self._console.read_text(encoding="utf-8", errors="replace")[-4000:]

    def _leader(self):
        """Its first process, by the pid it has here: the child of the child of what was started."""
        for nspawn in children(self._process.pid):
            for leader in children(nspawn):
                return leader
        return None

    def _is_up(self):
        if self._process.poll() is not None:
            raise RuntimeError(f"the container ended with {self._process.returncode}:\n{self._said()}")
        if not self._leader():
            return False
        _, state, _ = self.complete("systemctl", "is-system-running")
        if state.strip() == "degraded":
            raise RuntimeError(self.complete("systemctl", "--failed")[1])
        return state.strip() == "running"

    def inside(self, *argv):
        """The command of this machine that runs in it, as far as the leading options of nsenter say."""
        return ["nsenter", "--target", str(self._leader()), *argv]

    def complete(self, *argv, patience=PATIENCE):
        """Runs in it as root, to the end: status, stdout, stderr."""
        return complete(self.inside("--all", *argv), patience)

    def run(self, *argv, patience=PATIENCE):
        return run(self.inside("--all", *argv), patience)

    def show(self, unit, name):
        """One of its properties, as systemd writes it."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "--quiet", "--output=cat", f"--unit={unit}")

    def put(self, path, text, mode=0o644):
        """Writes a file in it; one that exists keeps its owner and its rights."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        new = not file.exists()
        file.write_text(text, encoding="utf-8")
        if new:
            file.chmod(mode)

    def cut_power(self):
        """All of it ends at once, and nobody is told."""
        if self._process:
            process, self._process = self._process, None
            process.kill()
            process.wait()
        for group in self._own_groups():
            for folder, _, _ in os.walk(group, topdown=False):
                until(lambda folder=folder: remove_group(folder), f"{folder} is empty")

    def remove(self):
        self.cut_power()
        self._ram.remove()
        self.directory.rmdir()


def remove_group(folder):
    """Whether it is gone; its processes may need a moment to be."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True
