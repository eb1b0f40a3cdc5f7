#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What drills do with Kafka: kafka_client.py BROKERS VERB …, in a process of its own, with Debian's python3."""

import signal
import sys

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic

PATIENCE = 30


def admin(brokers):
    return AdminClient({"bootstrap.servers": brokers})


def ask(brokers, verb, *what):
    # The answers come as long as the client is there.
    client = admin(brokers)
    for future in getattr(client, verb)(*what).values():
        future.result(PATIENCE)


def settings_of(words):
    return dict(word.split("=", 1) for word in words)


def state(brokers):
    """A line for each broker, and for each topic how many of its partitions are led and wholly in sync."""
    metadata = admin(brokers).list_topics(timeout=5)
    for broker in sorted(metadata.brokers):
        print(f"broker {broker}")
    for name, topic in sorted(metadata.topics.items()):
        well = [p for p in topic.partitions.values() if p.leader >= 0 and sorted(p.isrs) == sorted(p.replicas)]
        print(f"topic {name} {len(well)} of {len(topic.partitions)}")


def create(brokers, name, partitions, replicas, *settings):
    """`replicas`: how many, or broker ids as @3,1 for each partition."""
    partitions = int(partitions)
    if replicas.startswith("@"):
        where = [[int(broker) for broker in replicas[1:].split(",")]] * partitions
        topic = NewTopic(name, partitions, replica_assignment=where, config=settings_of(settings))
    else:
        topic = NewTopic(name, partitions, int(replicas), config=settings_of(settings))
    ask(brokers, "create_topics", [topic])


def configure(brokers, name, *settings):
    """These and no others."""
    ask(brokers, "alter_configs", [ConfigResource(ConfigResource.Type.TOPIC, name, set_config=settings_of(settings))])


def delete(brokers, *names):
    ask(brokers, "delete_topics", list(names))


def produce(brokers, topic, count):
    producer = Producer({"bootstrap.servers": brokers, "acks": "all"})
    for number in range(int(count)):
        producer.produce(topic, str(number), str(number))
    assert producer.flush(PATIENCE) == 0


def consume(brokers, group, topic):
    """Until it is told to end."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": group, "auto.offset.reset": "earliest",
                         "auto.commit.interval.ms": 200, "session.timeout.ms": 6000})
    consumer.subscribe([topic])
    over = []
    signal.signal(signal.SIGTERM, lambda *_: over.append(True))
    while not over:
        consumer.poll(0.2)
    consumer.close()


VERBS = {verb.__name__: verb for verb in (state, create, configure, delete, produce, consume)}

if __name__ == "__main__":
    VERBS[sys.argv[2]](sys.argv[1], *sys.argv[3:])
