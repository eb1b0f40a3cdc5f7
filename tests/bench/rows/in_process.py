# SPDX-License-Identifier: Apache-2.0
"""What happens inside the agent, as Google Benchmark measures it beside the barest thing that does the same (micro_bench of
the preset bench). Each is looked at several times, in turns with its peer, and the least is taken: what disturbs only adds."""

import json
import subprocess

from peers import BUILT

PROGRAM = BUILT / "micro_bench"
TURNS = 5


def least(seconds):
    """By name: the least CPU time, the least time on the clock, in seconds, and the counters."""
    run = subprocess.run([PROGRAM, "--benchmark_format=json", f"--benchmark_repetitions={TURNS}",
                          "--benchmark_enable_random_interleaving=true", f"--benchmark_min_time={seconds}"],
                         capture_output=True, text=True, check=True)
    units = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1}
    found = {}
    for one in json.loads(run.stdout)["benchmarks"]:
        if one["run_type"] != "iteration":
            continue
        unit = units[one["time_unit"]]
        name = one["run_name"].removesuffix("/process_time/real_time").removesuffix("/iterations:1")
        known = found.setdefault(name, {"cpu": float("inf"), "clock": float("inf")})
        known.update(one, cpu=min(known["cpu"], one["cpu_time"] * unit), clock=min(known["clock"], one["real_time"] * unit))
    return found


def measure(bench, table):
    found = least(min(0.5, bench.seconds / 60))

    def row(what, ours, theirs, unit, scale, by="cpu", **wanted):
        table.row(what, found[ours][by] * scale, unit, peer=theirs, theirs=found[theirs][by] * scale, **wanted)

    for peer in ("render/prometheus-cpp", "render/memcpy"):
        row("/metrics of 80,000 series: CPU", "render/recoverd", peer, "ms", 1e3, at_most=8)
    row("/metrics of 80,000 series, gzip: CPU", "render_gzip/recoverd", "render_gzip/prometheus-cpp", "ms", 1e3, at_most=30)
    row("the status page of 2,000 checks: CPU", "page/recoverd/2000", "page/memcpy/2000", "ms", 1e3, at_most=50)
    for checks in (1_000, 50_000):
        row(f"one report evaluated, of {checks:,} checks", f"evaluate/recoverd/{checks}", "evaluate/copy", "us", 1e6)
    row("the same: 50,000 checks, and 1,000", "evaluate/recoverd/50000", "evaluate/recoverd/1000", "us", 1e6)
    for checks in (1_000, 50_000):
        for peer in ("std::set", "std::priority_queue"):
            row(f"one check taken and given back, of {checks:,}", f"schedule/recoverd/{checks}", f"schedule/{peer}/{checks}",
                "us", 1e6)
    for rows in (1, 700):
        row(f"a commit of {rows} rows: time until it is on disk", f"commit/recoverd/{rows}", f"commit/sqlite3/{rows}", "ms",
            1e3, by="clock")
        row(f"a commit of {rows} rows: CPU", f"commit/recoverd/{rows}", f"commit/sqlite3/{rows}", "ms", 1e3)
    row("the loop's part of 700 rows", "rows/recoverd/700", "rows/copy/700", "ms", 1e3, at_most=10)
    table.row("10,000 checks on disk, with all the history that is kept", found["store_size/10000"]["bytes"] / 1e6, "MB",
              at_most=300)
