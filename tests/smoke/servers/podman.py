# SPDX-License-Identifier: Apache-2.0
"""Images built and containers run, with storage of their own; nothing of either is left behind, also when the test program
is killed.

Needs to run as root.
"""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

from .container import complete, run

STORAGE = """[storage]
driver = "vfs"
graphroot = "{directory}/storage"
runroot = "{directory}/run"
"""
# crun takes part of the old control groups and part of the new for broken; without the new ones they are the old.
KEEP = "umount /sys/fs/cgroup/unified 2>/dev/null; echo ready; exec sleep infinity"
PODMAN = ["podman", "--runtime=crun", "--cgroup-manager=cgroupfs"]
# What a careful administrator says; limits of a kind that a test may set for itself.
CONFINED = ["--read-only", "--read-only-tmpfs=false", "--cap-drop=all", "--security-opt=no-new-privileges",
            "--cgroups=disabled", "--network=none", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]


class Podman:
    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="recoverd-image."))
        self._settings = self.directory / "storage.conf"
        self._settings.write_text(STORAGE.format(directory=self.directory), encoding="utf-8")
        # All containers are processes of its namespace, and end with it.
        self._keeper = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork",
                                         "--mount-proc", "--kill-child", "sh", "-c", KEEP],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        assert self._keeper.stdout.readline() == b"ready\n", "expected namespaces of our own; the tests need root"
        (self._first,) = Path(f"/proc/{self._keeper.pid}/task/{self._keeper.pid}/children").read_text().split()

    def _inside(self, *argv):
        return ["nsenter", f"--target={self._first}", "--mount", "--pid", "env", f"CONTAINERS_STORAGE_CONF={self._settings}",
                *argv]

    def run(self, *argv, patience=60):
        return run(self._inside(*argv), patience)

    def complete(self, *argv, patience=60):
        return complete(self._inside(*argv), patience)

    def inspect(self, name):
        (found,) = json.loads(self.run(*PODMAN, "inspect", name))
        return found

    def root_of(self, image):
        """The image's files, by a path of this machine. They are not to be written."""
        container = self.run("buildah", "from", "--pull-never", image).strip()
        return Path(self.run("buildah", "mount", container).strip())

    def remove(self):
        self._keeper.kill()
        self._keeper.wait()
        self._keeper.stdout.close()
        shutil.rmtree(self.directory)


class Container:
    """Runs an image as CONFINED says, with a folder of the host for its state."""

    def __init__(self, podman, image, state, *arguments):
        self._podman = podman
        self.id = podman.run(*PODMAN, "run", "--detach", *CONFINED, f"--volume={state}:/var/lib/recoverd", image,
                             *arguments).strip().splitlines()[-1]

    def state(self):
        return self._podman.inspect(self.id)["State"]

    def get(self, path):
        """From within its network, which is its own; what it answers, empty when it does not."""
        return self._podman.complete("nsenter", f"--target={self.state()['Pid']}", "--net", "curl", "--silent", "--fail",
                                     "--max-time", "5", f"http://127.0.0.1:9754{path}")[1]

    def healthy(self):
        """The image's own health check, once: podman has its timers from systemd."""
        return self._podman.complete(*PODMAN, "healthcheck", "run", self.id)[0] == 0

    def complete(self, *argv):
        return self._podman.complete(*PODMAN, "exec", self.id, *argv)

    def process(self, name):
        """A file of its first process in /proc."""
        return self._podman.run("cat", f"/proc/{self.state()['Pid']}/{name}")

    def send(self, number):
        self._podman.run("kill", f"-{number}", str(self.state()["Pid"]))

    def log(self):
        return self._podman.complete(*PODMAN, "logs", self.id)[2]

    def stop(self):
        """Asks it to end; its status."""
        self._podman.run(*PODMAN, "stop", "--time=30", self.id)
        return self.state()["ExitCode"]
