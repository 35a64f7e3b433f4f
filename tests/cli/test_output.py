"""The formats that data is written in."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.cli.output import (
    Field,
    Format,
    format_for,
    json_text,
    parse_format,
    text_table,
    to_json,
    write_records,
)
from stdbpy.cli.output.json_text import presentable, write_lines
from stdbpy.errors import UsageError

FIELDS = [Field("id"), Field("name", text=lambda name: f'"{name}"')]
ROWS = [(2**64 - 1, "Ada"), (7, "two\nlines")]


def written(format: Format, fields: list[Field] = FIELDS, rows: Any = ROWS) -> str:
    stdout, sys.stdout = sys.stdout, io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="")
    try:
        write_records(fields, rows, format)
        sys.stdout.flush()
        return sys.stdout.buffer.getvalue().decode()
    finally:
        sys.stdout = stdout


def test_table_without_a_terminal() -> None:
    assert written(Format.TABLE) == (
        " id                   | name\n"
        "----------------------+--------\n"
        ' 18446744073709551615 | "Ada"\n'
        ' 7                    | "two\n'
        '                      | lines"\n'
    )


def test_table_without_rows() -> None:
    assert written(Format.TABLE, rows=[]) == " id | name\n----+------\n"


def test_a_long_table_is_written_while_its_rows_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "ROWS_THAT_SETTLE", 2)
    stream = io.StringIO()
    seen: list[str] = []

    def rows() -> Iterator[tuple[str]]:
        yield from [("a",), ("bcd",), ("wider than that",)]
        seen.append(stream.getvalue())
        yield ("e",)

    text_table.write_table([Field("id"), Field("name")], ((row, row) for (row,) in rows()), stream)

    lines = " id  | name\n-----+------\n a   | a\n bcd | bcd\n wider than that | wider than that\n"
    assert seen == [lines]
    assert stream.getvalue() == lines + " e   | e\n"


def test_a_long_table_is_not_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_table, "ROWS_THAT_SETTLE", 2)
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    text_table.write_table(FIELDS, [(1, "a long name indeed")] * 3, terminal)
    assert terminal.getvalue().splitlines()[2:] == [' 1  | "a long name indeed"'] * 3


def test_jsonl() -> None:
    assert written(Format.JSONL) == '{"id":18446744073709551615,"name":"Ada"}\n{"id":7,"name":"two\\nlines"}\n'


def test_json_is_one_document() -> None:
    assert json.loads(written(Format.JSON)) == [{"id": 2**64 - 1, "name": "Ada"}, {"id": 7, "name": "two\nlines"}]
    assert written(Format.JSON, rows=[]) == "[]\n"


def test_csv() -> None:
    assert written(Format.CSV) == 'id,name\n18446744073709551615,Ada\n7,"two\nlines"\n'


def test_control_characters_never_reach_a_table() -> None:
    assert "\x1b" not in written(Format.TABLE, rows=[(1, "\x1b[31m")])


VALUES = st.none() | st.booleans() | st.integers() | st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_json_formats_lose_nothing(rows: list[tuple[Any, Any]]) -> None:
    fields = [Field("a"), Field("b")]
    expected = [{"a": a, "b": b} for a, b in rows]
    assert [json.loads(line) for line in written(Format.JSONL, fields, rows).splitlines()] == expected
    assert json.loads(written(Format.JSON, fields, rows)) == expected


@given(st.lists(st.tuples(st.integers(), st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]))), max_size=5))
def test_csv_reads_back(rows: list[tuple[int, str]]) -> None:
    text = written(Format.CSV, [Field("a"), Field("b")], rows)
    assert list(csv.reader(io.StringIO(text, newline="")))[1:] == [[str(a), b] for a, b in rows]


def test_json_is_ascii_where_stdout_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert to_json("é") == '"\\u00e9"'


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_person_gets_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STDBPY_FORMAT", raising=False)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert format_for(None) is Format.TABLE
    write_records(FIELDS, [(1, "[red]x"), (2, "\x1b[2J")], Format.TABLE)
    assert terminal.getvalue() == (' id | name      \n----+-----------\n 1  | "[red]x"  \n 2  | "\\x1b[2J" \n')


def test_a_wide_table_is_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    write_records(FIELDS, [(1, "a long name indeed")], Format.TABLE)
    lines = terminal.getvalue().splitlines()
    assert max(map(len, lines)) <= 20
    assert "".join(line.partition("|")[2].strip() for line in lines[2:]).replace(" ", "") == '"alongnameindeed"'


def test_a_program_gets_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STDBPY_FORMAT", raising=False)
    assert format_for(None) is Format.JSONL


def test_the_environment_chooses_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_FORMAT", "csv")
    assert format_for(None) is Format.CSV
    assert format_for(Format.JSON) is Format.JSON


def test_names_of_formats() -> None:
    assert parse_format("text") is Format.TABLE
    with pytest.raises(UsageError, match="there is no format 'jsn'") as caught:
        parse_format("jsn")
    assert caught.value.hint == "Did you mean 'json'?"


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_FORMAT", "yaml")
    with pytest.raises(UsageError, match="STDBPY_FORMAT: there is no format 'yaml'"):
        format_for(None)


class Word(str):
    """What other encoders do not take."""


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers(-(2**255), 2**256) | st.floats(allow_nan=False, allow_infinity=False)
        | st.text() | st.text(st.sampled_from("\x1b\x85\u2028é😀\ud800")) | st.text().map(Word),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)  # fmt: skip
def test_lines_are_json_for_every_reader(encoding: str, value: Any) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")

    with mock.patch.object(json_text, "FEW_LINES", 1):  # the first is written in another way than the second
        write_lines([value, value], stream)

    stream.seek(0)
    text = stream.read()
    assert text.endswith("\n")
    assert text.count("\n") == 2
    assert not set(text) & set("\x1b\x85\u2028")
    if "\ud800" not in str(value):
        assert [json.loads(line) for line in text.splitlines()] == [value, value]


def test_json_of_others_is_made_presentable() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    text = '["é😀\x85\u2028"]'

    assert presentable(text, stream) == '["\\u00e9\\ud83d\\ude00\\u0085\\u2028"]'
    assert presentable(text, io.TextIOWrapper(io.BytesIO(), encoding="utf-8")) == '["é😀\\u0085\\u2028"]'
