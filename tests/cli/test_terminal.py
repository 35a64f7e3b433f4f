"""Questions, colours, and what must not reach a terminal."""

from __future__ import annotations

import io
import sys

import pytest

from stdbpy.api import LogRecord
from stdbpy.cli.log_lines import log_line
from stdbpy.cli.terminal import DeclinedError, confirm, has_colour, paint, printable
from stdbpy.errors import UsageError
from stdbpy.sats import Timestamp


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def sit_down(monkeypatch: pytest.MonkeyPatch, typed: str) -> Terminal:
    """Makes stdin and stderr a terminal at which somebody has typed that; returns what is shown."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.mark.parametrize("typed", ["y\n", "YES\n", " yes \n"])
def test_yes(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    shown = sit_down(monkeypatch, typed)
    confirm("Delete it?", flag="--yes", yes=False)
    assert shown.getvalue() == "Delete it? [y/N] "


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "yess\n"])
def test_anything_else_is_no(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    sit_down(monkeypatch, typed)
    with pytest.raises(DeclinedError):
        confirm("Delete it?", flag="--yes", yes=False)


def test_answered_before(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = sit_down(monkeypatch, "")
    confirm("Delete it?", flag="--yes", yes=True)
    assert shown.getvalue() == ""


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
def test_nobody_to_answer(monkeypatch: pytest.MonkeyPatch, stream: str) -> None:
    sit_down(monkeypatch, "y\n")
    monkeypatch.setattr(sys, stream, io.StringIO("y\n"))
    with pytest.raises(UsageError, match="there is no terminal to ask on: Delete it") as caught:
        confirm("Delete it?", flag="--yes", yes=False)
    assert caught.value.hint == "--yes answers yes"


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert paint("x", "red", Terminal()) == "\x1b[31mx\x1b[0m"
    assert paint("x", "red", io.StringIO()) == "x"
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour(Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour(Terminal())
    monkeypatch.setenv("NO_COLOR", "")
    assert has_colour(Terminal())


def test_control_characters_are_shown() -> None:
    assert printable("a\x1b[2J\x00\x7f\x9bb\tc\nd“é”") == "a\\x1b[2J\\x00\\x7f\\x9bb\tc\nd“é”"


def test_a_log_cannot_drive_the_terminal_or_make_up_records() -> None:
    hostile = "\x1b]0;gone\x07"
    message = f"one\n2026 ERROR: {hostile}\u202etwo"
    record = LogRecord("Info", Timestamp(0), message, filename=f"{hostile}.py", line_number=1, function=hostile)
    line = log_line(record, sys.stdout)
    assert not set("\x1b\x07\u202e") & set(line)
    assert all(text.startswith("    ") for text in line.split("\n")[1:])
