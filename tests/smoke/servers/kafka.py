# SPDX-License-Identifier: Apache-2.0
"""A Kafka cluster of three brokers that are their own controllers (KRaft), from Maven Central's jars on Debian's JDK."""

import fcntl
import shutil
import signal
import subprocess
from pathlib import Path

from .process import Process, free_port, program, run, until

HERE = Path(__file__).resolve().parent
POM = HERE.parents[1] / "kafka/pom.xml"
# Debian's, whatever comes first in PATH: it has Debian's modules.
PYTHON = "/usr/bin/python3"
FETCH_PATIENCE = 900
# The password is that of each mechanism, and of no other.
USER, PLAIN, SCRAM = "recoverd", "PLAIN", "SCRAM-SHA-512"
PASSWORDS = {PLAIN: "of-the-watcher", SCRAM: "salted-and-hashed"}
LOGIN = "org.apache.kafka.common.security"
CLUSTER_ID = "cmVjb3ZlcmQta2Fma2EtMQ"
# Small, and started for minutes rather than days.
JAVA_OPTIONS = ["-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]


def jars(build):
    """The folder they are in; fetched once for each pom."""
    folder = build / "kafka"
    folder.mkdir(exist_ok=True)
    stamp = folder / "of-pom.xml"
    # Other test programs may want the same at the same time.
    with open(folder / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != POM.read_bytes():
            shutil.rmtree(folder / "jars", ignore_errors=True)
            subprocess.run([program("mvn"), "-B", "-q", "-f", POM, "dependency:copy-dependencies",
                            "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'jars'}"],
                           check=True, timeout=FETCH_PATIENCE)
            shutil.copy2(POM, stamp)
    return folder / "jars"


def java(classpath, main, *words):
    return ["java", *JAVA_OPTIONS, "-cp", f"{classpath}/*", main, *words]


class Broker:
    """Listens for whoever comes, for those with a password, and for those with a certificate of the same authority."""

    def __init__(self, directory, classpath, number, voters, authority):
        self.number = number
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.secure_address = f"localhost:{free_port()}"
        self.mutual_address = f"localhost:{free_port()}"
        self._classpath = classpath
        self._log = directory / f"kafka{number}.log"
        data = directory / f"kafka{number}"
        run(["mkdir", data])
        # What `kafka-storage format` writes, without a JVM of its own.
        (data / "meta.properties").write_text(f"version=1\ncluster.id={CLUSTER_ID}\nnode.id={number}\n", encoding="ascii")
        controller = voters.split(",")[number - 1].split("@")[1]
        listeners = f"OPEN://{self.address},SECURE://{self.secure_address},MUTUAL://{self.mutual_address}"
        certificate = authority.issue("localhost", 1, 90)
        self._config = directory / f"kafka{number}.properties"
        self._config.write_text("\n".join(f"{key}={value}" for key, value in {
            "process.roles": "broker,controller", "node.id": number, "controller.quorum.voters": voters,
            "listeners": f"{listeners},CONTROLLER://{controller}", "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER", "inter.broker.listener.name": "OPEN",
            "listener.security.protocol.map": "OPEN:PLAINTEXT,SECURE:SASL_SSL,MUTUAL:SSL,CONTROLLER:PLAINTEXT",
            "listener.name.secure.sasl.enabled.mechanisms": f"{PLAIN},{SCRAM}",
            "listener.name.secure.plain.sasl.jaas.config":
                f'{LOGIN}.plain.PlainLoginModule required user_{USER}="{PASSWORDS[PLAIN]}";',
            "listener.name.secure.scram-sha-512.sasl.jaas.config": f"{LOGIN}.scram.ScramLoginModule required;",
            "listener.name.secure.ssl.keystore.type": "PEM", "listener.name.secure.ssl.keystore.location": certificate,
            "listener.name.mutual.ssl.keystore.type": "PEM", "listener.name.mutual.ssl.keystore.location": certificate,
            "listener.name.mutual.ssl.client.auth": "required",
            "listener.name.mutual.ssl.truststore.type": "PEM",
            "listener.name.mutual.ssl.truststore.location": authority.certificate,
            # Everybody may do everything that nobody was forbidden; those who come by the open door, whatever they want.
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS", "allow.everyone.if.no.acl.found": "true",
            "log.dirs": data, "auto.create.topics.enable": "true",
            "offsets.topic.num.partitions": 3, "offsets.topic.replication.factor": 3,
            "group.initial.rebalance.delay.ms": 0,
            # What takes many seconds takes few.
            "broker.session.timeout.ms": 2000, "broker.heartbeat.interval.ms": 400, "replica.lag.time.max.ms": 2000,
            "controller.quorum.election.timeout.ms": 1000, "controller.quorum.fetch.timeout.ms": 2000,
        }.items()) + "\n", encoding="utf-8")
        self._process = None

    def start(self):
        if not self._process:
            self._process = Process(java(self._classpath, "kafka.Kafka", self._config), self._log)

    def kill(self):
        """As if its machine had lost power."""
        if self._process:
            process, self._process = self._process, None
            process.stop(signal.SIGKILL)

    def tail(self):
        return self._log.read_text(encoding="utf-8", errors="replace")[-2000:]


class Consumer:
    """Reads a topic as the one member of a group."""

    def __init__(self, cluster, group, topic, log):
        self._command = [*cluster.command("consume"), group, topic]
        self._log = log
        self._process = None

    def start(self):
        self._process = Process(self._command, self._log)

    def stop(self):
        if self._process:
            process, self._process = self._process, None
            process.stop()


class Cluster:
    def __init__(self, directory, build, authority):
        """`authority` issues the brokers' certificates, and those of clients."""
        self.directory = directory
        # The servers' user need not be able to read the build folder.
        self._classpath = directory / "kafka-jars"
        shutil.copytree(jars(build), self._classpath)
        self._client = directory / "kafka_client.py"
        shutil.copy2(HERE / "kafka_client.py", self._client)
        voters = ",".join(f"{number}@127.0.0.1:{free_port()}" for number in (1, 2, 3))
        self.brokers = [Broker(directory, self._classpath, number, voters, authority) for number in (1, 2, 3)]
        self.addresses = [broker.address for broker in self.brokers]
        self.secure_addresses = [broker.secure_address for broker in self.brokers]
        self.mutual_addresses = [broker.mutual_address for broker in self.brokers]

    def command(self, verb):
        return [PYTHON, self._client, ",".join(self.addresses), verb]

    def do(self, verb, *words):
        return run([*self.command(verb), *words])

    def start(self):
        for broker in self.brokers:
            broker.start()
        self.until_well()

    def let_in(self):
        """Gives USER its password for SCRAM, which is kept in the cluster's metadata. Debian's client cannot ask for
        that, Kafka's own command can."""
        run(java(self._classpath, "kafka.admin.ConfigCommand", "--bootstrap-server", ",".join(self.addresses),
                 "--alter", "--add-config", f"{SCRAM}=[password={PASSWORDS[SCRAM]}]",
                 "--entity-type", "users", "--entity-name", USER))

    def forbid(self, *what):
        """USER may not describe it any more: `--topic NAME`, `--group NAME`."""
        self._change_acls("--add", "--deny-principal", f"User:{USER}", "--operation", "Describe", *what)

    def allow(self, *what):
        self._change_acls("--remove", "--force", *what)

    def _change_acls(self, *words):
        run(java(self._classpath, "kafka.admin.AclCommand", "--bootstrap-server", ",".join(self.addresses), *words))

    def state(self):
        try:
            return self.do("state").splitlines()
        except RuntimeError:
            return []

    def until_well(self):
        """All brokers are there, every partition has a leader and all of its replicas in sync."""
        def well():
            state = self.state()
            counts = [line.split()[2::2] for line in state if line.startswith("topic")]
            return (sum(line.startswith("broker") for line in state) == len(self.brokers)
                    and all(have == want for have, want in counts))

        until(well, lambda: f"the cluster is well: {self.state()}, {[broker.tail() for broker in self.brokers]}", 240)

    def stop(self):
        for broker in self.brokers:
            broker.kill()
