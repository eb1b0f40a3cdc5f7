# SPDX-License-Identifier: Apache-2.0
"""recoverd as it is installed, under a systemd that has really booted: what the unit promises, and what it must not break."""

import gzip
import hashlib
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from servers.agent import Agent, toml
from servers.alertmanager import Alert
from servers.background import Background
from servers.container import Container
from servers.dnsmasq import Dnsmasq
from servers.http import answers, get
from servers.process import PATIENCE, Process, free_port, program, run, server_user, until
from servers.terraform import document
from test_systemd_unit import BUILD, DROP_IN, ROOT, install

pytestmark = pytest.mark.ci

UNIT = "recoverd.service"
OWN = "etc/systemd/system/recoverd.service.d"
REPOSITORY = "/srv/pgbackrest"
FAILED = Alert("RestoreTestFailed", "P2", "critical", "orders-db", "orders-db/outcomes", "restore-test")
# Of backups, which checks start.
TOOLS = ("git", "restic", "borgbackup")
# Takes the place of a plug-in that nobody can stop politely.
STUBBORN = ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"]


class Service(Agent):
    """What `systemctl` makes of it, and what it answers over HTTP."""

    def __init__(self, container):
        self.container = container
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None

    def systemctl(self, verb, unit=UNIT):
        status, _, err = self.container.complete("systemctl", verb, unit)
        assert status == 0, err + self.log()

    def show(self, name):
        return self.container.show(UNIT, name)

    def status(self):
        return self.container.run("systemctl", "status", "--no-pager", UNIT)

    def log(self):
        return self.container.journal(UNIT)[-8000:]

    def write(self, config):
        self.container.put("/etc/recoverd/recoverd.toml", config if isinstance(config, str) else toml(config))

    def arguments(self, *words):
        self.container.put("/etc/default/recoverd", f'ARGS="{" ".join(words)}"\n')

    def drop_in(self, name, *lines):
        self.container.put(f"/{OWN}/{name}.conf", "\n".join(("[Service]", *lines)) + "\n")
        self.container.run("systemctl", "daemon-reload")

    def begin(self, config):
        self.write(config)
        self.systemctl("start")
        self.looks(1)

    def clear(self):
        """As it was before anybody used it."""
        for unit in ("recoverd.socket", UNIT):
            self.container.complete("systemctl", "stop", unit)
            self.container.complete("systemctl", "reset-failed", unit)
            shutil.rmtree(self.container.root / f"etc/systemd/system/{unit}.d", ignore_errors=True)
        for file in (self.container.root / "var/lib/recoverd").glob("recoverd*"):
            file.unlink()
        self.arguments(f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=debug")
        self.container.run("systemctl", "daemon-reload")


@pytest.fixture(scope="module")
def container(servers):
    pgbackrest = program("pgbackrest")
    container = Container([BUILD / "recoverd", BUILD / "worker", pgbackrest],
                          f"--bind-ro={servers.repository.directory}:{REPOSITORY}", packages=TOOLS)
    try:
        install(container.root)
        shutil.copy2(pgbackrest, container.root / "usr/bin/pgbackrest")
        # Those who own the repository have the same numbers there as here.
        user = server_user()
        container.put("/usr/lib/sysusers.d/postgres.conf", f"g postgres {user.pw_gid}\nu postgres {user.pw_uid}:postgres\n")
        container.put("/etc/pgbackrest.conf", f"[global]\nrepo1-path={REPOSITORY}/repo\nlog-level-file=off\n")
        container.boot()
        # What a package does when it is installed.
        container.run("systemd-sysusers")
        container.run("systemd-tmpfiles", "--create", "recoverd.conf")
        yield container
    finally:
        container.remove()


@pytest.fixture
def service(container):
    service = Service(container)
    service.clear()
    yield service
    service.clear()


def small_config(servers):
    return {"": {"instance": "booted"},
            "asset.orders-db": {},
            "check.server": {"asset": "orders-db", "collector": "tcp", "every": "1s", "timeout": "900ms",
                             "address": f"127.0.0.1:{servers.primary.port}"},
            "alertmanager": {"urls": [servers.alertmanager.url], "interval": "3s", "timeout": "2s"}}


def report(service, outcome):
    status, body = service.report(asset="orders-db", exercise="restore-test", outcome=outcome, depth="restored")
    assert status == 201, body


def shows(service, text):
    until(lambda: service.show("StatusText") == text, lambda: f"{text}, found {service.show('StatusText')}")


def test_it_starts_and_shows_the_verdict(servers, service):
    # Nobody has looked whether it could be recovered.
    service.begin(small_config(servers))
    assert (service.show("Type"), service.show("ActiveState")) == ("notify", "active")
    shows(service, "degraded: no alerts; watching 1 asset with 1 check")
    report(service, "failed")
    shows(service, "partial outage: 1 P2; watching 1 asset with 2 checks")
    assert 'alert fires alertname=RestoreTestFailed priority=P2 asset=orders-db' in service.log()
    report(service, "passed")
    shows(service, "degraded: no alerts; watching 1 asset with 2 checks")
    assert service.show("NRestarts") == "0"


def test_reload_takes_the_new_configuration_and_refuses_a_broken_one(servers, service):
    config = small_config(servers)
    service.begin(config)
    pid = service.show("MainPID")
    config["check.agent"] = {"collector": "http", "every": "1s", "timeout": "900ms", "url": f"{service.url}/-/healthy"}
    service.write(config)
    service.systemctl("reload")
    until(lambda: service.show("StatusText").endswith("watching 1 asset with 2 checks"), "the new check is shown")
    service.looks(1, ["agent"])

    config["check.agent"]["urll"] = "x"
    service.write(config)
    status, _, _ = service.container.complete("systemctl", "reload", UNIT)
    assert status != 0
    assert "check.agent: unknown key 'urll'" in service.log()
    service.looks(1, ["agent"])
    assert service.show("ActiveState") == "active"
    assert service.show("MainPID") == pid
    # It never heard of the broken one.
    assert service.value("recoverd_config_last_reload_successful") == 1


def stop_pinging(service):
    service.container.run("systemctl", "kill", "--signal=STOP", "--kill-whom=main", UNIT)
    until(lambda: "Failed with result 'watchdog'" in service.log(), "systemd finds that it makes no progress")


def kill(service):
    service.container.run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", UNIT)


def cut_power(service):
    service.systemctl("enable")
    try:
        service.container.cut_power()
    finally:
        service.container.boot()


@pytest.mark.parametrize("end_it", [lambda service: service.systemctl("restart"), kill, stop_pinging, cut_power],
                         ids=["restarted", "killed", "watchdog", "power-cut"])
def test_new_life_goes_on_with_what_the_last_one_knew(servers, drills, service, end_it):
    service.drop_in("impatient", "WatchdogSec=4s", "RestartSec=200ms")
    service.begin(small_config(servers))
    alertmanager = servers.alertmanager
    drills.until_quiet()
    report(service, "failed")
    until(lambda: alertmanager.firing()[FAILED], "the alert fires")
    began = alertmanager.document("RestoreTestFailed")["startsAt"]
    seen = first_seen(service)
    mark = alertmanager.pager.mark()
    pid = service.show("MainPID")

    end_it(service)
    until(lambda: answers(f"{service.url}/-/ready") and service.show("MainPID") not in ("0", pid),
          lambda: f"there is another one:\n{service.log()}")
    service.looks(2)
    sent = alertmanager.document("RestoreTestFailed")["endsAt"]
    until(lambda: alertmanager.document("RestoreTestFailed")["endsAt"] != sent, "the new one sends it anew")
    assert alertmanager.document("RestoreTestFailed")["startsAt"] == began
    assert first_seen(service) == seen
    assert not [alert for status, alert in alertmanager.pager.since(mark) if status == "resolved"]
    report(service, "passed")
    drills.until_quiet()


def first_seen(service):
    return {(check["name"], subject["subject"]): subject["first_seen"]
            for check in service.api("checks")["checks"] for subject in check["subjects"]}


def test_it_ends_in_time_though_its_checks_hang(servers, service):
    # Connections are taken, and nobody ever says a word.
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"127.0.0.1:{mute.getsockname()[1]}"
        patient = {"every": "10m", "timeout": "5m"}
        config = small_config(servers)
        config["check.plugin"] = {"collector": "exec", "command": STUBBORN, **patient}
        config["check.web"] = {"collector": "http", "url": f"http://{address}/", **patient}
        config["check.certificate"] = {"collector": "tls", "address": address, **patient}
        config["check.database"] = {"collector": "postgresql", **patient,
                                    "dsn": f"host=127.0.0.1 port={mute.getsockname()[1]} user=x dbname=x"}
        service.write(config)
        service.systemctl("start")
        until(lambda: "sleep 1" in service.status(), "the plug-in hangs")
        service.looks(1, ["server"])
        began = time.monotonic()
        service.systemctl("stop")
        took = time.monotonic() - began
    assert took < 5
    assert service.show("Result") == "success"
    assert service.show("ExecMainStatus") == "0"


class Scraper(Background):
    """Scrapes all the time, as long as the with-block lasts. A scrape that fails, or finds no series, ends alerts."""

    def __init__(self, service):
        super().__init__()
        self._service = service
        self.complaints = []

    def _run(self):
        while not self._over.is_set():
            try:
                if "recoverd_check_info{" not in get(f"{self._service.url}/metrics", timeout=PATIENCE):
                    self.complaints.append("there are no series")
            except ConnectionResetError:
                # It was being answered when the old one ended.
                pass
            except OSError as failure:
                self.complaints.append(failure)


def test_socket_stays_open_while_it_restarts(servers, service):
    """It starts when somebody asks, and whoever asks during a restart waits for the next one."""
    service.container.put("/etc/systemd/system/recoverd.socket.d/port.conf",
                          f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{service.port}\n")
    service.arguments("--web.systemd-socket")
    service.write(small_config(servers))
    service.container.run("systemctl", "daemon-reload")
    service.systemctl("start", "recoverd.socket")
    assert service.show("ActiveState") == "inactive"
    get(f"{service.url}/-/ready", timeout=PATIENCE)
    assert service.show("ActiveState") == "active"
    with Scraper(service) as scraper:
        for _ in range(3):
            service.systemctl("restart")
    assert not scraper.complaints


@pytest.fixture
def guarded(servers):
    """A role that has to show its password; everybody else is trusted."""
    rules = servers.primary.data / "pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    rules.write_text("host all guarded 127.0.0.1/32 scram-sha-256\n" + before, encoding="utf-8")
    password = secrets.token_hex(8)
    servers.primary.sql(f"CREATE ROLE guarded LOGIN PASSWORD '{password}'", "GRANT pg_monitor TO guarded",
                        "SELECT pg_reload_conf()")
    yield password
    rules.write_text(before, encoding="utf-8")
    servers.primary.sql("DROP ROLE guarded", "SELECT pg_reload_conf()")


def as_the_service():
    """How one looks as the service does, by docs/guide.md."""
    guide = (ROOT / "docs/guide.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^systemd-run .*?(?=^```)", guide, flags=re.MULTILINE | re.DOTALL)
    return shlex.split(command.replace("\\\n", " "))


def test_password_is_a_credential_that_only_root_can_read(servers, service, guarded):
    service.container.put("/etc/recoverd/secrets/orders-db", guarded + "\n", mode=0o600)
    config = small_config(servers)
    config["check.database"] = {"asset": "orders-db", "collector": "postgresql", "every": "1s", "timeout": "900ms",
                                "dsn": servers.primary.dsn("guarded"), "password": {"credential": "orders-db"}}
    service.begin(config)
    assert service.value("recoverd_check_success", check="database") == 0
    service.drop_in("secret", "LoadCredential=orders-db:/etc/recoverd/secrets/orders-db")
    service.systemctl("restart")
    service.looks(1)
    until(lambda: service.value("recoverd_check_success", check="database") == 1, "the password is known")
    assert guarded not in service.log() + get(f"{service.url}/config")
    # Whoever looks by hand has it by the guide's command, and not otherwise.
    _, alone, _ = service.container.complete("recoverd", "check", "database")
    assert "CREDENTIALS_DIRECTORY" in alone
    _, as_service, err = service.container.complete(*as_the_service(), "database")
    assert "database" in as_service and "CREDENTIALS_DIRECTORY" not in as_service, as_service + err


@pytest.fixture
def tls_server(servers):
    """A server whose certificate is its own authority; returns its port, and where the container has the certificate."""
    key, certificate = servers.directory / "booted.key", servers.directory / "booted.pem"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "90",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate])
    port = free_port()
    server = Process(["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}", "-key", key, "-cert", certificate],
                     servers.directory / "s_server.log")
    yield port, certificate.read_text(encoding="utf-8")
    server.stop(signal.SIGKILL)


