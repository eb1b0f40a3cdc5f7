# SPDX-License-Identifier: Apache-2.0
"""A pgBackRest repository on this machine, for one stanza."""

import json

from .process import Process, run


class PgBackRest:
    def __init__(self, directory, stanza, postgres, **options):
        self.directory = directory / f"pgbackrest-{stanza}"
        self.stanza = stanza
        self.config = directory / f"pgbackrest-{stanza}.conf"
        lines = {"repo1-path": self.directory / "repo", "log-path": self.directory, "lock-path": self.directory,
                 "spool-path": self.directory, "start-fast": "y", "repo1-bundle": "y",
                 "compress-level": 1, "archive-timeout": 30, **options}
        self.config.write_text(
            "[global]\n" + "".join(f"{key}={value}\n" for key, value in lines.items()) +
            f"[{stanza}]\npg1-path={postgres.data}\npg1-port={postgres.port}\n"
            f"pg1-socket-path={postgres.directory}\npg1-user=postgres\n", encoding="utf-8")

    def command(self, *words):
        return ["pgbackrest", f"--config={self.config}", f"--stanza={self.stanza}", *words]

    def run(self, *words):
        return run(self.command(*words), patience=180)

    def backup(self, kind="full"):
        self.run("backup", f"--type={kind}")

    def start_backup(self, *options):
        """Begins a full backup and does not wait for it."""
        return Process(self.command("backup", "--type=full", *options), f"{self.config}.backup.log")

    def info(self):
        return json.loads(self.run("info", "--output=json"))[0]

    def backup_runs(self):
        """Whether a backup holds the stanza's lock."""
        return self.info()["status"]["lock"]["backup"]["held"]

    def archived_file(self, segment):
        """Where the repository keeps this segment; None when it does not."""
        found = list((self.directory / "repo").glob(f"archive/{self.stanza}/*/{segment[:16]}/{segment}-*"))
        return found[0] if found else None
