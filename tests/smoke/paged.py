# SPDX-License-Identifier: Apache-2.0
"""A small shop whose page people read, and that others have written evil things into."""

import os
import shutil
import time

from conftest import BUILD
from servers.agent import Agent
from servers.process import until
from servers.scripted import ScriptedServer, answer, good
from watched import make_directory

EVIL = "<script>window.pwned=1</script><img src=x onerror=window.pwned=1>\"'>&lt;</main></noscript>"
ASSET, CHECK = "orders-db", "shop"
HOUR = 3600


def in_words(seconds):
    """As the page says it: 90061 are 1d1h1m. Seconds are told below ten minutes, minutes below two days."""
    rest, words = int(seconds), ""
    rest -= rest % (3600 if rest >= 2 * 86400 else 60 if rest >= 600 else 1)
    for unit, each in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        words += f"{rest // each}{unit}" if rest >= each else ""
        rest %= each
    return words or "0s"


class Shop:
    """Backups of a database, a shop that may be down, a plug-in that says evil things, and what was promised of them."""

    def __init__(self):
        self.directory = make_directory()
        self.agent = Agent(self.directory, BUILD)
        self.server = ScriptedServer(lambda stream: good(stream, {}))
        self._write_dumps()

    def _write_dumps(self):
        for hours in range(30, 0, -5):
            self.dump(hours)

    def dump(self, hours):
        dump = self.directory / f"orders-{hours:02}.dump"
        dump.write_bytes(b"x" * (2_000_000 - 40_000 * hours))
        os.utime(dump, (time.time() - hours * HOUR,) * 2)

    def break_server(self):
        self.server.script = lambda stream: stream.sendall(answer(EVIL.encode(), status=f"503 {EVIL}"))

    def mend_server(self):
        self.server.script = lambda stream: good(stream, {})

    def config(self):
        often = {"every": "1s", "timeout": "900ms"}
        return {
            "": {"instance": f"shop {EVIL}", "runbook_url": "https://runbooks.example/"},
            f"asset.{ASSET}": {"description": f"Orders {EVIL}", "backup_every": "6h", "rpo": "12h", "rto": "4h",
                               "retention": "7d", "restore_test_every": "30d", "labels": {"team": EVIL}},
            "asset.mail": {"description": "nobody looks", "backup_every": "1d"},
            "check.dumps": {**often, "collector": "files", "asset": ASSET, "path": self.directory / "orders-*.dump"},
            f"check.{CHECK}": {**often, "collector": "http", "asset": ASSET, "url": self.server.url, "failures": 2,
                               "successes": 1},
            "check.plugin": {**often, "collector": "exec", "asset": ASSET,
                             "command": ["/usr/bin/printf", "%s", f"CRITICAL: {EVIL}"]},
            "check.lost": {**often, "collector": "exec", "asset": "mail", "command": ["/nowhere/at-all"]},
            "[scenario]": {"name": "shop-down", "description": f"no orders {EVIL}", "asset": ASSET, "priority": "P1",
                           "rto": "10m", "checks": [CHECK]},
            "[validation]": {"name": "after-recovery", "asset": ASSET, "after": ["shop-down"],
                             "step": [{"check": CHECK, "priority": "P1"}]},
        }

    def begin(self):
        self.agent.begin(self.config())
        status, body = self.agent.report(asset=ASSET, exercise="restore-test", outcome="passed", depth="queried",
                                         started_at="2026-11-01T02:00:00Z", ended_at="2026-11-01T02:40:00Z",
                                         rto_seconds=2400, message=EVIL, link="https://ci.example/1")
        assert status == 201, body

    def until_down(self):
        self.break_server()
        until(lambda: self.agent.value("recoverd_scenario_active", scenario="shop-down") == 1, "the outage is told")

    def stop(self):
        self.agent.stop()
        self.server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)