def dump(container):
    """A series of one, with a digest beside it: only the worker can prove it."""
    file = container.root / "srv/dumps/orders-1.dump.gz"
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(b"INSERT INTO orders\n" * 1000))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    container.put("/srv/dumps/SHA256SUMS", f"{digest}  {file.name}\n")
    os.utime(file, (time.time() - 60,) * 2)


def job(container):
    """A backup job that has run once, and the timer that would start it."""
    container.put("/etc/systemd/system/backup.service", "[Service]\nType=oneshot\nExecStart=/bin/true\n")
    container.put("/etc/systemd/system/backup.timer", "[Timer]\nOnCalendar=daily\n")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", "backup.service", "backup.timer")


def failing_job(container):
    """A backup job that does not get through. A timer that nobody waits for keeps systemd from forgetting its runs."""
    container.put("/srv/dump.sh", "exit 3\n")
    container.put("/etc/systemd/system/dump.service", "[Service]\nType=oneshot\nExecStart=/bin/sh /srv/dump.sh\n")
    container.put("/etc/systemd/system/dump.timer", "[Timer]\nOnCalendar=yearly\n")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", "dump.timer")


def fail_and_reset(container):
    assert container.complete("systemctl", "start", "dump.service")[0] != 0
    container.run("systemctl", "reset-failed", "dump.service")
    # What makes it look like a backup.
    assert [container.show("dump.service", name) for name in ("Result", "ExecMainStatus")] == ["success", "3"]


