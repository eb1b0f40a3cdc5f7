# SPDX-License-Identifier: Apache-2.0
"""A canary stands wherever a secret may stand; whatever the agent says, writes, runs and shows is searched for them."""

import base64
import os
import re
import secrets
import socket
import threading
import urllib.error
import urllib.request

import pytest

from servers.http import get, post_json
from servers.process import complete, free_port, server_user, until
from servers.scripted import ScriptedServer, answer

# What a plug-in finds around itself, and whether it can look into the agent that runs it.
PLUGIN = """#!/bin/sh
{ env; printf '%s\\n' "$@"; cat "/proc/$PPID/environ" "/proc/$PPID/mem"; ls "/proc/$PPID/fd/"; } >>SEEN 2>&1
echo "OK - looked around"
"""
# Stands for restic and Borg: takes the secret where it is handed over, and fails with what it was called.
TOOL = """#!/bin/sh
{ env; printf '%s\\n' "$@"; } >>SEEN 2>&1
cat >>TAKEN
echo "Fatal: $0 $* does not work here" >&2
exit 1
"""


class Canaries:
    """Each secret of its own, none of which may be found."""

    def __init__(self, directory):
        self._directory = directory
        self._values = {}
        self.environment = {}
        credentials = directory / "credentials"
        self._mkdir(credentials)
        self.environment["CREDENTIALS_DIRECTORY"] = str(credentials)

    def _mkdir(self, directory):
        directory.mkdir(exist_ok=True)
        self._own(directory)

    @staticmethod
    def _own(path):
        if os.geteuid() == 0:
            os.chown(path, server_user().pw_uid, server_user().pw_gid)

    def _write(self, path, value):
        path.write_text(value, encoding="utf-8")
        path.chmod(0o600)
        self._own(path)

    def __getitem__(self, name):
        return self._values.setdefault(name, f"canary-{name}-{secrets.token_hex(12)}")

    def in_file(self, name):
        path = self._directory / f"{name}.secret"
        self._write(path, self[name])
        return {"file": path}

    def in_environment(self, name):
        variable = f"CANARY_{name.upper().replace('-', '_')}"
        self.environment[variable] = self[name]
        return {"env": variable}

    def as_credential(self, name):
        self._write(self._directory / "credentials" / name, self[name])
        return {"credential": name}

    def found_in(self, text):
        """Names of those that stand in it, as they are or as Basic authentication writes them."""
        return [name for name, value in self._values.items()
                if value in text or base64.b64encode(value.encode()).decode().rstrip("=")[:-2] in text
                or base64.b64encode(f"watcher:{value}".encode()).decode() in text]


class Parrot(ScriptedServer):
    """Refuses every request, and repeats in header and body what it was sent: credentials too."""

    def _serve(self, connection):
        connection.settimeout(10)
        with connection:
            try:
                said = connection.recv(65536)
                shown = re.sub(rb"[\r\n]+", b" ", said)
                connection.sendall(answer(b"refused: " + said, "401 Unauthorized: " + shown.decode("latin-1")[:400],
                                          **{"X-Request": shown.decode("latin-1")[:4000]}))
            except OSError:
                pass


