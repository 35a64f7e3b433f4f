"""The line on stderr that counts rows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path
from typing import TextIO

import pytest

from stdbpy.api import SqlColumns, SqlPart, SqlRows, SqlSummary
from stdbpy.cli import sql_results
from stdbpy.cli.sql_results import with_progress
from stdbpy.sats.types import ProductType

PARTS: list[SqlPart] = [SqlColumns(ProductType()), *[SqlRows([[1], [2]], b"[1],[2]")] * 1000, SqlSummary(5)]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock is half a second later."""
    moments = count()
    monkeypatch.setattr(sql_results.time, "monotonic", lambda: next(moments) / 2)


def shown(
    parts: Sequence[SqlPart] = PARTS, stdout: TextIO | None = None, output: Path | None = None, *, quiet: bool = False
) -> str:
    """What the terminal at stderr shows while the parts go by."""
    screen = Screen()
    with redirect_stderr(screen), redirect_stdout(stdout or io.StringIO()):
        assert list(with_progress(iter(parts), output, quiet=quiet)) == list(parts)
    return screen.getvalue()


def test_rows_are_counted() -> None:
    lines = shown().split("\r\x1b[K")
    assert lines[1] == "4 rows, 4 per second"
    assert lines[-2] == "2,000 rows, 4 per second"
    assert lines[-1] == ""


def test_the_line_goes_when_it_is_interrupted() -> None:
    screen = Screen()
    with redirect_stderr(screen), redirect_stdout(io.StringIO()):
        parts = with_progress(iter(PARTS), None, quiet=False)
        for _ in range(10):
            next(parts)
        assert not screen.getvalue().endswith("\r\x1b[K")
        del parts
    assert screen.getvalue().endswith("\r\x1b[K")


def test_rows_on_the_terminal_are_their_own_progress() -> None:
    assert shown(stdout=Screen()) == ""
    assert "rows" in shown(stdout=Screen(), output=Path("x.csv"))


def test_quiet() -> None:
    assert shown(quiet=True) == ""


def test_small_answers_show_nothing() -> None:
    assert shown([PARTS[0], PARTS[1], PARTS[-1]]) == ""
