# SPDX-License-Identifier: Apache-2.0
"""The one table that a run ends with."""

HEADINGS = ("what", "recoverd", "peer", "peer's", "peer / recoverd", "goal", "")


class Table:
    def __init__(self):
        self._rows = []

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

    def print(self):
        print("| " + " | ".join(HEADINGS) + " |")
        print("|" + "---|" * len(HEADINGS))
        for row in self._rows:
            print("| " + " | ".join(row) + " |")
