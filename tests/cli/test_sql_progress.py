"""The line on stderr that counts rows."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from stdbpy.api import SqlColumns, SqlRows, SqlSummary
from stdbpy.cli import sql_results
from stdbpy.cli.sql_results import with_progress
from stdbpy.sats.types import ProductType

PARTS = [SqlColumns(ProductType()), *[SqlRows([[1], [2]], b"[1],[2]")] * 1000, SqlSummary(5)]


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stderr(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal; and every look at the clock is half a second later."""
    screen = Screen()
    moments = iter(range(10_000))
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(sql_results.time, "monotonic", lambda: next(moments) / 2)
    return screen


def test_rows_are_counted(stderr: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert list(with_progress(iter(PARTS), None, quiet=False)) == PARTS
    shown = stderr.getvalue().split("\r\x1b[K")
    assert shown[1] == "4 rows, 4 per second"
    assert shown[-2] == "2,000 rows, 4 per second"
    assert shown[-1] == ""


def test_the_line_goes_when_it_is_interrupted(stderr: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    parts = with_progress(iter(PARTS), None, quiet=False)
    for _ in range(10):
        next(parts)
    del parts
    assert stderr.getvalue().endswith("\r\x1b[K")


def test_rows_on_the_terminal_are_their_own_progress(stderr: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Screen())
    assert list(with_progress(iter(PARTS), None, quiet=False)) == PARTS
    assert stderr.getvalue() == ""
    assert list(with_progress(iter(PARTS), Path("x.csv"), quiet=False)) == PARTS
    assert "rows" in stderr.getvalue()


def test_quiet(stderr: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert list(with_progress(iter(PARTS), None, quiet=True)) == PARTS
    assert stderr.getvalue() == ""


def test_small_answers_show_nothing(stderr: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert len(list(with_progress(iter([PARTS[0], PARTS[1], PARTS[-1]]), None, quiet=False))) == 3
    assert stderr.getvalue() == ""
