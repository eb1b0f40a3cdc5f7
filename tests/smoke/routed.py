# SPDX-License-Identifier: Apache-2.0
"""The shipped Alertmanager configuration on this machine: other addresses and secrets, shorter times, the rest as it is."""

import os
import re
import shutil
import time

import yaml

from conftest import REPOSITORY
from servers.alertmanager import Alertmanager
from servers.http import get_json, post_json
from servers.process import server_user
from servers.sinks import Sinks

FOLDER = REPOSITORY / "packaging" / "alertmanager"
CONFIG = FOLDER / "alertmanager.yml"
SECRETS = {"smtp-password": "secret of mail", "pagerduty-routing-key": "secret-of-pagerduty",
           "status-page-token": "secret-of-status-page", "deadman-token": "secret-of-deadman"}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def shipped():
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def seconds(text):
    number, unit = re.fullmatch(r"(\d+)([smhd])", text).groups()
    return int(number) * UNITS[unit]


def routes(route):
    """This one and all below it."""
    yield route
    for inner in route.get("routes", []):
        yield from routes(inner)


def hasten(config, factor):
    for route in routes(config["route"]):
        for name in ("group_wait", "group_interval", "repeat_interval"):
            if name in route:
                route[name] = f"{round(seconds(route[name]) * 1000 / factor)}ms"


def lead_to(config, sinks, secrets):
    """Every address leads to the sinks, every secret is read from `secrets`."""
    config["global"].update(smtp_smarthost=sinks.smarthost, smtp_require_tls=False,
                            pagerduty_url=f"{sinks.url}/pagerduty")
    (secrets / "slack-url").write_text(f"{sinks.url}/slack/secret-of-slack", encoding="utf-8")
    for name, secret in SECRETS.items():
        (secrets / name).write_text(secret, encoding="utf-8")
    for receiver in config["receivers"]:
        for hook in receiver.get("webhook_configs", []):
            hook["url"] = f"{sinks.url}/{receiver['name']}"
    text = yaml.safe_dump(config)
    assert "/etc/alertmanager/secrets/" in text
    return text.replace("/etc/alertmanager/secrets", str(secrets))


class Routed:
    """A real Alertmanager with the shipped configuration, `factor` times as fast, and all that it tells."""

    def __init__(self, directory, factor):
        self._directory = directory / "routed"
        shutil.copytree(FOLDER, self._directory)
        for path in (self._directory, self._directory / "templates"):
            path.chmod(0o755)
        if os.geteuid() == 0:
            os.chown(self._directory, server_user().pw_uid, server_user().pw_gid)
        self.sinks = Sinks()
        # When what it is told of began: just now, or Alertmanager does not wait for others of the group.
        self._began = time.gmtime()
        config = shipped()
        hasten(config, factor)
        self.config = lead_to(config, self.sinks, self._directory)
        self.alertmanager = Alertmanager(self._directory, "routed", config=self.config)

    @property
    def began(self):
        return time.strftime("%Y-%m-%d %H:%M UTC", self._began)

    def fire(self, *alerts, over=False):
        """Each is its labels; source is recoverd unless they say otherwise."""
        stamp = "%Y-%m-%dT%H:%M:%SZ"
        ends = time.gmtime(time.time() if over else time.time() + 3600)
        documents = [{"labels": {"source": "recoverd", **labels},
                      "annotations": {"summary": f"{labels['alertname']}: {labels.get('asset', '')}",
                                      "description": "db1.internal said: <!channel> & <b>help</b>\nFirst: Look.",
                                      "runbook_url": f"https://runbooks.example/{labels['alertname']}"},
                      "startsAt": time.strftime(stamp, self._began), "endsAt": time.strftime(stamp, ends)}
                     for labels in alerts]
        status, body = post_json(f"{self.alertmanager.url}/api/v2/alerts", documents)
        assert status == 200, body

    def end(self, *alerts):
        self.fire(*alerts, over=True)

    def hidden(self):
        """Labels of each alert that another one inhibits, without source."""
        return [{name: value for name, value in alert["labels"].items() if name != "source"}
                for alert in get_json(f"{self.alertmanager.url}/api/v2/alerts") if alert["status"]["inhibitedBy"]]

    def stop(self):
        self.alertmanager.stop()
        self.sinks.stop()
        shutil.rmtree(self._directory)
