"""Results of one-off queries, in all the forms that there are."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from stdbpy.client.query_rows import QueryRows
from stdbpy.errors import MissingExtra, ProtocolError
from stdbpy.protocol.catalog import Catalog, TableLayout
from stdbpy.protocol.incoming import TableRows
from stdbpy.protocol.row_list import JsonRowList, RowList
from stdbpy.sats import Identity, Timestamp
from stdbpy.sats import types as t
from stdbpy.sats.values import Variant
from tests.client.game import Score

POINT = t.product(("x", t.Primitive.I32), ("y", t.Primitive.I32))
MOOD = t.sum_of(("happy", t.UNIT), ("sad", t.UNIT))
ROW = t.product(
    ("id", t.Primitive.U64),
    ("note", t.option(t.Primitive.U64)),
    ("who", t.IDENTITY),
    ("at", t.TIMESTAMP),
    ("spot", POINT),
    ("mood", MOOD),
    ("huge", t.Primitive.U256),
)
SCORE = t.product(("player_id", t.Primitive.U32), ("level", t.Primitive.U32), ("points", t.Primitive.U32))
LAYOUTS = {
    "thing": TableLayout("thing", ROW),
    "score": TableLayout("score", t.TypeRef(0), (SCORE,), {0: Score}),
}
CATALOG = Catalog(LAYOUTS, {}, {})
BIG = 2**63 + 1


def things(*notes: int | None) -> QueryRows[tuple[object, ...]]:
    codec = LAYOUTS["thing"].codec
    rows = [
        codec.encode((BIG, note, Identity.from_int(7), Timestamp(5), (1, -2), Variant("sad"), 2**255)) for note in notes
    ]
    return QueryRows.read(CATALOG, [TableRows("thing", RowList.of(rows) if rows else None, None, False)])


def scores(*rows: Score) -> QueryRows[Score]:
    encode = LAYOUTS["score"].codec.encode
    return QueryRows.read(CATALOG, [TableRows("score", RowList.of([encode(row) for row in rows]), None, False)])


def test_rows_are_a_sequence_of_the_clients_classes():
    found = scores(Score(1, 2, 3), Score(4, 5, 6))
    assert found.table == "score"
    assert list(found) == found.rows() == [Score(1, 2, 3), Score(4, 5, 6)]
    assert (len(found), found[1], found[:1]) == (2, Score(4, 5, 6), [Score(1, 2, 3)])
    assert Score(1, 2, 3) in found
    assert repr(found) == "<QueryRows of score: 2>"


def test_no_rows():
    nothing = things()
    assert not nothing
    assert nothing.rows() == []
    assert nothing.to_arrow().column_names == list(ROW.names)
    assert len(nothing.to_pandas()) == len(nothing.to_polars()) == 0


def test_rows_that_came_as_json():
    rows = JsonRowList(['{"player_id": 1, "level": 2, "points": 3}'])
    found = QueryRows.read(CATALOG, [TableRows("score", rows, None, False)])
    assert found.rows() == [Score(1, 2, 3)]


def test_arrow():
    table = things(None, BIG).to_arrow()
    assert table.schema.field("id") == pa.field("id", pa.uint64(), nullable=False)
    assert table.schema.field("note") == pa.field("note", pa.uint64())
    assert table.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert table.column("note").to_pylist() == [None, BIG]
    assert table.column("who")[0].as_py() == f"0x{7:064x}"
    assert table.column("spot")[0].as_py() == {"x": 1, "y": -2}
    assert table.column("mood")[0].as_py() == "sad"
    assert table.column("huge")[0].as_py() == str(2**255)


def test_arrow_of_rows_with_classes():
    assert scores(Score(1, 2, 3)).to_arrow().to_pylist() == [{"player_id": 1, "level": 2, "points": 3}]


def test_pandas_keeps_numbers_exact_beside_missing_ones():
    frame = things(None, BIG).to_pandas()
    assert frame["note"].tolist()[1] == BIG
    assert frame["note"].isna().tolist() == [True, False]
    assert str(frame["id"].dtype) == "uint64[pyarrow]"


def test_polars():
    frame = things(None, BIG).to_polars()
    assert frame["note"].to_list() == [None, BIG]
    assert frame["spot"].to_list()[0] == {"x": 1, "y": -2}


@pytest.mark.parametrize(("form", "module"), [("arrow", "pyarrow"), ("pandas", "pandas"), ("polars", "polars")])
def test_an_extra_that_is_missing_is_named(monkeypatch, form, module):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "stdbpy.client.arrow_types", raising=False)
    with pytest.raises(MissingExtra) as missing:
        getattr(things(1), f"to_{form}")()
    assert missing.value.hint == f'pip install "stdbpy[{form}]"'


@pytest.mark.parametrize("form", ["pandas", "polars"])
def test_arrow_missing_for_a_data_frame_is_the_extra_of_the_frame(monkeypatch, form):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra) as missing:
        getattr(things(1), f"to_{form}")()
    assert missing.value.extra == form


@pytest.mark.parametrize(
    "tables",
    [
        [],
        [TableRows("nope", None, None, False)],
        [TableRows("thing", None, None, False), TableRows("score", None, None, False)],
        [TableRows("score", JsonRowList(["{"]), None, False)],
    ],
)
def test_answers_that_are_none(tables):
    with pytest.raises(ProtocolError):
        QueryRows.read(CATALOG, tables)


def test_rows_without_a_byte_are_counted():
    catalog = Catalog({"unit": TableLayout("unit", t.product(("nothing", t.UNIT)))}, {}, {})
    found = QueryRows.read(catalog, [TableRows("unit", RowList(b"", 0, [0]), None, False)])
    assert (len(found), found.rows(), found.to_arrow().num_rows) == (1, [((),)], 1)


def test_rows_that_do_not_fit():
    fewer = QueryRows.read(CATALOG, [TableRows("score", RowList(bytes(12), 0, [0, 0]), None, False)])
    with pytest.raises(ProtocolError, match="2 rows are announced, but there are 1"):
        fewer.rows()
    found = QueryRows.read(CATALOG, [TableRows("score", RowList(b"12345", 5, None), None, False)])
    with pytest.raises(ProtocolError, match="do not fit"):
        found.rows()