def watch_job(servers, unit):
    config = small_config(servers)
    config["check.job"] = {"asset": "orders-db", "collector": "systemd_unit", "every": "1s", "timeout": "900ms",
                           "unit": unit}
    return config


def runs(service):
    (check,) = [check for check in service.api("checks")["checks"] if check["name"] == "job"]
    (evidence,) = [evidence for subject in check["subjects"] for evidence in subject["evidence"]
                   if evidence["kind"] == "recovery_points"]
    return evidence


def states(evidence):
    return [[item["state"] for item in evidence[kind]] for kind in ("points", "jobs")]


def test_backup_job_of_several_commands_is_one_run_and_a_start_that_is_refused_takes_nothing_from_it(servers, service):
    """systemd tells the start of the last command only, and of a start that it refuses the exit of the run before."""
    container = service.container
    container.put("/etc/systemd/system/night.service",
                  "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nType=oneshot\n"
                  "ExecStartPre=/bin/sleep 3\nExecStart=/bin/sleep 3\nExecStart=/bin/sleep 3\n")
    # A timer that nobody waits for keeps systemd from forgetting its runs.
    container.put("/etc/systemd/system/night.timer", "[Timer]\nOnCalendar=yearly\n")
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", "night.timer")
    service.begin(watch_job(servers, "night.service"))
    container.run("systemctl", "start", "--no-block", "night.service")
    until(lambda: states(runs(service)) == [[], ["running"]], "it runs")
    (job,) = runs(service)["jobs"]
    while (found := runs(service))["jobs"]:
        # Whatever it is at, it is the run that was begun.
        assert found["jobs"][0]["started_at"] == job["started_at"], found
        time.sleep(0.2)
    assert states(found) == [["good"], []]
    assert found["points"][0]["data_at"] == job["started_at"]
    assert not [alert for alert in service.api("alerts")["alerts"] if alert["alertname"] == "BackupFailed"]

    assert container.complete("systemctl", "start", "night.service")[0] != 0
    assert [container.show("night.service", name) for name in ("Result", "ExecMainStatus")] == ["start-limit-hit", "0"]
    service.looks(2, ["job"])
    assert states(runs(service)) == [["good"], ["failed"]]
    container.run("systemctl", "stop", "night.timer")
    container.run("systemctl", "reset-failed", "night.service")
    service.looks(2, ["job"])
    assert states(runs(service)) == [["good"], []]


