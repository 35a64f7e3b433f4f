from __future__ import annotations

import math
import struct
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.engine import Excluded, Included, Transaction
from stdbpy.engine.journal.records import pack_record
from stdbpy.engine.store.store import Store
from stdbpy.errors import HostError, RowNotFound, UniqueConstraintViolation
from stdbpy.module.host import Errno
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import SCHEDULE_AT, ArrayType, Primitive, option, product, sum_of
from stdbpy.sats.values import Interval, Time, TimeDuration, Timestamp, Variant
from stdbpy.schema.model import IndexAlgorithm, Submodule
from tests.engine.schemas import F64, I8, STRING, U8, U32, U64, index, schema_of, sequence, table_of, unique

NAN = math.nan


class Sheet:
    """A store with one table, and a transaction on it that takes and gives Python values."""

    def __init__(self, columns, *parts):
        schema = table_of(columns, *parts)
        self.store = Store(schema)
        self.tx = Transaction(self.store)
        self.table = self.tx.table_id("t")
        self.codec = compile_codec(schema.typespace[0])

    def insert(self, *row):
        return self.codec.decode(self.tx.insert(self.table, self.codec.encode(row)))

    def update(self, index, *row):
        return self.codec.decode(self.tx.update(self.table, self.tx.index_id(index), self.codec.encode(row)))

    def delete(self, *row):
        return self.tx.delete(self.table, self.codec.encode(row))

    @property
    def rows(self):
        return [self.codec.decode(row) for row in self.tx.scan(self.table)]

    def point(self, index, *key):
        return [self.codec.decode(row) for row in self.tx.index_point(self.tx.index_id(index), key)]

    def between(self, index, *prefix, lower=None, upper=None):
        return [self.codec.decode(row) for row in self.tx.index_range(self.tx.index_id(index), prefix, lower, upper)]


# --- rows ------------------------------------------------------------------------------------


def test_a_row_is_there_once():
    sheet = Sheet({"a": U64, "b": STRING}, index(1))
    sheet.insert(1, "x")
    sheet.insert(1, "x")
    assert sheet.rows == sheet.point("t_by_1", "x") == [(1, "x")]
    assert sheet.delete(1, "x") is True
    assert sheet.delete(1, "x") is False
    assert sheet.point("t_by_1", "x") == []


def test_unknown_tables_and_indexes():
    sheet = Sheet({"a": U64})
    assert sheet.tx.table_id("nope") is None
    for operation in (lambda: sheet.tx.row_count(1), lambda: sheet.tx.insert(1, b"")):
        with pytest.raises(HostError) as unknown:
            operation()
        assert unknown.value.code == Errno.NO_SUCH_TABLE
    with pytest.raises(HostError) as unknown:
        sheet.tx.index_point(1, (1,))
    assert unknown.value.code == Errno.NO_SUCH_INDEX


# --- unique ----------------------------------------------------------------------------------


def test_a_violation_changes_nothing():
    sheet = Sheet({"a": U64, "b": STRING, "c": U8}, index(0), index(1), index(2), unique(0), unique(1))
    sheet.insert(1, "x", 0)
    sheet.insert(2, "y", 0)
    with pytest.raises(UniqueConstraintViolation, match="b = 'x'"):
        sheet.insert(3, "x", 1)
    assert sheet.point("t_by_0", 3) == sheet.point("t_by_2", 1) == []
    with pytest.raises(UniqueConstraintViolation):
        sheet.update("t_by_0", 2, "x", 1)
    assert sheet.rows[-1] == (2, "y", 0)
    assert sheet.point("t_by_1", "y") == sheet.point("t_by_0", 2) == [(2, "y", 0)]
    assert len(sheet.point("t_by_2", 0)) == 2


def test_a_constraint_without_an_index_is_watched_over():
    sheet = Sheet({"a": U64, "b": U8}, unique(0, 1))
    sheet.insert(1, 1)
    sheet.insert(1, 2)
    schema = Sheet({"a": U64, "b": U8, "c": U8}, unique(1, 0))
    schema.insert(1, 1, 0)
    with pytest.raises(UniqueConstraintViolation, match=r"b, a = \(1, 1\)"):
        schema.insert(1, 1, 1)


def test_updates():
    sheet = Sheet({"a": U64, "b": STRING}, index(0), unique(0), index(1))
    sheet.insert(1, "x")
    assert sheet.update("t_by_0", 1, "y") == (1, "y")
    assert sheet.rows == [(1, "y")]
    assert sheet.point("t_by_1", "x") == []
    assert sheet.update("t_by_0", 1, "y") == (1, "y")
    with pytest.raises(RowNotFound):
        sheet.update("t_by_0", 2, "y")
    with pytest.raises(HostError) as not_unique:
        sheet.update("t_by_1", 1, "z")
    assert not_unique.value.code == Errno.INDEX_NOT_UNIQUE


