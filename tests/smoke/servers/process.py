# SPDX-License-Identifier: Apache-2.0
"""Processes of the tests: each dies with the test program, and is ended by its own pid only."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

# Long enough for two busy cores; nobody waits it out unless something is broken.
PATIENCE = 60

_given_ports = set()


def server_user():
    """Who runs the servers: PostgreSQL refuses root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def _as_server_user(argv):
    prefix = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        prefix += ["--reuid", "postgres", "--regid", "postgres", "--init-groups"]
    return prefix + [str(word) for word in argv]


def _environment():
    # Whatever the caller has set for psql, pgbackrest or proxies is not meant for these servers.
    home = server_user().pw_dir
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "HOME": home, "NO_COLOR": "1"}


def program(*names):
    """The first of these that is installed."""
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise FileNotFoundError(f"none of {', '.join(names)} is installed; tools/install-packages test installs it")


def free_port():
    """A port nobody listens on, never the same twice."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _given_ports:
            _given_ports.add(port)
            return port


def until(condition, what, patience=PATIENCE):
    """Asks again and again until the answer is true, and returns it. `what` may be a function that describes."""
    deadline = time.monotonic() + patience
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {patience} s not so: {what() if callable(what) else what}")
        time.sleep(0.05)


def complete(argv, text_in="", patience=PATIENCE):
    """Runs to the end as the servers' user, whatever comes of it: returncode, stdout, stderr."""
    return subprocess.run(_as_server_user(argv), input=text_in, capture_output=True, text=True, timeout=patience,
                          cwd="/", env=_environment(), check=False)


def run(argv, patience=PATIENCE):
    """Runs to the end as the servers' user and returns stdout; another status than 0 is an error."""
    done = complete(argv, patience=patience)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def of_root(*argv):
    """The same command as root. Only root mounts and makes networks; whoever else runs the tests may become it without a
    password, as CI may."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return [*sudo, *map(str, argv)]


def as_root(*argv):
    """Runs to the end as root; another status than 0 is an error."""
    subprocess.run(of_root(*argv), check=True, timeout=30, capture_output=True)


class Process:
    """A child that goes on running; its output goes to `log`."""

    def __init__(self, argv, log, environment=None):
        self.log = log
        # Set for the program itself only: setpriv, which is still root, is not meant.
        with_environment = ["env", *(f"{name}={value}" for name, value in (environment or {}).items()), *argv]
        with open(log, "ab") as out:
            self._child = subprocess.Popen(_as_server_user(with_environment), stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=out, cwd="/", env=_environment())

    @property
    def pid(self):
        return self._child.pid

    def ended(self):
        return self._child.poll() is not None

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()[-4000:]

    def until_ready(self, ready, what):
        def answer():
            if self.ended():
                raise RuntimeError(f"{what} ended with {self._child.returncode}:\n{self.tail()}")
            return ready()

        until(answer, lambda: f"{what} is ready:\n{self.tail()}")

    def send(self, number):
        self._child.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Ends it and returns its status; one that does not go is killed, and said."""
        if self.ended():
            return self._child.returncode
        self._child.send_signal(number)
        try:
            return self._child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
            raise
