# SPDX-License-Identifier: Apache-2.0
"""A database that is there and does not let us in: nothing is known any more, and the cause is said in words.

On a server of its own, which asks for a password and shows a certificate.
"""

import pytest

from servers.alertmanager import Alert
from servers.postgres import Postgres
from servers.process import Process, run, until

MISSING = Alert("EvidenceMissing", "P3", "warning", "accounts-db", "accounts")
PASSWORD = "once upon a time"
RULES = "local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n"
# Of six, three are for superusers only.
SETTINGS = {"ssl": "on", "max_connections": 6, "superuser_reserved_connections": 3}


class Accounts(Postgres):
    """Listens as `localhost`, and the agent wants to see that in its certificate."""

    def __init__(self, site):
        super().__init__(site.directory, "accounts")
        self.authorities = site.directory / "authorities.pem"
        self.secret = site.directory / "accounts.password"
        self.hold = site.directory / "accounts.hold"
        self.init()
        self.trusted = self.make_certificate("localhost")
        self.of_another = self.make_certificate("elsewhere.example")
        self.unknown = self.make_certificate("localhost")
        self.authorities.write_text("".join(certificate.read_text(encoding="utf-8")
                                            for certificate in (self.trusted, self.of_another)), encoding="utf-8")
        self.secret.write_text(PASSWORD, encoding="utf-8")
        self.configure(**SETTINGS, ssl_cert_file=self.trusted, ssl_key_file=self.trusted.with_suffix(".key"))
        (self.data / "pg_hba.conf").write_text(RULES, encoding="utf-8")
        self.start()
        self.sql(f"CREATE ROLE recoverd LOGIN PASSWORD '{PASSWORD}'", "GRANT pg_monitor TO recoverd",
                 "CREATE ROLE crowd LOGIN")

    def make_certificate(self, name):
        """One that signs itself; its key is beside it."""
        made = self.data / f"{len(list(self.data.glob('*.crt')))}.crt"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-days", "30", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
             "-keyout", made.with_suffix(".key"), "-out", made])
        return made

    def show(self, certificate):
        self.sql(f"ALTER SYSTEM SET ssl_cert_file = '{certificate}'",
                 f"ALTER SYSTEM SET ssl_key_file = '{certificate.with_suffix('.key')}'", "SELECT pg_reload_conf()")

    def admit(self, rules):
        (self.data / "pg_hba.conf").write_text(rules, encoding="utf-8")
        self.sql("SELECT pg_reload_conf()")

    def dsn(self, user="recoverd"):
        return (f"host=localhost hostaddr=127.0.0.1 port={self.port} user={user} dbname=postgres "
                f"sslmode=verify-full sslrootcert={self.authorities}")


@pytest.fixture(scope="module")
def accounts(servers):
    server = Accounts(servers)
    yield server
    server.abandon()


@pytest.fixture
def drill(site, drills, accounts):
    """Runs one drill: `words` are those by which somebody on call knows the cause."""
    config = site.config_of("accounts-db", accounts={"collector": "postgresql", "dsn": accounts.dsn(),
                                                     "password": {"file": accounts.secret},
                                                     "settings": {"fsync": "off"}})
    config["policy"] = {"evidence_missing": {"over": "3s"}}

    def told(words):
        said = site.alertmanager.document("EvidenceMissing")["annotations"]
        assert words in said["description"], said
        assert PASSWORD not in str(said)

    def run_it(fault, words, break_it, mend_it):
        site.agent.begin(config)
        drills.run(fault, [MISSING], break_it, mend_it, while_broken=lambda: told(words))

    return run_it


def test_a_changed_password_is_missing_evidence_until_the_agent_has_the_new_one(drill, accounts):
    """The file is read again: nobody has to tell the agent."""
    new = PASSWORD[::-1]
    drill("PostgreSQL: password changed", 'password authentication failed for user "recoverd"',
          lambda: accounts.sql(f"ALTER ROLE recoverd PASSWORD '{new}'"),
          lambda: accounts.secret.write_text(new, encoding="utf-8"))


@pytest.mark.all
def test_a_rejected_host_is_missing_evidence(drill, accounts):
    drill("PostgreSQL: pg_hba.conf rejects", "pg_hba.conf rejects connection",
          lambda: accounts.admit("local all all trust\nhost all all all reject\n"), lambda: accounts.admit(RULES))


@pytest.mark.all
def test_a_certificate_that_nobody_trusts_is_missing_evidence(drill, accounts):
    drill("PostgreSQL: certificate not trusted", "certificate verify failed",
          lambda: accounts.show(accounts.unknown), lambda: accounts.show(accounts.trusted))


@pytest.mark.all
def test_a_certificate_of_another_host_is_missing_evidence(drill, accounts):
    """Signed by somebody who is trusted, for another name: this may be another server."""
    drill("PostgreSQL: certificate of another name",
          'server certificate for "elsewhere.example" does not match host name "localhost"',
          lambda: accounts.show(accounts.of_another), lambda: accounts.show(accounts.trusted))


def take_places(accounts, places):
    """All that are not kept for superusers, against the agent's own attempts."""
    taken = []

    def all_taken():
        taken[:] = [process for process in taken if not process.ended()]
        while len(taken) < places:
            taken.append(Process(["psql", "-X", "-d", f"host={accounts.directory} port={accounts.port} user=crowd "
                                  "dbname=postgres", "-c", "SELECT pg_sleep(600)"], accounts.directory / "crowd.log"))
        return accounts.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'crowd'") == str(places)

    until(all_taken, "all places are taken")


@pytest.mark.all
def test_no_connection_left_is_missing_evidence(drill, accounts):
    places = SETTINGS["max_connections"] - SETTINGS["superuser_reserved_connections"]
    # A server that sleeps for somebody does not notice that he left.
    drill("PostgreSQL: no connection left", "remaining connection slots are reserved",
          lambda: take_places(accounts, places),
          lambda: accounts.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'crowd'"))


def restart(accounts, signal_file, state, **settings):
    accounts.stop()
    (accounts.data / signal_file).touch()
    accounts.start(state, **settings)


@pytest.mark.all
def test_a_server_that_is_still_recovering_is_missing_evidence(drill, accounts):
    """It waits for the archive, as one does that was just restored; nobody mends it but time."""
    accounts.hold.touch()
    fetch = f"while [ -e {accounts.hold} ]; do sleep 0.1; done; exit 1"

    def mend():
        accounts.hold.unlink()
        accounts.until_ready()

    drill("PostgreSQL: starting up", "the database system is starting up",
          lambda: restart(accounts, "recovery.signal", "starting", restore_command=fetch), mend)


@pytest.mark.all
def test_a_standby_that_takes_no_queries_is_missing_evidence(drill, accounts):
    def mend():
        accounts.stop()
        (accounts.data / "standby.signal").unlink()
        accounts.start()

    drill("PostgreSQL: standby with hot_standby = off", "the database system is not accepting connections",
          lambda: restart(accounts, "standby.signal", "standby", hot_standby="off"), mend)
