"""What fits on the terminal is printed, what does not goes through the pager."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from contextlib import redirect_stdout
from itertools import repeat
from pathlib import Path

import pytest

from stdbpy.cli.shell.pager import paged

WIDTH, HEIGHT = 20, 5


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the pager of the tests leaves its options and what it was given."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setenv("LINES", str(HEIGHT))
    seen = tmp_path / "seen"
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\necho "$LESS" >"{seen}"\ncat >>"{seen}"\n')
    pager.chmod(0o755)
    monkeypatch.setenv("PAGER", str(pager))
    monkeypatch.delenv("LESS", raising=False)
    return seen


def printed(tmp_path: Path, lines: Iterable[str], *, cuts_lines: bool = False) -> str:
    """What the lines, printed through the pager in small pieces, leave on stdout."""
    file = tmp_path / "stdout"
    # A terminal is a file; what pytest has as stdout is none.
    with file.open("w") as stdout, redirect_stdout(stdout), paged(cuts_lines=cuts_lines):
        for line in lines:
            print(line[: len(line) // 2], end="")
            print(line[len(line) // 2 :])
    return file.read_text()


def whole(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize("lines", [["short"], ["x" * WIDTH] * 3, ["x" * (2 * WIDTH)], []])
def test_what_fits(seen: Path, tmp_path: Path, lines: list[str]) -> None:
    assert printed(tmp_path, lines) == whole(lines)
    assert not seen.exists()


@pytest.mark.parametrize("lines", [["short"] * 5, ["x" * (WIDTH + 1)] * 2, ["x" * WIDTH * HEIGHT], ["a\n" * 9]])
def test_what_is_too_long(seen: Path, tmp_path: Path, lines: list[str]) -> None:
    assert printed(tmp_path, lines) == ""
    assert seen.read_text() == "RXF\n" + whole(lines)


def test_tables_are_cut_at_the_right(seen: Path, tmp_path: Path) -> None:
    line = "x" * (WIDTH + 1)
    assert printed(tmp_path, [line], cuts_lines=True) == ""
    assert seen.read_text() == f"RXFS\n{line}\n"


@pytest.mark.parametrize("pager", ["", "cat", "there-is-no-such-pager"])
def test_no_pager(seen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pager: str) -> None:
    monkeypatch.setenv("PAGER", pager)
    assert printed(tmp_path, ["a"] * 100) == whole(["a"] * 100)
    assert not seen.exists()


def test_who_leaves_the_pager_has_seen_enough(seen: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAGER", "true")
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(BrokenPipeError):
        printed(tmp_path, repeat("a line"))

    assert signal.getsignal(signal.SIGINT) is before