def test_backup_job_that_failed_and_was_reset_is_no_backup(servers, service):
    container = service.container
    failing_job(container)
    service.begin(watch_job(servers, "dump.service"))

    def seen():
        return states(runs(service))

    assert container.complete("systemctl", "start", "dump.service")[0] != 0
    service.looks(2, ["job"])
    assert seen() == [[], ["failed"]]
    container.run("systemctl", "reset-failed", "dump.service")
    service.looks(2, ["job"])
    assert seen() == [[], ["failed"]]

    # Nobody looks while it fails again: that it did cannot be known any more, and no more that it did not.
    service.systemctl("stop")
    fail_and_reset(container)
    service.systemctl("start")
    service.looks(2, ["job"])
    assert seen() == [["incomplete"], []]

    container.put("/srv/dump.sh", "exit 0\n")
    container.run("systemctl", "start", "dump.service")
    service.looks(2, ["job"])
    assert seen() == [["incomplete", "good"], []]
    container.run("systemctl", "stop", "dump.timer")


def one_of_each(servers, service, tls_server):
    port, authority = tls_server
    service.container.put("/etc/recoverd/authority.pem", authority)
    dump(service.container)
    job(service.container)
    checks = {
        "exec": {"command": ["/bin/sh", "-c", "echo \"OK | load=$(cut -d' ' -f1 /proc/self/stat)\""]},
        "files": {"path": "/srv/dumps/{subject}-*.dump.gz", "verify": "checksummed"},
        "http": {"url": f"{servers.alertmanager.url}/-/ready"},
        "outcome": {"exercise": "restore-test"},
        "pgbackrest": {},
        "postgresql": {"dsn": servers.primary.dsn(), "expect_role": "primary"},
        "systemd_unit": {"unit": "backup.service", "timer": "backup.timer"},
        "tcp": {"address": f"127.0.0.1:{servers.primary.port}"},
        "tls": {"address": f"127.0.0.1:{port}", "tls": {"ca_file": "/etc/recoverd/authority.pem"}},
    }
    config = {"": {"instance": "booted"}, "asset.orders-db": {}}
    for kind, options in checks.items():
        often = {} if kind == "outcome" else {"every": "3s", "timeout": "2900ms"}
        config[f"check.{kind}"] = {"asset": "orders-db", "collector": kind, **often, **options}
    return checks, config


