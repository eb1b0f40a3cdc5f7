# SPDX-License-Identifier: Apache-2.0
"""A small Aiven: one project with a PostgreSQL, a Kafka and a Valkey, as its API tells of them. It keeps what is done to
them, and what it was asked. Its answers hold credentials, as the real ones do."""

import copy
import json
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import unquote, urlsplit

from .web_server import Handler, WebServer

PROJECT = "shop"
TOKEN = "token-of-the-smoke-test"
PASSWORD = "AVNS_password-of-the-smoke-test"
CLOUD = "aws-eu-west-3"
COPY_CLOUD = "aws-eu-west-1"
PG, KAFKA, VALKEY = "orders-pg", "events-kafka", "sessions-valkey"

PLANS = {
    "pg": {"business-4": {"interval": 24, "max_count": 14, "recovery_mode": "pitr"},
           "startup-4": {"interval": 24, "max_count": 2, "recovery_mode": "pitr"}},
    "kafka": {"business-4": {"interval": 24, "max_count": 0, "recovery_mode": "basic"}},
    "valkey": {"business-4": {"interval": 12, "max_count": 6, "recovery_mode": "basic"}},
}


def stamp(at):
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def node(name, zone="a", state="running", **more):
    return {"name": name, "state": state, "availability_zone": CLOUD + zone, "progress_updates": [], **more}


def backup(name, at, size, copied):
    regions = [{"cloud": COPY_CLOUD, "region": "eu-west-1", "paused": False}] if copied else []
    return {"backup_name": name, "backup_time": stamp(at), "data_size": size, "storage_location": CLOUD,
            "additional_regions": regions}


def backups(count, hours_apart, now, copied=False):
    """The newest of two hours ago, oldest first."""
    times = [now - timedelta(hours=2 + i * hours_apart) for i in reversed(range(count))]
    return [backup(f"backup-{at:%Y%m%d-%H}", at, 5_368_709_120 + i, copied) for i, at in enumerate(times)]


def service(name, kind, nodes, created, **more):
    uri = f"{kind}://avnadmin:{PASSWORD}@{name}-{PROJECT}.example.com:21699"
    return {
        "service_name": name, "service_type": kind, "plan": "business-4", "cloud_name": CLOUD, "state": "RUNNING",
        "create_time": stamp(created), "update_time": stamp(created), "disk_space_mb": 179200, "node_count": len(nodes),
        "node_memory_mb": 4096, "node_states": nodes, "group_list": ["default"],
        "project_vpc_id": "4c5d7c0e-6f1c-4f0f-9f5e-0c6a3f1e2b11",
        "service_integrations": [], "termination_protection": True, "user_config": {"ip_filter": ["10.0.0.0/8"]},
        "maintenance": {"dow": "sunday", "time": "03:00:00", "updates": []}, "service_notifications": [],
        "tags": {"env": "prod"}, "backups": [], "service_uri": uri,
        "service_uri_params": {"user": "avnadmin", "password": PASSWORD},
        "users": [{"username": "avnadmin", "type": "primary", "password": PASSWORD, "access_key": PASSWORD}],
        "connection_pools": [{"connection_uri": uri, "database": "defaultdb", "pool_mode": "transaction",
                              "pool_name": "app", "pool_size": 10, "username": "avnadmin"}], **more}


def topic(name, hours=168, replication=3, min_isr=2):
    return {"topic_name": name, "partitions": 2, "replication": replication, "min_insync_replicas": min_isr,
            "retention_hours": hours, "retention_bytes": -1, "cleanup_policy": "delete", "state": "ACTIVE",
            "remote_storage_enable": False, "owner_user_group_id": "ug4f1d0a2b", "topic_description": f"of the {name}", "tags": []}


