"""What a piece of input is, and when it is whole."""

from __future__ import annotations

import pytest

from stdbpy.cli.shell.highlight import STYLES, highlighted
from stdbpy.cli.shell.input import CommandLine, is_command, is_ready, read_command
from stdbpy.errors import UsageError


@pytest.mark.parametrize(
    "text",
    ["", "  \n", "SELECT 1;", "SELECT 1; -- so", r"\d", r"\d user", "_", "_ csv", "_;", "exit", ".exit", " Quit ",
     "SELECT *\nFROM user\n", "SELECT ';';"],
)  # fmt: skip
def test_ready(text: str) -> None:
    assert is_ready(text)


@pytest.mark.parametrize(
    "text", ["SELECT 1", "SELECT ';", "SELECT 1; SELECT", "/* ;", "SELECT '\n\n", "SELECT -- ;", "SELECT *\nFROM user"]
)
def test_not_ready(text: str) -> None:
    assert not is_ready(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (r"\d", CommandLine("d")),
        (r" \d  user ", CommandLine("d", ("user",))),
        (r"\d user;", CommandLine("d", ("user",))),
        (r"\q;", CommandLine("q")),
        (r"\i 'a file.sql'", CommandLine("i", ("a file.sql",))),
        (r"\o C:\dir\x.csv", CommandLine("o", (r"C:\dir\x.csv",))),
        ("_ csv x.csv", CommandLine("_", ("csv", "x.csv"))),
        (".exit", CommandLine("q")),
        ("help", CommandLine("?")),
    ],
)
def test_commands(text: str, line: CommandLine) -> None:
    assert is_command(text)
    assert read_command(text) == line


@pytest.mark.parametrize("text", ["SELECT 1;", "_x", "exiting", "x \\d", "helper;"])
def test_no_commands(text: str) -> None:
    assert not is_command(text)


def test_a_quote_that_is_never_closed() -> None:
    with pytest.raises(UsageError, match="never closed"):
        read_command(r"\i 'x")


def test_highlighting() -> None:
    text = "SELECT a, 5 FROM \"t\" WHERE b = 'x' -- why\nAND 'open"

    pieces = list(highlighted(text))

    assert "".join(piece for _, piece in pieces) == text
    assert {kind for kind, _ in pieces} - {""} <= set(STYLES)
    by_piece = {piece: kind for kind, piece in pieces}
    assert by_piece["SELECT"] == "keyword"
    assert by_piece["'x'"] == "string"
    assert by_piece["5"] == "number"
    assert by_piece[" -- why\n"] == "comment"
    assert by_piece["'open"] == "unclosed"
    assert by_piece["a"] == by_piece['"t"'] == ""
