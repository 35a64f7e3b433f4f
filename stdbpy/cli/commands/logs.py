"""``stdbpy logs``."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from stdbpy.cli.connection import connect
from stdbpy.cli.invocation import invocation_of
from stdbpy.cli.options import Anonymous, Database, FormatOption, Server
from stdbpy.cli.output import Field, Format, format_for, to_json, write_records
from stdbpy.cli.satn import timestamp_text
from stdbpy.cli.terminal import Colour, paint, printable
from stdbpy.errors import UsageError

if TYPE_CHECKING:
    from stdbpy.api import LogRecord

EXAMPLES = ("stdbpy logs chat", "stdbpy logs chat --num-lines 20 --follow")

LINES_BEFORE_FOLLOWING = 10

_COLOURS: dict[str, Colour] = {
    "Panic": "red",
    "Error": "red",
    "Warn": "yellow",
    "Info": "blue",
    "Debug": "dim",
    "Trace": "dim",
}
_SYSTEM = "__spacetimedb__"
"""What the server writes as function and file of lines that are its own."""


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"--num-lines is a number of lines, not {text!r}", hint="stdbpy logs DATABASE --num-lines 20")
    return int(text)


def run(
    context: typer.Context,
    database: Database,
    num_lines: Annotated[
        int | None,
        typer.Option(
            *("-n", "--num-lines"),
            parser=_parse_number,
            metavar="N",
            help="Only the last N lines. Default: all; 10 with -f.",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Wait for more until interrupted.")] = False,
    server: Server = None,
    anonymous: Anonymous = False,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    format: FormatOption = None,
) -> None:
    """Show what a database logged."""
    shape = Format.JSON if json else format_for(format)
    if follow and num_lines is None:
        num_lines = LINES_BEFORE_FOLLOWING
    with connect(invocation_of(context), server, anonymous=anonymous) as api:
        _write(api.logs(database, num_lines, follow=follow), shape)


def _write(records: Iterable[LogRecord], shape: Format) -> None:
    if shape is Format.CSV:
        rows = ([record.raw.get(field.name) for field in _FIELDS] for record in records)
        write_records(_FIELDS, rows, shape)
        return
    for record in records:
        # A log has no end while it is followed, so JSON is lines here, as in the official program.
        print(_line(record) if shape is Format.TABLE else to_json(record.raw))
        sys.stdout.flush()


def _line(record: LogRecord) -> str:
    """``2026-01-02T03:04:05.678Z  INFO: send_message lib.py:12: text``, as the official program has it."""
    level = paint(f"{printable(record.level).upper():>5}:", _COLOURS.get(record.level, "bold"), sys.stdout)
    place = [printable(part) for part in (record.function, _file(record)) if part and part != _SYSTEM]
    where = paint(" ".join(place), "dim", sys.stdout) + ": " if place else ""
    moment = paint(timestamp_text(record.time).replace("+00:00", "Z"), "dim", sys.stdout)
    # Lines behind the first are set in, so that no message can pass for a record of its own.
    message = printable(record.message).replace("\n", "\n    ")
    return f"{moment} {level} {where}{message}"


def _file(record: LogRecord) -> str | None:
    if record.filename in (None, _SYSTEM) or record.line_number is None:
        return record.filename
    return f"{record.filename}:{record.line_number}"


_FIELDS = [Field(name) for name in ("ts", "level", "target", "function", "filename", "line_number", "message")]
