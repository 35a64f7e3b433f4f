"""What goes wrong: callers are told the same, the log says the same, and nothing of it has happened."""

from __future__ import annotations

import re

import pytest

from tests.hosts.town import Line, Town, on, place

pytestmark = on("native")

BUGS = {
    "zero": ("ZeroDivisionError: division by zero", "return number / by"),
    "chain": ("Unwell: unwell", "raise Unwell from error"),
    "exit": ("SystemExit: enough", 'sys.exit("enough")'),
    "exit base": ("KeyboardInterrupt", "raise KeyboardInterrupt"),
    "recursion": ("RecursionError: maximum recursion depth exceeded", "return begin(depth + 1) + 1"),
    "no table": ("AttributeError: the module has no table 'nothing'", "ctx.db.nothing.insert(None)"),
    "unique": (
        "UniqueConstraintViolation: account already has a row with owner 'double'",
        "ctx.db.account.insert(_account(2))",
    ),
    "assertion": ("AssertionError: kind is assertion", 'f"kind is {kind}"'),
}
"""What each is, and the line of it."""


def told_of(bug: str) -> str:
    """What the caller of a reducer with a bug is told."""
    return bug


@pytest.mark.parametrize("kind", BUGS)
def test_a_reducer_s_bug(town: Town, kind: str) -> None:
    bug, code = BUGS[kind]
    assert town.refused("fail", kind) == told_of(bug)
    [line] = town.lines()
    assert (line.level, line.target, line.where) == ("Panic", None, place("town/bugs.py", code))
    first, *_, last = line.message.removesuffix("\nHint: Rows are unique by that: constraint account_owner_key").split(
        "\n"
    )
    assert first == "Traceback (most recent call last):"
    assert re.sub(r"^[a-z.]+\.", "", last) == bug
    assert town.rows(f"SELECT * FROM trace WHERE text = '{kind}'") == []
    assert town.rows("SELECT * FROM account WHERE owner = 'double'") == []


TRACEBACK = """\
Traceback (most recent call last):
  File "town/bugs.py", line {fail}, in fail
    divide(1, 0)
  File "town/bugs.py", line {divide}, in divide
    return number / by
ZeroDivisionError: division by zero"""


def without_marks(traceback: str) -> str:
    """Which part of a line is marked differs between versions of Python."""
    return re.sub(r"^[ ~^]+\n", "", traceback, flags=re.MULTILINE)


def test_a_traceback(town: Town) -> None:
    town.refused("fail", "zero")
    [line] = town.lines()
    divide = int(place("town/bugs.py", "return number / by").split(":")[1])
    expected = TRACEBACK.format(fail=divide + 17, divide=divide)
    assert without_marks(line.message) == expected


def test_the_next_call_finds_everything_as_it_was(town: Town) -> None:
    for kind in ("zero", "recursion", "exit"):
        town.refused("fail", kind)
        town.call("leave_trace", f"after {kind} on {town.host}")
    traces = {text for [text] in town.rows("SELECT * FROM trace")}
    assert {f"after {kind} on {town.host}" for kind in ("zero", "recursion", "exit")} <= traces
    assert town.said("primes", 20) == ["[2, 3, 5, 7, 11, 13, 17, 19]"]


def test_bugs_that_are_caught(town: Town) -> None:
    assert town.said("survive") == [
        "RecursionError: maximum recursion depth exceeded",
        "ZeroDivisionError: division by zero",
        "AttributeError: the context of a reducer has no 'nothing'. Did you mean 'within'?",
        "IndexError: pop from empty list",
        "SystemExit: 3",
    ]


# --- output --------------------------------------------------------------------------------------


def test_what_is_written(town: Town) -> None:
    def line(level: str, message: str, target: str, code: str) -> Line:
        return Line(level, message, target, place("town/output.py", code), None if town.is_old else "cry")

    *lines, exception, last = town.call("cry")
    assert lines == [
        line("Debug", "of ctx.log", town.entry, "ctx.log.debug("),
        line("Info", "two\nlines, ü✓𝄞", town.entry, 'ctx.log.info("two'),
        line("Warn", "100 %", town.entry, "ctx.log.warning("),
        line("Error", "of a logger", "town.crier", "log.error("),
        line("Error", "critical", "town.crier", "log.critical("),
        line("Info", "of the root", "root", "logging.info("),
        line("Info", "printed|1|2.5|None", town.entry, "sep="),
        line("Info", "without an end", town.entry, "end="),
        line("Info", "", town.entry, "print()"),
    ]
    assert exception._replace(message="") == line("Error", "", "town.crier", "log.exception(")
    assert exception.message.splitlines()[:2] == ["that was", "Traceback (most recent call last):"]
    assert exception.message.splitlines()[-1] == "KeyError: 'missing'"
    assert last == line("Debug", "last", "town.crier", 'log.debug("last")')


def test_what_is_written_by_a_call_that_fails(town: Town) -> None:
    assert town.refused("whisper") == "Hush! ü✓𝄞\nsecond line"
    assert [line.message for line in town.lines()] == ["is logged though the call fails"]
