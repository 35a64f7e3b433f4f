"""Rows with a mark between the columns: CSV, and tables in Markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from stdbpy.cli.output.fields import Field, same, text_of
from stdbpy.cli.terminal import printable
from stdbpy.sats.types import Primitive

_MAY_BE_MARKUP = re.compile(r"[\\`*<\[\]|_]")
_MARKUP = re.compile(r"[\\`*<\[\]|]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown reads as more than itself; a low line inside a word is none of it."""


_WRITTEN_AS_THEY_ARE = frozenset(Primitive) - {Primitive.BOOL}


def write_csv(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """CSV with a line of names, quoted as RFC 4180 has it; no value and empty text look the same."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([field.name for field in fields])
    writer.writerows(_cells(fields, rows))


def _cells(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The texts of a row's values; or the values themselves where that is how the module csv writes them."""
    converted = [
        (place, field.plain)
        for place, field in enumerate(fields)
        if field.plain is not same or field.type not in _WRITTEN_AS_THEY_ARE
    ]
    for row in rows:
        cells = list(row)
        for place, plain in converted:
            cells[place] = text_of(plain(row[place]))
        yield cells


def write_markdown(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """A table as GitHub's Markdown has it, with values shown as in CSV."""
    stream.write(_line(field.name for field in fields))
    stream.write(f"|{' --- |' * len(fields)}\n")
    for row in rows:
        stream.write(_line(text_of(field.plain(value)) for field, value in zip(fields, row, strict=True)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |\n"


def _cell(text: str) -> str:
    text = printable(text)
    if _MAY_BE_MARKUP.search(text):
        text = _MARKUP.sub(lambda found: f"\\{found[0]}", text)
    return "<br>".join(text.splitlines())
