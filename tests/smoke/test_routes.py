# SPDX-License-Identifier: Apache-2.0
"""packaging/alertmanager: who is told of which alert. By amtool for each alert there is, then by a real Alertmanager."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

import readme
from routed import CONFIG, FOLDER, SECRETS, Routed, routes, seconds, shipped
from servers.http import get
from servers.process import program, until
from test_agent import break_archiving, mend_archiving
from test_prometheus_rules import RULES, judging, load, rules_in

PRIORITIES = ("P1", "P2", "P3", "P4")
ENGINEERING = {"P1": "engineering-page", "P2": "engineering-page", "P3": "engineering-chat", "P4": "engineering-mail"}
WATCHDOG = "RecoverdWatchdog"
# What customers feel. Everything else is named, so that whoever adds an alert decides.
OUTAGES = {"EndpointDown", "EndpointDegraded"}
NOT_FOR_CUSTOMERS = set("""
    BackupTooOld BackupMissing BackupFailed BackupCorrupt BackupStuck BackupSizeAnomaly BackupRetentionShort PitrLagHigh
    PitrWindowShort WalArchivingFailing WalArchiveGap ReplicaMissing ReplicationLagHigh ReplicationSlotRetaining
    RestoreTestFailed RestoreTestOverdue ExerciseFailed ExerciseOverdue ExerciseTooLong AssertionFailed
    MeasurementOutOfRange CertificateExpiring AssetUncovered SubjectVanished EvidenceMissing EvidenceImplausible
    ConfigReloadFailed StateDegraded ClockSkewed RecoverdDown RecoverdAbsent RecoverdWatchdogMissing RecoverdStalled
    RecoverdNotSending RecoverdRestarting""".split())


def every_alert():
    """From the rules that are shipped; that these are the program's own table is tested elsewhere."""
    return {name for file in ("recoverd-alerts.yml", "recoverd-agent.yml") for name in rules_in(load(RULES / file), "alert")}


def receivers(labels):
    words = [f"{name}={value}" for name, value in labels.items()]
    done = subprocess.run([program("amtool"), "config", "routes", "test", f"--config.file={CONFIG}", *words],
                          capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.strip().split(","))


def due(alertname, priority, customer_facing):
    """Who is to be told, by the communication plan."""
    told = {ENGINEERING[priority]}
    felt = customer_facing and alertname in OUTAGES
    if priority == "P1" or felt and priority == "P2":
        told.add("management")
    if felt and priority != "P4":
        told.add("customers")
    if felt and priority == "P1" and alertname == "EndpointDown":
        told.add("partners")
    return told


def test_of_each_alert_somebody_decided_whether_customers_feel_it():
    assert OUTAGES.isdisjoint(NOT_FOR_CUSTOMERS)
    decided = OUTAGES | NOT_FOR_CUSTOMERS | {WATCHDOG}
    assert every_alert() == decided, "add it to one of the two sets above, and an outage to alertmanager.yml"


@pytest.mark.parametrize("customer_facing", [True, False])
def test_each_alert_of_each_priority_goes_to_whom_it_shall(customer_facing):
    cases = [(name, priority) for name in sorted(every_alert() - {WATCHDOG}) for priority in PRIORITIES
             if customer_facing or name in OUTAGES | {"BackupMissing"}]
    facing = {"customer_facing": "true"} if customer_facing else {}
    # Each answer is a process of some 20 ms.
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda case: receivers({"source": "recoverd", "alertname": case[0], "priority": case[1],
                                                 "asset": "shop", **facing}), cases)
    wrong = {case: told for case, told in zip(cases, found) if told != due(*case, customer_facing)}
    assert not wrong


def test_the_watchdog_is_for_no_person_and_a_test_for_engineering_alone():
    assert receivers({"source": "recoverd", "alertname": WATCHDOG, "severity": "none"}) == {"deadman"}
    for priority, receiver in ENGINEERING.items():
        assert receivers({"source": "recoverd", "alertname": "RecoverdTest", "priority": priority,
                          "test": "true"}) == {receiver}


def test_what_nobody_thought_of_is_said_to_have_no_route():
    assert receivers({"source": "recoverd", "alertname": "BackupTooOld"}) == {"unrouted"}
    assert receivers({"source": "recoverd", "alertname": "BackupTooOld", "priority": "P5"}) == {"unrouted"}
    assert receivers({"alertname": "BackupTooOld", "priority": "P1"}) == {"unrouted"}


def test_no_time_is_one_that_alertmanager_does_not_keep():
    """A repetition after exactly so many ticks comes one tick later or not, by chance; after --data.retention (120h) it is
    forgotten who was told."""
    for route in routes(shipped()["route"]):
        if "repeat_interval" not in route:
            continue
        interval, repeat = seconds(route["group_interval"]), seconds(route["repeat_interval"])
        assert repeat < seconds("5d")
        if route["receiver"] in ("management", "customers", "deadman"):
            rhythm = {"management": 1800, "customers": 900, "deadman": 60}[route["receiver"]]
            assert rhythm % interval == 0
            assert rhythm - interval < repeat < rhythm


def test_no_secret_stands_in_the_files():
    text = CONFIG.read_text(encoding="utf-8")
    for word in ("api_url:", "routing_key:", "service_key:", "password:", "credentials:", "bearer_token:"):
        assert word not in text


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


@pytest.fixture
def slower(servers):
    """A minute is three seconds: what has to end in time here gets fifteen."""
    made = Routed(servers.directory, 20)
    yield made
    made.stop()


@pytest.fixture(params=["the agent", "Prometheus"])
def notified(request, site, slower):
    """An agent of which that Alertmanager hears, by itself or through Prometheus."""
    config = site.config()
    config["policy"] = {"wal_archiving_failing": {"over": "2s"}, "pitr_lag_high": {"over": "6s"}}
    if request.param == "the agent":
        config["alertmanager"]["urls"] = [slower.alertmanager.url]
        site.agent.begin(config)
        yield slower
    else:
        del config["alertmanager"]
        with judging(site, slower.alertmanager):
            site.agent.begin(config)
            yield slower


@pytest.mark.all
def test_what_a_real_agent_finds_pages_engineering_once(site, notified):
    """Cause and consequence, with the labels that they really have."""
    sinks = notified.sinks
    until(lambda: sinks.notes("hook /deadman"), "the watchdog arrives")
    break_archiving(site)
    try:
        until(lambda: "PitrLagHigh" in {labels["alertname"] for labels in notified.hidden()}, "the consequence is hidden")
        until_told(sinks, {"pagerduty", "slack #incidents", "hook /deadman"})
    finally:
        mend_archiving(site)
    until_told(sinks, {"pagerduty", "slack #incidents"}, firing=False)
    told = [(note.firing, note.title) for note in sinks.notes("pagerduty")]
    assert told == [(True, "[P2] WalArchivingFailing: orders-db"), (False, "[over] WalArchivingFailing: orders-db")]


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
