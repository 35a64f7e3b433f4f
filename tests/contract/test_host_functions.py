"""The host functions of WebAssembly modules, called by modules made by hand: the same module on each server."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from tests.contract.subject import Subject, fresh_name
from tests.guests import ERROR, OUT, ROOM, Data, Load, Size, Step, guest

TABLES = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str
    age: u8 = column(index="btree")
    ok: bool


@table(name="pair")
class Pair:
    a: u32
    b: u32


@table(name="hashed")
class Hashed:
    k: u32 = column(index="hash")


"""

FATAL = "The instance encountered a fatal error."

NOT_THERE = 99_999
LENGTH, ITERATOR, INDEX = OUT + 100, OUT + 8, OUT + 4
LAST_BYTES = 4 * 65536 - 2
TABLE, FOUND = Load(OUT), Load(INDEX)
"""The table and the index that were looked up last."""
UNBOUNDED = b"\2"


def table(name: bytes) -> Step:
    """Its number stands at ``OUT`` then."""
    return ("table_id_from_name", Data(name), OUT)


def index(name: bytes) -> Step:
    """Its number stands at ``INDEX`` then."""
    return ("index_id_from_name", Data(name), INDEX)


def person(id: int, name: str = "a", age: int = 1, ok: int = 1) -> bytes:
    return struct.pack("<QI", id, len(name)) + name.encode() + bytes([age, ok])


def insert(row: bytes, table: int | Load = TABLE) -> list[Step]:
    return [("store", LENGTH, len(row)), ("copy", ROOM, Data(row)), ("datastore_insert_bsatn", table, ROOM, LENGTH)]


def update(row: bytes, table: int | Load = TABLE, index: int | Load = FOUND) -> list[Step]:
    given = [("store", LENGTH, len(row)), ("copy", ROOM, Data(row))]
    return [*given, ("datastore_update_bsatn", table, index, ROOM, LENGTH)]


def scan_point(point: bytes, index: int | Load = FOUND) -> Step:
    return ("datastore_index_scan_point_bsatn", index, Data(point), ITERATOR)


def scan_range(low: bytes, high: bytes, prefix: bytes = b"", columns: int = 0, index: int | Load = FOUND) -> Step:
    return ("datastore_index_scan_range_bsatn", index, Data(prefix), columns, Data(low), Data(high), ITERATOR)


def delete_equal(relation: bytes, table: int | Load = TABLE) -> Step:
    return ("datastore_delete_all_by_eq_bsatn", table, Data(relation), ITERATOR)


def advance(room: int = 100) -> list[Step]:
    """What it returns, and how many bytes."""
    read = ("row_iter_bsatn_advance", Load(ITERATOR), ROOM, LENGTH)
    return [("store", LENGTH, room), read, ("tell", Load(LENGTH))]


ONE = struct.pack("<I", 1)
AGES, IDS, HASHED = b"person_age_idx_btree", b"person_id_idx_btree", b"hashed_k_idx_hash"
PERSON = [table(b"person"), *insert(person(5))]

