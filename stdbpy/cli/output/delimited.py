"""Rows with a mark between the columns: CSV, and tables in Markdown."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from stdbpy.cli.output.fields import Field, text_of
from stdbpy.cli.terminal import printable

_MARKUP = re.compile(r"[\\`*<\[\]|]|(?<![^\W_])_|_(?![^\W_])")
"""What Markdown reads as more than itself; a low line inside a word is none of it."""


def write_csv(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """CSV with a line of names, quoted as RFC 4180 has it; no value and empty text look the same."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([field.name for field in fields])
    for row in rows:
        writer.writerow([text_of(field.plain(value)) for field, value in zip(fields, row, strict=True)])


def write_markdown(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """A table as GitHub's Markdown has it, with values shown as in CSV."""
    stream.write(_line(field.name for field in fields))
    stream.write(f"|{' --- |' * len(fields)}\n")
    for row in rows:
        stream.write(_line(text_of(field.plain(value)) for field, value in zip(fields, row, strict=True)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |\n"


def _cell(text: str) -> str:
    escaped = _MARKUP.sub(lambda found: f"\\{found[0]}", printable(text))
    return "<br>".join(escaped.splitlines())
