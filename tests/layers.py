#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads every #include against the table of who may know whom, and looks for clocks in core."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS = ("core", "io", "collectors", "exporters", "agent", "worker")
MAY_INCLUDE = {
    "core": {"core"},
    "io": {"io", "core"},
    "collectors": {"collectors", "io", "core"},
    "exporters": {"exporters", "io", "core"},
    "worker": {"worker", "io", "core"},
    "agent": {"agent", "collectors", "exporters", "io", "core"},
}
# Each third-party library is known to these folders (a path) only; what is not listed is the standard library.
THIRD_PARTY = {
    "fmt/": OURS,
    "asio": ("io/", "agent/", "collectors/collector.cpp"),
    "boost/": ("io/web/", "io/http_server"),
    "curl/": ("io/",),
    "openssl/": ("io/", "worker/"),
    "libpq-fe.h": ("io/pg_",),
    "systemd/": ("io/systemd_bus", "agent/"),
    "nlohmann/": ("io/json_parse.cpp", "io/json_stream.cpp"),
    "expat.h": ("io/xml.cpp",),
    "re2/": ("collectors/http/expression.cpp",),
    "sqlite3.h": ("agent/store/sqlite.cpp", "worker/"),
    "toml++/": ("agent/config/",),
    "CLI/": ("agent/cli.cpp",),
    "prometheus/": ("exporters/own_metrics",),
    "spdlog/": ("agent/",),
    "archive": ("worker/",),
    "librdkafka/": ("worker/kafka/client",),
    "zlib.h": ("io/gzip.cpp", "worker/"),
    "yaml-cpp/": ("agent/", "io/yaml.cpp"),
}
CLOCK = re.compile(r"::now\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)|gettimeofday|clock_gettime")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def third_party_fault(where: str, header: str) -> str | None:
    for prefix, folders in THIRD_PARTY.items():
        if header == prefix or (header.startswith(prefix) and (prefix.endswith("/") or header[len(prefix):][:1] in (".", "/", "_"))):
            if not any(where.startswith(folder) for folder in folders):
                return f"<{header}> is not for {where.split('/')[0]}: it is wrapped in {', '.join(folders)}"
    return None


def faults(path: pathlib.Path) -> list[str]:
    where = path.relative_to(ROOT).as_posix()
    folder = where.split("/")[0]
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        include = INCLUDE.match(line)
        if include and include[1] == '"' and include[2].split("/")[0] not in MAY_INCLUDE[folder]:
            found.append(f"{where}:{number}: {folder} may not include {include[2]}")
        if include and include[1] == "<" and (fault := third_party_fault(where, include[2])):
            found.append(f"{where}:{number}: {fault}")
        if folder == "core" and CLOCK.search(line):
            found.append(f"{where}:{number}: core has no clock; time comes in as an argument")
    return found


def main() -> int:
    files = [p for folder in OURS for p in (ROOT / folder).rglob("*.[ch]pp")]
    found = [fault for path in sorted(files) for fault in faults(path)]
    print("\n".join(found) or f"{len(files)} files keep to the layers")
    return 1 if found or len(files) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
