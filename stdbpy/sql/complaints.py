"""What in a statement a server complains about: the place, and what to write instead.

Servers say it in words, some of which are the statement's own. Source: the messages of SpacetimeDB
1.2.0 and 2.8.3 and of the embedded server, as they come over HTTP.

>>> statement = "SELECT * FROM user WHERE nam = 'Ann'"
>>> print(excerpt(statement, find_place("`nam` is not in scope", statement)))
SELECT * FROM user WHERE nam = 'Ann'
                         ^^^
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from stdbpy.sql.keywords import HINTS
from stdbpy.sql.tokens import Kind, Token, scan

_POSITION = re.compile(r"\bline:? (\d+), column:? (\d+)", re.IGNORECASE)
_AT_THE_END = re.compile(r"found: EOF\b")
_QUOTED = re.compile(r"`([^`]+)`")
_UNSUPPORTED_PART = re.compile(r"^Unsupported [a-z ]+: (.+)", re.MULTILINE)
_UNSUPPORTED = re.compile(r"^Unsupported\b", re.MULTILINE)
_SHOWN = 100
"""Most characters of a statement's line in an excerpt."""
_CONTEXT = 30


@dataclass(frozen=True, slots=True)
class Place:
    """A part of a statement, in characters from 0. Empty behind its last character if something is missing there."""

    start: int
    end: int
    hint: str = ""
    """What to write instead."""


def find_place(complaint: str, statement: str) -> Place | None:
    """The part of ``statement`` that ``complaint`` is about, as far as it says so."""
    *tokens, end = scan(statement)
    if not tokens:
        return None
    position = _POSITION.search(complaint)
    if position is not None:
        at = (int(position[1]), int(position[2]))
        return next((_place_of(token, complaint) for token in tokens if token.at == at), Place(end.start, end.end))
    if _AT_THE_END.search(complaint):
        return Place(tokens[-1].end, tokens[-1].end)
    return _named(complaint, tokens) or _unsupported(complaint, tokens)


def _place_of(token: Token, complaint: str) -> Place:
    # What is never closed goes on to the end; where it opens is what matters.
    end = token.start + len(token.text) if token.kind is Kind.UNCLOSED else token.end
    return Place(token.start, end, _hint(token, complaint))


def _hint(token: Token, complaint: str) -> str:
    return HINTS.get(token.keyword, "") if re.search("unsupported|not supported|expected", complaint, re.I) else ""


def _named(complaint: str, tokens: list[Token]) -> Place | None:
    """The last of the names in quotes that the statement has: `table` does not have a field `column`."""
    for name in reversed(_QUOTED.findall(complaint)):
        for token in tokens:
            if token.text == name and token.kind is not Kind.SYMBOL:
                return Place(token.start, token.end)
    return None


def _unsupported(complaint: str, tokens: list[Token]) -> Place | None:
    """What the complaint quotes, if it quotes a part of the statement; else the first word of which it is known
    that there is something else to write."""
    part = _UNSUPPORTED_PART.search(complaint)
    if part is not None:
        wanted = [token.text.upper() for token in scan(part[1])[:-1]]
        for first in range(len(tokens) - len(wanted) + 1):
            found = tokens[first : first + len(wanted)]
            if [token.text.upper() for token in found] == wanted:
                hints = (HINTS.get(token.keyword, "") for token in found)
                return Place(found[0].start, found[-1].end, next(filter(None, hints), ""))
    if _UNSUPPORTED.search(complaint):
        known = (token for token in tokens if token.keyword in HINTS)
        return next((Place(token.start, token.end, HINTS[token.keyword]) for token in known), None)
    return None


def excerpt(statement: str, place: Place) -> str:
    """The line of the statement with marks under the place; a long line is cut."""
    first = statement.rfind("\n", 0, place.start) + 1
    last = statement.find("\n", place.start)
    line = statement[first : len(statement) if last < 0 else last].rstrip()
    start = place.start - first
    end = max(min(place.end - first, len(line)), start + 1)
    dropped = 0
    if len(line) > _SHOWN:
        dropped = max(0, min(start - _CONTEXT, len(line) - _SHOWN))
        line = f"{'…' * (dropped > 0)}{line[dropped + (dropped > 0) : dropped + _SHOWN]}"
    shown = line.replace("\t", " ")
    return f"{shown}\n{' ' * (start - dropped)}{'^' * min(end - start, _SHOWN)}"
