"""``stdbpy call --args-from``: progress, what failed, and a summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from stdbpy.api.call_lines import LineCalled
from stdbpy.cli.call_results import result_field
from stdbpy.cli.output import Field, Format, write_records
from stdbpy.cli.terminal import is_terminal, paint, printable
from stdbpy.errors import StdbError, counted
from stdbpy.sats.types import AlgebraicType, Primitive, Typespace

if TYPE_CHECKING:
    from rich.progress import Progress

_MOST_SHOWN = 20
"""Failures that are told one by one, and lines that are listed at the end."""

STDIN = "-"


@dataclass(slots=True)
class Tally:
    """What became of the lines so far."""

    done: int = 0
    failed: list[int] = field(default_factory=list)
    """The numbers of the lines."""
    last: LineCalled | None = None
    """The one behind which no more was called."""

    def add(self, called: LineCalled) -> None:
        if called.error is None:
            self.done += 1
        else:
            self.failed.append(called.number)
        if called.is_last and self.last is None:
            self.last = called

    def __str__(self) -> str:
        return f"{counted(self.done, 'call')} done"

    def raise_if_failed(self) -> None:
        """Raises :class:`StdbError` with the lines."""
        if not self.failed:
            return
        listed = ", ".join(map(str, self.failed[:_MOST_SHOWN]))
        more = f" and {len(self.failed) - _MOST_SHOWN} more" if len(self.failed) > _MOST_SHOWN else ""
        lines = f"line{'s' * (len(self.failed) > 1)} {listed}{more}"
        hint = ""
        if self.last is not None and self.last.error is not None:
            hint = f"Nothing behind line {max(self.failed)} was called. {self.last.error.hint}".rstrip()
        raise StdbError(f"{self}, {len(self.failed)} failed: {lines}", hint=hint)


@contextmanager
def open_lines(source: str) -> Iterator[BinaryIO]:
    """The lines of a file, or of stdin. Raises ``OSError``."""
    if source == STDIN:
        yield sys.stdin.buffer
    else:
        with Path(source).open("rb") as file:
            yield file


def watched(called: Iterable[LineCalled], tally: Tally, source: str, *, quiet: bool) -> Iterator[LineCalled]:
    """The same outcomes, counted in ``tally``; each failure is told on stderr, where a person at a
    terminal sees a bar grow."""
    with _bar(source, quiet=quiet) as (advance, tell):
        for each in called:
            tally.add(each)
            if each.error is not None and len(tally.failed) <= _MOST_SHOWN:
                tell(f"{paint(f'line {each.number}:', 'red', sys.stderr)} {printable(each.error.message)}")
            advance()
            yield each


@contextmanager
def _bar(source: str, *, quiet: bool) -> Iterator[tuple[Callable[[], object], Callable[[str], object]]]:
    def tell(text: str) -> None:
        print(text, file=sys.stderr)

    if quiet or not is_terminal(sys.stderr):
        yield lambda: None, tell
        return
    with _rich_progress() as progress:
        task = progress.add_task("Calling", total=_lines_in(source))
        yield lambda: progress.advance(task), tell


def _rich_progress() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    # What goes to stdout is data: it must not be drawn around the bar, wherever stdout leads.
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        redirect_stdout=False,
        transient=True,
    )


def _lines_in(source: str) -> int | None:
    """How many lines there are to call, if that can be found out without waiting."""
    if source == STDIN or not Path(source).is_file():
        return None
    with Path(source).open("rb") as file:
        return sum(1 for line in file if line.strip())


def write_results(
    called: Iterable[LineCalled],
    type: AlgebraicType,
    typespace: Typespace,
    format: Format,
    output: Path | None = None,
) -> None:
    """Writes what a procedure returned for each line, as records with the line's number."""
    fields = [Field("line", type=Primitive.U64), result_field(type, typespace)]
    write_records(fields, _rows(called), format, output)


def _rows(called: Iterable[LineCalled]) -> Iterator[list[Any]]:
    for each in called:
        if each.result is not None:
            yield [each.number, each.result.value]
