"""Protocols v2 and v3: subscriptions, calls and queries, message by message."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import encode_client_message
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive
from stdbpy.sats.values import Err, Identity, Ok
from tests.contract.subject import Subject
from tests.contract.websocket import V2, V3, Wire, connected, rows_of

DEFAULT = m.CallFlags.Default
QUIETLY, WITH_ROWS = m.UnsubscribeFlags.Default, m.UnsubscribeFlags.SendDroppedRows
STRING = compile_codec(Primitive.STRING)

MANY_U8 = ["SELECT * FROM one_u8", "SELECT * FROM one_u16 WHERE n = 3"]


@pytest.fixture(autouse=True)
def _newer(newer_server: Subject) -> None:
    """Servers 1.x speak v1 alone."""


@pytest.fixture(params=[V3, V2])
def wire(request: pytest.FixtureRequest, server: Subject, empty_sdk: str) -> Iterator[Wire]:
    with connected(server, empty_sdk, request.param) as wire:
        wire.next()
        yield wire


def insert(table: str, args: bytes, request_id: int = 1) -> m.CallReducer:
    return m.CallReducer(request_id, DEFAULT, f"insert_{table}", args)


def changed(message: object) -> dict[int, dict[str, tuple[list[bytes], list[bytes]]]]:
    """By set and table, the rows that came and went."""
    if isinstance(message, m.ReducerResult):
        assert isinstance(message.result, m.Returned), message
        message = message.result.value.transaction_update
    assert isinstance(message, m.TransactionUpdate), message
    found: dict[int, dict[str, tuple[list[bytes], list[bytes]]]] = {}
    for of_set in message.query_sets:
        for table in of_set.tables:
            came, went = found.setdefault(of_set.query_set_id, {}).setdefault(table.table_name, ([], []))
            for rows in table.rows:
                assert isinstance(rows, m.PersistentTable)
                came += rows_of(rows.value.inserts)
                went += rows_of(rows.value.deletes)
    return found


def found(rows: m.QueryRows) -> list[tuple[str, list[bytes]]]:
    return sorted((table.table, sorted(rows_of(table.rows))) for table in rows.tables)


class TestSubscriptions:
    def test_rows_at_first(self, wire: Wire):
        wire.ask(insert("one_u8", b"\x05"))
        wire.ask(insert("one_u16", b"\x04\x00"))
        applied = wire.ask(m.Subscribe(7, 9, [*MANY_U8, "SELECT * FROM one_u32"]))
        assert (applied.request_id, applied.query_set_id) == (7, 9)
        # A table without rows is left out, one without rows that fit is not.
        assert found(applied.rows) == [("one_u16", []), ("one_u8", [b"\x05"])]

    def test_of_nothing(self, wire: Wire):
        assert found(wire.ask(m.Subscribe(1, 1, [])).rows) == []

    def test_only_rows_that_fit_are_told(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        assert changed(wire.ask(insert("one_u16", b"\x04\x00"))) == {}
        assert changed(wire.ask(insert("one_u16", b"\x03\x00"))) == {1: {"one_u16": ([b"\x03\x00"], [])}}

    def test_a_row_that_is_there_already_is_no_change(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        wire.ask(insert("one_u8", b"\x05"))
        assert changed(wire.ask(insert("one_u8", b"\x05"))) == {}

    def test_each_set_is_told_of_its_queries(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        texts = ["SELECT * FROM one_u8", " SELECT * FROM one_u8 ", "select * from one_u8", "SELECT * FROM one_u32"]
        wire.ask(m.Subscribe(2, 2, texts))
        # The same text counts once in a set, and the case of letters makes another text.
        row = b"\x05"
        assert changed(wire.ask(insert("one_u8", row))) == {1: {"one_u8": ([row], [])}, 2: {"one_u8": ([row, row], [])}}

    def test_ended_with_rows(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        wire.ask(m.Subscribe(1, 2, MANY_U8))
        wire.ask(insert("one_u8", b"\x05"))
        ended = wire.ask(m.Unsubscribe(3, 1, WITH_ROWS))
        assert (ended.request_id, ended.query_set_id) == (3, 1)
        assert found(ended.rows) == [("one_u8", [b"\x05"])]
        assert changed(wire.ask(insert("one_u8", b"\x06"))) == {2: {"one_u8": ([b"\x06"], [])}}

    def test_ended_without_rows(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        wire.ask(insert("one_u8", b"\x05"))
        assert wire.ask(m.Unsubscribe(3, 1, QUIETLY)) == m.UnsubscribeApplied(3, 1, None)
        assert changed(wire.ask(insert("one_u8", b"\x06"))) == {}
        assert isinstance(wire.ask(m.Subscribe(1, 1, MANY_U8)), m.SubscribeApplied), "the number is free again"

    def test_ended_twice(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        wire.ask(m.Unsubscribe(3, 1, QUIETLY))
        refusal = wire.ask(m.Unsubscribe(4, 1, QUIETLY))
        assert isinstance(refusal, m.SubscriptionError)
        assert (refusal.request_id, refusal.query_set_id) == (4, 1)

    def test_of_a_number_that_is_in_use(self, wire: Wire):
        wire.ask(m.Subscribe(1, 1, MANY_U8))
        refusal = wire.ask(m.Subscribe(2, 1, ["SELECT * FROM one_u32"]))
        assert isinstance(refusal, m.SubscriptionError)
        assert (refusal.request_id, refusal.query_set_id) == (2, 1)
        assert changed(wire.ask(insert("one_u8", b"\x05"))) == {1: {"one_u8": ([b"\x05"], [])}}, "it goes on"

    def test_to_all_tables(self, wire: Wire):
        wire.ask(insert("one_u8", b"\x05"))
        applied = wire.ask(m.Subscribe(1, 1, ["select  * FROM *"]))
        assert found(applied.rows) == [("one_u8", [b"\x05"])]
        assert changed(wire.ask(insert("one_u16", b"\x05\x00"))) == {1: {"one_u16": ([b"\x05\x00"], [])}}

    @pytest.mark.parametrize(
        "text",
        [
            "SELECT * FROM nope",
            "SELECT n FROM one_u8",
            "SELECT COUNT(*) AS n FROM one_u8",
            "SELECT * FROM one_u8 LIMIT 1",
            "SELECT * FROM one_u8 ORDER BY n",
            "SELECT * FROM one_u8 WHERE n = 300",
            "SELECT * FROM one_u8 WHERE n = :sender",
            "SELECT * FROM one_u8; SELECT * FROM one_u8",
            "DELETE FROM one_u8",
            "  ",
        ],
    )
    def test_of_what_is_none(self, wire: Wire, text: str):
        refusal = wire.ask(m.Subscribe(2, 1, ["SELECT * FROM one_u8", text]))
        assert isinstance(refusal, m.SubscriptionError)
        assert (refusal.request_id, refusal.query_set_id) == (2, 1)
        assert refusal.error
        assert changed(wire.ask(insert("one_u8", b"\x05"))) == {}, "nothing of the set is in place"
        assert isinstance(wire.ask(m.OneOffQuery(3, text)).result, Err)

    @pytest.mark.parametrize(
        "text", ["SELECT * FROM one_u8;", "SELECT t.* FROM one_u8 AS t WHERE t.n > 4", "SELECT * FROM one_u8 WHERE n=5"]
    )
    def test_of_other_forms(self, wire: Wire, text: str):
        wire.ask(insert("one_u8", b"\x05"))
        assert found(wire.ask(m.Subscribe(2, 1, [text])).rows) == [("one_u8", [b"\x05"])]
        assert changed(wire.ask(insert("one_u8", b"\x05"))) == {}
        assert found(wire.ask(m.OneOffQuery(3, text)).result.value) == [("one_u8", [b"\x05"])]

    def test_for_the_sender(self, wire: Wire, server: Subject):
        wire.ask(m.Subscribe(2, 1, ["SELECT * FROM one_identity WHERE i = :sender"]))
        mine = bytes(Identity.from_hex(server.identity))[::-1]
        assert changed(wire.ask(insert("one_identity", bytes(32)))) == {}
        assert changed(wire.ask(insert("one_identity", mine))) == {1: {"one_identity": ([mine], [])}}


class TestCalls:
    def test_answers_have_the_requests_number(self, wire: Wire):
        result = wire.ask(m.CallReducer(77, DEFAULT, "no_op_succeeds", b""))
        assert result.request_id == 77
        assert result.timestamp > 0
        assert changed(result) == {}

    def test_that_are_refused(self, server: Subject, chat: str):
        with connected(server, chat, V3) as wire:
            wire.next()
            result = wire.ask(m.CallReducer(3, DEFAULT, "set_name", STRING.encode("")))
            assert (result.request_id, result.result) == (3, m.Refused(STRING.encode("Names must not be empty")))

    def test_that_fail(self, wire: Wire, server: Subject):
        twice = insert("pk_u8", b"\x01\x00\x00\x00\x00")
        wire.ask(twice)
        # The compiled module ignores what cannot be inserted; a panic is an error of the server's own, while what
        # Python raises is the module's answer.
        result = wire.ask(m.CallReducer(3, DEFAULT, "update_pk_u8", b"\xc8\x00\x00\x00\x00")).result
        told = m.Refused(STRING.encode("RowNotFound: pk_u8 has no row with n 200 to update"))
        assert result == (
            told if server.runs_ports else m.ReducerInternalError("The instance encountered a fatal error.")
        )

    @pytest.mark.parametrize(("reducer", "args"), [("nope", b""), ("insert_one_u8", b""), ("insert_one_bool", b"\x02")])
    def test_that_cannot_be_made(self, wire: Wire, reducer: str, args: bytes):
        result = wire.ask(m.CallReducer(3, DEFAULT, reducer, args))
        assert result.request_id == 3
        assert isinstance(result.result, m.ReducerInternalError)

    def test_bytes_behind_arguments(self, wire: Wire, server: Subject):
        """As of a client that was generated when the reducer took one more."""
        result = wire.ask(insert("one_u8", b"\x05\x06")).result
        # Those in Rust do not look at them, those in Python do.
        assert isinstance(result, m.Refused if server.runs_ports else m.Returned)

    def test_of_what_the_database_calls_itself(self, server: Subject, chat: str):
        with connected(server, chat, V3) as wire:
            wire.next()
            result = wire.ask(m.CallReducer(3, DEFAULT, "identity_connected", b""))
            assert isinstance(result.result, m.ReducerInternalError)

    def test_of_procedures_that_are_none(self, wire: Wire):
        for name in ("nope", "insert_one_u8"):
            result = wire.ask(m.CallProcedure(5, DEFAULT, name, b""))
            assert (result.request_id, result.status) == (5, m.ProcedureInternalError("No such procedure"))

    def test_answers_come_in_the_order_of_the_requests(self, wire: Wire):
        count = 300
        wire.send(*(insert("one_u16", number.to_bytes(2, "little"), number) for number in range(count)))
        assert [wire.next().request_id for _ in range(count)] == list(range(count))

    def test_others_are_told_of_the_rows_alone(self, wire: Wire, server: Subject, empty_sdk: str):
        _, token = server.new_token()
        wire.ask(m.Subscribe(1, 4, MANY_U8))
        with connected(server, empty_sdk, V3, token=token) as other:
            other.next()
            other.ask(m.Subscribe(1, 5, MANY_U8))
            mine = wire.ask(insert("one_u8", b"\x05"))
            assert changed(mine) == {4: {"one_u8": ([b"\x05"], [])}}
            assert changed(other.next()) == {5: {"one_u8": ([b"\x05"], [])}}
            wire.ask(insert("one_u32", bytes(4)))
            theirs = other.ask(insert("one_u8", b"\x06"))
            assert changed(theirs) == {5: {"one_u8": ([b"\x06"], [])}}, "what it does not see it is not told"
            assert changed(wire.next()) == {4: {"one_u8": ([b"\x06"], [])}}

    def test_changes_by_sql(self, wire: Wire, server: Subject, empty_sdk: str):
        wire.ask(m.Subscribe(1, 4, MANY_U8))
        server.sql(empty_sdk, "INSERT INTO one_u8 (n) VALUES (1), (2)")
        assert changed(wire.next()) == {4: {"one_u8": ([b"\x01", b"\x02"], [])}}
        server.sql(empty_sdk, "DELETE FROM one_u8 WHERE n = 1")
        assert changed(wire.next()) == {4: {"one_u8": ([], [b"\x01"])}}


class TestQueries:
    def test_rows(self, wire: Wire):
        wire.ask(insert("one_u8", b"\x05"))
        answer = wire.ask(m.OneOffQuery(8, "SELECT * FROM one_u8"))
        assert answer.request_id == 8
        assert isinstance(answer.result, Ok)
        assert found(answer.result.value) == [("one_u8", [b"\x05"])]

    def test_no_rows(self, wire: Wire):
        assert found(wire.ask(m.OneOffQuery(8, "SELECT * FROM one_u8")).result.value) == [("one_u8", [])]

    def test_joins(self, wire: Wire):
        wire.ask(insert("pk_u8", b"\x01\x02\x00\x00\x00"))
        wire.ask(insert("unique_u8", b"\x01\x03\x00\x00\x00"))
        answer = wire.ask(m.OneOffQuery(8, "SELECT a.* FROM unique_u8 a JOIN pk_u8 b ON a.n = b.n"))
        assert found(answer.result.value) == [("unique_u8", [b"\x01\x03\x00\x00\x00"])]


class TestFramesThatAreNone:
    @pytest.mark.parametrize("frame", [b"", b"\x99", b"\x00", b"\x03\x01\x00\x00\x00\x07", "text"])
    def test_end_the_connection(self, wire: Wire, frame: bytes | str):
        wire.connection.send(frame)
        code, reason = wire.closing()
        assert code == 1011
        assert reason

    def test_in_one_frame_with_requests(self, server: Subject, empty_sdk: str):
        with connected(server, empty_sdk, V3) as wire:
            wire.next()
            wire.connection.send(encode_client_message(m.OneOffQuery(8, "SELECT * FROM one_u8")) + b"\x99")
            assert wire.closing()[0] == 1011
