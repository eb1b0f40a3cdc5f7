# SPDX-License-Identifier: Apache-2.0
"""The tables that a run ends with: what was measured beside a peer or a goal, and what a round of each collector costs."""

HEADINGS = ("what", "recoverd", "peer", "peer's", "peer / recoverd", "goal", "")
ROUNDS = ("collector", "a round looks at", "CPU", "of that the agent's own", "most resident, children included", "requests")


def _print(headings, rows):
    print("| " + " | ".join(headings) + " |")
    print("|" + "---|" * len(headings))
    for row in rows:
        print("| " + " | ".join(row) + " |")


class Table:
    def __init__(self):
        self._rows = []
        self._rounds = []

    def row(self, what, ours, unit, *, peer="", theirs=None, at_most=None, times=None):
        """`at_most`: what ours may be; `times`: how many times more the peer has to take."""
        ratio = theirs / ours if theirs is not None and ours else None
        goals, missed = [], False
        if at_most is not None:
            goals.append(f"≤ {at_most:g} {unit}")
            missed |= ours > at_most
        if times is not None:
            goals.append(f"≥ {times:g} ×")
            missed |= ratio is None or ratio < times
        self._rows.append((what, f"{ours:.4g} {unit}", peer, "" if theirs is None else f"{theirs:.4g} {unit}",
                           "" if ratio is None else f"{ratio:.3g}", ", ".join(goals), "missed" if missed else ""))

    def round(self, collector, what, *, cpu, own, resident, requests):
        """`cpu` and `own` in ms, `resident` in MiB; `requests` in words."""
        self._rounds.append((collector, what, f"{cpu:.3g} ms", f"{own:.3g} ms", f"{resident:.3g} MiB", requests))

    def print(self):
        if self._rows:
            _print(HEADINGS, self._rows)
        if self._rows and self._rounds:
            print()
        if self._rounds:
            _print(ROUNDS, sorted(self._rounds))
