"""What came with UUIDs: made by reducers, as text, as keys that are deleted by a whole row."""

from __future__ import annotations

import json
import uuid

from tests.contract.conftest import on
from tests.contract.subject import Subject

pytestmark = on("embedded", "embedded-wasm", "2.8.3")


def uuids(server: Subject, database: str, table: str) -> list[uuid.UUID]:
    return [uuid.UUID(int=row[0][0]) for row in server.rows(database, f"SELECT u FROM {table}")]


def test_reducers_make_them(server: Subject, newer_sdk: str):
    for version in (4, 7):
        server.sql(newer_sdk, "DELETE FROM one_uuid")
        assert server.call(newer_sdk, f"insert_call_uuid_v_{version}", "[]").status_code == 200
        [made] = uuids(server, newer_sdk, "one_uuid")
        assert (made.version, made.variant) == (version, uuid.RFC_4122)


def test_those_of_one_call_are_in_order(server: Subject, newer_sdk: str):
    server.sql(newer_sdk, "DELETE FROM pk_uuid")
    assert server.call(newer_sdk, "sorted_uuids_insert", "[]").status_code == 200
    assert len(set(uuids(server, newer_sdk, "pk_uuid"))) == 1000


def test_rows_with_one_for_a_key(server: Subject, newer_sdk: str):
    for kind in ("unique", "pk"):
        server.sql(newer_sdk, f"DELETE FROM {kind}_uuid")
        assert server.call(newer_sdk, f"insert_{kind}_uuid", "[[1], 5]").status_code == 200
        assert server.call(newer_sdk, f"insert_{kind}_uuid", "[[1], 6]").status_code == 530
        assert server.call(newer_sdk, f"update_{kind}_uuid", "[[1], 7]").status_code == 200
        assert server.rows(newer_sdk, f"SELECT * FROM {kind}_uuid") == [[[1], 7]]
        assert server.call(newer_sdk, f"delete_all_{kind}_uuid", "[[1], 8]").status_code == 200
        assert uuids(server, newer_sdk, f"{kind}_uuid") == [uuid.UUID(int=1)]
        assert server.call(newer_sdk, f"delete_all_{kind}_uuid", "[[1], 7]").status_code == 200
        assert uuids(server, newer_sdk, f"{kind}_uuid") == []


def test_values_as_text(server: Subject, newer_sdk: str):
    server.sql(newer_sdk, "DELETE FROM vec_string")
    number = int("0123456789abcdef" * 2, 16)
    values = [
        *range(1, 6),
        "0x6",
        *range(-1, -6, -1),
        "-0x6",
        True,
        0.1,
        1e300,
        "text",
        ["0x1"],
        [2],
        [3],
        [4],
        [number],
    ]
    assert server.call(newer_sdk, "insert_primitives_as_strings", json.dumps([values])).status_code == 200
    [[texts]] = server.rows(newer_sdk, "SELECT s FROM vec_string")
    assert texts[:12] == [str(number) for number in (*range(1, 7), *range(-1, -7, -1))]
    assert texts[12:14] == ["true", "0.1"]
    assert texts[15:] == [
        *("text", f"{1:064x}", f"{2:032x}", "1970-01-01T00:00:00.000003+00:00", "+0.000004"),
        "01234567-89ab-cdef-0123-456789abcdef",
    ]
