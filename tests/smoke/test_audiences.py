# SPDX-License-Identifier: Apache-2.0
"""packaging/alertmanager in a real Alertmanager: who gets what, in which words, when, and how often."""

import pytest

import readme
from routed import FOLDER, SECRETS, Routed
from servers.alertmanager import WATCHDOG
from servers.process import free_port, until
from test_agent import break_archiving, mend_archiving
from test_prometheus_rules import judging
from test_routes import due


@pytest.fixture
def routed(servers):
    """Minutes are seconds."""
    made = Routed(servers.directory, 60)
    yield made
    made.stop()


DOWN = {"alertname": "EndpointDown", "priority": "P1", "severity": "critical", "asset": "shop", "check": "shop-web",
        "customer_facing": "true"}
ALL = {"pagerduty", "slack #incidents", "slack #management", "mail management@example.com", "hook /customers",
       "mail partners@example.com"}


def until_told(sinks, expected, firing=True):
    until(lambda: sinks.told(firing) >= expected, lambda: f"told are {expected}, found {sinks.told(firing)}")
    assert sinks.told(firing) == expected


def one(sinks, to, firing=True):
    (note, *_) = [note for note in sinks.notes(to) if note.firing == firing]
    return note


def check_words(sinks, began):
    page = one(sinks, "pagerduty")
    assert page.title == "[P1] EndpointDown: shop"
    assert page.document["payload"]["severity"] == "critical"
    assert "db1.internal said" in page.text and "https://runbooks.example/EndpointDown" in page.text
    chat = one(sinks, "slack #incidents")
    assert chat.title == "[P1] EndpointDown: shop"
    assert "&lt;!channel&gt; &amp; &lt;b&gt;help" in chat.text and "<!channel>" not in chat.text
    assert "<https://runbooks.example/EndpointDown|Runbook>" in chat.text
    brief = one(sinks, "mail management@example.com")
    assert brief.title == "1 urgent: EndpointDown shop"
    assert f"P1 EndpointDown: shop, since {began}" in brief.text
    outside = one(sinks, "mail partners@example.com")
    assert outside.title == "Outage: shop"
    assert outside.text.strip() == f"shop is not available (since {began})."
    assert "internal" not in outside.text + outside.document["html"]
    (alert,) = one(sinks, "hook /customers").document["alerts"]
    assert alert["labels"]["asset"] == "shop"


def check_secrets(sinks):
    shown = {note.to: note.secret for note in sinks.notes()}
    mail = SECRETS["smtp-password"]
    assert shown == {"pagerduty": SECRETS["pagerduty-routing-key"], "slack #incidents": "/slack/secret-of-slack",
                     "slack #management": "/slack/secret-of-slack", "mail management@example.com": mail,
                     "mail partners@example.com": mail, "hook /customers": f"Bearer {SECRETS['status-page-token']}"}


@pytest.mark.all
def test_everybody_hears_of_an_outage_in_words_of_their_own_and_of_its_end(routed):
    sinks = routed.sinks
    routed.fire(DOWN)
    until_told(sinks, ALL)
    check_words(sinks, routed.began)
    check_secrets(sinks)
    routed.end(DOWN)
    until_told(sinks, ALL, firing=False)
    assert one(sinks, "slack #incidents", firing=False).title == "[over] EndpointDown: shop"
    over = one(sinks, "mail partners@example.com", firing=False)
    assert over.title == "Outage is over: shop"
    assert over.text.startswith("shop is available again (over since ")


@pytest.mark.all
def test_people_outside_read_a_whole_sentence_of_what_has_no_asset(routed):
    """A check needs none for customers to feel it."""
    sinks = routed.sinks
    nameless = {name: value for name, value in DOWN.items() if name != "asset"}
    routed.fire(nameless)
    until_told(sinks, ALL)
    outside = one(sinks, "mail partners@example.com")
    assert outside.title == "Outage: a service"
    assert outside.text.strip() == f"A service is not available (since {routed.began})."
    assert f"<p>A service is not available (since {routed.began}).</p>" in outside.document["html"]
    routed.end(nameless)
    until_told(sinks, ALL, firing=False)
    assert one(sinks, "mail partners@example.com", firing=False).title == "Outage is over: a service"


