"""Rows as blocks of one line per column, for rows that are wider than the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from stdbpy.cli.output import Field
from stdbpy.cli.terminal import printable


def write_expanded(fields: Sequence[Field], rows: Iterable[Sequence[Any]], stream: TextIO) -> None:
    names = [printable(field.name) for field in fields]
    width = max(map(len, names), default=0)
    for number, row in enumerate(rows, start=1):
        stream.write(f"{f'-[ row {number} ]':-<{width + 12}}\n")
        for name, field, value in zip(names, fields, row, strict=True):
            first, *others = printable(field.text(value)).split("\n")
            stream.write(f"{name:<{width}} | {first}\n")
            for line in others:
                stream.write(f"{'':<{width}} | {line}\n")
