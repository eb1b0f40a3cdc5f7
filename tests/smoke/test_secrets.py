# SPDX-License-Identifier: Apache-2.0
"""A canary stands wherever a secret may stand; whatever the agent says, writes, runs and shows is searched for them."""

import base64
import json
import os
import urllib.error
import urllib.parse
import urllib.request

import pytest

from servers.canaries import Canaries, Parrot, RedisParrot
from servers.http import get, post_json
from servers.process import complete, free_port, server_user, until
from test_alertmanager import PASSWORD, PASSWORD_HASH, USER

# What a plug-in finds around itself, and whether it can look into the agent that runs it.
PLUGIN = """#!/bin/sh
{ env; printf '%s\\n' "$@"; cat "/proc/$PPID/environ" "/proc/$PPID/mem"; ls "/proc/$PPID/fd/"; } >>SEEN 2>&1
echo "OK - looked around"
"""
# Stands for restic and Borg: takes the secret where it is handed over, and fails with what it was called. Whether it could
# leave a core with the secret in it is asked when it has it.
TOOL = """#!/bin/sh
{ env; printf '%s\\n' "$@"; } >>SEEN 2>&1
cat >>TAKEN
ulimit -H -c >>CORES
echo "Fatal: $0 $* does not work here" >&2
exit 1
"""


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


def databases(site, canaries, parrots):
    http, redis = parrots
    nobody = f"host=127.0.0.1 port={free_port()} user=w"
    return {
        "server": {"collector": "postgresql", "dsn": site.primary.dsn(), "password": canaries.in_file("postgres")},
        "stranger": {"collector": "postgresql", "dsn": site.primary.dsn().replace("user=recoverd", "user=nobody"),
                     "password": canaries.in_environment("stranger")},
        "copy": {"collector": "postgresql_validation", "dsn": site.primary.dsn(), "compare_dsn": nobody,
                 "password": canaries.in_file("validation"), "compare_password": canaries.in_file("compared")},
        "cache": {"collector": "valkey", "address": redis.address, "username": "watcher",
                  "password": canaries.as_credential("valkey")},
        "away": {"collector": "valkey", "address": f"127.0.0.1:{free_port()}", "password": canaries.in_file("away")},
        "pooler": {"collector": "pgbouncer", "dsn": f"{nobody} dbname=pgbouncer",
                   "password": canaries.in_environment("pgbouncer")},
        # To what speaks another protocol, and to nobody: its library has logs of its own.
        "bus": {"collector": "kafka", "username": "watcher", "sasl_mechanism": "PLAIN",
                "password": canaries.in_file("kafka"),
                "brokers": [urllib.parse.urlparse(http.url).netloc, f"127.0.0.1:{free_port()}"]},
    }


def basic(password):
    return {"basic": {"username": "watcher", "password": password}}


def web_servers(canaries, url):
    any_status = {"expect_status": ["200-499"]}
    return {
        "bearer": {"collector": "http", "url": url, "auth": {"bearer": canaries.in_environment("bearer")}},
        "basic": {"collector": "http", "url": url, "expect_body": "welcome", **any_status,
                  "auth": basic(canaries.in_file("basic"))},
        "header": {"collector": "http", "url": url, "expect_json": {"/status": "ok"}, **any_status,
                   "auth": {"header": {"name": "X-Token", "value": canaries.as_credential("header")}}},
        "steps": {"collector": "http", "url": url, "secrets": {"password": canaries.in_file("step-body"),
                                                               "key": canaries.in_environment("step-header")},
                  # What is taken from the answer is a secret as well, and here it is those that were sent.
                  "steps": [{"name": "login", "url": "/login", "verb": "POST", "body": "{password}",
                             "headers": {"X-Key": "{key}"}, "take": {"said": {"header": "X-Request", "match": "(.*)"}},
                             **any_status},
                            {"name": "order", "url": "/order/{password}", "headers": {"X-Said": "{said}"}}]},
        "managed": {"collector": "aiven", "project": "shop", "api_url": url, "token": canaries.as_credential("aiven")},
        "cluster": {"collector": "kubernetes", "server": url, "token": canaries.in_file("kubernetes")},
        "members": {"collector": "patroni", "urls": [url], "auth": basic(canaries.in_file("patroni"))},
        "runs": {"collector": "github_actions", "repository": "shop/orders", "workflow": "restore.yml", "api_url": url,
                 "token": canaries.in_environment("github")},
        "vault": {"collector": "vault", "address": url, "token": canaries.in_file("vault"), "peers": ["node1"]},
        "errors": {"collector": "prometheus", "url": url, "query": "up", "above": 5,
                   "auth": {"bearer": canaries.in_file("prometheus")}},
        "lines": {"collector": "loki", "url": url, "query": "sum(rate({job=\"api\"}[5m]))", "above": 5,
                  "auth": basic(canaries.in_environment("loki"))},
        "traces": {"collector": "tempo", "url": url, "fresh_within": "5m",
                   "auth": {"header": {"name": "X-Token", "value": canaries.in_file("tempo")}}},
    }


