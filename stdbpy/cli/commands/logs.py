"""``stdbpy logs``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stdbpy.api.log_selection import LEVELS, LogSelection, parse_pattern, parse_since
from stdbpy.cli.connection import connect
from stdbpy.cli.databases import resolve_database, telling_who_named
from stdbpy.cli.failures import INTERRUPTED
from stdbpy.cli.invocation import Invocation, invocation_of
from stdbpy.cli.log_lines import log_line
from stdbpy.cli.options import Anonymous, FormatOption, NoConfig, Output, ProjectDatabase, Server, Yes
from stdbpy.cli.output import Field, Format, format_for, open_sink, to_json, write_records
from stdbpy.cli.parameters import OneOf
from stdbpy.cli.terminal import printable
from stdbpy.errors import ApiError, UsageError
from stdbpy.sats.types import TIMESTAMP, Primitive, option
from stdbpy.sats.values import Timestamp

if TYPE_CHECKING:
    from stdbpy.api import ApiClient, LogRecord

EXAMPLES = (
    "stdbpy logs chat",
    "stdbpy logs chat --num-lines 20 --follow",
    "stdbpy logs chat --since 2h --level warn --grep 'time.?out'",
)


def _parse_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UsageError(f"--num-lines is a number of lines, not {text!r}", hint="stdbpy logs DATABASE --num-lines 20")
    return int(text)


def run(
    context: typer.Context,
    database: ProjectDatabase = None,
    num_lines: Annotated[
        int | None,
        typer.Option(
            *("-n", "--num-lines"),
            parser=_parse_number,
            metavar="N",
            help="Only the last N lines; the options below choose among them. Default: all; none with -f alone.",
        ),
    ] = None,
    follow: Annotated[
        bool, typer.Option("-f", "--follow", help="Wait for more until interrupted, also while the server restarts.")
    ] = False,
    level: Annotated[
        str | None,
        typer.Option("-l", "--level", click_type=OneOf(*LEVELS), help="Only lines of this level and more severe ones."),
    ] = None,
    level_exact: Annotated[bool, typer.Option("--level-exact", help="Only lines of just that level.")] = False,
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="WHEN", help="Only what was logged since: 10m, 2h, 1d12h, 2026-01-31T09:30."),
    ] = None,
    grep: Annotated[
        str | None, typer.Option("--grep", metavar="PATTERN", help="Only messages in which this expression occurs.")
    ] = None,
    server: Server = None,
    anonymous: Anonymous = False,
    yes: Yes = False,
    no_config: NoConfig = False,
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    format: FormatOption = None,
    output: Output = None,
) -> None:
    """Show what a database logged.

    JSON is one object per line, as the server has it.
    """
    del yes  # the official program asks whether to log in, which nobody needs here
    if level_exact and level is None:
        raise UsageError("--level-exact needs a level", hint="stdbpy logs DATABASE --level warn --level-exact")
    invocation = invocation_of(context)
    selection = LogSelection(
        level,
        level_exact,
        None if since is None else parse_since(since),
        None if grep is None else parse_pattern(grep),
    )
    shape = Format.JSON if json else format_for(format, output)
    if follow and (output is not None or shape.is_binary):
        raise UsageError("a log that is followed has no end, so it cannot become such a file", hint="Leave out -f")
    chosen = resolve_database(database, server, no_config=no_config)
    with connect(invocation, chosen.server, anonymous=anonymous) as api, telling_who_named(chosen):
        if follow:
            records = _followed(invocation, api, chosen.database, num_lines, selection.since)
        else:
            records = _kept(api, chosen.database, num_lines, selection.since)
        try:
            _write(filter(selection.wants, records), shape, output)
        except KeyboardInterrupt:
            if follow:  # that is how following ends
                raise typer.Exit(INTERRUPTED) from None
            raise


def _kept(api: ApiClient, database: str, num_lines: int | None, since: Timestamp | None) -> Iterator[LogRecord]:
    from stdbpy.api.log_follow import logs_since

    if since is not None and num_lines is None:
        return logs_since(api, database, since)
    return api.logs(database, num_lines)


def _followed(
    invocation: Invocation, api: ApiClient, database: str, num_lines: int | None, since: Timestamp | None
) -> Iterator[LogRecord]:
    from stdbpy.api.log_follow import follow_logs

    is_waiting = False

    def lost(reason: ApiError | None) -> None:
        nonlocal is_waiting
        if not is_waiting:
            why = "the log ended" if reason is None else reason.message
            invocation.note(f"{printable(why)}; waiting for it to go on")
        is_waiting = True

    if num_lines is not None or since is None:
        lines = num_lines or 0  # alone, it begins at the end
        records = follow_logs(api, database, lines, lost=lost)
    else:
        records = follow_logs(api, database, since=since, lost=lost)
    for record in records:
        is_waiting = False
        yield record


# --- writing ---------------------------------------------------------------------------------


def _write(records: Iterable[LogRecord], shape: Format, output: Path | None) -> None:
    if shape in (Format.TABLE, Format.JSON, Format.JSONL):
        with open_sink(output) as stream:
            for record in records:
                # A log has no end while it is followed, so JSON is lines here, as in the official program.
                line = log_line(record, stream) if shape is Format.TABLE else to_json(record.raw)
                stream.write(f"{line}\n")
                stream.flush()
    else:
        write_records(_FIELDS, _rows(records), shape, output)


def _rows(records: Iterable[LogRecord]) -> Iterator[list[Any]]:
    for record in records:
        yield [record.raw.get(field.name) for field in _FIELDS]
        sys.stdout.flush()


_FIELDS = [
    Field("ts", type=TIMESTAMP, read=Timestamp),
    *map(Field, ("level", "target", "function", "filename")),
    Field("line_number", type=option(Primitive.U32)),
    Field("message"),
]