class RedisParrot:
    """Says of every command that it does not know it, and repeats its arguments, as Redis does."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    words = connection.recv(65536).decode("latin-1").split("\r\n")[2::2]
                    connection.sendall(f"-ERR unknown command, with args beginning with: {' '.join(words)}\r\n".encode())
                except OSError:
                    pass

    def stop(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


def script(path, text, **names):
    for name, value in names.items():
        text = text.replace(name, str(value))
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def parrots():
    found = Parrot(None), RedisParrot()
    yield found
    for each in found:
        each.stop()


def config_of(site, canaries, parrots, tools):
    http, redis = parrots
    config = site.config_of(
        "watched",
        server={"collector": "postgresql", "dsn": site.primary.dsn(), "password": canaries.in_file("postgres")},
        stranger={"collector": "postgresql", "dsn": site.primary.dsn().replace("user=recoverd", "user=nobody"),
                  "password": canaries.in_environment("stranger")},
        bearer={"collector": "http", "url": http.url, "auth": {"bearer": canaries.in_environment("bearer")}},
        basic={"collector": "http", "url": http.url, "expect_body": "welcome", "expect_status": ["200-499"],
               "auth": {"basic": {"username": "watcher", "password": canaries.in_file("basic")}}},
        header={"collector": "http", "url": http.url, "expect_status": ["200-499"],
                "expect_json": {"/status": "ok"},
                "auth": {"header": {"name": "X-Token", "value": canaries.as_credential("header")}}},
        managed={"collector": "aiven", "project": "shop", "api_url": http.url, "token": canaries.as_credential("aiven")},
        cache={"collector": "valkey", "address": redis.address, "username": "watcher",
               "password": canaries.as_credential("valkey")},
        away={"collector": "valkey", "address": f"127.0.0.1:{free_port()}", "password": canaries.in_file("away")},
        pooler={"collector": "pgbouncer", "dsn": f"host=127.0.0.1 port={free_port()} user=w dbname=pgbouncer",
                "password": canaries.in_environment("pgbouncer")},
        restic={"collector": "restic", "command": [tools["restic"]], "repository": "/nowhere",
                "password": canaries.in_environment("restic")},
        borg={"collector": "borg", "command": [tools["borg"]], "repository": "/nowhere",
              "passphrase": canaries.as_credential("borg")},
        plugin={"collector": "exec", "command": [tools["plugin"], "word"]})
    config["alertmanager"]["auth"] = {"bearer": canaries.in_environment("alertmanager")}
    config["outcomes"] = {"token": canaries.in_file("outcomes")}
    return config


def opened(url, headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as found:
            return found.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


def shown_by(agent):
    """Everything that the agent shows to whoever asks, by where it was shown."""
    pages = ["/", "/metrics", "/config", "/api/v1/status", "/api/v1/assets", "/api/v1/checks", "/api/v1/alerts",
             "/api/v1/openapi.json"]
    shown = {page: get(agent.url + page) for page in pages}
    shown["OpenMetrics"] = opened(agent.url + "/metrics", {"Accept": "application/openmetrics-text"})
    file = f"--config.file={agent.config_file}"
    web = f"--url={agent.url}"
    for words in (["config", "check", file], ["config", "show", file], ["check", file], ["check", file, "--output=json"],
                  ["check", file, "--output=nagios"], ["status", web], ["explain", "watched", web]):
        environment = [f"{name}={value}" for name, value in agent.environment.items()]
        done = complete(["env", *environment, agent.binary, *words])
        assert done.stdout, (words, done.stderr)
        shown["recoverd " + " ".join(words[:2])] = done.stdout + done.stderr
    return shown


def written_by(agent):
    """Its log and all that it keeps."""
    files = [agent.log_file, *(file for file in agent.state.rglob("*") if file.is_file())]
    assert len(files) > 1
    return {file.name: file.read_bytes().decode("latin-1") for file in files}


def test_a_secret_is_nowhere_but_where_it_was_kept_and_where_it_is_due(site, parrots):
    folder = site.directory / "canaries"
    canaries = Canaries(_made(folder))
    seen, taken = folder / "seen", folder / "taken"
    tools = {name: script(folder / name, TOOL, SEEN=seen, TAKEN=taken) for name in ("restic", "borg")}
    tools["plugin"] = script(folder / "plugin", PLUGIN, SEEN=seen)
    agent = site.agent
    config = config_of(site, canaries, parrots, tools)
    agent.environment = canaries.environment
    try:
        agent.begin(config)
        status, refusal = post_json(f"{agent.url}/api/v1/outcomes?token={canaries['outcomes']}",
                                    {"token": canaries["outcomes"]})
        assert status >= 400
        agent.looks(2)
        until(lambda: site.alertmanager.firing(), "something is told to Alertmanager")
        places = {**shown_by(agent), "refusal": refusal, "told": str(site.alertmanager.all())}
        # The agent's own memory is nobody's: no core dump, no look by a program that it runs, whose user is the same.
        looked = complete(["cat", f"/proc/{agent.pid}/environ"])
        assert looked.returncode != 0 and "Permission denied" in looked.stderr
        agent.hang_up()
        agent.looks(1)
        agent.stop()
    finally:
        agent.environment = {}
    places |= written_by(agent)
    places["children"] = seen.read_text(encoding="latin-1")
    assert {place: canaries.found_in(text) for place, text in places.items() if canaries.found_in(text)} == {}
    # All of them were used, or this proves nothing.
    handed = taken.read_text(encoding="utf-8")
    assert canaries["restic"] in handed and canaries["borg"] in handed
    assert "word" in places["children"] and "Permission denied" in places["children"]
    for check in config:
        if check.startswith("check."):
            assert check.removeprefix("check.") in places["/api/v1/checks"]


def _made(folder):
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, server_user().pw_uid, server_user().pw_gid)
    return folder
