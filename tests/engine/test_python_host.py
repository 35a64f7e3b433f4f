"""What modules can do to tables through the native host, and what it refuses."""

from __future__ import annotations

import pytest

from stdbpy.engine import LogStore, Transaction
from stdbpy.engine.host_python import NativeHost
from stdbpy.engine.store.store import Store
from stdbpy.errors import HostError
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.model import IndexAlgorithm
from stdbpy.time_limit import TimeLimit
from tests.engine.sample import CONNECTED, OWNER, call, rows, running
from tests.engine.schemas import F64, STRING, U32, U64, index, sequence, table_of, unique

SCHEMA = table_of(
    {"id": U64, "name": STRING, "n": U32, "x": F64},
    index(0),
    unique(0),
    index(1, 2),
    index(2, algorithm=IndexAlgorithm.HASH),
    index(3),
    sequence(0),
)
CODEC = compile_codec(SCHEMA.typespace[0])


@pytest.fixture
def host():
    store = Store(SCHEMA)
    host = NativeHost(store, OWNER, LogStore(), TimeLimit(30, ()))
    host.tx = Transaction(store)
    return host


@pytest.fixture
def table(host):
    table = host.table_id_from_name("t")
    for name, n in [("a", 1), ("a", 2), ("a", 3), ("b", 1)]:
        host.datastore_insert_bsatn(table, CODEC.encode((0, name, n, 0.0)))
    return table


def decoded(chunks):
    return [(name, n) for chunk in chunks for _, name, n, _ in CODEC.decode_rows(chunk)]


def text(value):
    return len(value).to_bytes(4, "little") + value.encode()


def u32(value):
    return value.to_bytes(4, "little")


def test_generated_values_are_given_back(host):
    table = host.table_id_from_name("t")
    assert host.datastore_insert_bsatn(table, CODEC.encode((0, "a", 1, 0.0))) == (1).to_bytes(8, "little")
    assert host.datastore_insert_bsatn(table, CODEC.encode((9, "a", 1, 0.0))) == b""
    by_id = host.index_id_from_name("t_by_0")
    assert host.datastore_update_bsatn(table, by_id, CODEC.encode((9, "b", 2, 0.0))) == b""


def test_scans_see_the_rows_of_their_moment(host, table):
    chunks = host.datastore_table_scan_bsatn(table)
    host.datastore_clear(table)
    assert len(decoded(chunks)) == 4
    assert decoded(host.datastore_table_scan_bsatn(table)) == []
    assert host.datastore_table_row_count(table) == 0


def test_many_rows_come_in_several_chunks(host):
    table = host.table_id_from_name("t")
    for n in range(3000):
        host.datastore_insert_bsatn(table, CODEC.encode((0, "a", n, 0.0)))
    chunks = list(host.datastore_table_scan_bsatn(table))
    assert len(chunks) == 3
    assert decoded(chunks) == [("a", n) for n in range(3000)]


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (b"\0" + u32(2), b"\2", [2, 3]),
        (b"\1" + u32(2), b"\2", [3]),
        (b"\2", b"\0" + u32(2), [1, 2]),
        (b"\2", b"\1" + u32(2), [1]),
        (b"\2", b"\2", [1, 2, 3]),
        (b"\0" + u32(2), b"\0" + u32(2), [2]),
    ],
)
def test_ranges(host, table, lower, upper, expected):
    by_name_n = host.index_id_from_name("t_by_1_2")
    scan = host.datastore_index_scan_range_bsatn(by_name_n, text("a"), 1, lower, upper)
    assert decoded(scan) == [("a", n) for n in expected]
    assert host.datastore_delete_by_index_scan_range_bsatn(by_name_n, text("a"), 1, lower, upper) == len(expected)
    assert host.datastore_table_row_count(table) == 4 - len(expected)


def test_ranges_over_the_first_column(host, table):
    by_name_n = host.index_id_from_name("t_by_1_2")
    scan = host.datastore_index_scan_range_bsatn(by_name_n, b"", 0, b"\1" + text("a"), b"\2")
    assert decoded(scan) == [("b", 1)]


def test_a_hash_index_takes_a_range_of_one_value(host, table):
    by_n = host.index_id_from_name("t_by_2")
    one = b"\0" + u32(1)
    assert decoded(host.datastore_index_scan_range_bsatn(by_n, b"", 0, one, one)) == [("a", 1), ("b", 1)]
    with pytest.raises(HostError) as refused:
        host.datastore_index_scan_range_bsatn(by_n, b"", 0, one, b"\2")
    assert refused.value.code == Errno.WRONG_INDEX_ALGO


