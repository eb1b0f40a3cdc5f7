# SPDX-License-Identifier: Apache-2.0
"""What becomes of alerts when the agent dies, and when its configuration changes."""

from servers.alertmanager import Alert
from servers.http import get
from servers.process import until

FAILING = Alert("WalArchivingFailing", "P2", "critical", "orders-db", "orders-wal")


def break_archiving(site):
    site.primary.set("archive_command", "false")
    site.primary.switch_wal()


def mend_archiving(site):
    site.primary.set("archive_command", site.archive_command)


def tells_what_happened(site):
    """Whoever looks when it is over reads when it was, also where the agent was another one."""
    for whose in ("asset=orders-db", "check=orders-wal", "alert=WalArchivingFailing"):
        events = site.agent.api(f"history?{whose}")["events"]
        found = [event["state"] for event in events if event["name"] == "WalArchivingFailing"]
        assert found == ["resolved", "firing"], events
    rc, out, err = site.agent.command("explain", "orders-db", "--url", site.agent.url)
    assert rc == 0, err
    assert "WalArchivingFailing firing orders-wal: " in out.split("\nhistory\n")[1], out
    for page in ("asset/orders-db", "check/orders-wal"):
        assert "<b>WalArchivingFailing</b> P2, orders-wal: " in get(f"{site.agent.url}/{page}"), page


def test_alert_survives_a_kill_with_its_beginning(site, drills):
    site.agent.begin(site.config())

    def kill_and_start():
        def began():
            return site.alertmanager.document("WalArchivingFailing")["startsAt"]

        before = began(), site.agent.began("WalArchivingFailing")
        site.agent.kill()
        site.agent.start()
        site.agent.looks(2)
        # What the killed one sent would end by itself now: only the new one keeps it going.
        sent = site.alertmanager.document("WalArchivingFailing")["endsAt"]
        until(lambda: site.alertmanager.document("WalArchivingFailing")["endsAt"] != sent, "it was sent anew")
        assert (began(), site.agent.began("WalArchivingFailing")) == before

    drills.run("agent killed while an alert fires", [FAILING], lambda: break_archiving(site),
               lambda: mend_archiving(site), while_broken=kill_and_start)
    tells_what_happened(site)


def test_reload_that_removes_a_check_resolves_its_alert(site, drills):
    site.agent.begin(site.config())
    config = site.config()
    del config["check.orders-wal"]
    try:
        drills.run("alert's check leaves the configuration", [FAILING], lambda: break_archiving(site),
                   lambda: site.agent.reload(config))
    finally:
        mend_archiving(site)


def test_broken_configuration_is_refused_and_said(site, drills):
    good = site.config()
    site.agent.begin(good)
    drills.run("reload of a broken configuration",
               [Alert("ConfigReloadFailed", "P3", "warning")],
               lambda: site.agent.reload("[check.orders-wal]\ncollector = 'postgresqk'\n", taken=False),
               lambda: site.agent.reload(good))
