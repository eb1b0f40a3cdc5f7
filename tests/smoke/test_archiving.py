# SPDX-License-Identifier: Apache-2.0
"""The archive command fails, or claims success and stores nothing."""

from servers.alertmanager import Alert
from servers.process import until


def test_archive_command_fails(site, drills):
    site.agent.begin(site.config())

    def break_it():
        site.primary.set("archive_command", "false")
        site.primary.switch_wal()

    drills.run("archive_command fails",
               [Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")],
               break_it, lambda: site.primary.set("archive_command", site.archive_command))
