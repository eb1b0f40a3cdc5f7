# SPDX-License-Identifier: Apache-2.0
"""Web servers in a network of their own that one cable joins to ours. Once it is pulled nobody answers, not even to refuse."""

import os
import subprocess

from .process import as_root, free_port, of_root, program, server_user


class Zone:
    """Addresses are of those that are kept for documentation (RFC 5737), so that they are nobody's."""

    OURS, THEIRS = "198.51.100.1", "198.51.100.2"

    def __init__(self, servers):
        self._name = f"recoverd-{os.getpid()}"
        cable = f"rd{os.getpid()}"
        as_root("ip", "netns", "add", self._name)
        self._running = []
        try:
            as_root("ip", "link", "add", cable, "type", "veth", "peer", "name", "cable", "netns", self._name)
            as_root("ip", "address", "add", f"{self.OURS}/30", "dev", cable)
            as_root("ip", "link", "set", cable, "up")
            as_root("ip", "-n", self._name, "address", "add", f"{self.THEIRS}/30", "dev", "cable")
            self.plug()
            self.urls = [self._serve() for _ in range(servers)]
        except BaseException:
            self.stop()
            raise

    def _serve(self):
        port, user = free_port(), server_user()
        serve = [program("python3"), "-m", "http.server", "--bind", self.THEIRS, "--directory", "/usr/share/doc", port]
        inside = ["ip", "netns", "exec", self._name, "setpriv", "--reuid", user.pw_uid, "--regid", user.pw_gid,
                  "--clear-groups", "--pdeathsig", "KILL", *serve]
        self._running.append(subprocess.Popen(of_root(*inside), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                              stderr=subprocess.DEVNULL))
        return f"http://{self.THEIRS}:{port}"

    def pull(self):
        as_root("ip", "-n", self._name, "link", "set", "cable", "down")

    def plug(self):
        as_root("ip", "-n", self._name, "link", "set", "cable", "up")

    def stop(self):
        for server in self._running:
            server.kill()
            server.wait()
        # Its end of the cable goes with it, and so does ours.
        as_root("ip", "netns", "delete", self._name)