# --- sequences -------------------------------------------------------------------------------


def test_zeros_are_replaced_and_other_values_are_not():
    sheet = Sheet({"name": STRING, "id": U64}, sequence(1))
    assert [sheet.insert("a", 0), sheet.insert("b", 70), sheet.insert("c", 0)] == [("a", 1), ("b", 70), ("c", 2)]


def test_numbers_wrap_around_as_on_the_real_server():
    sheet = Sheet({"id": U8, "n": U32}, sequence(0))
    given_out = [sheet.insert(0, n)[0] for n in range(258)]
    assert given_out[253:] == [254, 255, 0, 1, 2]
    sheet = Sheet({"id": I8, "n": U32}, sequence(0))
    assert [sheet.insert(0, n)[0] for n in range(129)][126:] == [127, -128, -127]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"min_value": 1, "max_value": 4}, [1, 2, 3, 4, 1, 2]),
        ({"min_value": 1, "max_value": 10, "start": 9, "increment": 3}, [9, 2, 5, 8, 1, 4]),
        ({"min_value": -2, "max_value": 2, "start": 0, "increment": -1}, [0, -1, -2, 2, 1, 0]),
    ],
)
def test_bounds_of_a_sequence(bounds, expected):
    sheet = Sheet({"id": Primitive.I32, "n": U32}, sequence(0, **bounds))
    # A 0 that is given out asks for no other number.
    assert [sheet.insert(0, n)[0] for n in range(6)] == expected


def test_numbers_of_an_undone_transaction_are_used_up_and_blocks_are_noted_again():
    sheet = Sheet({"id": U64}, sequence(0))
    sheet.insert(0)
    assert len(sheet.store.taken) == 1
    sheet.tx.rollback()
    assert sheet.rows == []
    assert sheet.insert(0) == (2,)
    assert len(sheet.store.taken) == 1


# --- kinds of tables -------------------------------------------------------------------------


def test_rows_of_event_tables_are_there_until_the_commit_only():
    schema = table_of({"a": U64}, index(0), unique(0))
    [table] = schema.tables
    store = Store(replace(schema, tables=(replace(table, is_event=True),)))
    tx, row = Transaction(store), (7).to_bytes(8, "little")
    tx.insert(tx.table_id("t"), row)
    assert list(tx.scan(tx.table_id("t"))) == [row]
    delta = tx.commit()
    [changes] = delta
    assert list(changes.inserted) == [row]
    assert list(Transaction(store).scan(changes.table.id)) == []
    assert pack_record(0, delta, []) == b""
    delta.undo()
    Transaction(store).insert(changes.table.id, row)


def test_tables_of_mounted_modules_have_the_names_of_these_before_theirs():
    inner = table_of({"a": U64}, index(0), sequence(0), name="user")
    outer = replace(table_of({"b": STRING}, name="zebra"), submodules=(Submodule("auth", "auth", inner),))
    store = Store(outer)
    assert {table.name: table.id for table in store.tables.values() if not table.definition.is_system} == {
        "auth.user": 4096,
        "zebra": 4097,
    }
    assert store.index_id("auth.user_by_0") == 4096
    assert store.table_id("user") is None
    tx = Transaction(store)
    assert tx.insert(4096, bytes(8)) == (1).to_bytes(8, "little")


def test_numbers_of_tables_stay_with_their_names():
    one = Store(table_of({"a": U64}, name="m"))
    numbering = one.numbering.copy()
    two = Store(schema_of(("b", {"a": U64}, ()), ("m", {"a": U64}, ())), numbering)
    assert two.table_id("m") == one.table_id("m") == 4096
    assert two.table_id("b") == 4097
    three = Store(table_of({"a": U64}, name="b"), numbering)
    numbering.keep(three)
    assert Store(table_of({"a": U64}, name="m"), numbering).table_id("m") == 4098


# --- ranges ----------------------------------------------------------------------------------


def test_ranges_over_the_second_column():
    sheet = Sheet({"a": STRING, "b": U32, "c": U8}, index(0, 1))
    for row in [("x", 5, 0), ("x", 7, 0), ("x", 7, 1), ("x", 9, 0), ("y", 1, 0), ("w", 8, 0)]:
        sheet.insert(*row)
    of_x = ("x",)
    assert [row[1] for row in sheet.between("t_by_0_1", *of_x)] == [5, 7, 7, 9]
    assert [row[1] for row in sheet.between("t_by_0_1", *of_x, lower=Included(7))] == [7, 7, 9]
    assert [row[1] for row in sheet.between("t_by_0_1", *of_x, lower=Excluded(7))] == [9]
    assert [row[1] for row in sheet.between("t_by_0_1", *of_x, upper=Excluded(7))] == [5]
    assert [row[1] for row in sheet.between("t_by_0_1", *of_x, lower=Excluded(5), upper=Included(7))] == [7, 7]
    assert sheet.between("t_by_0_1", *of_x, lower=Included(9), upper=Included(5)) == []
    assert [row[0] for row in sheet.between("t_by_0_1", lower=Excluded("w"), upper=Excluded("y"))] == ["x"] * 4
    assert len(sheet.between("t_by_0_1")) == 6


