"""What depends on whether a person looks: colours, control characters, questions."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Sequence
from typing import Literal, TextIO

from stdbpy.errors import StdbError, UsageError, nearest

Colour = Literal["red", "green", "yellow", "blue", "cyan", "bold", "dim"]

_CODES: dict[Colour, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "cyan": "36",
}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What drives a terminal, or turns the direction of the text that follows."""


class DeclinedError(StdbError):
    """The user was asked and did not say yes."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is at the other end; a stream that was closed from the start is ``None``."""
    return stream is not None and stream.isatty()


def has_colour(stream: TextIO) -> bool:
    """Whether to write colours: to a terminal that knows them, unless NO_COLOR (no-color.org) is set."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: Colour, stream: TextIO) -> str:
    """``text`` in a colour if ``stream`` shows colours."""
    return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if has_colour(stream) else text


def printable(text: str) -> str:
    r"""``text`` with control characters but newline and tab as ``\x1b``: what comes from a database or
    a server must not be able to drive the user's terminal."""
    if text.isprintable():
        return text
    return _CONTROL.sub(
        lambda found: f"\\x{ord(found[0]):02x}" if found[0] < "\u0100" else f"\\u{ord(found[0]):04x}", text
    )


def is_interactive() -> bool:
    """Whether there is a person to ask: at stdin, and at stderr, where questions go."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def confirm(
    question: str, *, yes: bool | Collection[str] | None, kind: str = "", flag: str = "", may_ask: bool = True
) -> None:
    """Asks before something that cannot be undone, unless the user gave the answer before.

    ``yes`` is what ``--yes`` says: whether it is there, or the kinds of questions that it answers; then
    ``kind`` says of which this one is. ``flag`` is the option that answers it, if that is another.
    Raises :class:`UsageError` if nobody is there to answer, or may not be asked, naming the flag that
    does, and :class:`DeclinedError` if the answer is no.
    """
    if yes is True or (yes and (kind in yes or "all" in yes)):
        return
    hint = f"{flag or (f'--yes={kind}' if kind else '--yes')} answers yes"
    if not may_ask:
        raise UsageError(f"that would be asked: {question}", hint=hint)
    answer = _answer(question, " [y/N] ", hint=hint)
    if answer.lower() not in ("y", "yes"):
        raise DeclinedError("left as it was")


def ask(question: str, *, flag: str, default: str | None = None) -> str:
    """The line that the user types; ``default`` if it is empty, and without one the question again.

    Raises :class:`UsageError` if nobody is there to answer, naming the ``flag`` that does.
    """
    while True:
        answer = _answer(question, ": " if default is None else f" [{default}]: ", hint=f"{flag} answers it")
        if answer or default:
            return answer or default or ""


def choose(question: str, choices: Sequence[str], *, flag: str, default: str | None = None) -> str:
    """One of ``choices``, which the user types by its name or its number from 1.

    Raises :class:`UsageError` if nobody is there to answer, naming the ``flag`` that does.
    """
    if is_interactive():
        for number, choice in enumerate(choices, start=1):
            print(f"  {number}  {choice}", file=sys.stderr)
    while True:
        answer = ask(question, flag=flag, default=default)
        if answer in choices:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(choices):
            return choices[int(answer) - 1]
        print(nearest(answer, choices) or f"A number from 1 to {len(choices)}, or a name.", file=sys.stderr)


def _answer(question: str, prompt: str, *, hint: str) -> str:
    if not is_interactive():
        raise UsageError(f"there is no terminal to ask on: {question}", hint=hint)
    print(f"{question}{prompt}", end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise DeclinedError("nobody answered, so everything is left as it was")
    return line.strip()
