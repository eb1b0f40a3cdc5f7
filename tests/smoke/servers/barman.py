# SPDX-License-Identifier: Apache-2.0
"""A Barman on this machine that keeps backups of one PostgreSQL, which ships its WAL to it."""

from .postgres import PROGRAMS
from .process import Process, complete, run, server_user


class Barman:
    def __init__(self, directory, server, postgres):
        self.server = server
        self.home = directory / f"barman-{server}"
        self.config = directory / f"barman-{server}.conf"
        self._postgres = postgres
        # What arrives before Barman was asked for the first time shall not get lost.
        run(["mkdir", "-p", self.home / server / "incoming"])
        self.configure()

    def configure(self, **options):
        """Writes the configuration, with what differs from a good one."""
        postgres = self._postgres
        connect = f"host={postgres.directory} port={postgres.port} user=postgres"
        lines = {"description": self.server, "conninfo": f"{connect} dbname=postgres", "streaming_conninfo": connect,
                 "backup_method": "postgres", "archiver": "on", "path_prefix": PROGRAMS, **options}
        self.config.write_text(
            f"[barman]\nbarman_user = {server_user().pw_name}\nbarman_home = {self.home}\n"
            f"barman_lock_directory = {self.home}\nlog_file = {self.home}/log\n[{self.server}]\n" +
            "".join(f"{key} = {value}\n" for key, value in lines.items()), encoding="utf-8")

    @property
    def archive_command(self):
        """What ships a segment."""
        return f"cp %p {self.home}/{self.server}/incoming/%f"

    def command(self, *words):
        return ["barman", "-c", self.config, *words]

    def run(self, *words):
        return run(self.command(*words), patience=180)

    def begin(self):
        """The first check makes the folders that are missing; no backup before some WAL has arrived."""
        complete(self.command("check", self.server), patience=180)
        self._postgres.write()
        self.run("switch-wal", "--force", "--archive", self.server)

    def backup(self):
        self.run("backup", "--wait", self.server)

    def start_backup(self):
        """Begins one and does not wait for it."""
        return Process(self.command("backup", self.server), self.home / "backup.log")

    def has(self, status):
        return f'"status": "{status}"' in self.run("-f", "json", "list-backup", self.server)

    def check(self, **options):
        """As a collector's options."""
        return {"collector": "barman", "config": self.config, "every": "6s", "timeout": "5900ms", **options}