def test_the_order_is_kept_up_when_rows_change():
    sheet = Sheet({"a": U32, "b": U8}, index(0))
    assert sheet.between("t_by_0") == []
    for a in (5, 3, 9, 3):
        sheet.insert(a, len(sheet.rows))
    sheet.delete(5, 0)
    sheet.delete(3, 1)
    assert sheet.between("t_by_0") == [(3, 3), (9, 2)]
    sheet.tx.clear(sheet.table)
    sheet.insert(4, 0)
    assert sheet.between("t_by_0", lower=Included(4)) == [(4, 0)]
    sheet.tx.rollback()
    assert sheet.between("t_by_0") == []


def test_hash_indexes_have_no_ranges():
    sheet = Sheet({"a": U32}, index(0, algorithm=IndexAlgorithm.HASH))
    with pytest.raises(HostError) as refused:
        sheet.between("t_by_0")
    assert refused.value.code == Errno.WRONG_INDEX_ALGO


@pytest.mark.parametrize(
    ("type", "ascending"),
    [
        (F64, [-math.inf, -1.5, 0.0, 1.5, math.inf, NAN]),
        (I8, [-128, -1, 0, 127]),
        (Primitive.BOOL, [False, True]),
        (STRING, ["", "a", "aa", "b", "ä", "\U0001f600"]),
        (option(U32), [0, 7, None]),
        (option(F64), [-1.0, NAN, None]),
        (ArrayType(U8), [b"", b"\0", b"\0\1", b"\1"]),
        (ArrayType(F64), [[], [-1.0], [1.0, NAN], [NAN]]),
        (SCHEDULE_AT, [Interval(TimeDuration(9)), Time(Timestamp(1)), Time(Timestamp(2))]),
        (sum_of(("z", product()), ("a", F64)), [Variant("z"), Variant("a", -1.0), Variant("a", NAN)]),
        (product(("x", option(U8)), ("y", F64)), [(1, 2.0), (1, NAN), (None, 0.0)]),
    ],
)
def test_keys_of_all_kinds_have_the_order_of_their_types(type, ascending):
    sheet = Sheet({"key": type, "n": U32}, index(0))
    for n, value in reversed(list(enumerate(ascending))):
        sheet.insert(value, n)
    assert [n for _, n in sheet.between("t_by_0")] == list(range(len(ascending)))
    middle = ascending[1]
    assert [n for _, n in sheet.between("t_by_0", lower=Included(middle))] == list(range(1, len(ascending)))
    assert [n for _, n in sheet.between("t_by_0", upper=Excluded(middle))] == [0]
    assert [n for _, n in sheet.point("t_by_0", middle)] == [1]


def test_zeros_are_one_key_and_so_are_all_nans():
    sheet = Sheet({"key": F64, "n": U32}, index(0), unique(0))
    sheet.insert(0.0, 1)
    sheet.tx.insert(sheet.table, struct.pack("<QI", 0x7FF8_0000_0000_0001, 2))
    for key in (-0.0, NAN):
        with pytest.raises(UniqueConstraintViolation):
            sheet.insert(key, 3)
        assert len(sheet.point("t_by_0", key)) == 1
    point = sheet.tx.index_point_bsatn(sheet.tx.index_id("t_by_0"), struct.pack("<d", -0.0))
    assert len(list(point)) == 1


# --- keys cut out of rows --------------------------------------------------------------------

_TYPES = {
    U8: st.integers(0, 255),
    U64: st.integers(0, 2**64 - 1),
    STRING: st.text(max_size=4),
    option(U32): st.none() | st.integers(0, 9),
    ArrayType(STRING): st.lists(st.text(max_size=2), max_size=2),
    F64: st.floats(allow_nan=False),
}


@given(st.data())
def test_an_index_on_any_columns_finds_what_a_scan_finds(data):
    types = data.draw(st.lists(st.sampled_from(list(_TYPES)), min_size=1, max_size=5))
    columns = data.draw(st.lists(st.sampled_from(range(len(types))), min_size=1, max_size=3, unique=True))
    sheet = Sheet({f"c{at}": type for at, type in enumerate(types)}, index(*columns))
    name = sheet.store.schema.tables[0].indexes[0].name
    for row in data.draw(st.lists(st.tuples(*(_TYPES[type] for type in types)), max_size=6)):
        sheet.insert(*row)
    for row in sheet.rows:
        key = [row[column] for column in columns]
        assert sheet.point(name, *key) == [
            other for other in sheet.rows if [other[column] for column in columns] == key
        ]
