"""The embedded server and SpacetimeDB 2.8.3 are asked the same: types, rows, tags and numbers of errors."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import psycopg
import pytest

from stdbpy.api import ApiClient
from tests import real_servers
from tests.server.postgres import wire
from tests.server.postgres.sides import SDK, TYPES, Both, both_sides
from tests.server.postgres.wire import Told

pytestmark = pytest.mark.real

IDENTITY = "0x" + "ab" * 32
EVERY_PRIMITIVE = [
    *(1, 2, 3, 4, 5, "0x6", -1, -2, -3, -4, -5, "-0x6", True, 1.5, 2.25, "text"),
    *([IDENTITY], [5], [1_000_000], [-1_500_000], [2**100]),
]
INSERTED: list[tuple[str, tuple[object, ...]]] = [
    ("one_every_primitive_struct", (EVERY_PRIMITIVE,)),
    ("option_every_primitive_struct", ([0, EVERY_PRIMITIVE],)),
    ("result_every_primitive_struct_string", ([0, EVERY_PRIMITIVE],)),
    ("one_simple_enum", ([1, []],)),
    ("one_enum_with_payload", ([0, 3],)),
    ("one_unit_struct", ([],)),
    ("one_byte_struct", ([7],)),
    ("option_identity", ([0, [IDENTITY]],)),
    ("option_uuid", ([0, [2**100]],)),
    ("option_i_32", ([1, []],)),
    ("option_simple_enum", ([0, [2, []]],)),
    ("result_identity_string", ([0, [IDENTITY]],)),
    ("result_identity_string", ([1, "no"],)),
    ("result_simple_enum_i_32", ([0, [1, []]],)),
    ("one_identity", ([IDENTITY],)),
    ("one_connection_id", ([7],)),
    ("one_uuid", ([2**100],)),
    ("one_string", ("ä\\\n'\"",)),
    ("vec_u_8", ("0102ff",)),
    *(("one_timestamp", ([micros],)) for micros in (0, -1, 1_000, 1, -62_135_596_800_000_000, 253_402_300_800_000_000)),
    *(("one_f_32", (number,)) for number in (0.1, 1e10, 1e17, 1e-7, 1.0, -0.0, 123456789.0, 3.4e38, 1e-45)),
    *(("one_f_64", (number,)) for number in (0.1, 1e10, 1e17, 1e22, 1e-7, 1.0, 1e300, 5e-324, 0.3)),
]

QUERIES = [
    "SELECT * FROM t_ints",
    "SELECT * FROM t_ints_tuple",
    "SELECT * FROM t_uints",
    "SELECT * FROM t_uints_tuple",
    "SELECT * FROM t_others",
    "SELECT * FROM t_others_tuple",
    "SELECT * FROM t_simple_enum",
    "SELECT * FROM t_enum",
    "SELECT * FROM t_nested",
    "SELECT * FROM t_enums",
    "SELECT * FROM t_enums_tuple",
    "SELECT * FROM t_ints WHERE i_8 = 1",
    "SELECT i_8 AS small FROM t_ints;",
    "SELECT COUNT(*) AS n FROM t_simple_enum",
    "SELECT * FROM t_simple_enum LIMIT 1",
    "SELECT * FROM t_ints; SELECT * FROM t_ints",
    "SELECT nope FROM t_ints",
    "SELECT * FROM nope",
    "SELECT * FROM t_uints WHERE u8 = $1",
    "SELECT",
    "-- nothing",
    ";;",
    "",
    " ; ",
    "BEGIN",
    "COMMIT",
    "INSERT INTO t_uints (u_8, u_16, u_32, u_64, u_128, u_256) VALUES (1, 2, 3, 4, 5, 6)",
    "UPDATE t_uints SET u_8 = 9",
    "DELETE FROM t_uints WHERE u_8 = 9",
    "DELETE FROM t_uints",
    "SET row_limit = 500",
    "SHOW row_limit",
    "SET nope = 1",
    "SHOW nope",
]

COLUMNS_OF = ["st_table", "st_column", "st_sequence", "st_index", "st_constraint", "st_module", "st_client", "st_view"]


@pytest.fixture(scope="module")
def both() -> Iterator[Both]:
    with both_sides() as sides:
        yield sides


def comparable(told: Told) -> tuple[object, ...]:
    """Without sentences, and without the time that a statement took."""
    tag = re.sub(r"server: [0-9.]+(ns|µs|ms|s)", "server", told.tag)
    return told.columns, sorted(told.rows), tag, told.error.get("S"), told.error.get("C")


def test_queries(both: Both) -> None:
    for query in QUERIES:
        embedded, real = (comparable(side.ask(TYPES, query)) for side in both)
        assert embedded == real, query


def test_values_of_each_type(both: Both) -> None:
    for table, values in INSERTED:
        for side in both:
            side.call(f"insert_{table}", *values)
    for table in {table for table, _ in INSERTED}:
        embedded, real = (side.ask(SDK, f"SELECT * FROM {table}") for side in both)
        assert comparable(embedded) == comparable(real), table
        assert embedded.rows


def test_types_of_all_columns(both: Both) -> None:
    with ApiClient(both.embedded.url, both.embedded.token) as api:
        tables = [table.name for table in api.schema(SDK).tables]
    assert len(tables) > 100
    for table in [*tables, *COLUMNS_OF]:
        embedded, real = (side.ask(SDK, f"SELECT * FROM {table} LIMIT 0").columns for side in both)
        assert embedded == real, table


def test_strangers(both: Both) -> None:
    told = []
    for side in both:
        token = side.stranger()
        with wire.logged_in(side.port, TYPES, token) as session:
            told.append([comparable(session.ask(query)) for query in ("SELECT * FROM t_enums", "DELETE FROM t_enum")])
    assert told[0] == told[1]


def greeting(side_port: int, *sent: bytes) -> list[object]:
    """What a client is told at first, without the order of the server's settings."""
    with wire.connected(side_port) as session:
        session.send(*sent)
        found: list[object] = []
        settings = []
        for kind, body in session.until(b"Z", b"E"):
            match kind:
                case b"S":
                    settings.append(body)
                case b"E":
                    error = wire.error_fields(body)
                    found.append((kind, error["S"], error["C"]))
                    assert session.rest() == []
                case _:
                    found.append((kind, body))
        return [*found, sorted(settings)]


