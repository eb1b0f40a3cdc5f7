# SPDX-License-Identifier: Apache-2.0
"""A cluster of three primaries, each with a replica that takes over only when it is let: for how long nobody serves the
slots of one that is lost is for the test to say."""

from itertools import count

from .process import until
from .valkey import Valkey

# First slots of the primaries, and what would be the one of another.
BOUNDS = (0, 5461, 10923, 16384)
OPTIONS = {
    "cluster_enabled": "yes",
    # What takes many seconds takes few. Two busy cores may keep a process waiting for one.
    "cluster_node_timeout": 2000, "repl_timeout": 5,
    "cluster_replica_no_failover": "yes",
    # However old its data are by then.
    "cluster_replica_validity_factor": 0,
}


class Cluster:
    _numbers = count(1)

    def __init__(self, directory, server):
        number = next(self._numbers)
        self.members = [Valkey(directory, f"cluster{number}-{member}", server, **OPTIONS) for member in range(6)]
        self.primaries, self.replicas = self.members[:3], self.members[3:]

    def start(self):
        for member in self.members:
            member.start()
        self._meet()
        for primary, first, after in zip(self.primaries, BOUNDS, BOUNDS[1:]):
            primary.call("CLUSTER", "ADDSLOTSRANGE", first, after - 1)
        for replica, primary in zip(self.replicas, self.primaries):
            replica.call("CLUSTER", "REPLICATE", primary.call("CLUSTER", "MYID"))
        self.until_well()

    def _meet(self):
        first, *others = self.members
        for epoch, member in enumerate(self.members, 1):
            member.call("CLUSTER", "SET-CONFIG-EPOCH", epoch)
        for member in others:
            member.call("CLUSTER", "MEET", "127.0.0.1", first.port, first.bus_port)

        def known():
            nodes = [member.call("CLUSTER", "NODES") for member in self.members]
            return all(len(of.splitlines()) == len(self.members) and "handshake" not in of for of in nodes)

        until(known, "all know all")

    def until_well(self):
        """As every member sees it: all slots are served, and whoever is a replica follows."""
        def well(member):
            whole = "cluster_state:ok" in member.call("CLUSTER", "INFO")
            return whole and (member.info("role") == "master" or member.info("master_link_status") == "up")

        until(lambda: all(well(member) for member in self.members), "the cluster is well")

    def let_take_over(self, replica):
        """And waits until it has, and its slots are served."""
        replica.call("CONFIG", "SET", "cluster-replica-no-failover", "no")
        until(lambda: replica.info("role") == "master"
              and all("cluster_slots_ok:16384" in member.call("CLUSTER", "INFO") for member in self.primaries[1:]),
              "the replica has taken over")

    def stop(self):
        for member in self.members:
            member.stop()
