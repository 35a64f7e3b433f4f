"""Protocol v1, which all servers speak, in both of its formats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v1 import messages as m
from stdbpy.sats.values import ConnectionId
from tests.contract.subject import Subject
from tests.contract.websocket import V1, V1_JSON, Wire, connected, rows_of

NO_REDUCER = (1 << 32) - 1

U8, U16 = "SELECT * FROM one_u8", "SELECT * FROM one_u16"


class V1Wire:
    """Requests and answers, alike in both formats."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.ask, self.next, self.send = wire.ask, wire.next, wire.send
        self.uses_json = wire.subprotocol == V1_JSON

    def call(self, reducer: str, *numbers: int, request_id: int = 1, flags: int = m.FULL_UPDATE) -> m.CallReducer:
        """With numbers of a byte each as the arguments."""
        return m.CallReducer(reducer, self.args(*numbers), request_id, flags)

    def args(self, *numbers: int) -> m.Encoded:
        return json.dumps(numbers, separators=(",", ":")) if self.uses_json else bytes(numbers)


@pytest.fixture(params=[V1, V1_JSON])
def protocol(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture
def wire(protocol: str, server: Subject, empty_sdk: str) -> Iterator[V1Wire]:
    with connected(server, empty_sdk, protocol) as wire:
        wire.next()
        yield V1Wire(wire)


def numbers(rows: Any) -> list[int]:
    """Of rows of one number of a byte."""
    if isinstance(rows, RowList):
        return sorted(row[0] for row in rows_of(rows))
    # In answers rows are objects, in updates arrays.
    parsed = map(json.loads, rows)
    return sorted(row["n"] if isinstance(row, dict) else row[0] for row in parsed)


def told(update: m.DatabaseUpdate) -> dict[str, tuple[list[int], list[int]]]:
    """By table, the rows that came and went."""
    found: dict[str, tuple[list[int], list[int]]] = {}
    for table in update.tables:
        came, went = found.setdefault(table.table_name, ([], []))
        before = len(came) + len(went)
        for each in table.updates:
            one: Any = each.value if isinstance(each, m.Uncompressed) else each
            came += numbers(one.inserts)
            went += numbers(one.deletes)
        assert table.num_rows == len(came) + len(went) - before
    return found


def committed(message: Any) -> dict[str, tuple[list[int], list[int]]]:
    assert isinstance(message, m.TransactionUpdate), message
    assert isinstance(message.status, m.Committed), message.status
    return told(message.status.value)


class TestSetsOfQueries:
    def test_rows_at_first(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        applied = wire.ask(m.SubscribeMulti([U8, U16, "SELECT * FROM one_u8 WHERE n = 7"], 6, m.QueryId(2)))
        assert isinstance(applied, m.SubscribeMultiApplied)
        assert (applied.request_id, applied.query_id) == (6, m.QueryId(2))
        assert told(applied.update) == {"one_u8": ([5], [])}
        assert len(applied.update.tables) == 2, "one for each query of a table that has rows"

    def test_queries_that_two_sets_have_count_once(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        wire.ask(m.SubscribeMulti([U8], 6, m.QueryId(1)))
        assert told(wire.ask(m.SubscribeMulti([U8], 7, m.QueryId(2))).update) == {}, "it has those rows"
        assert committed(wire.ask(wire.call("insert_one_u8", 6))) == {"one_u8": ([6], [])}
        assert told(wire.ask(m.UnsubscribeMulti(8, m.QueryId(1))).update) == {}, "it keeps those rows"
        ended = wire.ask(m.UnsubscribeMulti(9, m.QueryId(2)))
        assert isinstance(ended, m.UnsubscribeMultiApplied)
        assert (ended.request_id, ended.query_id, told(ended.update)) == (9, m.QueryId(2), {"one_u8": ([], [5, 6])})

    def test_single_queries(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        for table, expected in (("one_u8", [5]), ("one_u16", [])):
            applied = wire.ask(m.SubscribeSingle(f"SELECT * FROM {table}", 3, m.QueryId(len(table))))
            assert isinstance(applied, m.SubscribeApplied)
            assert applied.rows.table_name == table
            assert told(m.DatabaseUpdate([applied.rows.table_rows])) == {table: (expected, [])}
            assert applied.rows.table_id == applied.rows.table_rows.table_id > 0
        ended = wire.ask(m.Unsubscribe(4, m.QueryId(len("one_u8"))))
        assert isinstance(ended, m.UnsubscribeApplied)
        assert told(m.DatabaseUpdate([ended.rows.table_rows])) == {"one_u8": ([], [5])}

    def test_several_queries_that_are_ended_as_a_single_one(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        wire.ask(wire.call("insert_one_u16", *([6] if wire.uses_json else [6, 0])))
        wire.ask(m.SubscribeMulti([U8, U16, "SELECT * FROM one_u32"], 3, m.QueryId(1)))
        refusal = wire.ask(m.Unsubscribe(4, m.QueryId(1)))
        assert isinstance(refusal, m.SubscriptionError)
        assert (refusal.request_id, refusal.query_id) == (4, 1)
        assert committed(wire.ask(wire.call("insert_one_u8", 7))) == {}, "it has ended all the same"

    def test_the_set_without_a_name_is_replaced(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        first = wire.ask(m.Subscribe([U8, U16], 3))
        assert isinstance(first, m.InitialSubscription)
        assert (first.request_id, told(first.database_update)) == (3, {"one_u8": ([5], [])})
        assert told(wire.ask(m.Subscribe([U16], 4)).database_update) == {}
        assert committed(wire.ask(wire.call("insert_one_u8", 6))) == {}

    def test_the_set_without_a_name_stands_beside_others(self, wire: V1Wire):
        wire.ask(m.Subscribe([U8], 3))
        wire.ask(m.SubscribeMulti([U8], 4, m.QueryId(1)))
        assert committed(wire.ask(wire.call("insert_one_u8", 6))) == {"one_u8": ([6, 6], [])}
        assert told(wire.ask(m.UnsubscribeMulti(4, m.QueryId(1))).update) == {"one_u8": ([], [6])}

    def test_that_are_refused(self, wire: V1Wire, server: Subject):
        wire.ask(m.SubscribeMulti([U8], 6, m.QueryId(1)))
        refused = [
            m.SubscribeMulti([U8, "SELECT * FROM nope"], 7, m.QueryId(2)),
            m.SubscribeSingle("SELECT n FROM one_u8", 7, m.QueryId(2)),
            m.SubscribeSingle("SELECT * FROM *", 7, m.QueryId(2)),
            m.UnsubscribeMulti(7, m.QueryId(2)),
            m.Unsubscribe(7, m.QueryId(2)),
        ]
        if not server.is_old:  # servers 1.x say nothing then, or something else
            refused.append(m.SubscribeMulti([U16], 7, m.QueryId(1)))
        for request in refused:
            refusal = wire.ask(request)
            assert isinstance(refusal, m.SubscriptionError), request
            assert (refusal.request_id, refusal.query_id) == (7, request.query_id.id)
            assert refusal.error

    def test_the_set_without_a_name_that_is_refused(self, wire: V1Wire, newer_server: Subject):
        refusal = wire.ask(m.Subscribe(["SELECT * FROM nope"], 7))
        assert isinstance(refusal, m.SubscriptionError)
        assert (refusal.request_id, refusal.query_id) == (7, None)


class TestCalls:
    def test_the_caller_is_told_all_of_it(self, wire: V1Wire, server: Subject):
        update = wire.ask(wire.call("insert_one_u8", 5, request_id=77))
        assert committed(update) == {}
        assert update.caller_identity.hex() == server.identity
        assert update.caller_connection_id != ConnectionId(bytes(16))
        call = update.reducer_call
        assert (call.reducer_name, call.args, call.request_id) == ("insert_one_u8", wire.args(5), 77)

    def test_that_want_no_answer(self, wire: V1Wire):
        quiet = {"request_id": 3, "flags": m.NO_SUCCESS_NOTIFY}
        wire.send(wire.call("insert_one_u8", 5, **quiet), wire.call("no_op_succeeds", **quiet))
        assert wire.ask(wire.call("no_op_succeeds", request_id=4)).reducer_call.request_id == 4
        wire.ask(m.SubscribeMulti([U8], 6, m.QueryId(1)))
        update = wire.ask(wire.call("insert_one_u8", 6, **quiet))
        if isinstance(update, m.TransactionUpdateLight):  # of a module whose callers are hidden from others
            assert (update.request_id, told(update.update)) == (3, {"one_u8": ([6], [])})
        else:
            assert committed(update) == {"one_u8": ([6], [])}

    def test_that_cannot_be_made(self, wire: V1Wire):
        for flags in (m.FULL_UPDATE, m.NO_SUCCESS_NOTIFY):
            update = wire.ask(wire.call("nope", 5, request_id=9, flags=flags))
            assert isinstance(update.status, m.Failed)
            call = update.reducer_call
            assert (call.reducer_name, call.reducer_id, call.request_id) == ("nope", NO_REDUCER, 0)
        update = wire.ask(wire.call("insert_one_u8", request_id=9))
        assert isinstance(update.status, m.Failed)
        assert update.reducer_call.reducer_id != NO_REDUCER

    def test_that_fail(self, wire: V1Wire, server: Subject):
        args = "[200,1]" if wire.uses_json else bytes([200, 1, 0, 0, 0])
        update = wire.ask(m.CallReducer("update_pk_u8", args, 9, m.FULL_UPDATE))
        assert isinstance(update.status, m.Failed)
        # What Python raises is told, as C#'s exceptions are; of a panic callers learn nothing.
        fatal = "instance encountered a fatal error."
        assert update.status.value.endswith("pk_u8 has no row with n 200 to update" if server.runs_ports else fatal)
        assert update.reducer_call.request_id == (0 if server.is_old else 9)

    def test_of_others(self, wire: V1Wire, protocol: str, server: Subject, empty_sdk: str):
        identity, token = server.new_token()
        wire.ask(m.SubscribeMulti([U8], 6, m.QueryId(1)))
        with connected(server, empty_sdk, protocol, token=token) as other:
            other.next()
            other.send(wire.call("insert_one_u8", 6, request_id=9))
            update = wire.next()
        if server.runs_ports:
            # They are of the second generation, whose callers are hidden from others.
            assert (update.request_id, told(update.update)) == (9, {"one_u8": ([6], [])})
        else:
            assert committed(update) == {"one_u8": ([6], [])}
            assert update.caller_identity.hex() == identity
            call = update.reducer_call
            assert (call.reducer_name, call.args, call.request_id) == ("insert_one_u8", wire.args(6), 9)

    def test_of_others_for_a_light_client(self, wire: V1Wire, protocol: str, server: Subject, empty_sdk: str):
        with connected(server, empty_sdk, protocol, query="compression=None&light=true") as light:
            light.next()
            light.send(m.SubscribeMulti([U8], 6, m.QueryId(1)))
            light.next()
            wire.ask(wire.call("insert_one_u8", 6, request_id=9))
            update = light.next()
            assert isinstance(update, m.TransactionUpdateLight)
            assert (update.request_id, told(update.update)) == (9, {"one_u8": ([6], [])})
            assert isinstance(light.ask(wire.call("insert_one_u8", 7)), m.TransactionUpdate), "its own are whole"

    def test_of_others_in_modules_of_the_second_generation(self, protocol: str, newer_server: Subject):
        own = newer_server.new_database("sdk_test_2_8_3")
        with connected(newer_server, own, protocol) as one, connected(newer_server, own, protocol) as two:
            for wire in (one, two):
                wire.next()
            one.ask(m.SubscribeMulti(["SELECT * FROM one_u_8"], 6, m.QueryId(1)))
            two.send(V1Wire(two).call("insert_one_u_8", 5, request_id=9))
            update = one.next()
            assert isinstance(update, m.TransactionUpdateLight)
            assert (update.request_id, told(update.update)) == (9, {"one_u_8": ([5], [])})

    def test_by_sql(self, wire: V1Wire, server: Subject, empty_sdk: str):
        wire.ask(m.SubscribeMulti([U8], 6, m.QueryId(1)))
        server.sql(empty_sdk, "INSERT INTO one_u8 (n) VALUES (1)")
        update = wire.next()
        if isinstance(update, m.TransactionUpdate):
            assert committed(update) == {"one_u8": ([1], [])}
            call = update.reducer_call
            assert (call.reducer_name, call.reducer_id, call.request_id) == ("", NO_REDUCER, 0)
        else:
            assert (update.request_id, told(update.update)) == (0, {"one_u8": ([1], [])})

    def test_of_procedures_that_are_none(self, wire: V1Wire, newer_server: Subject):
        result = wire.ask(m.CallProcedure("nope", wire.args(), 5, 0))
        assert (result.request_id, result.status) == (5, m.ProcedureInternalError("No such procedure"))


class TestQueries:
    def test_rows(self, wire: V1Wire):
        wire.ask(wire.call("insert_one_u8", 5))
        answer = wire.ask(m.OneOffQuery(b"me", U8))
        assert (answer.message_id, answer.error) == (b"me", None)
        assert [(table.table_name, numbers(table.rows)) for table in answer.tables] == [("one_u8", [5])]
        [empty] = wire.ask(m.OneOffQuery(b"me", U16)).tables
        assert (empty.table_name, len(empty.rows)) == ("one_u16", 0)

    def test_that_are_none(self, wire: V1Wire):
        answer = wire.ask(m.OneOffQuery(b"me", "SELECT * FROM nope"))
        assert (answer.message_id, list(answer.tables)) == (b"me", [])
        assert answer.error


class TestRowsInJson:
    def test_answers_have_objects_and_updates_arrays(self, server: Subject, chat: str):
        with connected(server, chat, V1_JSON) as wire:
            wire.next()
            [table] = wire.ask(m.SubscribeMulti(["SELECT * FROM user"], 6, m.QueryId(1))).update.tables
            [before] = table.updates[0].inserts
            identity = {"__identity__": f"0x{server.identity}"}
            assert json.loads(before) == {"identity": identity, "name": [1, {}], "online": True}
            changed = wire.ask(m.CallReducer("set_name", '["Ada"]', 7, m.FULL_UPDATE)).status.value.tables[0].updates[0]
            assert list(map(json.loads, changed.inserts)) == [[[f"0x{server.identity}"], [0, "Ada"], True]]
            assert list(map(json.loads, changed.deletes)) == [[[f"0x{server.identity}"], [1, []], True]]


class TestFramesThatAreNone:
    @pytest.mark.parametrize("frame", [b"", b"\x99", b"\x00", "text", "{}", '{"Nope": {}}', "[]"])
    def test_end_the_connection(self, wire: V1Wire, server: Subject, frame: bytes | str):
        wire.wire.connection.send(frame)
        code, reason = wire.wire.closing()
        if server.is_embedded or code != 1006:  # the real ones fail to say what takes many words
            assert code == 1011
            assert reason
