# SPDX-License-Identifier: Apache-2.0
"""A Patroni cluster over an etcd of its own, with as short a rhythm as Patroni takes."""

import json
import os
import signal
import urllib.request
from pathlib import Path

from .http import answers, get_json
from .postgres import PROGRAMS
from .process import Process, free_port, program, until

CONFIG = {
    "scope": "drill",
    "bootstrap": {
        # A leader that says nothing keeps its lock for `ttl`; Patroni takes none below 20.
        "dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3, "maximum_lag_on_failover": 1048576,
                "postgresql": {"use_pg_rewind": True, "parameters": {"fsync": "off", "wal_keep_size": "128MB",
                                                                     "shared_buffers": "16MB"}}},
        "initdb": ["no-sync", "no-locale", "data-checksums", {"encoding": "UTF8"}],
    },
}


class Etcd:
    def __init__(self, directory):
        self.port = free_port()
        self._url = f"http://127.0.0.1:{self.port}"
        peers = f"http://127.0.0.1:{free_port()}"
        self._log = directory / "etcd.log"
        self._command = [program("etcd"), f"--data-dir={directory / 'etcd'}", f"--listen-client-urls={self._url}",
                         f"--advertise-client-urls={self._url}", f"--listen-peer-urls={peers}",
                         f"--initial-advertise-peer-urls={peers}", f"--initial-cluster=default={peers}"]
        self._process = None

    def start(self):
        self._process = Process(self._command, self._log)
        self._process.until_ready(lambda: answers(f"{self._url}/health"), "etcd")

    def stop(self):
        if self._process:
            process, self._process = self._process, None
            process.stop(signal.SIGKILL)


class Member:
    """One Patroni with the PostgreSQL that it keeps."""

    def __init__(self, directory, etcd, name):
        self.name = name
        self.port = free_port()
        rest = f"127.0.0.1:{free_port()}"
        self.url = f"http://{rest}"
        self._data = directory / name
        self._settings = config = {**CONFIG, "name": name, "restapi": {"listen": rest, "connect_address": rest},
                  "etcd3": {"host": f"127.0.0.1:{etcd.port}"},
                  "postgresql": {
                      "listen": f"127.0.0.1:{self.port}", "connect_address": f"127.0.0.1:{self.port}",
                      "data_dir": str(self._data), "bin_dir": PROGRAMS, "pgpass": str(directory / f"{name}.pgpass"),
                      "authentication": {"superuser": {"username": "postgres", "password": "of-the-superuser"},
                                         "replication": {"username": "replicator", "password": "of-replication"}},
                      "parameters": {"unix_socket_directories": str(directory)}}}
        self._config = directory / f"{name}.yml"
        # JSON is YAML.
        self._config.write_text(json.dumps(config), encoding="utf-8")
        self._log = directory / f"{name}.patroni.log"
        self._process = None

    def start(self):
        self._process = Process([program("patroni"), self._config], self._log)

    def stop(self):
        """Patroni ends its PostgreSQL as well, and hands over when it leads."""
        if self._process:
            process, self._process = self._process, None
            process.stop()

    def kill(self):
        """As if its machine had lost power: Patroni first, or it would start its PostgreSQL again."""
        process, self._process = self._process, None
        process.stop(signal.SIGKILL)
        postmaster = int((self._data / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(postmaster, signal.SIGKILL)
        until(lambda: not Path(f"/proc/{postmaster}").exists(), "its PostgreSQL is gone")

    def tag(self, **tags):
        self._config.write_text(json.dumps({**self._settings, "tags": tags}), encoding="utf-8")
        self._process.send(signal.SIGHUP)

    def document(self, path="cluster"):
        return get_json(f"{self.url}/{path}")

    def leads(self):
        return answers(f"{self.url}/leader")

    def replicates(self):
        return answers(f"{self.url}/replica")

    def send(self, verb, path, document):
        request = urllib.request.Request(f"{self.url}/{path}", json.dumps(document).encode(), method=verb)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.read().decode()


class Cluster:
    def __init__(self, directory, names=("node1", "node2")):
        self.etcd = Etcd(directory)
        self.members = [Member(directory, self.etcd, name) for name in names]

    def start(self):
        self.etcd.start()
        for member in self.members:
            member.start()
        self.until_well()

    def leader(self):
        found = [member for member in self.members if member.leads()]
        return found[0] if found else None

    def replica(self):
        found = [member for member in self.members if member.replicates()]
        return found[0] if found else None

    def until_well(self):
        until(lambda: self.leader() and len([m for m in self.members if m.replicates()]) == len(self.members) - 1,
              "one leads and the others follow", 120)

    def pause(self, paused):
        self.leader().send("PATCH", "config", {"pause": True if paused else None})

    def switch_over(self):
        """Returns when the other one leads."""
        leader, replica = self.leader(), self.replica()
        leader.send("POST", "switchover", {"leader": leader.name, "candidate": replica.name})
        until(replica.leads, "the other one leads")

    def stop(self):
        for member in self.members:
            member.stop()
        self.etcd.stop()
