# SPDX-License-Identifier: Apache-2.0
"""Servers that answer queries as Prometheus, Loki and Tempo do."""

import json
import time

from .source import Scripted


def nanoseconds(ago):
    return str(time.time_ns() - ago * 10**9)


class Prometheus(Scripted):
    SERIES = 50
    collector, what = "prometheus", f"a vector of {SERIES} series, each a subject; a server in its place"

    def __init__(self, _bench):
        super().__init__()
        self.check = {"collector": "prometheus", "url": self.url, "query": "backup_age_seconds", "above": 90_000,
                      "by": ["instance"]}

    def document(self, path):
        series = [{"metric": {"__name__": "backup_age_seconds", "job": "backup-exporter", "environment": "production",
                              "instance": f"db{number:02}.example:9854", "database": "orders", "method": "pgbackrest"},
                   "value": [round(time.time(), 3), f"{3600 + number}.25"]} for number in range(self.SERIES)]
        return json.dumps({"status": "success", "data": {"resultType": "vector", "result": series}}).encode()


class Loki(Scripted):
    collector, what = "loki", "the newest log line, with the statistics of the search; a server in its place"

    def __init__(self, _bench):
        super().__init__()
        self.check = {"collector": "loki", "url": self.url, "query": '{job="backup"}', "fresh_within": "10m"}

    def document(self, path):
        line = {"stream": {"job": "backup", "host": "db1.example", "filename": "/var/log/backup.log", "level": "info"},
                "values": [[nanoseconds(60), "full backup of orders ended: 41 GiB in 12 minutes"]]}
        part = {name: number for number, name in enumerate((
            "chunkRefsFetchTime", "compressedBytes", "decompressedBytes", "decompressedLines", "totalBatches",
            "totalChunksDownloaded", "totalChunksMatched", "totalChunksRef", "totalDuplicates", "totalLinesSent"))}
        statistics = {"summary": part, "querier": {"store": part}, "ingester": {"store": part},
                      "cache": {name: part for name in ("chunk", "index", "result", "statsResult", "volumeResult")}}
        return json.dumps({"status": "success", "data": {"resultType": "streams", "result": [line],
                                                         "stats": statistics}}).encode()


class Tempo(Scripted):
    TRACES = 20
    collector, what = "tempo", f"a search that finds {TRACES} traces; a server in its place"

    def __init__(self, _bench):
        super().__init__()
        self.check = {"collector": "tempo", "url": self.url, "fresh_within": "10m"}

    def document(self, path):
        traces = [{"traceID": f"2f3e0cee77ae5dc9c17ade3689eb{number:04}", "rootServiceName": "shop",
                   "rootTraceName": "POST /orders", "startTimeUnixNano": nanoseconds(number), "durationMs": 20 + number,
                   "spanSets": [{"matched": 3, "spans": [
                       {"spanID": f"b4b8dd1c{number:04}{span:04}", "startTimeUnixNano": nanoseconds(number),
                        "durationNanos": "5000000"} for span in range(3)]}]} for number in range(self.TRACES)]
        found = {"inspectedTraces": 900, "inspectedBytes": "1048576", "completedJobs": 3, "totalJobs": 3}
        return json.dumps({"traces": traces, "metrics": found}).encode()


ALL = (Prometheus, Loki, Tempo)
