# SPDX-License-Identifier: Apache-2.0
"""The program under test, as its users run it: one binary, one configuration file, signals and HTTP."""

import json
import os
import re
import shutil
import signal

from .http import answers, get, get_json, post_json
from .process import Process, complete, free_port, server_user, until

SAMPLE = re.compile(r'^(?P<name>\w+)(?:\{(?P<labels>.*)\})? (?P<value>\S+)')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def toml(config):
    """Sections by their names, values as JSON writes them (TOML's are the same but for tables). Of several tables of an
    array, such as [[scenario]], the names differ in blanks at their end: "[scenario]", "[scenario] "."""
    def value(it):
        if isinstance(it, dict):
            return "{ " + ", ".join(f"{json.dumps(key)} = {value(inner)}" for key, inner in it.items()) + " }"
        if isinstance(it, list):
            return "[" + ", ".join(map(value, it)) + "]"
        return json.dumps(it if isinstance(it, (bool, int, float)) else str(it))

    lines = []
    for section, keys in config.items():
        if section:
            lines.append(f"[{section.strip()}]")
        lines += [f"{key} = {value(it)}" for key, it in keys.items()]
    return "\n".join(lines) + "\n"


class Agent:
    def __init__(self, directory, build, log_level="debug"):
        self.directory = directory
        self._log_level = log_level
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_file = directory / "recoverd.toml"
        self.state = directory / "state"
        self.log_file = directory / "recoverd.log"
        self._process = None
        # Beyond what every server gets.
        self.environment = {}
        # To `recoverd run`, likewise.
        self.arguments = []
        # The servers' user need not be able to read the build folder.
        for name in ("recoverd", "worker"):
            if (build / name).exists():
                shutil.copy2(build / name, directory / name)
        self.binary = directory / "recoverd"
        if not self.binary.exists():
            raise FileNotFoundError(f"{build}/recoverd was not built")

    @property
    def pid(self):
        return self._process.pid

    def command(self, *words, text_in=""):
        """Another command of the program, run to its end: status, stdout and stderr."""
        done = complete([self.binary, *words], text_in)
        return done.returncode, done.stdout, done.stderr

    def write(self, config):
        self.config_file.write_text(config if isinstance(config, str) else toml(config), encoding="utf-8")

    def start(self):
        self._process = Process([self.binary, "run", f"--config.file={self.config_file}",
                                 f"--web.listen-address=127.0.0.1:{self.port}", f"--storage.path={self.state}",
                                 f"--log.level={self._log_level}", *self.arguments],
                                self.log_file, self.environment)
        self._process.until_ready(lambda: answers(f"{self.url}/-/ready"), "recoverd")

    def begin(self, config):
        """A new life without memories."""
        self.log_file.unlink(missing_ok=True)
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        if os.geteuid() == 0:
            os.chown(self.state, server_user().pw_uid, server_user().pw_gid)
        self.write(config)
        self.start()
        self._until_run_since({})

    def send(self, number):
        self._process.send(number)

    def log(self):
        """The end of it."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")[-8000:] if self.log_file.exists() else ""

    def stop(self):
        """Asks it to end; whatever status it ends with."""
        if self._process:
            process, self._process = self._process, None
            return process.stop()
        return None

    def kill(self):
        process, self._process = self._process, None
        process.stop(signal.SIGKILL)

    def hang_up(self):
        """SIGHUP, and no waiting for what comes of it."""
        self._process.send(signal.SIGHUP)

    def reload(self, config, taken=True):
        """SIGHUP; waits until the configuration is taken, or refused."""
        before = self.value("recoverd_config_last_reload_success_timestamp_seconds")
        self.write(config)
        self.hang_up()
        if taken:
            until(lambda: self.value("recoverd_config_last_reload_success_timestamp_seconds") != before,
                  "the configuration is taken")
        else:
            until(lambda: self.value("recoverd_config_last_reload_successful") == 0, "the configuration is refused")

    def samples(self, name):
        """Of one metric: labels and value of each series."""
        found = []
        for line in self.metrics().splitlines():
            sample = SAMPLE.match(line)
            if sample and sample["name"] == name:
                found.append((dict(LABEL.findall(sample["labels"] or "")), float(sample["value"])))
        return found

    def value(self, name, **labels):
        """The one series that has these labels; None when there is none."""
        found = [value for have, value in self.samples(name) if labels.items() <= have.items()]
        assert len(found) < 2, f"{name}{labels} is there {len(found)} times"
        return found[0] if found else None

    def runs(self):
        """When each check ran last."""
        return {labels["check"]: value for labels, value in self.samples("recoverd_check_last_run_timestamp_seconds")}

    def late_starts(self, bound):
        """Of all runs so far, the share that began more than so many seconds after they were due."""
        buckets = {float(labels["le"]): value
                   for labels, value in self.samples("recoverd_scheduler_lag_seconds_bucket")}
        return 1 - buckets[bound] / buckets[float("inf")]

    def looks(self, times, checks=None):
        """Waits until each check (or those named) has run so many times more."""
        for _ in range(times):
            self._until_run_since(self.runs(), checks)

    def _until_run_since(self, before, checks=None):
        awaited = checks or [labels["check"] for labels, every in self.samples("recoverd_check_interval_seconds")
                             if every]
        until(lambda: all(now.get(check) not in (None, before.get(check))
                          for now in [self.runs()] for check in awaited),
              lambda: f"{awaited} have run again since {before}: {self.runs()}\n{self.log()}")

    def api(self, path):
        return get_json(f"{self.url}/api/v1/{path}")

    def began(self, alertname):
        """When the one alert of this name began, by the agent's word. Alertmanager keeps the earliest beginning that it
        was told while an alert goes on, and so hides an agent that forgot it."""
        (found,) = [alert for alert in self.api("alerts")["alerts"]
                    if alert["labels"]["alertname"] == alertname and alert["state"] == "firing"]
        return found["started_at"]

    def metrics(self):
        try:
            return get(f"{self.url}/metrics")
        except OSError as error:
            if self._process and self._process.ended():
                raise RuntimeError(f"recoverd is dead, status {self._process.stop()}") from error
            raise

    def report(self, **outcome):
        """An outcome, as a restore test or a backup job tells it; returns the status."""
        status, body = post_json(f"{self.url}/api/v1/outcomes", outcome)
        return status, body
