# SPDX-License-Identifier: Apache-2.0
"""Programs that checks start. In the place of those that Debian lacks, or that would need a site of their own, stands a shell
script that prints what they would: what such a tool costs itself is not in it."""

import json
import shlex
import time
from pathlib import Path

from servers.borg import Borg
from servers.pgbackrest import PgBackRest
from servers.postgres import Postgres
from servers.restic import Restic
from servers.scripts import Script

from .source import Asked

# What Barman said, word for word.
CAPTURED = Path(__file__).resolve().parents[2] / "data/barman"
DAY = 86400


class Started(Asked):
    """By a script that counts."""

    unit = "program"

    def __init__(self, bench):
        super().__init__()
        self.folder = bench.fresh_directory(f"asked-{self.collector}")
        self._begun = self.folder / "begun"

    def script(self, body):
        """As `command`."""
        return [Script(self.folder, self.collector, f"echo >> {self._begun}\n{body}").path]

    def counted(self, command):
        """The same command, counted."""
        return self.script(f'exec {shlex.join(map(str, command))} "$@"')

    @property
    def asked(self):
        return self._begun.stat().st_size if self._begun.exists() else 0

    def write(self, name, document):
        (self.folder / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


class Plugin(Started):
    collector, what = "exec", "a plug-in that prints one line; a script in its place"

    def __init__(self, bench):
        super().__init__(bench)
        says = "DISK OK - free space: / 12000 MB (81% inode=92%);| /=2643MB;5948;5958;0;5968 /srv=1843MB;5948;5958;0;5968"
        self.check = {"collector": "exec", "command": self.script(f"echo '{says}'")}


class WalG(Started):
    DAYS = 30
    collector, what = "walg", f"{DAYS} backups and their WAL; a script in its place"

    def __init__(self, bench):
        super().__init__(bench)
        now = time.time()
        self.write("backup-list", [self._backup(day, now - (self.DAYS - day) * DAY) for day in range(self.DAYS)])
        self.write("wal-verify", {
            "integrity": {"status": "OK", "details": [
                {"timeline_id": 1, "start_segment": self._segment(0), "end_segment": self._segment(self.DAYS),
                 "segments_count": 100 * self.DAYS + 1, "status": "FOUND"}]},
            "timeline": {"status": "OK", "details": {"current_timeline_id": 1, "highest_storage_timeline_id": 1}}})
        self.check = {"collector": "walg", "command": self.script(f'cat "{self.folder}/$1.json"')}

    @staticmethod
    def _segment(day):
        return f"0000000100000000{day * 100 + 16:08X}"

    def _backup(self, day, ended):
        """A full one each week, and deltas of the day before."""
        delta = f"_D_{self._segment(day - 1)}" if day % 7 else ""
        began, ended = (time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(at)) for at in (ended - 600, ended))
        return {"backup_name": f"base_{self._segment(day)}{delta}", "time": ended, "wal_file_name": self._segment(day),
                "storage_name": "default", "start_time": began, "finish_time": ended, "date_fmt": "%Y-%m-%dT%H:%M:%S.%fZ",
                "hostname": "db1", "data_dir": "/srv/pg", "pg_version": 150015, "start_lsn": 838860840 + day,
                "finish_lsn": 838861184 + day, "is_permanent": False, "system_identifier": 7507672962298572862,
                "uncompressed_size": 4_000_000_000, "compressed_size": 1_000_000_000}


class Barman(Started):
    SERVERS, DAYS = ("billing", "orders", "stock"), 14
    collector, what = "barman", f"{len(SERVERS)} servers of {DAYS} backups each; a script in its place"

    def __init__(self, bench):
        super().__init__(bench)
        (known,) = json.loads((CAPTURED / "list.json").read_bytes()).values()
        (checked,) = json.loads((CAPTURED / "check.json").read_bytes()).values()
        self.write("list-backup", {server: [self._backup(known[0], day) for day in range(self.DAYS)]
                                   for server in self.SERVERS})
        self.write("check", {server: checked for server in self.SERVERS})
        self.write("list-server", {server: {"description": f"the {server} database"} for server in self.SERVERS})
        # barman -f json WORD, and most often a server's name
        self.check = {"collector": "barman", "command": self.script(f'cat "{self.folder}/$3.json"')}

    @staticmethod
    def _backup(known, day):
        """Newest first."""
        ended = int(time.time()) - 3600 - day * DAY
        return {**known, "backup_id": time.strftime("%Y%m%dT%H%M%S", time.gmtime(ended - 600)),
                "end_time": time.ctime(ended), "end_time_timestamp": str(ended)}


class Tool(Started):
    """The real one, which takes its time: one check at a time, that it does not wait for others."""

    copies, every = 1, 2


class Stanza(Tool):
    collector, what = "pgbackrest", "one stanza, one full backup, its WAL; pgBackRest itself"

    def __init__(self, bench):
        super().__init__(bench)
        server = Postgres(self.folder, "primary")
        server.init()
        repository = PgBackRest(self.folder, "orders", server)
        server.configure(wal_level="replica", archive_mode="on",
                         archive_command=" ".join(map(str, repository.command("archive-push", "%p"))))
        server.start()
        try:
            repository.run("stanza-create")
            repository.backup()
        finally:
            # Nobody asks it any more.
            server.abandon()
        self.check = {"collector": "pgbackrest", "config": repository.config, "command": self.counted(["pgbackrest"])}


class Snapshots(Tool):
    collector, what = "restic", "a folder of two snapshots; restic itself"

    def __init__(self, bench):
        super().__init__(bench)
        repository = Restic(self.folder, "data")
        repository.init()
        for name in ("second", "third"):
            repository.write(name)
            repository.backup()
        check = repository.check()
        self.check = {**check, "command": self.counted(check["command"])}


class Archives(Tool):
    collector, what = "borg", "a folder of two archives; Borg itself"

    def __init__(self, bench):
        super().__init__(bench)
        repository = Borg(self.folder, "data")
        for _ in range(2):
            repository.backup()
        check = repository.check()
        self.check = {**check, "command": self.counted(check["command"])}


IN_PLACE = (Plugin, WalG, Barman)
REAL = (Stanza, Snapshots, Archives)