class Aiven(WebServer):
    def __init__(self, now=None):
        now = now or datetime.now(timezone.utc)
        created = now - timedelta(days=90)
        self.token = TOKEN
        # (path and query, headers with names in lower case), oldest first.
        self.asked = []
        # A function of the path that answers in place of all else: (status, document, headers), or None for not here.
        self.instead = lambda path: None
        self.services = {
            PG: service(PG, "pg", [node(f"{PG}-1", "a", role="master"), node(f"{PG}-2", "b", role="standby")], created,
                        backups=backups(14, 24, now, copied=True)),
            KAFKA: service(KAFKA, "kafka", [node(f"{KAFKA}-{i}", zone) for i, zone in enumerate("abc", 1)], created),
            VALKEY: service(VALKEY, "valkey", [node(f"{VALKEY}-1", "a", role="master"),
                                               node(f"{VALKEY}-2", "b", role="standby")], created,
                            backups=backups(6, 12, now),
                            user_config={"ip_filter": ["10.0.0.0/8"], "valkey_persistence": "rdb"}),
        }
        oldest = self.services[PG]["backups"][0]["backup_time"]
        self.pitr = {PG: {"primary_region": {"pitr_range_start": oldest, "pitr_range_end": None},
                          "additional_regions": [{"cloud": COPY_CLOUD, "region": "eu-west-1",
                                                  "pitr_range_start": oldest,
                                                  "pitr_range_end": stamp(now - timedelta(minutes=4))}]}}
        self.topics = {KAFKA: {"orders": topic("orders"), "payments": topic("payments", 336)}}
        # In-sync replicas of each partition, by topic.
        self.in_sync = {"orders": [3, 3], "payments": [3, 3]}
        self._start()

    def _start(self):
        aiven = self

        class Api(Handler):
            def do_GET(self):
                headers = {name.lower(): value for name, value in self.headers.items()}
                aiven.asked.append((self.path, headers))
                status, document, more = aiven.answer(self.path, headers)
                body = document if isinstance(document, bytes) else json.dumps(document).encode()
                self.answer(status, body, {"Content-Type": "application/json", **more})

        self.url = self.serve(Api) + "/v1"

    @staticmethod
    def refusal(status, message):
        return status, {"errors": [{"message": message, "status": status}], "message": message}, {}

    def answer(self, path, headers):
        if headers.get("authorization") != f"aivenv1 {self.token}":
            return self.refusal(403, "Invalid token")
        return self.instead(path) or self.honest(path)

    def honest(self, path):
        path = unquote(urlsplit(path).path).removeprefix("/v1")
        project = re.fullmatch(r"/project/([^/]+)(/.*)", path)
        if not project or project[1] != PROJECT:
            return self.refusal(404, "Project does not exist")
        plans = re.fullmatch(r"/service-types/([^/]+)/plans", project[2])
        if plans:
            return 200, self._plans(plans[1]), {}
        if project[2] == "/service":
            return 200, {"services": copy.deepcopy(list(self.services.values()))}, {}
        one = re.fullmatch(r"/service/([^/]+)(?:/(backups|topic)(?:/([^/]+))?)?", project[2])
        if not one or one[1] not in self.services:
            return self.refusal(404, f"Service {one[1] if one else ''} does not exist")
        return self._of(*one.groups())

    def _of(self, name, what, inner):
        if what is None:
            return 200, {"service": self.services[name]}, {}
        if what == "backups":
            document = {"backups": self.services[name]["backups"]}
            return 200, document | ({"pitr": self.pitr[name]} if name in self.pitr else {}), {}
        topics = self.topics.get(name)
        if topics is None or self.services[name]["state"] != "RUNNING":
            return self.refusal(501, "Topics cannot be listed, retry later")
        if inner is None:
            return 200, {"topics": list(topics.values())}, {}
        if inner not in topics:
            return self.refusal(404, f"Topic '{inner}' does not exist")
        return 200, {"topic": self._details(topics[inner])}, {}

    def _details(self, topic):
        def told(value):
            return {"value": value, "source": "topic_config", "synonyms": []}

        partitions = [{"partition": i, "isr": isr, "earliest_offset": 0, "latest_offset": 1000, "size": 65536,
                       "consumer_groups": []} for i, isr in enumerate(self.in_sync[topic["topic_name"]])]
        return {**{key: value for key, value in topic.items() if key != "remote_storage_enable"},
                "partitions": partitions,
                "config": {"retention_ms": told(topic["retention_hours"] * 3_600_000),
                           "retention_bytes": told(topic["retention_bytes"]),
                           "min_insync_replicas": told(topic["min_insync_replicas"]),
                           "cleanup_policy": told(topic["cleanup_policy"])}}

    @staticmethod
    def _plans(kind):
        return {"service_plans": [{"service_type": kind, "service_plan": plan, "backup_config": config,
                                   "node_count": 2, "max_memory_percent": 100, "shard_count": 1, "regions": {}}
                                  for plan, config in PLANS.get(kind, {}).items()]}

    # --- What may happen --------------------------------------------------------------------------------------------

    def make_older(self, name, hours):
        """As if no backup had been made for so long."""
        for one in self.services[name]["backups"]:
            at = datetime.fromisoformat(one["backup_time"].replace("Z", "+00:00"))
            one["backup_time"] = stamp(at - timedelta(hours=hours))

    def power(self, name, on):
        one = self.services[name]
        if not on:
            one["_nodes"] = one["node_states"]
        one.update(state="RUNNING" if on else "POWEROFF", node_states=one.pop("_nodes") if on else [])

    def paths(self):
        return [urlsplit(path).path.removeprefix(f"/v1/project/{PROJECT}") for path, _ in self.asked]