CASES: dict[str, tuple[Sequence[Step], str]] = {
    # --- names ---
    "names": ([table(b"person"), table(b"nobody"), index(b"x"), index(IDS)], "0 4 5 0"),
    "empty_name": ([("table_id_from_name", ROOM, 0, OUT)], "4"),
    "name_that_is_no_text": ([table(b"\xff")], FATAL),
    "name_at_null": ([("table_id_from_name", 0, 0, OUT)], FATAL),
    "name_beyond_the_end": ([("table_id_from_name", LAST_BYTES, 8, OUT)], FATAL),
    "endless_name": ([("table_id_from_name", ROOM, -1, OUT)], FATAL),
    "result_at_null": ([("table_id_from_name", Data(b"person"), 0)], FATAL),
    "no_result_at_null": ([("table_id_from_name", Data(b"nobody"), 0)], "4"),
    "result_beyond_the_end": ([("table_id_from_name", Data(b"person"), LAST_BYTES)], FATAL),
    # --- inserting ---
    "insert": (
        [*PERSON, ("tell", Load(LENGTH)), *insert(person(0)), ("tell", Load(LENGTH)), ("tell", Load(ROOM))],
        "0 0 0 0 8 1",
    ),
    "insert_twice": ([*PERSON, *insert(person(5)), *insert(person(5, "b"))], "0 0 0 12"),
    "insert_and_more": ([table(b"person"), *insert(person(5) + b"x"), ("tell", Load(LENGTH))], "0 0 0"),
    "insert_too_little": ([table(b"person"), *insert(person(5)[:-1])], FATAL),
    "insert_what_is_no_bool": ([table(b"person"), *insert(person(5, ok=2))], FATAL),
    "insert_what_is_no_text": ([table(b"person"), *insert(struct.pack("<QI", 5, 1) + b"\xff\1\1")], FATAL),
    "insert_endless_text": ([table(b"person"), *insert(struct.pack("<QI", 5, 0xFFFFFFFF) + b"a\1\1")], FATAL),
    "insert_nowhere": (insert(person(5), NOT_THERE), FATAL),
    "insert_fixed_size": ([table(b"pair"), *insert(bytes(8)), *insert(bytes(8))], "0 0 0"),
    "insert_fixed_size_and_more": ([table(b"pair"), *insert(bytes(9))], FATAL),
    "insert_null": ([table(b"pair"), ("datastore_insert_bsatn", TABLE, 0, Size(8))], FATAL),
    "insert_length_null": ([table(b"pair"), ("datastore_insert_bsatn", TABLE, ROOM, 0)], FATAL),
    # --- updating ---
    "update": ([*PERSON, index(IDS), *update(person(5, "b")), ("tell", Load(LENGTH))], "0 0 0 0 0"),
    "update_and_more": ([*PERSON, index(IDS), *update(person(5) + b"x")], "0 0 0 0"),
    "update_too_little": ([*PERSON, index(IDS), *update(person(5)[:-1])], FATAL),
    "update_what_is_not_there": ([*PERSON, index(IDS), *update(person(7))], "0 0 0 15"),
    "update_nowhere": ([*PERSON, index(IDS), *update(person(5), NOT_THERE)], FATAL),
    "update_by_no_index": ([*PERSON, *update(person(5), index=NOT_THERE)], "0 0 5"),
    "update_by_ages": ([*PERSON, index(AGES), *update(person(5))], "0 0 0 14"),
    "update_by_another_tables": ([*PERSON, index(HASHED), *update(person(5))], "0 0 0 5"),
    # --- reading ---
    "count": (
        [
            *PERSON,
            ("datastore_table_row_count", TABLE, ROOM),
            ("tell", Load(ROOM)),
            ("datastore_table_row_count", NOT_THERE, ROOM),
            ("datastore_table_row_count", NOT_THERE, 0),
        ],
        "0 0 0 1 4 4",
    ),
    "scan": (
        [
            *PERSON,
            *insert(person(6)),
            ("datastore_table_scan_bsatn", TABLE, ITERATOR),
            *advance(3),
            *advance(15),
            *advance(30),
            ("row_iter_bsatn_close", Load(ITERATOR)),
        ],
        "0 0 0 0 11 30 11 30 -1 30 6",
    ),
    "scan_nothing": ([table(b"pair"), ("datastore_table_scan_bsatn", TABLE, ITERATOR), *advance()], "0 0 -1 0"),
    "scan_no_table": ([("datastore_table_scan_bsatn", NOT_THERE, ITERATOR)], "4"),
    "scan_at_null": ([table(b"pair"), ("datastore_table_scan_bsatn", TABLE, 0)], FATAL),
    "close_iterators": (
        [
            table(b"pair"),
            ("datastore_table_scan_bsatn", TABLE, ITERATOR),
            ("tell", Load(ITERATOR)),
            ("row_iter_bsatn_close", Load(ITERATOR)),
            ("row_iter_bsatn_close", Load(ITERATOR)),
            ("row_iter_bsatn_close", 0),
            ("row_iter_bsatn_close", -1),
            ("row_iter_bsatn_advance", 9, 0, 0),
        ],
        "0 0 1 0 6 6 6 6",
    ),
    "point": ([*PERSON, index(AGES), scan_point(b"\1"), *advance(), *advance()], "0 0 0 0 -1 15 6 100"),
    "points_that_do_not_fit": ([index(AGES), scan_point(b""), scan_point(b"\1\2")], "0 3 0"),
    "point_of_no_index": ([scan_point(b"\1", NOT_THERE), scan_point(b"", NOT_THERE)], "5 5"),
    "point_at_null": ([index(AGES), ("datastore_index_scan_point_bsatn", FOUND, 0, 0, ITERATOR)], FATAL),
    "range": ([*PERSON, index(AGES), scan_range(b"\0\1", b"\1\2"), *advance()], "0 0 0 0 -1 15"),
    "range_of_one": ([*PERSON, index(AGES), scan_range(b"\0\1\7", b"\0\1\7"), *advance()], "0 0 0 0 -1 15"),
    "range_backwards": ([*PERSON, index(AGES), scan_range(b"\0\x09", b"\0\1"), *advance()], "0 0 0 0 -1 0"),
    "range_without_room": ([*PERSON, index(AGES), scan_range(b"\1\1", b"\1\1"), *advance()], "0 0 0 0 -1 0"),
    "ranges_that_do_not_fit": (
        [
            index(AGES),
            scan_range(b"\3", UNBOUNDED),
            scan_range(b"", UNBOUNDED),
            scan_range(b"\0", UNBOUNDED),
            scan_range(b"\0\1\1", UNBOUNDED),
            scan_range(UNBOUNDED + b"x", UNBOUNDED),
            scan_range(UNBOUNDED, UNBOUNDED, b"\1", 1),
            scan_range(UNBOUNDED, UNBOUNDED, b"", 65_535),
        ],
        "0 3 3 3 0 0 3 3",
    ),
    "range_of_no_index": ([scan_range(UNBOUNDED, UNBOUNDED, index=NOT_THERE)], "5"),
    "range_of_too_many_columns": ([index(AGES), scan_range(UNBOUNDED, UNBOUNDED, b"", 65_536)], FATAL),
    "range_without_prefix_at_null": (
        [
            index(AGES),
            (
                "datastore_index_scan_range_bsatn",
                FOUND,
                *(0, 5, 0),
                Data(UNBOUNDED),
                Data(UNBOUNDED),
                ITERATOR,
            ),
        ],
        "0 0",
    ),
    "hashed_point": ([index(HASHED), scan_point(bytes(4))], "0 0"),
    "hashed_range": ([index(HASHED), scan_range(UNBOUNDED, UNBOUNDED)], FATAL),
    "hashed_range_of_one": ([index(HASHED), scan_range(bytes(5), bytes(5))], FATAL),
    # --- deleting ---
    "delete_by_point": (
        [
            *PERSON,
            index(AGES),
            *[
                ("datastore_delete_by_index_scan_point_bsatn", FOUND, Data(b"\1"), OUT + 12),
                ("tell", Load(OUT + 12)),
            ]
            * 2,
            ("datastore_delete_by_index_scan_point_bsatn", FOUND, Data(b""), OUT + 12),
        ],
        "0 0 0 0 1 0 0 3",
    ),
    "delete_by_range": (
        [
            *PERSON,
            index(AGES),
            (
                "datastore_delete_by_btree_scan_bsatn",
                FOUND,
                *(0, 0, 0),
                Data(UNBOUNDED),
                Data(UNBOUNDED),
                OUT + 12,
            ),
            ("tell", Load(OUT + 12)),
        ],
        "0 0 0 0 1",
    ),
    "delete_equal": (
        [
            *PERSON,
            delete_equal(ONE + person(6)),
            ("tell", Load(ITERATOR)),
            delete_equal(ONE + person(5) + b"x"),
            ("tell", Load(ITERATOR)),
            delete_equal(bytes(4)),
        ],
        "0 0 0 0 0 1 0",
    ),
    "delete_equal_that_does_not_fit": (
        [
            *PERSON,
            delete_equal(b"\1\0"),
            delete_equal(ONE),
            delete_equal(b"\xff\xff\xff\xff"),
            delete_equal(ONE + person(5), NOT_THERE),
        ],
        "0 0 3 3 3 4",
    ),
    "clear": ([*PERSON, ("datastore_clear", TABLE, OUT + 12), ("tell", Load(OUT + 12))], "0 0 0 1"),
    "clear_nothing": ([("datastore_clear", NOT_THERE, OUT + 12)], FATAL),
    "clear_at_null": ([*PERSON, ("datastore_clear", TABLE, 0)], FATAL),
    # --- the rest ---
    "sources_that_are_not_there": (
        [
            ("bytes_source_read", 77, ROOM, Size(10)),
            ("bytes_source_read", 0, ROOM, Size(10)),
            ("bytes_source_read", 77, 0, 0),
            ("bytes_source_remaining_length", 5, 0),
        ],
        "8 8 8 8",
    ),
    "sinks_that_are_not_there": ([("bytes_sink_write", 77, ROOM, Size(10)), ("bytes_sink_write", 77, 0, 0)], "8 8"),
    "write_from_null": ([("bytes_sink_write", ERROR, 0, Size(1))], FATAL),
    "write_from_beyond_the_end": ([("bytes_sink_write", ERROR, LAST_BYTES, Size(100))], FATAL),
    "timers": (
        [
            ("console_timer_end", 0),
            ("console_timer_end", 1),
            ("console_timer_start", Data(b"\xff")),
            ("console_timer_end", 1),
            ("console_timer_end", 1),
        ],
        "7 7 1 0 7",
    ),
    "timer_at_null": ([("console_timer_start", 0, 0)], FATAL),
    "log_what_is_not_there": (
        [
            ("console_log", 2, 0, 0, 0, 0, -1, 0, 0),
            ("console_log", 2, 0, 0, 0, 0, -1, LAST_BYTES, 100),
            ("tell", 1),
        ],
        "1",
    ),
    "identity": ([("identity", ROOM), ("tell", 1)], "1"),
    "identity_at_null": ([("identity", 0)], FATAL),
    "transactions_in_a_reducer": (
        [("procedure_start_mut_tx", 0), ("procedure_commit_mut_tx",), ("procedure_abort_mut_tx",)],
        "17 18 18",
    ),
    "sleep_in_a_reducer": ([("procedure_sleep_until", "(i64.const 5)")], FATAL),
    "request_in_a_reducer": ([("procedure_http_request", Data(b""), Data(b""), OUT)], FATAL),
    "later_without_a_name": ([("volatile_nonatomic_schedule_immediate", Data(b"\xff"), Data(b""))], FATAL),
    # --- crashes ---
    "unreachable": (["(unreachable)"], FATAL),
    "load_beyond_the_end": (["(drop (i32.load (i32.const -4)))"], FATAL),
    "divide_by_zero": (["(drop (i32.div_u (i32.const 1) (i32.const 0)))"], FATAL),
    "endless_recursion": (["(drop (call $deep (i32.const 1)))"], FATAL),
}

