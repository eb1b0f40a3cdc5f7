# SPDX-License-Identifier: Apache-2.0
"""`recoverd check` on the real site: its status is what scripts and Nagios go by."""

from servers.process import until


def look(site):
    site.agent.write(site.config())
    return site.agent.command("check", f"--config.file={site.agent.config_file}")


def test_status_tells_good_bad_and_unknown(site):
    status, out, err = look(site)
    assert status == 0, out + err

    site.standby.stop()
    try:
        until(lambda: site.primary.sql("SELECT count(*) FROM pg_stat_replication") == "0", "nobody follows")
        status, out, err = look(site)
        assert status == 2, out + err
        assert "ReplicaMissing" in out
        site.primary.stop()
        status, out, err = look(site)
        # What is not known is no P2: it is worse than P3 and said in its own status.
        assert status == 3, out + err
    finally:
        site.primary.start()
        site.standby.start()
        site.until_streaming()
