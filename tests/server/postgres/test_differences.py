"""Where PostgreSQL's protocol differs from the real server's, and is left so: each is looked at on both sides."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest

from tests.server.postgres import wire
from tests.server.postgres.sides import SDK, TYPES, Both, Side, both_sides, embedded_side, real_side

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with both_sides() as sides:
        yield sides


def ends_for_all(side: Side) -> bool:
    """Whether the server itself is gone."""
    try:
        side.ask(TYPES, "")
    except (OSError, EOFError):
        return True
    return False


@pytest.mark.difference("several sessions")
def test_sessions_of_several_users(both: Both) -> None:
    seen = []
    for side in both:
        with (
            wire.logged_in(side.port, TYPES, side.token) as owner,
            wire.logged_in(side.port, SDK, side.stranger()),
        ):
            seen.append(bool(owner.ask("SELECT * FROM t_enums").rows))
    assert seen == [True, False]


@pytest.mark.difference("arrays")
def test_arrays_of_one_element_or_none(both: Both) -> None:
    told = []
    for side in both:
        side.call("insert_vec_i_32", [7])
        side.call("insert_vec_i_32", [])
        told.append(sorted(side.ask(SDK, "SELECT * FROM vec_i_32").rows))
    assert told == [[(b"{7}",), (b"{}",)], [(), (b"7",)]]


@pytest.mark.difference("arrays")
def test_arrays_of_several_elements() -> None:
    with embedded_side() as side:
        side.call("insert_vec_i_32", [1, 2, 3])
        side.call("insert_vec_string", ['a"b', "NULL", ""])
        options = {"host": "127.0.0.1", "port": side.port, "dbname": SDK, "user": "any", "password": side.token}
        with psycopg.connect(**options, autocommit=True) as session:
            assert session.execute("SELECT * FROM vec_i_32").fetchall() == [([1, 2, 3],)]
            assert session.execute("SELECT * FROM vec_string").fetchall() == [(['a"b', "NULL", ""],)]
    with real_side() as side:
        side.call("insert_vec_i_32", [1, 2, 3])
        with pytest.raises(EOFError):
            side.ask(SDK, "SELECT * FROM vec_i_32")
        assert ends_for_all(side)


@pytest.mark.difference("text, arrays and floats inside JSON")
def test_json(both: Both) -> None:
    cells = []
    for side in both:
        side.call("insert_option_string", [0, 'say "no"'])
        side.call("insert_result_vec_i_32_string", [0, [1, 2]])
        (text,), (array,) = (
            row
            for table in ("option_string", "result_vec_i_32_string")
            for row in side.ask(SDK, f"SELECT * FROM {table}").rows
        )
        cells.append((text, array))
    assert [json.loads(cell) for cell in cells[0]] == [{"some": 'say "no"'}, {"ok": [1, 2]}]
    assert cells[1] == (b'{"some": "say "no""}', b'{"ok": 12}')


@pytest.mark.difference("moments more than 262,000 years away")
def test_far_moments(both: Both) -> None:
    told = []
    for side in both:
        side.call("insert_one_timestamp", [2**63 - 1])
        told.append(side.ask(SDK, "SELECT * FROM one_timestamp"))
    assert told[0].rows == [(b"+294247-01-10T04:00:54.775807+00:00",)]
    assert told[1].error["C"] == "XX000"


@pytest.mark.difference("prepared statements and parameters")
def test_prepared_statements(both: Both) -> None:
    sent = (
        wire.message(b"P", b"\0SELECT * FROM t_ints\0\0\0"),
        wire.message(b"B", b"\0\0\0\0\0\0\0\0"),
        wire.message(b"E", b"\0\0\0\0\0"),
        wire.message(b"S"),
    )
    told = []
    for side in both:
        with wire.logged_in(side.port, TYPES, side.token) as session:
            session.send(*sent)
            found = session.until(b"E")
            fields = wire.error_fields(found[-1][1])
            told.append((len(found), fields["S"], fields["C"]))
            if side is both.embedded:
                assert session.until(b"Z") == [(b"Z", b"I")]
            else:
                assert session.rest() == []
    assert told == [(1, "ERROR", "0A000"), (3, "FATAL", "08P01")]


@pytest.mark.difference("a message out of turn, or without its end")
@pytest.mark.parametrize("is_logged_in", [pytest.param(False, marks=pytest.mark.long), True])
def test_broken_messages(is_logged_in: bool) -> None:
    gone = []
    for kind in (embedded_side, real_side):
        with kind() as side:
            with wire.connected(side.port) as session:
                session.send(wire.startup(user="ada", database=TYPES))
                if is_logged_in:
                    session.send(wire.password(side.token))
                    session.until(b"Z")
                    session.send(wire.message(b"Q", b"no end"))
                else:
                    session.send(wire.query("SELECT * FROM t_ints"))
                session.rest()
            gone.append(ends_for_all(side))
    assert gone == [False, True]


@pytest.mark.difference("a statement of more than 2 MiB")
def test_long_statements(both: Both) -> None:
    text = f"SELECT * FROM t_ints --{'-' * 2**21}"
    with pytest.raises((EOFError, ConnectionError)):
        both.embedded.ask(TYPES, text)
    assert both.real.ask(TYPES, text).error["C"] == "XX000"
