"""Event tables: their rows are told once and kept nowhere."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V1, V2, V3, Wire, connected, rows_of

EVENTS = "SELECT * FROM test_event"


@pytest.fixture
def database(newer_server: Subject) -> str:
    name = fresh_name("events")
    program = real_servers.wasm("sdk_test_event_table-2.8.3")
    assert newer_server.ask("PUT", f"/v1/database/{name}", content=program).status_code == 200
    return name


@pytest.fixture(params=[V3, V2])
def wire(request: pytest.FixtureRequest, newer_server: Subject, database: str) -> Iterator[Wire]:
    with connected(newer_server, database, request.param) as wire:
        wire.next()
        yield wire


def event(name: str, value: int) -> bytes:
    return struct.pack("<I", len(name)) + name.encode() + struct.pack("<Q", value)


def events(update: m.TransactionUpdate) -> list[bytes]:
    [of_set] = update.query_sets
    [table] = of_set.tables
    assert (of_set.query_set_id, table.table_name) == (1, "test_event")
    [rows] = table.rows
    assert isinstance(rows, m.EventTable)
    return sorted(rows_of(rows.value.events))


def emit(name: str, value: int) -> m.CallReducer:
    return m.CallReducer(2, m.CallFlags.Default, "emit_test_event", event(name, value))


def test_are_told_to_the_caller_and_others(wire: Wire, newer_server: Subject, database: str):
    assert wire.ask(m.Subscribe(1, 1, [EVENTS])) == m.SubscribeApplied(1, 1, m.QueryRows([]))
    with connected(newer_server, database, V3) as other:
        other.next()
        other.ask(m.Subscribe(1, 1, [EVENTS]))
        for _ in range(2):  # the same event may happen again
            result = wire.ask(emit("hello", 42))
            assert events(result.result.value.transaction_update) == [event("hello", 42)]
            assert events(other.next()) == [event("hello", 42)]


def test_several_at_once(wire: Wire):
    wire.ask(m.Subscribe(1, 1, [EVENTS]))
    result = wire.ask(m.CallReducer(2, m.CallFlags.Default, "emit_multiple_test_events", b""))
    assert events(result.result.value.transaction_update) == [event("a", 1), event("b", 2), event("c", 3)]


def test_conditions(wire: Wire):
    wire.ask(m.Subscribe(1, 1, [f"{EVENTS} WHERE value > 2"]))
    result = wire.ask(m.CallReducer(2, m.CallFlags.Default, "emit_multiple_test_events", b""))
    assert events(result.result.value.transaction_update) == [event("c", 3)]


def test_there_are_none_afterwards(wire: Wire):
    wire.ask(m.Subscribe(1, 1, [EVENTS]))
    wire.ask(emit("hello", 42))
    assert wire.ask(m.Unsubscribe(3, 1, m.UnsubscribeFlags.SendDroppedRows)).rows == m.QueryRows([])
    [table] = wire.ask(m.OneOffQuery(4, EVENTS)).result.value.tables
    assert rows_of(table.rows) == []


def test_are_no_part_of_all_tables(wire: Wire):
    wire.ask(m.Subscribe(1, 1, ["SELECT * FROM *"]))
    assert wire.ask(emit("hello", 42)).result.value.transaction_update.query_sets == []


@pytest.mark.parametrize(
    "request_for",
    [
        m1.SubscribeSingle(EVENTS, 7, m1.QueryId(1)),
        m1.SubscribeMulti([EVENTS], 7, m1.QueryId(1)),
    ],
)
def test_older_clients_cannot_have_them(newer_server: Subject, database: str, request_for: m1.ClientMessage):
    with connected(newer_server, database, V1) as wire:
        wire.next()
        refusal = wire.ask(request_for)
        assert isinstance(refusal, m1.SubscriptionError)
        assert (refusal.request_id, refusal.query_id) == (7, 1)


def test_older_clients_can_have_them_by_the_oldest_way_of_subscribing(newer_server: Subject, database: str):
    with connected(newer_server, database, V1) as wire:
        wire.next()
        initial = wire.ask(m1.Subscribe([EVENTS], 7))
        assert isinstance(initial, m1.InitialSubscription)
        for _ in range(2):
            update = wire.ask(m1.CallReducer("emit_test_event", event("hello", 42), 8, 0)).status.value
            [table] = update.tables
            [part] = table.updates
            assert (table.table_name, table.num_rows) == ("test_event", 1)
            assert (rows_of(part.value.inserts), rows_of(part.value.deletes)) == ([event("hello", 42)], [])
