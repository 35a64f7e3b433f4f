"""Tables for people, which scripts can read too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

from stdbpy.cli.output.fields import Field
from stdbpy.cli.terminal import has_colour, is_terminal, printable


def write_table(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """A table whose columns are as wide as their widest value; on a terminal folded to its width."""
    headers = [printable(field.name) for field in fields]
    texts = _texts(fields, rows)
    if is_terminal(stream):
        _write_rich_table(headers, texts, stream)
    else:
        _write_plain_table(headers, texts, stream)


def _texts(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [printable(field.text(value)) for field, value in zip(fields, row, strict=True)]


def _write_plain_table(headers: Sequence[str], rows: Iterable[list[str]], stream: TextIO) -> None:
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


def _write_rich_table(headers: Sequence[str], rows: Iterable[list[str]], stream: TextIO) -> None:
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
    Console(file=stream, highlight=False, color_system="auto" if has_colour(stream) else None).print(table)
