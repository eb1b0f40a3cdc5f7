# SPDX-License-Identifier: Apache-2.0
"""The services of an Aiven project: backups that age, a PITR range that is lost, a service that is powered off, a topic
that forgets sooner, and an API that is busy, says no, or says yes and means no."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from servers.aiven import COPY_CLOUD, KAFKA, PASSWORD, PG, PROJECT, TOKEN, VALKEY, Aiven, node, topic
from servers.alertmanager import Alert

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"


@pytest.fixture
def aiven():
    made = Aiven()
    yield made
    made.stop()


@pytest.fixture
def watched(site, aiven):
    watch(site, aiven)
    return site


def watch(site, aiven, policy=None, **options):
    token = site.directory / "aiven.token"
    token.write_text(TOKEN + "\n", encoding="utf-8")
    config = site.config_of("shop-data", aiven={
        "collector": "aiven", "project": PROJECT, "api_url": aiven.url, "token": {"file": str(token)},
        "retention": "7d", "partitions": True, **options})
    config["asset.shop-data"].update(backup_every="24h", pitr_window="7d", since="2020-01-01T00:00:00Z")
    config["policy"] = {"replica_missing": {"for": "1s"}, **(policy or {})}
    site.agent.begin(config)


def alert(name, subject=PG, priority="P2", severity="critical", assertion=""):
    return Alert(name, priority, severity, "shop-data", "aiven", subject, assertion)


def warning(name, subject=PG, assertion=""):
    return alert(name, subject, "P3", "warning", assertion)


def test_healthy_project_is_quiet_and_keeps_its_secrets(watched, drills, aiven):
    """All that it says is looked for what it may not say, and all that it asks for what it may not ask."""
    drills.stays_quiet(looks=2)
    value = watched.agent.value
    newest = datetime.fromisoformat(aiven.services[PG]["backups"][-1]["backup_time"].replace("Z", "+00:00"))
    assert value("recoverd_backup_last_success_timestamp_seconds", subject=PG) == pytest.approx(newest.timestamp(), abs=1)
    assert value("recoverd_measurement", subject=PG, measurement="plan_backup_interval") == 86400
    assert value("recoverd_measurement", subject=VALKEY, measurement="plan_backup_count") == 6
    # Kafka's messages are not backed up, whatever its plan says.
    assert value("recoverd_backup_last_success_timestamp_seconds", subject=KAFKA) is None
    for path, headers in aiven.asked:
        assert headers["authorization"] == f"aivenv1 {TOKEN}"
        assert "?" not in path
    assert set(aiven.paths()) == {
        "/service", f"/service/{PG}/backups", f"/service/{VALKEY}/backups", f"/service/{KAFKA}/topic",
        f"/service/{KAFKA}/topic/orders", f"/service/{KAFKA}/topic/payments", "/service-types/pg/plans",
        "/service-types/valkey/plans"}
    # Plans change rarely.
    assert aiven.paths().count("/service-types/pg/plans") == 1
    told = [watched.agent.metrics(), json.dumps(watched.agent.api("checks")), json.dumps(watched.agent.api("alerts")),
            watched.agent.log_file.read_text(encoding="utf-8"),
            *watched.agent.command("check", f"--config.file={watched.agent.config_file}")[1:]]
    told += [str(path.read_bytes()) for path in watched.agent.state.iterdir() if path.is_file()]
    for text in told:
        assert PASSWORD not in text and TOKEN not in text


@pytest.mark.ci
def test_no_backup_can_be_used_for_pitr(watched, drills, aiven):
    primary = aiven.pitr[PG]["primary_region"]
    start = primary["pitr_range_start"]
    drills.run("Aiven: pitr_range_start is null", [warning("PitrWindowShort")],
               lambda: primary.update(pitr_range_start=None), lambda: primary.update(pitr_range_start=start))


@pytest.mark.ci
def test_backups_are_too_old(watched, drills, aiven):
    drills.run("Aiven: no backup for 3 days", [alert("BackupTooOld"), alert("BackupTooOld", f"{PG}/{COPY_CLOUD}")],
               lambda: aiven.make_older(PG, 72), lambda: aiven.make_older(PG, -72))


@pytest.mark.ci
def test_service_is_powered_off(watched, drills, aiven):
    """Its backups are kept, and said to be there."""
    def backups_are_there():
        assert watched.agent.value("recoverd_backup_points", subject=PG) == 14

    drills.run("Aiven: powered off", [alert("EndpointDown")], lambda: aiven.power(PG, False),
               lambda: aiven.power(PG, True), while_broken=backups_are_there)


@pytest.mark.ci
def test_retention_is_lowered(watched, drills, aiven):
    orders = aiven.topics[KAFKA]["orders"]
    drills.run("Aiven: topic keeps 24 h", [alert("AssertionFailed", f"{KAFKA}/orders", assertion="retention_hours")],
               lambda: orders.update(retention_hours=24), lambda: orders.update(retention_hours=168))


@pytest.mark.ci
def test_busy_api_is_asked_again_when_it_says(watched, drills, aiven):
    """One no each time is no news; requests do not become more by it."""
    drills.until_quiet()
    busy = {}

    def every_second_time(path):
        busy[path] = not busy.get(path, False)
        return (429, {"message": "Too many requests"}, {"Retry-After": "0"}) if busy[path] else None

    aiven.instead = every_second_time
    drills.stays_quiet(looks=3)


@pytest.mark.all
def test_busy_api_is_left_alone(site, drills, aiven):
    watch(site, aiven, {"evidence_missing": {"over": "3s"}})

    def busy():
        aiven.instead = lambda path: (429, {"message": "Too many requests"}, {"Retry-After": "3600"})
        aiven.asked.clear()

    def one_request_a_look():
        assert aiven.paths().count("/service") == len(aiven.asked)

    drills.run("Aiven: 429, Retry-After an hour", [warning("EvidenceMissing", "")], busy, lambda: mend(aiven),
               while_broken=one_request_a_look)


@pytest.mark.ci
def test_token_is_revoked(site, drills, aiven):
    watch(site, aiven, {"evidence_missing": {"over": "3s"}})

    def reason_is_told():
        assert "403: Invalid token" in json.dumps(site.agent.api("checks"))

    drills.run("Aiven: token revoked", [warning("EvidenceMissing", "")], lambda: setattr(aiven, "token", "another"),
               lambda: setattr(aiven, "token", TOKEN), while_broken=reason_is_told)


@pytest.mark.all
def test_success_that_carries_errors(site, drills, aiven):
    """Status 200, half of the truth, and beside it what went wrong: what is there counts, and is not all."""
    watch(site, aiven, {"evidence_missing": {"over": "3s"}})
    secret = f"could not reach pg://avnadmin:{PASSWORD}@10.0.0.1"

    def half(path):
        if not path.endswith(f"/{PG}/backups"):
            return None
        status, document, headers = aiven.honest(path)
        return status, {**document, "errors": [{"message": secret, "status": 503}]}, headers

    def secret_is_kept():
        told = json.dumps(site.agent.api("checks"))
        assert "answered with errors: could not reach pg://***@10.0.0.1" in told and PASSWORD not in told

    drills.run("Aiven: 200 with errors", [warning("EvidenceMissing")], lambda: setattr(aiven, "instead", half),
               lambda: mend(aiven), while_broken=secret_is_kept)


@pytest.mark.all
def test_nodes_are_lost(watched, drills, aiven):
    """Of a PostgreSQL a standby, then the master; of a Kafka one broker."""
    pg, kafka = aiven.services[PG], aiven.services[KAFKA]
    well = pg["node_states"]
    drills.run("Aiven: standby is replaced", [alert("ReplicaMissing", f"{PG}/standby-1")],
               lambda: pg.update(node_states=[well[0], node(f"{PG}-3", state="setting_up_vm")]),
               lambda: pg.update(node_states=well))
    drills.run("Aiven: master is lost", [alert("EndpointDown")],
               lambda: pg.update(state="REBUILDING", node_states=[{**well[0], "state": "timing_out"}, well[1]]),
               lambda: pg.update(state="RUNNING", node_states=well))
    brokers = kafka["node_states"]
    drills.run("Aiven: broker is lost", [warning("EndpointDegraded", KAFKA)],
               lambda: kafka.update(node_states=[*brokers[:2], {**brokers[2], "state": "timing_out"}]),
               lambda: kafka.update(node_states=brokers))


@pytest.mark.all
def test_replicas_fall_behind(watched, drills, aiven):
    drills.run("Aiven: partition under-replicated", [alert("ReplicaMissing", f"{KAFKA}/orders/replica-3")],
               lambda: aiven.in_sync.update(orders=[3, 2]), lambda: aiven.in_sync.update(orders=[3, 3]))


@pytest.mark.all
def test_things_vanish(watched, drills, aiven):
    """A topic, a service: not in a list that is whole."""
    topics = aiven.topics[KAFKA]
    drills.run("Aiven: topic is deleted", [alert("SubjectVanished", f"{KAFKA}/payments")],
               lambda: topics.pop("payments"), lambda: topics.update(payments=topic("payments", 336)))
    valkey = aiven.services[VALKEY]
    drills.run("Aiven: service is deleted", [alert("SubjectVanished", VALKEY)],
               lambda: aiven.services.pop(VALKEY), lambda: aiven.services.update({VALKEY: valkey}))


@pytest.mark.all
def test_disaster_recovery(watched, drills, aiven):
    """A failover to the other region leaves the primary powered off and failed."""
    pg = aiven.services[PG]
    pg["disaster_recovery_role"] = "active"
    watched.agent.looks(1)

    def fail_over():
        aiven.power(PG, False)
        pg["disaster_recovery_role"] = "failed"

    def back():
        aiven.power(PG, True)
        pg["disaster_recovery_role"] = "active"

    drills.run("Aiven: failover to the recovery region",
               [alert("EndpointDown"), alert("AssertionFailed", assertion="disaster_recovery_role")], fail_over, back)


@pytest.mark.all
def test_copies_in_another_region_are_paused(watched, drills, aiven):
    def pause(paused):
        for backup in aiven.services[PG]["backups"]:
            for region in backup["additional_regions"]:
                region["paused"] = paused

    drills.run("Aiven: copies to another region are paused",
               [alert("AssertionFailed", f"{PG}/{COPY_CLOUD}", assertion="backup_synchronization")],
               lambda: pause(True), lambda: pause(False))


@pytest.mark.all
def test_api_is_not_to_be_had(site, drills, aiven):
    """Its statuses, a page of a proxy, half a document with a password in it."""
    watch(site, aiven, {"evidence_missing": {"over": "3s"}})
    half = json.dumps(aiven.honest(f"/v1/project/{PROJECT}/service")[1]).encode()
    half = half[:half.rindex(PASSWORD.encode()) + 10]
    for fault, answer in [("500", (500, b"", {})), ("a page", (200, b"<html>Welcome</html>", {})),
                          ("elsewhere", (302, b"", {"Location": "http://127.0.0.1:9/"})), ("half", (200, half, {}))]:
        drills.run(f"Aiven: {fault}", [warning("EvidenceMissing", "")],
                   lambda answer=answer: setattr(aiven, "instead", lambda path: answer), lambda: mend(aiven))
        assert "AVNS_" not in json.dumps(site.agent.api("checks"))


def mend(aiven):
    aiven.instead = lambda path: None


# --- Is it a faithful one? ------------------------------------------------------------------------------------------------


def nullable(schema):
    """OpenAPI's `nullable`, and what Aiven's own words say may be null, in the words of JSON Schema."""
    if isinstance(schema, list):
        return [nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: nullable(value) for key, value in schema.items() if key != "nullable"}
    told = f"{schema.get('description', '')} {schema.get('title', '')}" if isinstance(schema.get("description"), str) else ""
    if "type" in made and isinstance(made["type"], str) and (schema.get("nullable") or "null" in told.lower()):
        made["type"] = [made["type"], "null"]
    return made


ANSWERS = [
    ("/project/{project}/service", "/service"),
    ("/project/{project}/service/{service_name}", f"/service/{PG}"),
    ("/project/{project}/service/{service_name}", f"/service/{KAFKA}"),
    ("/project/{project}/service/{service_name}", f"/service/{VALKEY}"),
    ("/project/{project}/service/{service_name}/backups", f"/service/{PG}/backups"),
    ("/project/{project}/service/{service_name}/backups", f"/service/{KAFKA}/backups"),
    ("/project/{project}/service/{service_name}/topic", f"/service/{KAFKA}/topic"),
    ("/project/{project}/service/{service_name}/topic/{topic_name}", f"/service/{KAFKA}/topic/orders"),
    ("/project/{project}/service-types/{service_type}/plans", "/service-types/pg/plans"),
]


def test_fake_answers_as_the_api_document_says_where_that_is_at_hand(aiven):
    """The document is not the project's to hand on. Where it is, nothing to validate with is no pass."""
    subset = SPECS / "aiven-openapi-subset.json"
    if not subset.exists():
        return
    import jsonschema  # python3-jsonschema, of tools/install-packages test
    document = json.loads(subset.read_text(encoding="utf-8"))
    for path, at in ANSWERS:
        schema = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        root = {**nullable(schema), "components": nullable(document["components"])}
        status, answer, _ = aiven.honest(f"/v1/project/{PROJECT}{at}")
        assert status == 200
        jsonschema.Draft4Validator(root).validate(answer)


def test_fake_lets_only_its_token_in(aiven):
    assert aiven.answer("/v1/project/shop/service", {})[0] == 403
    assert aiven.answer("/v1/project/shop/service", {"authorization": f"Bearer {TOKEN}"})[0] == 403
    assert aiven.answer("/v1/project/shop/service", {"authorization": f"aivenv1 {TOKEN}"})[0] == 200
    assert aiven.honest("/v1/project/other/service")[0] == 404
    assert aiven.honest("/v1/project/shop/service/none/backups")[0] == 404