DIFFERENT: dict[str, tuple[Sequence[Step], str, str]] = {
    # The tables of the database itself are for SQL alone.
    "system_table": ([("datastore_table_row_count", 1, ROOM)], "0", "4"),
    "name_of_a_system_table": ([table(b"st_table")], "0", "4"),
    # Memory has a bound.
    "two_gigabytes": ([("tell", "(memory.grow (i32.const 30000))")], "4", "-1"),
}
"""What the real server tells, and the embedded one."""

DEEP = "(func $deep (param i32) (result i32) (i32.add (i32.const 1) (call $deep (local.get 0))))"


@pytest.fixture(scope="module")
def probe(server: Subject) -> str:
    """A database with a reducer for each case."""
    if server.is_old:
        pytest.skip("the module is for a newer server")
    steps = {name: steps for name, (steps, *_) in {**CASES, **DIFFERENT}.items()}
    reducers = "".join(f"@reducer\ndef {name}(ctx: ReducerContext) -> None: ...\n\n\n" for name in steps)
    name = fresh_name("probe")
    made = server.ask("PUT", f"/v1/database/{name}", content=guest(TABLES + reducers, steps, more=DEEP))
    assert made.status_code == 200, made.text
    return name


@pytest.mark.parametrize("case", CASES)
def test_what_a_guest_is_told(server: Subject, probe: str, case: str) -> None:
    answer = server.call(probe, case, "[]")
    assert (answer.status_code, answer.text.strip()) == (530, CASES[case][1])


@pytest.mark.difference("memory of an instance", "the database's own tables (`st_table`, …)")
@pytest.mark.parametrize("case", DIFFERENT)
def test_where_the_embedded_server_differs(server: Subject, probe: str, case: str) -> None:
    _, real, embedded = DIFFERENT[case]
    answer = server.call(probe, case, "[]")
    assert (answer.status_code, answer.text.strip()) == (530, embedded if server.is_embedded else real)


def test_nothing_of_that_has_stayed(server: Subject, probe: str) -> None:
    assert server.rows(probe, "SELECT * FROM person") == []