@pytest.mark.ci
def test_the_readmes_commands_work(servers, routed, tmp_path):
    """Its last one sends an alert to a real Alertmanager that has the shipped configuration."""
    config = servers.config()
    config["alertmanager"]["urls"] = [routed.alertmanager.url]
    servers.agent.write(config)
    _, printed = readme.run_all(FOLDER, tmp_path, servers.agent.binary,
                                {"/etc/recoverd/recoverd.toml": servers.agent.config_file})
    (shown,) = [out for line, out in printed.items() if "routes test" in line]
    assert set(shown.strip().split(",")) == due("EndpointDown", "P1", True)
    until_told(routed.sinks, {"slack #incidents"})
    assert one(routed.sinks, "slack #incidents").title == "[P3] RecoverdTest"


@pytest.mark.all
def test_a_late_backup_of_the_same_asset_is_nothing_for_customers(routed):
    sinks = routed.sinks
    late = {**DOWN, "alertname": "BackupTooOld", "priority": "P2", "check": "shop-backup"}
    odd = {**late, "alertname": "BackupSizeAnomaly", "priority": "P3"}
    planned = {**DOWN, "priority": "P4"}
    stray = {"alertname": "NobodyKnowsMe", "source": "something else"}
    routed.fire(late, odd, planned, stray)
    expected = {"pagerduty", "slack #incidents"}
    until_told(sinks, expected | {"mail platform@example.com"})
    titles = {"[P2] BackupTooOld: shop", "[P3] BackupSizeAnomaly: shop", "No route for [] NobodyKnowsMe"}
    until(lambda: len(sinks.notes("slack #incidents")) == 3, lambda: f"three are told: {sinks.notes()}")
    assert {note.title for note in sinks.notes("slack #incidents")} == titles
    assert one(sinks, "pagerduty").document["payload"]["severity"] == "error"
    assert one(sinks, "mail platform@example.com").title == "[P4] EndpointDown: shop"


@pytest.mark.all
def test_each_dead_agent_and_each_zone_is_a_page_and_all_pods_are_one(routed):
    """Of what one acknowledges, nothing else may become a part."""
    dead = {"alertname": "RecoverdDown", "priority": "P2", "severity": "critical", "job": "recoverd"}
    zone = {"alertname": "ScenarioActive", "priority": "P2", "severity": "error", "scenario": "az"}
    pod = {**DOWN, "priority": "P2", "check": "workloads", "customer_facing": "false"}
    routed.fire(*({**dead, "instance": f"{host}:9754"} for host in "ab"),
                *({**zone, "subject": f"zone/eu-central-1{name}"} for name in "ab"),
                *({**pod, "subject": f"shop/pod/web-{number}"} for number in range(20)))

    def incidents():
        """As each was told last: a hastened group_wait may be over before Alertmanager has taken in all of them."""
        return sorted({note.document["dedup_key"]: note.title for note in routed.sinks.notes("pagerduty")}.values())

    until(lambda: incidents() == ["[P2] EndpointDown: shop (20 firing, 0 over)", *["[P2] RecoverdDown"] * 2,
                                  *["[P2] ScenarioActive, scenario az"] * 2], lambda: f"five are told: {incidents()}")


@pytest.fixture
def slower(servers):
    """A minute is three seconds: what has to end in time here gets fifteen."""
    made = Routed(servers.directory, 20)
    yield made
    made.stop()


@pytest.fixture(params=["the agent", "Prometheus"])
def notified(request, site, slower):
    """An Alertmanager that hears of the agent, by itself or through Prometheus; and the agent's configuration."""
    config = site.config()
    if request.param == "the agent":
        config["alertmanager"]["urls"] = [slower.alertmanager.url]
        site.agent.begin(config)
        yield slower, config
    else:
        del config["alertmanager"]
        with judging(site, slower.alertmanager):
            site.agent.begin(config)
            yield slower, config


@pytest.mark.all
def test_what_a_real_agent_finds_pages_engineering_once(site, notified):
    """Cause and consequence, with the labels that they really have."""
    routed, config = notified
    sinks = routed.sinks
    until(lambda: sinks.notes("hook /deadman"), "the watchdog arrives")
    break_archiving(site)
    try:
        until_told(sinks, {"pagerduty", "slack #incidents", "hook /deadman"})
        config["policy"]["pitr_lag_high"] = {"over": "1s"}
        site.agent.reload(config)
        until(lambda: "PitrLagHigh" in [labels["alertname"] for labels in routed.hidden()], "the consequence is hidden")
    finally:
        mend_archiving(site)
    until_told(sinks, {"pagerduty", "slack #incidents"}, firing=False)
    told = [(note.firing, note.title) for note in sinks.notes("pagerduty")]
    assert told == [(True, "[P2] WalArchivingFailing: orders-db"), (False, "[over] WalArchivingFailing: orders-db")]


