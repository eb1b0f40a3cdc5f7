# SPDX-License-Identifier: Apache-2.0
"""WAL that WAL-G lost, and deltas whose parent is gone, as a program in its place tells of them: WAL-G itself is in no
distribution."""

import json
import time

import pytest

from servers.alertmanager import Alert

CHECK = "orders-walg"
FULL = "base_000000010000000000000032"
DELTA = "base_000000010000000000000036_D_000000010000000000000032"


class WalG:
    def __init__(self, directory):
        self.directory = directory / "wal-g"
        self.directory.mkdir()
        self.program = self.directory / "wal-g"
        self.program.write_text(f'#!/bin/sh\ncat "{self.directory}/$1.json"\n', encoding="utf-8")
        self.program.chmod(0o755)
        self.directory.chmod(0o755)
        self.backups(FULL, DELTA)
        self.wal()

    def _write(self, name, document):
        """As a rename, so that nobody sees half of it."""
        made = self.directory / "made"
        made.write_text(json.dumps(document), encoding="utf-8")
        made.chmod(0o644)
        made.rename(self.directory / f"{name}.json")

    def backups(self, *names):
        made = []
        for age, name in zip((1200, 600), names):
            moment = [time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(time.time() - age - took)) for took in (60, 0)]
            made.append({"backup_name": name, "time": moment[1], "wal_file_name": name[5:29], "storage_name": "default",
                         "start_time": moment[0], "finish_time": moment[1], "is_permanent": False,
                         "system_identifier": 7507672962298572862, "uncompressed_size": 4_000_000,
                         "compressed_size": 1_000_000})
        self._write("backup-list", made)

    def wal(self, *lost, highest=1):
        rows = [("000000010000000000000032", "000000010000000000000040", 15, "FOUND")]
        rows += [(segment, segment, 1, "MISSING_LOST") for segment in lost]
        if lost:
            # Without a newer one that arrived they would wait.
            rows.append(("000000010000000000000048", "000000010000000000000050", 9, "FOUND"))
        fields = ("start_segment", "end_segment", "segments_count", "status")
        self._write("wal-verify", {
            "integrity": {"status": "FAILURE" if lost else "OK",
                          "details": [{"timeline_id": 1, **dict(zip(fields, row))} for row in rows]},
            "timeline": {"status": "OK" if highest == 1 else "FAILURE",
                         "details": {"current_timeline_id": 1, "highest_storage_timeline_id": highest}}})

    def check(self):
        return {"collector": "walg", "every": "2s", "timeout": "1900ms", "command": [str(self.program)]}


@pytest.fixture(scope="module")
def walg(servers):
    return WalG(servers.directory)


@pytest.fixture
def watched(site, walg):
    config = site.config_of("orders-db", **{CHECK: walg.check()})
    config["asset.orders-db"]["backup_every"] = "1h"
    site.agent.begin(config)
    return walg


def alert(name, priority="P2", assertion=""):
    return Alert(name, priority, "critical", "orders-db", CHECK, "", assertion)


@pytest.mark.all
def test_lost_wal(watched, drills):
    drills.run("wal-g: a segment is lost", [alert("WalArchiveGap")], lambda: watched.wal("000000010000000000000041"),
               watched.wal)


@pytest.mark.all
def test_another_timeline(watched, drills):
    drills.run("wal-g: the storage is on another timeline", [alert("AssertionFailed", assertion="timeline")],
               lambda: watched.wal(highest=2), watched.wal)


@pytest.mark.all
def test_delta_without_its_parent(watched, drills):
    drills.run("wal-g: a delta's parent is gone", [alert("BackupCorrupt", "P1")], lambda: watched.backups(DELTA),
               lambda: watched.backups(FULL, DELTA))
