# SPDX-License-Identifier: Apache-2.0
"""systemd, as it tells of a service and its timer over the bus."""

import time

from .dbus import Bus, Marshalled
from .source import Asked

HOUR = 3600


def microseconds(ago):
    return int((time.time() - ago) * 1e6)


class Units(Asked):
    # About as many more as systemd tells of a service; most are numbers and short words.
    OTHERS = 250
    collector, what, unit = "systemd_unit", "a service and its timer; a bus in systemd's place", "call"

    def __init__(self, bench):
        super().__init__()
        path = bench.directory / "bus"
        self._address = f"unix:path={path}"
        self._bus = Bus(path, self._answer)
        self.check = {"collector": "systemd_unit", "unit": "backup.service", "timer": "backup.timer"}

    def prepare(self, agent):
        agent.environment["DBUS_SYSTEM_BUS_ADDRESS"] = self._address

    def _answer(self, call):
        self.seen()
        if b"Hello" in call:
            return "s", Marshalled().put("s", ":1.1")
        kind = "timer" if b"timer" in call else "service"
        if b"LoadUnit" in call:
            return "o", Marshalled().put("o", f"/org/freedesktop/systemd1/unit/backup_2e{kind}")
        own = self._timer() if kind == "timer" else self._service()
        others = {f"Property{number:03}": ("s", "of its own") if number % 2 else ("t", number)
                  for number in range(self.OTHERS)}
        return "a{sv}", Marshalled().put_variants({**others, "LoadState": ("s", "loaded"), **own})

    @staticmethod
    def _service():
        return {"ActiveState": ("s", "inactive"), "SubState": ("s", "dead"), "Result": ("s", "success"),
                "ExecMainCode": ("i", 1), "ExecMainStatus": ("i", 0), "NRestarts": ("u", 0), "ConditionResult": ("b", 1),
                "ExecMainStartTimestamp": ("t", microseconds(2 * HOUR)), "ExecMainExitTimestamp": ("t", microseconds(HOUR)),
                "InvocationID": ("ay", bytes(range(16)))}

    @staticmethod
    def _timer():
        return {"ActiveState": ("s", "active"), "SubState": ("s", "waiting"), "Unit": ("s", "backup.service"),
                "LastTriggerUSec": ("t", microseconds(2 * HOUR)), "NextElapseUSecRealtime": ("t", microseconds(-22 * HOUR))}

    def stop(self):
        self._bus.stop()


ALL = (Units,)
