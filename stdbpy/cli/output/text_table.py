"""Tables for people, which scripts can read too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

from stdbpy.cli.output.fields import Field
from stdbpy.cli.terminal import has_colour, is_terminal, printable

if TYPE_CHECKING:
    from rich.box import Box

ROWS_THAT_SETTLE = 10_000
"""So many rows are read before the first is written. Longer tables go on as they come: a value that is
wider than its column by then pushes what follows it to the right."""


def write_table(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    """A table whose columns are as wide as their widest value, among the first :data:`ROWS_THAT_SETTLE` rows;
    on a terminal one that is not longer is folded to its width."""
    headers = [printable(field.name) for field in fields]
    texts = _texts(fields, rows)
    first = list(islice(texts, ROWS_THAT_SETTLE))
    if is_terminal(stream) and len(first) < ROWS_THAT_SETTLE:
        _write_rich_table(headers, first, stream)
    else:
        _write_plain_table(headers, first, texts, stream)


def _texts(fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    for row in rows:
        yield [printable(field.text(value)) for field, value in zip(fields, row, strict=True)]


def _write_plain_table(
    headers: Sequence[str], first: Iterable[list[str]], rest: Iterable[list[str]], stream: TextIO
) -> None:
    # As `psql` and the official program write it: scripts read this one.
    lines = [line for row in first for line in _unfolded(row)]
    widths = [max(map(len, column)) for column in zip(headers, *lines, strict=True)]

    def write(line: Sequence[str]) -> None:
        cells = [f" {cell:<{width}} " for cell, width in zip(line, widths, strict=True)]
        stream.write(f"{'|'.join(cells).rstrip()}\n")

    write(headers)
    stream.write(f"{'+'.join('-' * (width + 2) for width in widths)}\n")
    for line in lines:
        write(line)
    for row in rest:
        for line in _unfolded(row):
            write(line)


def _unfolded(row: list[str]) -> Iterator[list[str]]:
    """The lines of a row whose cells may hold several lines."""
    if not any("\n" in cell for cell in row):
        yield row
        return
    cells = [cell.split("\n") for cell in row]
    for line in range(max(map(len, cells), default=0)):
        yield [cell[line] if line < len(cell) else "" for cell in cells]


def plain_box() -> Box:
    """The lines of Rich's tables, so that they look as they do without a terminal."""
    from rich.box import Box

    return Box("    \n  | \n -+ \n  | \n    \n    \n  | \n    \n", ascii=True)


def _write_rich_table(headers: Sequence[str], rows: Iterable[list[str]], stream: TextIO) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # Rich folds what is too wide for the terminal.
    table = Table(box=plain_box(), header_style="bold", show_edge=False)
    for header in headers:
        table.add_column(Text(header), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=stream, highlight=False, color_system="auto" if has_colour(stream) else None).print(table)
