# SPDX-License-Identifier: Apache-2.0
"""Alertmanager is down, forgetful, slow, picky or locked: what is told, and that it is told once."""

import json
import signal
import time
from collections import Counter
from contextlib import contextmanager, suppress

import pytest

from servers.alertmanager import Alert, Alertmanager
from servers.http import post_json
from servers.process import run, until
from servers.web_server import Handler, WebServer
from test_agent import FAILING, break_archiving, mend_archiving
from test_healthy import moment
from watched import STANDBY

USER, PASSWORD = "recoverd", "only for this test"
# Of PASSWORD, bcrypt with its lowest cost.
PASSWORD_HASH = "$2b$04$98GbRV4eUrwpqDfJ14/KnOSbZJC9WwoHDO3M2ezd9fidFBax0AYre"


def config_for(site, *urls):
    """Sends each second, so that what is not sent again ends after four."""
    config = site.config()
    config["alertmanager"] = {"urls": list(urls or [site.alertmanager.url]), "interval": "1s", "timeout": "900ms"}
    return config


def archiving_fails(site, drills, fault, while_broken, **told):
    """The drill that all of these do; what they do to Alertmanager happens while the alert fires."""
    drills.run(fault, [FAILING], lambda: break_archiving(site), lambda: mend_archiving(site),
               while_broken=while_broken, **told)


def until_ended_by_itself(document):
    until(lambda: time.time() > moment(document["endsAt"]).timestamp() + 1, "what was sent has ended by itself")


def until_fires(alertmanager):
    return until(lambda: alertmanager.firing() and alertmanager.document(FAILING.alertname), "the alert is sent again")


@contextmanager
def second_alertmanager(site, **how):
    second = Alertmanager(site.directory, "second", **how)
    try:
        yield second
    finally:
        second.stop()
        second.lose_data()


@pytest.mark.all
@pytest.mark.parametrize("keeps_data", [True, False])
def test_down_for_longer_than_an_alert_lasts_unsent(site, drills, keeps_data):
    """With its data it knows who was told; without, it tells them once more, of the same beginning."""
    site.agent.begin(config_for(site))

    def away():
        before = site.alertmanager.document(FAILING.alertname)
        mark = site.alertmanager.pager.mark()
        site.alertmanager.end()
        try:
            if not keeps_data:
                site.alertmanager.lose_data()
            until_ended_by_itself(before)
        finally:
            site.alertmanager.start()
        assert until_fires(site.alertmanager)["startsAt"] == before["startsAt"]
        # An alert that ends before Alertmanager has told of it is never told.
        if not keeps_data:
            until(lambda: site.alertmanager.pager.since(mark)[("firing", FAILING)] == 1, "the pager is told once more")

    archiving_fails(site, drills, f"Alertmanager down, {'keeps' if keeps_data else 'loses'} its data", away,
                    told_firing=1 if keeps_data else 2)


@pytest.mark.all
def test_one_of_two_down_the_other_gets_all(site, drills):
    with second_alertmanager(site) as second:
        second.end()
        site.agent.begin(config_for(site, site.alertmanager.url, second.url))

        def return_to_it():
            assert site.agent.value("recoverd_alertmanager_sends_total", url=second.url, outcome="refused")
            second.start()
            assert (until_fires(second)["startsAt"] ==
                    site.alertmanager.document(FAILING.alertname)["startsAt"])

        archiving_fails(site, drills, "one of two Alertmanagers down", return_to_it)
        until(lambda: not second.firing() and not second.pager.open(), "the one that returned is told that it is over")


@pytest.mark.all
def test_one_of_two_hangs_the_other_gets_all(site, drills):
    """A stopped process takes connections and answers none; what ended meanwhile does not go on firing there."""
    with second_alertmanager(site) as second:
        site.agent.begin(config_for(site, site.alertmanager.url, second.url))

        def hang():
            until_fires(second)
            second.signal(signal.SIGSTOP)
            until(lambda: site.agent.value("recoverd_alertmanager_sends_total", url=second.url, outcome="timed_out"),
                  "a send to it times out")

        archiving_fails(site, drills, "one of two Alertmanagers hangs", hang)
        second.signal(signal.SIGCONT)
        until(lambda: not second.firing() and not second.pager.open(), "the one that hung is told that it is over")


def alerts_for(handler):
    """What somebody who stands before an Alertmanager was told for it."""
    return json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))


class Slow(WebServer):
    """Stands before an Alertmanager: passes on at once what it is told, and says so only after `delay` seconds."""

    def __init__(self, target, delay):
        class Late(Handler):
            def do_POST(self):
                status, _ = post_json(f"{target}{self.path}", alerts_for(self))
                time.sleep(delay)
                with suppress(OSError):  # nobody waits for it any more
                    self.answer(status)

        self.url = self.serve(Late)


