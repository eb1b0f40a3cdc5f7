# SPDX-License-Identifier: Apache-2.0
"""packaging/grafana: what the dashboards are made of, and that each of their queries brings something. Grafana itself
is not asked: Debian does not have it."""

import json
import re
from itertools import combinations

import pytest

import readme
from conftest import REPOSITORY
from servers.certificates import Authority
from servers.process import until
from servers.scripts import Script
from servers.tls import TlsServer
from test_prometheus_rules import judging
from watched import STANDBY

FOLDER = REPOSITORY / "packaging" / "grafana"
NAMES = ("recoverd-fleet", "recoverd-asset")
PANELS = {"stat", "timeseries", "table"}
UNITS = {"none", "s", "bytes", "ops", "percentunit", "dateTimeFromNow"}
ASSET = "orders-db"
SLOT = "dashboards"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.ci
def test_the_readmes_commands_make_what_is_shipped(servers, tmp_path):
    here, _ = readme.run_all(FOLDER, tmp_path, servers.agent.binary)
    for name in NAMES:
        assert (here / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes()


def overlap(one, other):
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"] and
            one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


@pytest.mark.parametrize("name", NAMES)
def test_panels_have_their_place_and_say_what_they_are_about(name):
    panels = load(name)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels) > 5
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["type"] in PANELS and panel["description"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
        assert 0 <= panel["gridPos"]["x"] and panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        for target in panel["targets"]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
            assert target["instant"] is not target["range"]
        references = [target["refId"] for target in panel["targets"]]
        assert references == sorted(set(references))
    assert not [pair for pair in combinations([panel["gridPos"] for panel in panels], 2) if overlap(*pair)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_as_now_is_asked_of_now(name):
    """Of a range the last value of each series would be shown: a verdict that is over beside the one that holds, and of
    an agent that is dead what it said last."""
    panels = load(name)["panels"]
    formats = {"stat": "time_series", "table": "table"}
    for panel in panels:
        for target in panel["targets"]:
            now = (target["instant"], target["range"], target.get("format"))
            assert now == ((True, False, formats[panel["type"]]) if panel["type"] in formats else (False, True, None))
    assert formats.keys() <= {panel["type"] for panel in panels}


@pytest.mark.parametrize("name", NAMES)
def test_variables_and_links_lead_somewhere(name):
    dashboard = load(name)
    assert dashboard["uid"] == name
    known = {variable["name"] for variable in dashboard["templating"]["list"]}
    text = json.dumps(dashboard)
    assert set(re.findall(r"\$(?:\{)?([a-z]+)\b", text)) <= known
    assert set(re.findall(r"/d/([a-z-]+)", text)) <= set(NAMES)


@pytest.fixture
def eventful(site):
    """The agent of a site with evidence of every kind: one check fails, one finds something, a slot holds back."""
    root = Authority(site.directory, "dashboards-root")
    shop = TlsServer(root.issue("shop.example", begun_days_ago=30, ends_in_days=60))
    # Critical, so it fires; and a number.
    plugin = Script(site.directory, "dashboards-plugin", "echo 'DISK CRITICAL | /=95%;80;90'; exit 2")
    lost = Script(site.directory, "dashboards-lost", "[ -e \"$0.gone\" ] && exit 3; echo 'OK'")
    often = {"asset": ASSET, "every": "1s", "timeout": "900ms"}
    config = site.config()
    # One that follows, and one that never will: an alert with a subject.
    config["check.orders-wal"]["standbys"] = [STANDBY, "nobody"]
    config["check.front"] = {**often, "collector": "tls", "address": shop.address, "server_name": "shop.example",
                             "tls": {"ca_file": root.certificate}}
    config["check.plugin"] = {**often, "collector": "exec", "command": [str(plugin.path)]}
    config["check.lost"] = {**often, "collector": "exec", "command": [str(lost.path)]}
    config["check.restores"] = {"asset": ASSET, "collector": "outcome", "exercise": "restore-test", "cadence": "7d"}
    site.primary.sql(f"SELECT pg_create_physical_replication_slot('{SLOT}', true)")
    try:
        site.agent.begin(config)
        # Not archived before a segment is full.
        site.primary.sql("INSERT INTO orders VALUES ('one more')")
        # It learned something once, and learns nothing now.
        lost.path.with_name(f"{lost.path.name}.gone").touch()
        status, body = site.agent.report(asset=ASSET, kind="exercise", exercise="restore-test", outcome="passed",
                                         depth="queried", started_at="2026-01-01T00:00:00Z",
                                         ended_at="2026-01-01T00:20:00Z", rto_seconds=1200)
        assert status == 201, body
        yield site.agent
    finally:
        site.primary.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
        site.primary.switch_wal()
        lost.path.with_name(f"{lost.path.name}.gone").unlink(missing_ok=True)
        shop.stop()


def filled(text):
    """As Grafana fills in its variables."""
    for name, value in {"$job": "recoverd", "$asset": ASSET, "$__rate_interval": "10s"}.items():
        text = text.replace(name, value)
    assert "$" not in text
    return text


def questions(dashboard):
    """Every query, and where it stands."""
    return {filled(target["expr"]): f"{dashboard['uid']}: {panel['title']}" for panel in dashboard["panels"]
            for target in panel["targets"]}


def variables(dashboard):
    """The queries of its variables: a series, and its label of which they show the values."""
    return [re.fullmatch(r"label_values\((.*), (\w+)\)", filled(variable["query"]["query"])).groups()
            for variable in dashboard["templating"]["list"] if variable["type"] == "query"]


def columns(panel):
    """The fields that a table shows, as its queries call them, but for their values."""
    (names,) = [step["options"]["include"]["names"] for step in panel["transformations"]
                if step["id"] == "filterFieldsByName"]
    return {name for name in names if not name.startswith("Value #")}


def shown(panel):
    """The labels of which it shows values, but for a subject beside its check: some collectors see but one thing."""
    labels = columns(panel) if panel["type"] == "table" else {
        label for target in panel["targets"] for label in re.findall(r"{{(\w+)}}", target["legendFormat"])}
    return labels - {"subject"} if "check" in labels else labels


@pytest.mark.all
def test_every_query_brings_something(servers, eventful):
    queries = {query: place for name in NAMES for query, place in questions(load(name)).items()}
    with judging(servers) as prometheus:
        def silent():
            return {place: query for query, place in queries.items() if not prometheus.query(query)}

        until(lambda: not silent(), lambda: f"each query brings something; these do not: {silent()}\n{eventful.log()}")
        for dashboard in map(load, NAMES):
            for series, label in variables(dashboard):
                assert all(labels[label] for labels, _ in prometheus.query(series))
            for panel in dashboard["panels"]:
                have = {label for target in panel["targets"] for labels, _ in prometheus.query(filled(target["expr"]))
                        for label in labels}
                assert shown(panel) <= have, f"{panel['title']} shows {shown(panel) - have}, which no series has"
