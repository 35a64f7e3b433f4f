"""Writing the results of SQL statements while they arrive."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from stdbpy.api.bugs import LoggedBug
from stdbpy.api.sql_stream import SqlColumns, SqlPart, SqlRows, SqlSummary
from stdbpy.cli.output import Format, open_sink, to_json, write_records
from stdbpy.cli.output.json_text import presentable
from stdbpy.cli.query_fields import fields_of
from stdbpy.cli.terminal import is_terminal
from stdbpy.sats.meta import product_to_json

Note = Callable[[str], None]
WriteResult = Callable[[Iterator[SqlPart]], None]
"""Writes what one statement returns."""

_WITH_A_GAP = (Format.TABLE, Format.CSV, Format.MARKDOWN)
"""Formats in which an empty line stands between two results: each has a line of names of its own."""

_PROGRESS_AFTER = 1.0
_PROGRESS_EVERY = 0.2


@contextmanager
def open_results(format: Format, output: Path | None, note: Note) -> Iterator[WriteResult]:
    """A function that writes the results of statements, one after the other, to stdout or ``output``.

    JSON is the server's own answer, digit for digit, as the official program writes it; several
    statements make one list. The other formats have plain values, and what a statement changed is a
    ``note``. A file can hold one result with rows, unless it is JSON.
    """
    if format is Format.JSON:
        with open_sink(output) as stream:
            document = _Document(stream)
            yield document.write
            document.end()
    else:
        yield _Records(format, output, note).write


class _Document:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_empty = True

    def write(self, parts: Iterable[SqlPart]) -> None:
        write = self._stream.write
        separator = ""
        for part in parts:
            match part:
                case SqlColumns(columns):
                    # Not before there is an answer: an error leaves stdout empty.
                    write("[" if self._is_empty else ",")
                    write(f'{{"schema":{to_json(product_to_json(columns))},"rows":[')
                    self._is_empty, separator = False, ""
                case SqlRows(_, text):
                    write(separator + presentable(text.decode(), self._stream))
                    separator = ","
                case SqlSummary(duration, inserted, deleted, updated):
                    stats = {"rows_inserted": inserted, "rows_deleted": deleted, "rows_updated": updated}
                    write(f'],"total_duration_micros":{duration},"stats":{to_json(stats)}}}')

    def end(self) -> None:
        self._stream.write("[]\n" if self._is_empty else "]\n")


class _Records:
    def __init__(self, format: Format, output: Path | None, note: Note) -> None:
        self._format = format
        self._output = output
        self._note = note
        self._is_first = True

    def write(self, parts: Iterator[SqlPart]) -> None:
        for part in parts:
            match part:
                case SqlColumns(columns) if columns.elements:
                    if not self._is_first and self._output is None and self._format in _WITH_A_GAP:
                        print()
                    self._is_first = False
                    write_records(fields_of(columns), rows_of(parts), self._format, self._output)
                case SqlSummary():
                    self._note(changes(part))


def rows_of(parts: Iterator[SqlPart]) -> Iterator[list[Any]]:
    """The rows of the statement whose columns were the part before; ends when it does."""
    for part in parts:
        match part:
            case SqlRows(values):
                yield from values
            case SqlSummary():
                return


def changes(summary: SqlSummary) -> str:
    """What a statement changed, in words."""
    counts = (
        ("inserted", summary.rows_inserted),
        ("updated", summary.rows_updated),
        ("deleted", summary.rows_deleted),
    )
    return ", ".join(f"{count} row{'s' * (count != 1)} {what}" for what, count in counts if count) or "no row changed"


def noting_failed_views(
    parts: Iterator[SqlPart], last_bug: Callable[[], LoggedBug | None], note: Note
) -> Iterator[SqlPart]:
    """The same parts. If there are no rows, ``last_bug`` tells whether that is because a view has failed: of that
    servers tell the log alone."""
    has_columns = has_rows = False
    for part in parts:
        match part:
            case SqlColumns(columns):
                has_columns = bool(columns.elements)
            case SqlRows(values):
                has_rows = has_rows or bool(values)
        yield part
    if has_columns and not has_rows and (bug := last_bug()):
        note(f"a view without rows has failed: {bug}")
        if bug.hint:
            note(f"Hint: {bug.hint}")


def with_progress(parts: Iterator[SqlPart], output: Path | None, *, quiet: bool) -> Iterator[SqlPart]:
    """The same parts; meanwhile a line on stderr counts rows, if somebody looks there and does not see them go by."""
    if quiet or not is_terminal(sys.stderr) or (output is None and is_terminal(sys.stdout)):
        yield from parts
        return
    begin = time.monotonic()
    count, due = 0, begin + _PROGRESS_AFTER
    is_shown = False
    try:
        for part in parts:
            if isinstance(part, SqlRows):
                count += len(part.values)
                now = time.monotonic()
                if now >= due:
                    rate = count / (now - begin)
                    sys.stderr.write(f"\r\x1b[K{count:,} rows, {rate:,.0f} per second")
                    sys.stderr.flush()
                    is_shown, due = True, now + _PROGRESS_EVERY
            yield part
    finally:
        if is_shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