@pytest.mark.all
@pytest.mark.parametrize("delay, outcome", [(0.5, "accepted"), (2, "timed_out")])
def test_one_of_two_is_slow_the_other_is_not_kept_waiting(site, drills, delay, outcome):
    """It answers late, or later than anybody waits: then it has taken what the agent takes for lost, and is told again.
    Nobody hears of anything twice."""
    with second_alertmanager(site) as second:
        slow = Slow(second.url, delay)
        try:
            site.agent.begin(config_for(site, site.alertmanager.url, slow.url))

            def sends(url, outcome):
                return site.agent.value("recoverd_alertmanager_sends_total", url=url, outcome=outcome) or 0

            def goes_on():
                until_fires(second)
                to_slow, to_other = sends(slow.url, outcome), sends(site.alertmanager.url, "accepted")
                until(lambda: sends(slow.url, outcome) >= to_slow + 3, "the slow one is told again and again")
                assert sends(site.alertmanager.url, "accepted") >= to_other + 2
                assert second.document(FAILING.alertname)["startsAt"] == (
                    site.alertmanager.document(FAILING.alertname)["startsAt"])

            archiving_fails(site, drills, f"one of two Alertmanagers answers after {delay} s", goes_on)
            told = Counter({("firing", FAILING): 1, ("resolved", FAILING): 1})
            until(lambda: second.pager.since(0) == told, lambda: f"it was told {told}: {second.pager.since(0)}")
            assert not second.firing()
        finally:
            slow.stop()


class Picky(WebServer):
    """Stands before an Alertmanager and refuses one alert as Alertmanager does: it stores the others and says 400."""

    def __init__(self, target, refused):
        seen = self.seen = []

        class Choosing(Handler):
            def do_POST(self):
                alerts = alerts_for(self)
                seen.append([alert["labels"]["alertname"] for alert in alerts])
                good = [alert for alert in alerts if alert["labels"]["alertname"] != refused]
                status, _ = post_json(f"{target}{self.path}", good) if good else (200, "")
                self.answer(status if len(good) == len(alerts) else 400)

        self.url = self.serve(Choosing)


@pytest.mark.all
def test_one_alert_refused_holds_up_no_other(site, drills):
    picky = Picky(site.alertmanager.url, refused=FAILING.alertname)
    config = config_for(site, picky.url)
    site.agent.begin(config)

    def sends(outcome):
        return site.agent.value("recoverd_alertmanager_sends_total", url=picky.url, outcome=outcome)

    def break_both():
        break_archiving(site)
        until(lambda: any(FAILING.alertname in names for names in picky.seen), "the alert it refuses is sent")
        site.standby.stop()

    def mend_both():
        site.standby.start()
        site.until_streaming()
        mend_archiving(site)

    def is_left_out():
        def others_are_sent_without_it():
            accepted, sent = sends("accepted"), len(picky.seen)
            until(lambda: sends("accepted") >= accepted + 3, "the others are sent again")
            return not any(FAILING.alertname in names for names in picky.seen[sent:])

        until(others_are_sent_without_it, lambda: f"it is left out: {picky.seen}")
        # Once among others and once alone; and twice alone before that where it was told first by itself, for of one
        # alone nobody could say that the fault is the alert's.
        first = next(names for names in picky.seen if FAILING.alertname in names)
        assert sends("rejected") == (2 if len(first) > 1 else 4)

    try:
        drills.run("Alertmanager refuses one alert of two",
                   [Alert("ReplicaMissing", "P2", "critical", "orders-db", "orders-wal", STANDBY)],
                   break_both, mend_both, while_broken=is_left_out)
    finally:
        picky.stop()


def locked_alertmanager_config(directory):
    """Its --web.config.file, and the certificate to know it by."""
    cert, key, web = (directory / f"locked.{kind}" for kind in ("crt", "key", "yml"))
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=alertmanager", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert])
    web.write_text(f"tls_server_config:\n  cert_file: {cert}\n  key_file: {key}\n"
                   f"basic_auth_users:\n  {USER}: {PASSWORD_HASH}\n", encoding="utf-8")
    return web, cert


@pytest.mark.all
def test_locked_alertmanager_opens_to_the_right_password(site, drills):
    """And to one that was put right without a reload: a rotated password counts with the next send."""
    web, cert = locked_alertmanager_config(site.directory)
    password = site.directory / "alertmanager.password"
    password.write_text("wrong", encoding="utf-8")
    password.chmod(0o644)
    with second_alertmanager(site, web=web) as locked:
        config = config_for(site, site.alertmanager.url, locked.url)
        config["alertmanager"].update(tls={"ca_file": cert},
                                      auth={"basic": {"username": USER, "password": {"file": password}}})
        site.agent.begin(config)

        def unlock():
            until(lambda: site.agent.value("recoverd_alertmanager_sends_total", url=locked.url, outcome="refused"),
                  "it refuses the wrong password")
            assert not locked.pager.open()
            password.write_text(PASSWORD, encoding="utf-8")
            until(lambda: locked.pager.open() == [FAILING], "it takes the right password")

        archiving_fails(site, drills, "Alertmanager wants TLS and a password", unlock)
        until(lambda: not locked.pager.open(), "it is told that it is over")
