"""What depends on whether a person looks: colours, control characters, questions."""

from __future__ import annotations

import os
import re
import sys
from typing import Literal, TextIO

from stdbpy.errors import StdbError, UsageError

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
    """The user was asked and said no."""


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
    return _CONTROL.sub(
        lambda found: f"\\x{ord(found[0]):02x}" if found[0] < "\u0100" else f"\\u{ord(found[0]):04x}", text
    )


def confirm(question: str, *, flag: str, yes: bool) -> None:
    """Asks before something that cannot be undone; ``yes`` is the answer if the user gave it before.

    Raises :class:`UsageError` if nobody is there to answer, naming the flag that does, and
    :class:`DeclinedError` if the answer is no.
    """
    if yes:
        return
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise UsageError(f"there is no terminal to ask on: {question}", hint=f"{flag} answers yes")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise DeclinedError("left as it was")
