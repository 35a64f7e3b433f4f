"""Who is connected, as those see it who subscribe to ``st_client``."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.websocket import V2, connected, rows_of

pytestmark = pytest.mark.real

ALL = "SELECT * FROM st_client"


def told_of_visits(server: Subject, database: str) -> list[Counter[str]]:
    """How many clients came and went in each message to one that looks on while another one visits, then calls
    something over HTTP; the last message is about a table of the module."""
    told: list[Counter[str]] = []
    with ExitStack() as stack:
        wire = stack.enter_context(connected(server, database, V2))
        wire.next()
        applied = wire.ask(m.Subscribe(1, 1, [ALL, "SELECT * FROM disconnected"]))
        told.append(Counter(found=sum(len(rows_of(table.rows)) for table in applied.rows.tables)))
        with connected(server, database, V2, token=server.new_token()[1]) as visitor:
            visitor.next()
            told.append(_change(wire.next()))
        told.append(_change(wire.next()))
    return told


def _change(message: object) -> Counter[str]:
    assert isinstance(message, m.TransactionUpdate)
    found: Counter[str] = Counter()
    for of_set in message.query_sets:
        for table in of_set.tables:
            for rows in table.rows:
                assert isinstance(rows, m.PersistentTable)
                found[f"{table.table_name} came"] += len(rows_of(rows.value.inserts))
                found[f"{table.table_name} went"] += len(rows_of(rows.value.deletes))
    return found


def test_with_reducers_for_it(both: Both):
    database = both.publish(real_servers.wasm("sdk_test_connect_disconnect-2.8.3"), "clients")
    assert told_of_visits(both.embedded, database) == told_of_visits(both.real, database)


def test_without(both: Both):
    """Then nobody is told, though the rows are there."""
    database = both.publish(real_servers.program("smoketests/dml.wasm").read_bytes(), "clients")
    for server in both:
        with connected(server, database, V2) as wire:
            wire.next()
            wire.ask(m.Subscribe(1, 1, [ALL, "SELECT * FROM t"]))
            with connected(server, database, V2) as visitor:
                visitor.next()
                assert len(server.rows(database, ALL)) == 3, "and the one that asks"
            assert server.sql(database, "INSERT INTO t (name) VALUES ('a')").is_success
            assert _change(wire.next()) == {"t came": 1, "t went": 0}


def test_a_client_that_was_deleted_goes_silently(both: Both):
    database = both.publish(real_servers.wasm("sdk_test_connect_disconnect-2.8.3"), "clients")
    for server in both:
        (deleted, its_token), (other, others_token) = server.new_token(), server.new_token()
        gone: set[str] = set()
        with connected(server, database, V2) as wire:
            wire.next()
            wire.ask(m.Subscribe(1, 1, ["SELECT * FROM disconnected"]))
            for token, statement in (
                (its_token, f"DELETE FROM st_client WHERE identity = {int(deleted, 16)}"),
                (others_token, ""),
            ):
                with connected(server, database, V2, token=token) as visitor:
                    visitor.next()
                    assert not statement or server.sql(database, statement).is_success
            while other not in gone:
                update = wire.next()
                assert isinstance(update, m.TransactionUpdate)
                for table in update.query_sets[0].tables:
                    for rows in table.rows:
                        assert isinstance(rows, m.PersistentTable)
                        gone.update(row[::-1].hex() for row in rows_of(rows.value.inserts))
        assert deleted not in gone