def test_points(host, table):
    assert decoded(host.datastore_index_scan_point_bsatn(host.index_id_from_name("t_by_1_2"), text("a") + u32(3))) == [
        ("a", 3)
    ]
    by_n = host.index_id_from_name("t_by_2")
    assert host.datastore_delete_by_index_scan_point_bsatn(by_n, u32(1)) == 2
    assert decoded(host.datastore_index_scan_point_bsatn(by_n, u32(1))) == []


def test_deleting_rows_by_value(host, table):
    [row] = host.datastore_index_scan_point_bsatn(host.index_id_from_name("t_by_2"), u32(2))
    assert host.datastore_delete_all_by_eq_bsatn(table, u32(1) + row) == 1
    assert host.datastore_delete_all_by_eq_bsatn(table, u32(1) + row) == 0
    everything = b"".join(host.datastore_table_scan_bsatn(table))
    assert host.datastore_delete_all_by_eq_bsatn(table, u32(3) + everything) == 3


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (lambda host: host.table_id_from_name("nope"), Errno.NO_SUCH_TABLE),
        (lambda host: host.index_id_from_name("nope"), Errno.NO_SUCH_INDEX),
        (lambda host: host.datastore_table_scan_bsatn(1), Errno.NO_SUCH_TABLE),
        (lambda host: host.datastore_index_scan_point_bsatn(1, b""), Errno.NO_SUCH_INDEX),
        (
            lambda host: host.datastore_index_scan_range_bsatn(
                host.index_id_from_name("t_by_3"), b"", 0, b"\0x", b"\2"
            ),
            Errno.BSATN_DECODE_ERROR,
        ),
        (
            lambda host: host.datastore_index_scan_range_bsatn(host.index_id_from_name("t_by_3"), b"", 0, b"\7", b"\2"),
            Errno.BSATN_DECODE_ERROR,
        ),
        (
            lambda host: host.datastore_index_scan_range_bsatn(
                host.index_id_from_name("t_by_3"), b"", 1, b"\0x", b"\2"
            ),
            Errno.BSATN_DECODE_ERROR,
        ),
    ],
)
def test_refusals(host, operation, code):
    with pytest.raises(HostError) as refused:
        operation(host)
    assert refused.value.code == code


def test_nothing_can_be_done_outside_a_call(host, table):
    host.tx = None
    for operation in (
        lambda: host.datastore_table_row_count(table),
        lambda: host.datastore_table_scan_bsatn(table),
        lambda: host.datastore_insert_bsatn(table, b""),
        lambda: host.datastore_clear(table),
    ):
        with pytest.raises(HostError) as refused:
            operation()
        assert refused.value.code == Errno.NOT_IN_TRANSACTION


def test_claims_are_those_of_the_calling_connection(host):
    assert host.get_jwt(bytes(16)) is None
    host.caller = CONNECTED
    connection = bytes(CONNECTED.connection_id)[::-1]
    assert host.get_jwt(connection) == b'{"sub":"me"}'
    assert host.get_jwt(bytes(16)) is None
    assert host.identity() == bytes(OWNER)[::-1]


def test_what_a_module_logs_names_its_reducer():
    source = """
import logging

@reducer
def speak(ctx: ReducerContext) -> None:
    ctx.log.warning("one")
    logging.getLogger("other").info("two")
    print("three")
"""
    with running(source) as database:
        call(database, "speak")
        lines = [line for line in database.logs.tail() if '"function":"speak"' in line]
        assert [message in line for message, line in zip(("one", "two", "three"), lines, strict=True)] == [True] * 3
        assert all('"filename":"sample.py"' in line for line in lines)


def test_a_module_under_test_sees_its_own_changes():
    source = """
@table(name="counter", public=True)
class Counter:
    name: str = column(primary_key=True)
    value: u64


@reducer
def count(ctx: ReducerContext, name: str) -> None:
    for _ in range(3):
        found = ctx.db.counter.name.find(name)
        if found is None:
            ctx.db.counter.insert(Counter(name, 1))
        else:
            ctx.db.counter.name.update(Counter(name, found.value + 1))
    assert ctx.db.counter.count() == 1
"""
    with running(source) as database:
        assert call(database, "count", "a").status == "committed"
        assert rows(database, "counter") == [("a", 3)]
