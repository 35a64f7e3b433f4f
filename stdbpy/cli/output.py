"""How data leaves the program, for every command that has some.

Data goes to stdout, everything else to stderr. What a person looks at is a table; what a program
reads is JSON lines: one object per record, written as it comes. ``--format`` overrules that.
"""

from __future__ import annotations

import csv
import enum
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from stdbpy.cli.terminal import has_colour, is_terminal, printable
from stdbpy.errors import UsageError, nearest

Plain = Any
"""What JSON can say: ``None``, bool, int of any size, finite float, str, list and dict of these."""


class Format(enum.StrEnum):
    TABLE = "table"
    JSON = "json"
    """One document: a list of objects."""
    JSONL = "jsonl"
    CSV = "csv"


_SYNONYMS = {"text": Format.TABLE}
"""What the official program calls them. Taken so that its users' habits work, and told nowhere."""

FORMAT_NAMES = "|".join(format.value for format in Format)


def parse_format(name: str) -> Format:
    """The format called ``name``. Raises :class:`UsageError`, which names the nearest one."""
    formats = {format.value: format for format in Format} | _SYNONYMS
    if name not in formats:
        hint = nearest(name, formats) or f"One of {', '.join(Format)}"
        raise UsageError(f"there is no format {name!r}", hint=hint)
    return formats[name]


def format_for(requested: Format | None) -> Format:
    """The format to write in: the requested one, else ``STDBPY_FORMAT``, else what suits the reader of stdout."""
    if requested is not None:
        return requested
    from_environment = os.environ.get("STDBPY_FORMAT")
    if from_environment:
        return parse_format(from_environment)
    return Format.TABLE if is_terminal(sys.stdout) else Format.JSONL


def _same(value: Plain) -> Plain:
    return value


def text_of(value: Plain) -> str:
    """A value as it stands in a table or in CSV: strings bare, nothing for ``None``."""
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return to_json(value)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the records that a command writes: its name and how its values are shown."""

    name: str
    plain: Callable[[Any], Plain] = _same
    """For programs."""
    text: Callable[[Any], str] = text_of
    """For people."""


def write_records(fields: Sequence[Field], rows: Iterable[Sequence[Any]], format: Format) -> None:
    """Writes rows, each with one value per field, to stdout; all formats but the table as they come."""
    match format:
        case Format.TABLE:
            _write_table([field.name for field in fields], _texts(fields, rows), sys.stdout)
        case Format.JSONL:
            for record in _objects(fields, rows):
                print(to_json(record))
        case Format.JSON:
            _write_document(_objects(fields, rows), sys.stdout)
        case Format.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerow([field.name for field in fields])
            for row in rows:
                writer.writerow([text_of(field.plain(value)) for field, value in zip(fields, row, strict=True)])


def to_json(value: Plain, *, indent: int | None = None) -> str:
    """JSON that keeps every digit of every integer. Non-ASCII text is escaped where stdout cannot write it."""
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=ascii_only, allow_nan=False, separators=separators, indent=indent)
    return text if text.isascii() else _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_CONTROL = re.compile("[\x80-\x9f\u2028\u2029]")
"""What JSON may hold bare but terminals obey, or some programs take for the end of a line."""


def _objects(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[dict[str, Plain]]:
    names = [field.name for field in fields]
    converters = [field.plain for field in fields]
    for row in rows:
        yield dict(zip(names, [plain(value) for plain, value in zip(converters, row, strict=True)], strict=True))


def _write_document(records: Iterable[dict[str, Plain]], stream: TextIO) -> None:
    stream.write("[")
    separator = "\n"
    for record in records:
        stream.write(f"{separator}{to_json(record)}")
        separator = ",\n"
    stream.write("\n]\n" if separator == ",\n" else "]\n")


def _texts(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [printable(field.text(value)) for field, value in zip(fields, row, strict=True)]


def _write_table(headers: Sequence[str], rows: Iterable[list[str]], stream: TextIO) -> None:
    if is_terminal(stream):
        _write_rich_table(headers, rows)
        return
    # As `psql` and the official program write it: scripts read this one.
    lines = [list(headers), *(line for row in rows for line in _unfolded(row))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headers))]
    rule = "+".join("-" * (width + 2) for width in widths)
    for number, line in enumerate(lines):
        cells = (f" {cell:<{width}} " for cell, width in zip(line, widths, strict=True))
        stream.write(f"{'|'.join(cells).rstrip()}\n")
        if number == 0:
            stream.write(f"{rule}\n")


def _unfolded(row: list[str]) -> Iterator[list[str]]:
    """The lines of a row whose cells may hold several lines."""
    cells = [cell.split("\n") for cell in row]
    for line in range(max(map(len, cells), default=0)):
        yield [cell[line] if line < len(cell) else "" for cell in cells]


def _write_rich_table(headers: Sequence[str], rows: Iterable[list[str]]) -> None:
    from rich.box import Box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # The same look as without a terminal; Rich folds what is too wide for it.
    box = Box("    \n  | \n -+ \n  | \n    \n    \n  | \n    \n", ascii=True)
    table = Table(box=box, header_style="bold", show_edge=False)
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False, color_system="auto" if has_colour(sys.stdout) else None).print(table)
