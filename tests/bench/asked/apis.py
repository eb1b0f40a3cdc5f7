# SPDX-License-Identifier: Apache-2.0
"""Services that are asked over HTTP, as large as a small team's are."""

import json
import time
from pathlib import Path

from servers.aiven import PROJECT, Aiven
from servers.aiven import TOKEN as AIVEN_TOKEN
from servers.github import TOKEN as GITHUB_TOKEN
from servers.github import GitHub

from .source import Asked, Scripted, secret_file

# What OpenBao said, word for word.
CAPTURED = Path(__file__).resolve().parents[2] / "data/vault"
DAY = 86400


class Project(Asked):
    collector, what = "aiven", "a project of three services, their backups and topics"

    def __init__(self, bench):
        super().__init__()
        self._server = Aiven()
        self.check = {"collector": "aiven", "project": PROJECT, "api_url": self._server.url,
                      "token": secret_file(bench, "aiven.token", AIVEN_TOKEN)}

    @property
    def asked(self):
        return len(self._server.asked)

    def stop(self):
        self._server.stop()


class Workflow(Asked):
    collector, what = "github_actions", "20 runs of a workflow, not modified since the last look"

    def __init__(self, bench):
        super().__init__()
        self._server = GitHub()
        # The newest one was made last.
        for days in range(19, -1, -1):
            self._server.run("success", ago=days * DAY + 3600)
        self.check = self._server.check(secret_file(bench, "github.token", GITHUB_TOKEN)["file"])

    @property
    def asked(self):
        return self._server.asked

    def stop(self):
        self._server.stop()


class Member(Scripted):
    """One Patroni of a cluster; the first one leads."""

    COUNT = 3

    def __init__(self, number):
        self._number = number
        super().__init__()

    def document(self, path):
        return json.dumps({"/patroni": self._own, "/cluster": self._cluster, "/history": self._history}[path]()).encode()

    def _own(self):
        said = {"state": "running", "postmaster_start_time": "2026-11-25 14:04:35.100561+00:00", "server_version": 150018,
                "timeline": 6, "dcs_last_seen": int(time.time()), "database_system_identifier": "7712109714073988513",
                "patroni": {"version": "3.0.2", "scope": "orders"}}
        if self._number == 0:
            followers = [{"usename": "replicator", "application_name": f"node{number + 1}", "client_addr": "127.0.0.1",
                          "state": "streaming", "sync_state": "async", "sync_priority": 0}
                         for number in range(1, self.COUNT)]
            return {**said, "role": "master", "xlog": {"location": 50331648}, "replication": followers}
        return {**said, "role": "replica", "xlog": {"received_location": 50331648, "replayed_location": 50331648,
                                                    "replayed_timestamp": None, "paused": False}}

    def _cluster(self):
        members = [{"name": f"node{number + 1}", "role": "replica" if number else "leader", "state": "running",
                    "api_url": f"http://10.0.0.{number + 1}:8008/patroni", "host": f"10.0.0.{number + 1}", "port": 5432,
                    "timeline": 6, **({"lag": 0} if number else {})} for number in range(self.COUNT)]
        return {"members": members}

    @staticmethod
    def _history():
        return [[timeline, 50331984 + timeline, "no recovery target specified", f"2026-11-0{timeline}T14:04:43.195829+00:00",
                 "node1"] for timeline in range(1, 6)]


class Patroni(Asked):
    collector, what = "patroni", f"a cluster of {Member.COUNT} members, a server in each one's place"

    def __init__(self, _bench):
        super().__init__()
        self._members = [Member(number) for number in range(Member.COUNT)]
        self.check = {"collector": "patroni", "urls": [member.url for member in self._members]}

    @property
    def asked(self):
        return sum(member.asked for member in self._members)

    def stop(self):
        for member in self._members:
            member.stop()


class Vault(Scripted):
    collector, what = "vault", "the leader of three raft peers, a server in its place"

    def __init__(self, bench):
        self._health = json.loads((CAPTURED / "health-active.json").read_bytes())
        self._others = {"/v1/sys/seal-status": (CAPTURED / "seal-status-unsealed.json").read_bytes(),
                        "/v1/sys/storage/raft/autopilot/state": (CAPTURED / "autopilot-well.json").read_bytes()}
        super().__init__()
        self.check = {"collector": "vault", "address": self.url, "token": secret_file(bench, "vault.token", "of-nobody")}

    def document(self, path):
        if path == "/v1/sys/health":
            return json.dumps({**self._health, "server_time_utc": int(time.time())}).encode()
        return self._others[path]


ALL = (Project, Workflow, Patroni, Vault)
