# SPDX-License-Identifier: Apache-2.0
"""Pages of a table and its B-trees, gone through by amcheck: damage that reading every row does not show."""

import json
import struct

import pytest

from servers.postgres import PROGRAMS
from servers.process import run, until
from test_validation import CHECK, ORDERS, SCHEMA, database, everything, failed, measured, said, watch


@pytest.fixture(scope="module")
def pages(servers):
    server = database(servers.directory, "pages")
    server.sql(*SCHEMA)
    yield server
    server.abandon()


def in_state(site, subject, assertion, state):
    return site.agent.value("recoverd_assertion_state", check=CHECK, subject=subject, assertion=assertion, state=state) == 1


def holds(site, subject, assertion):
    return in_state(site, subject, assertion, "holds")


def damage_row(server, relation):
    """Its first row claims to have more columns than the table, as amcheck's own tests make it; the page's checksum is made right
    for that, as one is that was damaged in memory. Returns what puts it back."""
    path = server.data / server.sql(f"SELECT pg_relation_filepath('{relation}')")
    server.sql("CHECKPOINT")
    server.stop()
    kept = path.read_bytes()
    # Behind the header of 24 bytes stands where the first row begins (15 bits) and whether it is used (2 bits, 1 for that);
    # the lower 11 of the 16 bits at byte 18 of a row are how many columns it has.
    (pointer,) = struct.unpack_from("<I", kept, 24)
    assert pointer >> 15 & 3 == 1, "the first row of the table is in use"
    columns = (pointer & 0x7FFF) + 18
    damaged = bytearray(kept)
    struct.pack_into("<H", damaged, columns, struct.unpack_from("<H", kept, columns)[0] | 0x7FF)
    path.write_bytes(damaged)
    for change in ("--disable", "--enable"):
        run([f"{PROGRAMS}/pg_checksums", change, "--no-sync", "-D", server.data])
    server.start()

    def put_back():
        server.stop()
        path.write_bytes(kept)
        server.start()
    return put_back


@pytest.mark.ci
def test_row_is_damaged_and_still_counts(site, drills, pages):
    """Every row can be read and the page's checksum is right: only who looks at its structure knows."""
    everything(site, pages, amcheck=[ORDERS])
    drills.stays_quiet(looks=1)
    assert holds(site, ORDERS, "verify_heapam") and holds(site, ORDERS, "bt_index_check")
    mend = []

    def only_there():
        assert measured(site, "rows", subject=ORDERS) == 5000
        assert "block 0, offset 1: number of attributes 2047" in said(site, "AssertionFailed"), said(site, "AssertionFailed")

    drills.run("row damaged on a page with a right checksum", [failed("verify_heapam", "P1", ORDERS)],
               lambda: mend.append(damage_row(pages, "orders")), lambda: mend.pop()(), while_broken=only_there)


@pytest.mark.all
def test_pages_that_may_not_be_gone_through_are_unknown(site, pages):
    """Without the right to call verify_heapam; what may be checked is."""
    grant = "EXECUTE ON FUNCTION verify_heapam(regclass, boolean, boolean, text, bigint, bigint)"
    everything(site, pages, amcheck=[ORDERS])
    until(lambda: holds(site, ORDERS, "verify_heapam"), "its pages are sound")
    pages.sql(f"REVOKE {grant} FROM recoverd")
    try:
        until(lambda: in_state(site, ORDERS, "verify_heapam", "unknown"), "nobody may look at its pages")
        assert f"GRANT {grant.replace('verify', 'public.verify')} TO recoverd" in json.dumps(site.agent.api("checks"))
        assert holds(site, ORDERS, "bt_index_check")
    finally:
        pages.sql(f"GRANT {grant} TO recoverd")
    until(lambda: holds(site, ORDERS, "verify_heapam"), "its pages are sound again")


@pytest.mark.all
def test_what_is_read_takes_turns_within_the_budget_of_a_run(site, drills, pages):
    """Rows, pages and index of the table together are more than that, each is less."""
    watch(site, pages.dsn(), tables=[ORDERS], amcheck=[ORDERS], budget="600KiB", run_budget="600KiB")
    for assertion in ("readable", "verify_heapam", "bt_index_check"):
        until(lambda one=assertion: holds(site, ORDERS, one), f"{assertion} holds")
    until(lambda: (measured(site, "checked_age", subject=ORDERS) or 0) > 0, "one of them waits for its turn")
    drills.stays_quiet(looks=3)