@pytest.mark.all
def test_customers_hear_of_what_a_real_agent_says_that_they_feel(site, routed):
    """The label is one line of the agent's configuration. Of what is down without that line they do not hear."""
    config = site.config_of("shop", front={"collector": "http", "url": f"http://127.0.0.1:{free_port()}/"})
    config["asset.shop"]["labels"] = {"customer_facing": "true"}
    config["asset.office"] = {"description": "nobody outside feels it"}
    config["check.printer"] = {**config["check.front"], "asset": "office", "url": f"http://127.0.0.1:{free_port()}/"}
    config["policy"] = {"endpoint_down": {"priority": "P1"}}
    config["alertmanager"]["urls"] = [routed.alertmanager.url]
    site.agent.begin(config)
    until_told(routed.sinks, ALL | {"hook /deadman"})
    until(lambda: len(routed.sinks.notes("pagerduty")) == 2, "engineering hears of both")
    assert {note.title for note in routed.sinks.notes("mail partners@example.com")} == {"Outage: shop"}
    assert {alert["labels"]["asset"] for note in routed.sinks.notes("hook /customers")
            for alert in note.document["alerts"]} == {"shop"}


@pytest.mark.all
def test_an_outage_of_a_moment_is_not_told_partners(slower):
    """Engineering hears of it at once; partners only of what lasts, and then nothing has to be taken back."""
    sinks = slower.sinks
    slower.fire(DOWN)
    until(lambda: sinks.notes("pagerduty"), "it is told at once")
    slower.end(DOWN)
    slower.fire({**DOWN, "asset": "pay", "check": "pay-web"})
    until(lambda: sinks.notes("mail partners@example.com"), "partners are told of another one")
    assert [note.title for note in sinks.notes("mail partners@example.com")] == ["Outage: pay"]


@pytest.mark.all
def test_the_dead_mans_switch_hears_the_watchdog_and_never_its_end(routed):
    sinks = routed.sinks
    watchdog = {"alertname": WATCHDOG, "severity": "none", "instance": "db1"}
    routed.fire(watchdog)
    until(lambda: len(sinks.notes("hook /deadman")) >= 4, "four signs of life came")
    routed.end(watchdog)
    until(lambda: not routed.alertmanager.all(), "it has ended")
    known = len(sinks.notes())
    # Something else passes meanwhile, so it is not slowness that keeps it silent.
    routed.fire({**DOWN, "priority": "P2", "customer_facing": "false"})
    until(lambda: sinks.notes("pagerduty"), "another alert arrives")
    assert all(note.firing for note in sinks.notes("hook /deadman"))
    assert [note.to for note in sinks.notes()[known:] if note.to == "hook /deadman"] == []
    assert one(sinks, "hook /deadman").secret == f"Bearer {SECRETS['deadman-token']}"


def gaps(sinks, to):
    times = [note.at for note in sinks.notes(to)]
    return [later - earlier for earlier, later in zip(times, times[1:])]


@pytest.mark.all
def test_each_audience_has_its_rhythm(routed):
    """Two reminders of management: an hour, in which seconds are minutes."""
    sinks = routed.sinks
    routed.fire(DOWN, {"alertname": WATCHDOG, "severity": "none", "instance": "db1"})
    management = ("mail management@example.com", "slack #management")
    until(lambda: all(len(sinks.notes(to)) == 3 for to in management), "management is reminded twice", patience=120)
    for to in management:
        assert all(29 < gap < 39 for gap in gaps(sinks, to)), gaps(sinks, to)
    customers = gaps(sinks, "hook /customers")
    assert len(customers) in (3, 4) and all(14 < gap < 19 for gap in customers), customers
    # Again after an hour at the earliest, of which a minute is still to come.
    assert len(sinks.notes("pagerduty")) in (1, 2)
    assert len(sinks.notes("mail partners@example.com")) == 1
    signs = sorted(gaps(sinks, "hook /deadman"))
    assert 0.9 < signs[len(signs) // 2] < 1.5
