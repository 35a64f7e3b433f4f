"""One shell's state, and what it does with a piece of input. Knows no keyboard: input comes as text."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from stdbpy.api.sql_stream import SqlColumns, SqlPart
from stdbpy.cli.output import Format
from stdbpy.cli.query_fields import fields_of
from stdbpy.cli.shell.commands import COMMANDS
from stdbpy.cli.shell.expanded import write_expanded
from stdbpy.cli.shell.input import LAST_RESULT, is_command, read_command
from stdbpy.cli.shell.last_result import LastResult
from stdbpy.cli.shell.names import Names
from stdbpy.cli.shell.pager import paged
from stdbpy.cli.sql_results import changes, open_results, rows_of, with_progress
from stdbpy.cli.terminal import paint
from stdbpy.errors import ApiError, NotFound, SchemaError, ServerUnreachable, TokenRejected, UsageError, nearest
from stdbpy.sql.statements import is_complete, split

if TYPE_CHECKING:
    from stdbpy.api import ApiClient
    from stdbpy.cli.invocation import Invocation

_MOST_FILES_INSIDE = 16
"""How deep files may read each other."""


class Session:
    """Runs statements and commands. Use it as a context manager: leaving closes the file of ``\\o``.

    Raises what the client raises, :class:`UsageError` for commands that make no sense, and :class:`Leave`.
    """

    def __init__(
        self, api: ApiClient, database: str, format: Format, invocation: Invocation, *, confirmed: bool | None = None
    ) -> None:
        self.api = api
        self.database = database
        self.format = format
        self.invocation = invocation
        self.is_expanded = False
        self.is_timed = False
        self.uses_pager = True
        self.names = Names()
        self._confirmed = confirmed
        self._last = LastResult()
        self._output: Path | None = None
        self._output_format = Format.TABLE
        self._stream: TextIO | None = None
        self._files_inside = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.write_to(None)

    # --- input -------------------------------------------------------------------------------

    def run(self, text: str) -> None:
        """Does what a whole piece of input says; of several statements, until one fails."""
        if is_command(text):
            line = read_command(text)
            command = COMMANDS.get(line.name)
            if command is None:
                sign = "" if line.name == LAST_RESULT else "\\"
                raise UsageError(
                    f"there is no command {sign}{line.name}", hint=nearest(line.name, COMMANDS) or r"\? lists them"
                )
            command.run(self, line.arguments)
            return
        for statement in split(text):
            self._run_statement(statement.text)

    def run_file(self, path: Path) -> None:
        """Does what a file says: commands on lines of their own, and statements."""
        if self._files_inside == _MOST_FILES_INSIDE:
            raise UsageError(f"{path}: files that read files go too deep")
        try:
            lines = path.read_text("utf-8-sig").splitlines(keepends=True)
        except UnicodeDecodeError:
            raise UsageError(f"{path}: this is not UTF-8 text") from None
        self._files_inside += 1
        try:
            for number, text in _pieces(lines):
                try:
                    self.run(text)
                except (ApiError, UsageError) as error:
                    error.message = f"{path}:{number}: {error.message}"
                    raise
        finally:
            self._files_inside -= 1

    def _run_statement(self, text: str) -> None:
        self._last = LastResult()
        begin = time.monotonic()
        parts = self.api.sql_stream(self.database, text, confirmed=self._confirmed)
        self._write(self._last.recorded(parts), self._shape)
        self._tell(time.monotonic() - begin)

    # --- output ------------------------------------------------------------------------------

    @property
    def _shape(self) -> Format:
        return self.format if self._output is None else self._output_format

    def write_to(self, path: Path | None, format: Format = Format.TABLE) -> None:
        """Writes the results to come to a file, or with ``None`` to the terminal. Raises ``OSError``."""
        if self._stream is not None:
            self._stream.close()
        self._output, self._output_format = path, format
        # A format of bytes has place for one result: its file is written anew for each.
        is_text = path is not None and not format.is_binary
        self._stream = path.open("w", encoding="utf-8", newline="") if path is not None and is_text else None

    def show_last(self, format: Format, path: Path | None = None) -> None:
        """Shows the last result again, or writes it to a file."""
        parts = self._last.parts()
        if path is None:
            self._write(parts, format)
            return
        with open_results(format, path, _say_nothing) as write:
            write(parts)

    def _write(self, parts: Iterator[SqlPart], shape: Format) -> None:
        # Who leaves the pager has seen enough.
        with suppress(BrokenPipeError), self._destination(shape):
            if self.is_expanded and shape is Format.TABLE:
                self._write_expanded(parts)
                return
            path = self._output if shape.is_binary else None
            with open_results(shape, path, _say_nothing) as write:
                write(with_progress(parts, self._output, quiet=self._output is None or self.invocation.quiet))

    def _write_expanded(self, parts: Iterator[SqlPart]) -> None:
        for part in parts:
            match part:
                case SqlColumns(columns):
                    write_expanded(fields_of(columns), rows_of(parts), sys.stdout)

    @contextmanager
    def _destination(self, shape: Format) -> Iterator[None]:
        with ExitStack() as stack:
            if self._stream is not None:
                stack.enter_context(redirect_stdout(self._stream))
                stack.callback(self._stream.flush)
            elif self._output is None:
                is_table = shape is Format.TABLE and not self.is_expanded
                stack.enter_context(paged(enabled=self.uses_pager, cuts_lines=is_table))
            yield

    def _tell(self, seconds: float) -> None:
        """What there is to say about the last statement."""
        summary, rows = self._last.summary, self._last.rows
        said = []
        if summary is not None and not self._last.has_columns:
            said.append(changes(summary))
        elif self._output is not None or self.format is Format.TABLE:
            said.append(f"({rows:,} row{'s' * (rows != 1)})")
        if self.is_timed:
            inside = "" if summary is None else f", {summary.duration_micros / 1000:.1f} ms of it in the database"
            said.append(f"{seconds * 1000:.1f} ms{inside}")
        if said:
            self._note("  ".join(said))

    def _note(self, text: str) -> None:
        self.invocation.note(paint(text, "dim", sys.stderr))

    # --- names -------------------------------------------------------------------------------

    def learn_names(self) -> None:
        """Asks for the schema. Without permission to read it there are no names, which a note says.

        Raises what makes all else fail too: no server, no database, a token that does not count.
        """
        try:
            self.names = Names.of(self.api.schema(self.database))
        except (NotFound, ServerUnreachable, TokenRejected):
            raise
        except (ApiError, SchemaError) as error:
            self.names = Names()
            self.invocation.note(f"Names cannot be completed: {error.message}")


def _say_nothing(text: str) -> None:
    """What a statement changed is told with all else about it."""
    del text


def _pieces(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Commands and statements of a file, each with the number of its first line."""
    begun, first = "", 0
    for number, line in enumerate(lines, start=1):
        if not begun and is_command(line):
            yield number, line
            continue
        first = first if begun else number
        begun += line
        # Not each line of a long statement is worth looking at all of it.
        may_end = begun == line or ";" in line or "*/" in line
        if may_end and is_complete(begun):
            yield first, begun
            begun = ""
    if begun:
        yield first, begun