SHARED = "[default]\naws_access_key_id = AKIASHARED\naws_secret_access_key = {}\n"


def ways_into_a_bucket(canaries, url, name):
    """Each of the ways in which a client of S3 comes by its keys, with secrets of its own."""
    return {
        "keys": {"access_key_id": "AKIAWATCHER", "secret_access_key": canaries.in_file(f"{name}-key"),
                 "session_token": canaries.in_environment(f"{name}-session")},
        "shared": {"credentials": canaries.in_file(f"{name}-shared", SHARED)},
        "role": {"role_arn": "arn:aws:iam::1:role/watcher", "sts_endpoint": url,
                 "web_identity_token": canaries.as_credential(f"{name}-identity")},
    }


def stores(site, canaries, url):
    bucket = {"endpoint": url, "bucket": "dumps", "region": "eu-central-1"}
    kept = {"s3": {}, "terraform_state": {"key": "infra.tfstate"},
            "vault_snapshot": {"scratch": site.directory, "prefix": "vault/"}}
    in_buckets = {f"{collector}-{way}": {"collector": collector, **bucket, **options, **keys}
                  for collector, options in kept.items()
                  for way, keys in ways_into_a_bucket(canaries, url, collector.replace("_", "-")).items()}
    return {
        **in_buckets,
        "fresh": {"collector": "vault_snapshot", "address": url, "token": canaries.as_credential("vault-snapshot"),
                  "scratch": site.directory, "download_every": "1s"},
        "state": {"collector": "terraform_state", "address": f"{url}/state",
                  "auth": basic(canaries.in_file("terraform"))},
    }


def programs(canaries, tools):
    return {
        "restic": {"collector": "restic", "command": [tools["restic"]], "repository": "/nowhere",
                   "password": canaries.in_environment("restic")},
        "borg": {"collector": "borg", "command": [tools["borg"]], "repository": "/nowhere",
                 "passphrase": canaries.as_credential("borg")},
        "plugin": {"collector": "exec", "command": [tools["plugin"], "word"]},
    }


def config_of(site, canaries, parrots, tools):
    url = parrots[0].url.rstrip("/")
    config = site.config_of("watched", **databases(site, canaries, parrots), **web_servers(canaries, url),
                            **stores(site, canaries, url), **programs(canaries, tools))
    config["alertmanager"]["urls"].append(url)
    config["alertmanager"]["auth"] = {"bearer": canaries.in_file("alertmanager")}
    config["outcomes"] = {"token": canaries.in_file("outcomes")}
    config["[scenario]"] = {"name": "gone", "asset": "watched", "rto": "1s", "checks": ["bearer", "steps"]}
    config["[validation]"] = {"name": "again", "asset": "watched", "after": ["gone"], "step": [{"check": "basic"}]}
    return config