REPOSITORIES = """
mkdir /srv/tools
cd /srv/tools
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
git init -q --bare -b main origin.git
git clone -q origin.git work 2>&1
git -C work commit -q --allow-empty -m first
git -C work push -q origin HEAD:main
git clone -q --mirror origin.git mirror.git
export RESTIC_PASSWORD=correct-horse BORG_PASSPHRASE=correct-horse
restic -q -r restic init
restic -q -r restic backup --host db1 /etc/hostname
borg init --encryption=repokey borg
borg create borg::db1-20260101 /etc/hostname
chmod -R a+rX .
umask 077
printf correct-horse > /etc/recoverd/password
chown recoverd /etc/recoverd/password
"""


def confinement(container):
    """What the kernel says of the running process."""
    status = container.run("cat", f"/proc/{container.show(UNIT, 'MainPID')}/status")
    return dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)


def test_no_collector_misses_what_the_unit_takes_away(servers, service, tls_server):
    checks, config = one_of_each(servers, service, tls_server)
    known = service.container.run("/usr/bin/recoverd", "collectors").splitlines()
    assert {line.split()[0] for line in known if line and not line.startswith(" ")} >= set(checks)
    # As the unit says: whoever shall read what others own is in their group, and nothing more.
    service.drop_in("repository", "SupplementaryGroups=postgres")
    service.begin(config)
    report(service, "passed")

    def successes():
        return {kind: service.value("recoverd_check_success", check=kind) for kind in checks}

    until(lambda: set(successes().values()) == {1}, lambda: f"every collector succeeds: {successes()}\n{service.log()}")
    for kind in ("http", "tcp", "tls"):
        assert service.value("recoverd_probe_success", check=kind) == 1
    seen = {check["name"]: check["subjects"] for check in service.api("checks")["checks"]}
    assert '"checksummed"' in json.dumps(seen["files"]), seen["files"]
    assert [subject["subject"] for subject in seen["pgbackrest"]] == ["orders/repo1"]

    confined = confinement(service.container)
    assert (confined["NoNewPrivs"], confined["Seccomp"], int(confined["CapBnd"], 16)) == ("1", "2", 0)