def test_logging_in(both: Both) -> None:
    named = {"user": "ada", "database": TYPES}
    begins = [
        wire.startup(**named),
        wire.startup(database=TYPES),
        wire.startup(**named, application_name="tests"),
        wire.startup(**named, client_encoding="LATIN1", options="-c geqo=off"),
        wire.startup(wire.VERSION_3 + 2, **named),
        wire.startup(wire.VERSION_3 + 1, **named),
        wire.startup(wire.VERSION_3 + 9, **named, **{"_pq_.some": "option"}),
    ]
    for begin in begins:
        embedded, real = (greeting(side.port, begin, wire.password(side.token)) for side in both)
        assert embedded == real, begin
    identity = [side.identity_of(TYPES) for side in both]
    for database in ("nope", "no name!", "c2" * 32, None):
        embedded, real = (
            greeting(side.port, wire.startup(database=database or own), wire.password(side.token))
            for side, own in zip(both, identity, strict=True)
        )
        assert embedded == real, database
    for token in ("", "nope", "a.b.c"):
        embedded, real = (greeting(side.port, wire.startup(**named), wire.password(token)) for side in both)
        assert embedded == real, token


def ends(port: int, *sent: bytes) -> list[tuple[bytes, bytes]]:
    with wire.connected(port) as session:
        session.send(*sent)
        return session.rest()


def test_what_opens_no_session(both: Both) -> None:
    for sent in [
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        struct.pack(">iiii", 16, 80877102, 1, 2),
        struct.pack(">ii", 3, wire.VERSION_3),
        struct.pack(">ii", 2**31 - 1, wire.VERSION_3),
        struct.pack(">ii", 10_001, wire.VERSION_3),
        wire.startup(2 << 16, database=TYPES),
        wire.startup(4 << 16, database=TYPES),
    ]:
        assert [ends(side.port, sent) for side in both] == [[], []], sent


def test_encryption_is_refused(both: Both) -> None:
    for side in both:
        with wire.connected(side.port) as session:
            for code in (80877103, 80877104):
                session.send(struct.pack(">ii", 8, code))
                assert session.read(1) == b"N"
            assert session.log_in(TYPES, side.token)[-1] == (b"Z", b"I")


def test_a_database_that_goes_away(both: Both) -> None:
    told = []
    for side in both:
        with ApiClient(side.url, side.token) as api:
            api.publish(real_servers.program("smoketests/pg_wire.wasm").read_bytes(), "passing")
            with wire.logged_in(side.port, "passing", side.token) as session:
                api.delete("passing")
                session.send(wire.query("SELECT * FROM t_ints"))
                kind, body = session.next()
                fields = wire.error_fields(body)
                told.append((kind, fields["S"], fields["C"]))
    assert told[0] == told[1]


def test_psycopg(both: Both) -> None:
    told = []
    for side in both:
        options = {"host": "127.0.0.1", "port": side.port, "dbname": TYPES, "user": "any", "password": side.token}
        with psycopg.connect(**options, autocommit=True) as session:
            cursor = session.execute("SELECT * FROM t_ints")
            told.append((cursor.fetchall(), [column.type_code for column in cursor.description or ()]))
    assert told[0] == told[1]