def opened(url, headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as found:
            return found.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.read().decode()


def pages_of(agent):
    kinds = ("status", "assets", "checks", "scenarios", "validations", "alerts", "openapi.json")
    checks = [check["name"] for check in agent.api("checks")["checks"]]
    return ["/", "/metrics", "/config", "/asset/watched", "/api/v1/history?asset=watched",
            *(f"/api/v1/{kind}" for kind in kinds), *(f"/check/{urllib.parse.quote(name, safe='')}" for name in checks)]


def shown_by(agent):
    """Everything that the agent shows to whoever asks, by where it was shown."""
    shown = {page: get(agent.url + page) for page in pages_of(agent)}
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


def shown_to_users(agent, canaries, web):
    """The same pages to a user, and what is said to one whose password is wrong."""
    pages = pages_of(agent)
    canaries.given("web", PASSWORD)
    canaries.given("web-hash", PASSWORD_HASH)
    users = web.with_suffix(".new")
    canaries.write(users, f"basic_auth_users:\n  {USER}: {PASSWORD_HASH}\n")
    users.rename(web)

    def to(password, page):
        credentials = base64.b64encode(f"{USER}:{password}".encode()).decode()
        return opened(agent.url + page, {"Authorization": f"Basic {credentials}"})

    until(lambda: "Watchdog" not in opened(agent.url + "/metrics", {}), "nobody else gets in")
    shown = {f"{page} to a user": to(PASSWORD, page) for page in pages}
    assert "recoverd_asset_verdict" in shown["/metrics to a user"]
    shown["to a stranger"] = to(canaries["web-typo"], "/metrics")
    assert "recoverd_asset_verdict" not in shown["to a stranger"]
    return shown


def written_by(agent):
    """Its log and all that it keeps."""
    files = [agent.log_file, *(file for file in agent.state.rglob("*") if file.is_file())]
    assert len(files) > 1
    return {file.name: file.read_bytes().decode("latin-1") for file in files}


def with_another_way_to_alertmanager(agent, config, canaries):
    """Which takes credentials in one way at a time."""
    def refused():
        return agent.value("recoverd_alertmanager_sends_total", url=config["alertmanager"]["urls"][1],
                           outcome="refused") or 0

    before = until(refused, "the one that repeats what it hears was told")
    config["alertmanager"]["auth"] = basic(canaries.in_file("alertmanager-basic"))
    agent.reload(config)
    until(lambda: refused() > before + 1, "it was told in the other way")


def secret_options(agent):
    """Of each collector the options that take a secret, by the schema of its own configuration."""
    status, schema, mistakes = agent.command("config", "schema")
    assert status == 0, mistakes
    for name, check in json.loads(schema)["$defs"].items():
        for option, declared in check.get("properties", {}).items():
            if name.startswith("check_") and {"env", "credential"} <= declared.get("properties", {}).keys():
                yield name.removeprefix("check_"), option


def test_each_option_that_takes_a_secret_has_one(site, parrots):
    """Of what is said below of all of them."""
    folder = site.directory / "options"
    tools = {name: folder / name for name in ("restic", "borg", "plugin")}
    config = config_of(site, Canaries(_made(folder)), parrots, tools)
    used = {(check["collector"], option) for section, check in config.items() if section.startswith("check.")
            for option in check}
    known = set(secret_options(site.agent))
    assert len(known) > 20
    assert not known - used


def test_a_secret_is_nowhere_but_where_it_was_kept_and_where_it_is_due(site, parrots):
    folder = site.directory / "canaries"
    canaries = Canaries(_made(folder))
    seen, taken, cores, web = folder / "seen", folder / "taken", folder / "cores", folder / "web.yml"
    tools = {name: script(folder / name, TOOL, SEEN=seen, TAKEN=taken, CORES=cores) for name in ("restic", "borg")}
    tools["plugin"] = script(folder / "plugin", PLUGIN, SEEN=seen)
    web.touch()
    agent = site.agent
    config = config_of(site, canaries, parrots, tools)
    agent.environment, agent.arguments = canaries.environment, [f"--web.config.file={web}"]
    try:
        agent.begin(config)
        status, refusal = post_json(f"{agent.url}/api/v1/outcomes?token={canaries['outcomes']}",
                                    {"token": canaries["outcomes"]})
        assert status >= 400
        agent.looks(2)
        until(lambda: site.alertmanager.firing(), "something is told to Alertmanager")
        until(lambda: agent.value("recoverd_scenario_active", scenario="gone") == 1, "an outage is shown")
        places = {**shown_by(agent), "refusal": refusal, "told": str(site.alertmanager.all())}
        # The agent's own memory is nobody's: no core dump, no look by a program that it runs, whose user is the same.
        looked = complete(["cat", f"/proc/{agent.pid}/environ"])
        assert looked.returncode != 0 and "Permission denied" in looked.stderr
        with_another_way_to_alertmanager(agent, config, canaries)
        agent.looks(1)
        places |= shown_to_users(agent, canaries, web)
        agent.stop()
    finally:
        agent.environment, agent.arguments = {}, []
    places |= written_by(agent)
    places["children"] = seen.read_text(encoding="latin-1")
    assert {place: canaries.found_in(text) for place, text in places.items() if canaries.found_in(text)} == {}
    # All of them were used, or this proves nothing.
    handed = taken.read_text(encoding="utf-8")
    assert canaries["restic"] in handed and canaries["borg"] in handed
    assert set(cores.read_text(encoding="utf-8").split()) == {"0"}
    assert "word" in places["children"] and "Permission denied" in places["children"]
    for check in config:
        if check.startswith("check."):
            assert check.removeprefix("check.") in places["/api/v1/checks"]


def _made(folder):
    folder.mkdir()
    if os.geteuid() == 0:
        os.chown(folder, server_user().pw_uid, server_user().pw_gid)
    return folder
