# SPDX-License-Identifier: Apache-2.0
"""A standby that no longer follows."""

from watched import STANDBY
from servers.alertmanager import Alert


def test_standby_is_stopped(site, drills):
    site.agent.begin(site.config())
    drills.run("standby stopped",
               [Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)],
               site.standby.stop, site.standby.start)