@pytest.fixture
def repositories(container):
    """Of Git, restic and Borg, made by root and readable to all."""
    container.run("sh", "-ec", REPOSITORIES, patience=4 * PATIENCE)
    yield
    shutil.rmtree(container.root / "srv/tools")


@pytest.fixture
def name_server(tmp_path):
    server = Dnsmasq(tmp_path)
    server.serve("host-record=shop.example,192.0.2.1")
    yield server
    server.stop()


@pytest.mark.usefixtures("repositories")
def test_programs_that_checks_start_work_where_the_unit_puts_them(servers, service, name_server):
    """Without a home, a place for caches or options of theirs, beside who asks for names and the worker."""
    service.container.put("/srv/state.tfstate", document(7, 10))
    service.container.put("/etc/hosts", "127.0.0.1 localhost\n")
    password = {"file": "/etc/recoverd/password"}
    checks = {
        "git": {"origin": "/srv/tools/origin.git", "mirror": "/srv/tools/mirror.git", "clone": True},
        "restic": {"repository": "/srv/tools/restic", "password": password},
        "borg": {"repository": "/srv/tools/borg", "passphrase": password},
        "terraform_state": {"path": "/srv/state.tfstate"},
        "dns": {"name": "shop.example", "server": name_server.address, "expect": ["192.0.2.1"]},
        "http": {"url": servers.alertmanager.url.replace("127.0.0.1", "localhost") + "/-/ready"},
    }
    config = {"": {"instance": "booted"}, "asset.orders": {}}
    for kind, options in checks.items():
        config[f"check.{kind}"] = {"asset": "orders", "collector": kind, "every": "5s", "timeout": "4900ms", **options}
    service.begin(config)

    def successes():
        return {kind: service.value("recoverd_check_success", check=kind) for kind in checks}

    until(lambda: set(successes().values()) == {1}, lambda: f"every collector succeeds: {successes()}\n{service.log()}")
    until(lambda: service.value("recoverd_measurement", check="git", measurement="clone_intact") == 1,
          lambda: f"a clone is whole:\n{service.api('checks')}\n{service.log()}")
    assert service.value("recoverd_probe_success", check="http") == 1
    for kind in ("restic", "borg"):
        assert service.value("recoverd_backup_points", check=kind) == 1


@pytest.mark.usefixtures("repositories")
def test_pgbackrest_as_postgres_reads_its_own_repository(servers, service):
    """The drop-in that is shipped. The state changes its owner, and back; what other checks need goes on to work."""
    config = small_config(servers)
    config["check.backup"] = {"asset": "orders-db", "collector": "pgbackrest", "every": "3s", "timeout": "2900ms"}
    service.begin(config)
    until(lambda: service.value("recoverd_check_success", check="backup") == 0, "others may not read the repository")
    drop_in = Path(f"/{OWN}/{Path(DROP_IN).name}")
    service.container.put(str(drop_in), (service.container.root / DROP_IN).read_text(encoding="utf-8"))
    service.container.run("systemctl", "daemon-reload")
    # New, so that it has not cloned before.
    config["check.mirror"] = {"asset": "orders-db", "collector": "git", "every": "5s", "timeout": "4900ms",
                              "origin": "/srv/tools/origin.git", "mirror": "/srv/tools/mirror.git", "clone": True}
    service.write(config)
    service.systemctl("restart")
    until(lambda: service.value("recoverd_check_success", check="backup") == 1,
          lambda: f"postgres may: {service.log()}")
    until(lambda: service.value("recoverd_measurement", check="mirror", measurement="clone_intact") == 1,
          lambda: f"a clone is whole:\n{service.api('checks')}\n{service.log()}")
    assert (service.container.root / "var/lib/recoverd/recoverd.db").stat().st_uid == server_user().pw_uid
    (service.container.root / str(drop_in).lstrip("/")).unlink()
    service.container.run("systemctl", "daemon-reload")
    service.systemctl("restart")
    service.looks(1, ["server"])
