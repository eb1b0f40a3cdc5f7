# SPDX-License-Identifier: Apache-2.0
"""Drills: break something, see exactly the alerts that are due in Alertmanager, mend it, see them go."""

import time
from collections import Counter

from servers.process import PATIENCE, until


class Drills:
    def __init__(self, site):
        self._site = site
        # Lines for the table at the end: fault, detected after, alerts, resolved after.
        self.lines = []

    def _firing(self):
        return self._site.alertmanager.firing()

    def until_quiet(self):
        """Nothing fires besides the watchdog, and it does."""
        alertmanager = self._site.alertmanager
        until(lambda: alertmanager.has_watchdog() and not self._firing() and not alertmanager.pager.open(),
              lambda: f"only the watchdog fires: {self._firing()}, {alertmanager.pager.open()}")

    def stays_quiet(self, looks):
        """Nothing but the watchdog reaches anybody while every check looks so often."""
        self.until_quiet()
        mark = self._site.alertmanager.pager.mark()
        self._site.agent.looks(looks)
        assert not self._firing()
        assert not self._site.alertmanager.pager.since(mark)

    def _until_firing(self, expected, patience, passing=Counter()):
        """`passing` are those that may still be there."""
        def so():
            found = self._firing()
            assert found <= expected | passing, f"unexpected alerts: {dict(found - (expected | passing))}"
            return found == expected

        until(so, lambda: f"fires {dict(expected)}, found {dict(self._firing())}", patience)

    def _until_told(self, told, mark, patience=PATIENCE):
        pager = self._site.alertmanager.pager
        until(lambda: pager.since(mark) >= told, lambda: f"the pager got {told}, found {pager.since(mark)}", patience)

    def _until_paged(self, alerts, mark):
        """What ends before Alertmanager's next notification of its group is never told to anybody."""
        self._until_told(Counter(("firing", alert) for alert in alerts.elements()), mark)

    def passes(self, fault, alerts, break_it, patience=PATIENCE):
        """A fault that mends itself: each of the alerts comes once, and is resolved once."""
        pager = self._site.alertmanager.pager
        told = {status: Counter({(status, alert): 1 for alert in alerts}) for status in ("firing", "resolved")}
        self.until_quiet()
        mark = pager.mark()
        break_it()
        broken = time.monotonic()
        took = {}
        for status in ("firing", "resolved"):
            self._until_told(told[status], mark, patience)
            took[status] = time.monotonic() - broken
        self._site.agent.looks(2)
        assert not self._firing()
        assert pager.since(mark) == told["firing"] + told["resolved"], f"found {pager.since(mark)}"
        self._tell(fault, took["firing"], alerts, took["resolved"])

    def run(self, fault, alerts, break_it, mend_it, while_broken=None, patience=PATIENCE, told_firing=1):
        """Does all of it. `alerts` are all that may come; each must come once (or `told_firing` times, where the
        drill makes Alertmanager forget) and be resolved once."""
        expected = Counter(alerts)
        pager = self._site.alertmanager.pager
        self.until_quiet()
        mark = pager.mark()
        try:
            break_it()
            broken = time.monotonic()
            self._until_firing(expected, patience)
            detected = time.monotonic() - broken
            self._until_paged(expected, mark)
            self._site.agent.looks(1)
            if while_broken:
                while_broken()
            assert self._firing() == expected
        finally:
            # Whatever was seen: the next test wants all to be well.
            mend_it()
        mended = time.monotonic()
        until(lambda: not self._firing(), lambda: f"all is resolved: {dict(self._firing())}", patience)
        resolved = time.monotonic() - mended
        told = Counter({(status, alert): often * times for status, times in (("firing", told_firing), ("resolved", 1))
                        for alert, often in expected.items()})
        self._until_told(told, mark)
        self._site.agent.looks(2)
        assert not self._firing()
        assert pager.since(mark) == told, f"expected {told}, found {pager.since(mark)}"
        self._tell(fault, detected, alerts, resolved)

    def goes_on(self, fault, *stages, patience=PATIENCE):
        """A fault that gets better step by step. Each stage is what is done, and all the alerts that fire from then on;
        of the last one these are none. Each alert comes once, however many stages it lasts, and is resolved once."""
        pager = self._site.alertmanager.pager
        self.until_quiet()
        mark = pager.mark()
        before, ever, took = Counter(), Counter(), []
        for act, alerts in stages:
            act()
            acted = time.monotonic()
            expected = Counter(alerts)
            self._until_firing(expected, patience, before)
            took.append(time.monotonic() - acted)
            self._until_paged(ever | expected, mark)
            self._site.agent.looks(1)
            assert self._firing() == expected
            before, ever = expected, ever | expected
        told = Counter({(status, alert): 1 for status in ("firing", "resolved") for alert in ever})
        self._until_told(told, mark, patience)
        self._site.agent.looks(2)
        assert not self._firing()
        assert pager.since(mark) == told, f"expected {told}, found {pager.since(mark)}"
        self._tell(fault, took[0], list(ever), took[-1])

    def _tell(self, fault, detected, alerts, resolved):
        names = ", ".join(f"{name} {priority}" + (f" x{often}" if often > 1 else "")
                          for (name, priority), often in Counter((a.alertname, a.priority) for a in alerts).items())
        self.lines.append(f"{fault:<52} {detected:6.1f} s  {names:<44} {resolved:6.1f} s")
