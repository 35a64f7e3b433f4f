"""Markdown, Arrow and Parquet, files instead of stdout, and which format it is."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.cli.output import Field, Format, arrow_files, format_for, write_records
from stdbpy.cli.query_fields import fields_of
from stdbpy.client.arrow_types import arrow_column
from stdbpy.errors import MissingExtra, UsageError
from stdbpy.sats import types as t
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import AlgebraicType, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)

BINARY = [Format.ARROW, Format.PARQUET]


def read_back(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pa.ipc.open_file(path).read_all()


# --- Markdown --------------------------------------------------------------------------------


def test_markdown(tmp_path: Path) -> None:
    rows = [(2**64 - 1, "a|b\nc *d* _e_ f_g `h` <i> [j]\\"), (1, None)]
    write_records([Field("id"), Field("some_text")], rows, Format.MARKDOWN, tmp_path / "t.md")
    assert (tmp_path / "t.md").read_text() == (
        "| id | some_text |\n"
        "| --- | --- |\n"
        "| 18446744073709551615 | a\\|b<br>c \\*d\\* \\_e\\_ f_g \\`h\\` \\<i> \\[j\\]\\\\ |\n"
        "| 1 |  |\n"
    )


# --- types -----------------------------------------------------------------------------------

SHAPE = sum_of(("Circle", Primitive.F32), ("Nothing", t.UNIT), ("tag", Primitive.U8))
POINT = product(("x", Primitive.I32), (None, Primitive.U64))
LEVEL = sum_of(("Low", t.UNIT), ("High", t.UNIT))
ONE = "0x" + "0" * 63 + "1"
MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type", "value", "expected_type", "expected"),
    [
        (Primitive.BOOL, True, pa.bool_(), True),
        (Primitive.I8, -128, pa.int8(), -128),
        (Primitive.U64, 2**64 - 1, pa.uint64(), 2**64 - 1),
        (Primitive.I64, -(2**63), pa.int64(), -(2**63)),
        (Primitive.I128, -(2**127), pa.string(), str(-(2**127))),
        (Primitive.U256, 2**256 - 1, pa.string(), str(2**256 - 1)),
        (Primitive.F32, 0.5, pa.float32(), 0.5),
        (Primitive.F64, float("inf"), pa.float64(), float("inf")),
        (Primitive.STRING, "é", pa.string(), "é"),
        (t.BYTES, b"\x00\xff", pa.binary(), b"\x00\xff"),
        (t.IDENTITY, Identity.from_int(1), pa.string(), ONE),
        (t.CONNECTION_ID, ConnectionId.from_int(1), pa.string(), "0x" + ONE[-32:]),
        (t.TIMESTAMP, Timestamp.from_datetime(MOMENT), pa.timestamp("us", tz="UTC"), MOMENT),
        (t.TIME_DURATION, TimeDuration(-5), pa.duration("us"), timedelta(microseconds=-5)),
        (option(Primitive.U8), None, pa.uint8(), None),
        (option(Primitive.U8), 5, pa.uint8(), 5),
        (option(option(Primitive.U8)), None, pa.struct({"some": pa.uint8()}), None),
        (option(option(Primitive.U8)), Some(None), pa.struct({"some": pa.uint8()}), {"some": None}),
        (option(option(Primitive.U8)), Some(5), pa.struct({"some": pa.uint8()}), {"some": 5}),
        (option(t.UNIT), None, pa.struct({"some": pa.null()}), None),
        (option(t.UNIT), (), pa.struct({"some": pa.null()}), {"some": None}),
        (LEVEL, Variant("High"), pa.string(), "High"),
        (
            SHAPE,
            Variant("Circle", 1.5),
            pa.struct({"_tag": pa.string(), "Circle": pa.float32(), "tag": pa.uint8()}),
            {"_tag": "Circle", "Circle": 1.5, "tag": None},
        ),
        (
            SHAPE,
            Variant("Nothing"),
            pa.struct({"_tag": pa.string(), "Circle": pa.float32(), "tag": pa.uint8()}),
            {"_tag": "Nothing", "Circle": None, "tag": None},
        ),
        (
            t.result(Primitive.U8, Primitive.STRING),
            Ok(1),
            pa.struct({"tag": pa.string(), "ok": pa.uint8(), "err": pa.string()}),
            {"tag": "ok", "ok": 1, "err": None},
        ),
        (
            t.result(Primitive.U8, t.UNIT),
            Err(()),
            pa.struct({"tag": pa.string(), "ok": pa.uint8()}),
            {"tag": "err", "ok": None},
        ),
        (POINT, (-1, 2**64 - 1), pa.struct({"x": pa.int32(), "col_1": pa.uint64()}), {"x": -1, "col_1": 2**64 - 1}),
        (ArrayType(option(Primitive.I16)), [1, None], pa.list_(pa.int16()), [1, None]),
        (ArrayType(ArrayType(Primitive.U8)), [b"ab"], pa.list_(pa.binary()), [b"ab"]),
    ],
)  # fmt: skip
def test_types(type: AlgebraicType, value: Any, expected_type: pa.DataType, expected: Any) -> None:
    column = arrow_column(type)
    assert column.type == expected_type
    assert pa.array([column.convert(value)], column.type).to_pylist() == [expected]


def test_schedules() -> None:
    column = arrow_column(t.SCHEDULE_AT)
    values = [column.convert(Interval(TimeDuration(5))), column.convert(Time(Timestamp(0)))]
    assert pa.array(values, column.type).to_pylist() == [
        {"tag": "Interval", "Interval": timedelta(microseconds=5), "Time": None},
        {"tag": "Time", "Interval": None, "Time": datetime(1970, 1, 1, tzinfo=UTC)},
    ]


def test_a_type_that_contains_itself() -> None:
    tree = product(("value", Primitive.U64), ("inner", option(TypeRef(0))))
    column = arrow_column(TypeRef(0), (tree,), as_text=arrow_files.plain_text)
    assert column.type == pa.struct({"value": pa.uint64(), "inner": pa.string()})
    value = column.convert((2**64 - 1, (1, None)))
    assert pa.array([value], column.type).to_pylist() == [{"value": 2**64 - 1, "inner": '{"value":1,"inner":null}'}]


# --- files -----------------------------------------------------------------------------------

COLUMNS = product(
    ("id", Primitive.U64),
    ("name", option(Primitive.STRING)),
    ("who", t.IDENTITY),
    ("at", t.TIMESTAMP),
    ("shape", SHAPE),
    ("points", ArrayType(POINT)),
    ("nothing", t.UNIT),
)
ROW = [2**64 - 1, {"some": "Ada"}, ["0x1"], [1], {"Circle": 1.5}, [[1, 2]], []]


@pytest.mark.parametrize("format", BINARY)
def test_rows_of_a_query(tmp_path: Path, format: Format) -> None:
    path = tmp_path / f"rows.{format}"
    rows = [ROW, [1, {"none": []}, *ROW[2:]]]
    write_records(fields_of(COLUMNS), rows, format, path)
    table = read_back(path)
    assert table.column_names == ["id", "name", "who", "at", "shape", "points", "nothing"]
    assert table.schema.field("id").type == pa.uint64()
    assert [table.schema.field(name).nullable for name in ("id", "name")] == [False, True]
    assert table.to_pylist()[0] == {
        "id": 2**64 - 1,
        "name": "Ada",
        "who": ONE,
        "at": datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        "shape": {"_tag": "Circle", "Circle": 1.5, "tag": None},
        "points": [{"x": 1, "col_1": 2}],
        "nothing": None,
    }
    assert table.column("name").to_pylist() == ["Ada", None]


@pytest.mark.parametrize("format", BINARY)
def test_no_rows(tmp_path: Path, format: Format) -> None:
    write_records(fields_of(COLUMNS), [], format, tmp_path / f"rows.{format}")
    table = read_back(tmp_path / f"rows.{format}")
    assert (table.num_rows, table.num_columns) == (0, 7)


@pytest.mark.parametrize("format", BINARY)
def test_fields_without_a_type_are_text(tmp_path: Path, format: Format) -> None:
    write_records([Field("names"), Field("id")], [(["a", "b"], 2**70)], format, tmp_path / f"rows.{format}")
    assert read_back(tmp_path / f"rows.{format}").to_pylist() == [{"names": '["a","b"]', "id": str(2**70)}]


@pytest.mark.parametrize("format", BINARY)
def test_written_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    monkeypatch.setattr(arrow_files, "ROWS_IN_A_BATCH", 10)
    monkeypatch.setattr(arrow_files, "ROWS_IN_A_GROUP", 20)
    path = tmp_path / f"rows.{format}"
    fields = [Field("id", type=Primitive.U64)]
    write_records(fields, ((number,) for number in range(55)), format, path)
    assert read_back(path).column("id").to_pylist() == list(range(55))
    if format is Format.PARQUET:
        assert [pq.ParquetFile(path).metadata.row_group(group).num_rows for group in range(3)] == [20, 20, 15]
    else:
        assert pa.ipc.open_file(path).num_record_batches == 6


def test_arrow_to_stdout_is_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.setattr(sys, "stdout", stdout)
    write_records([Field("id", type=Primitive.U64)], [(1,), (2,)], Format.ARROW)
    written = stdout.buffer.getvalue()  # type: ignore[attr-defined] - it is a BytesIO
    assert pa.ipc.open_stream(written).read_all().to_pylist() == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("format", list(Format))
def test_a_file_appears_only_when_it_is_whole(tmp_path: Path, format: Format) -> None:
    path = tmp_path / "rows"
    path.write_text("before")

    def rows() -> Any:
        yield (1,)
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        write_records([Field("id", type=Primitive.U64)], rows(), format, path)
    assert [path.name for path in tmp_path.iterdir()] == ["rows"]
    assert path.read_text() == "before"


def test_a_file_that_is_replaced_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    path.touch(mode=0o600)

    write_records([Field("id")], [(1,)], Format.JSONL, path)

    assert (path.read_text(), path.stat().st_mode & 0o777) == ('{"id":1}\n', 0o600)


def test_a_file_that_cannot_be_written_is_named_as_the_user_does(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "rows"

    with pytest.raises(FileNotFoundError) as failed:
        write_records([Field("id")], [(1,)], Format.JSONL, path)

    assert failed.value.filename == str(path)


def test_a_name_stands_for_one_column(tmp_path: Path) -> None:
    fields = [Field(name) for name in ("id", "id", "id_2", "id")]
    write_records(fields, [(1, 2, 3, 4)], Format.JSONL, tmp_path / "rows")
    assert (tmp_path / "rows").read_text() == '{"id":1,"id_3":2,"id_2":3,"id_4":4}\n'


INTEGERS = {
    Primitive.U64: st.integers(0, 2**64 - 1),
    Primitive.I64: st.integers(-(2**63), 2**63 - 1),
    Primitive.U128: st.integers(0, 2**128 - 1),
    Primitive.I256: st.integers(-(2**255), 2**255 - 1),
}


@given(st.sampled_from(list(INTEGERS)).flatmap(lambda kind: st.tuples(st.just(kind), INTEGERS[kind])))
def test_no_digit_is_lost(case: tuple[Primitive, int]) -> None:
    type, number = case
    (field,) = fields_of(product(("n", type)))
    raw = compile_json_codec(type).to_json(number)
    column = arrow_column(type)
    (stored,) = pa.array([column.convert(field.read(raw))], column.type).to_pylist()
    assert int(stored) == number
    assert int(field.text(raw)) == number
    assert int(str(field.plain(raw)), 0) == number


# --- which format it is ----------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("format", BINARY)
def test_a_terminal_gets_no_binary_data(monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    with pytest.raises(UsageError, match=f"a terminal cannot show {format}") as caught:
        format_for(format)
    assert f"> FILE.{format}" in caught.value.hint
    assert format_for(format, Path("rows")) is format


@pytest.mark.parametrize("format", BINARY)
def test_without_pyarrow(monkeypatch: pytest.MonkeyPatch, format: Format) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtra) as caught:
        format_for(format)
    assert caught.value.hint == 'pip install "stdbpy[arrow]"'


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.csv", Format.CSV),
        ("a.JSON", Format.JSON),
        ("a.ndjson", Format.JSONL),
        ("a.md", Format.MARKDOWN),
        ("a.parquet", Format.PARQUET),
        ("a.feather", Format.ARROW),
        ("a.dat", Format.JSONL),
        ("csv", Format.JSONL),
    ],
)
def test_a_file_says_its_format(monkeypatch: pytest.MonkeyPatch, name: str, expected: Format) -> None:
    monkeypatch.delenv("STDBPY_FORMAT", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert format_for(None, Path(name)) is expected
    assert format_for(Format.TABLE, Path(name)) is Format.TABLE
