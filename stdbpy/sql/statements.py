"""Where one statement ends and the next begins. Servers take one at a time.

>>> [statement.text for statement in split("SELECT ';' FROM a; -- the ; of a comment\\nDELETE FROM b")]
["SELECT ';' FROM a", 'DELETE FROM b']
"""

from __future__ import annotations

from dataclasses import dataclass

from stdbpy.sql.tokens import Kind, Position, Token, scan


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    """Without the semicolon, and without what stands around it."""
    at: Position
    """Where it begins in the whole text."""


def split(text: str) -> list[Statement]:
    """The statements of ``text``, without empty ones.

    A quote or comment that is never closed belongs to the last one: the server says what is wrong with it.
    """
    statements: list[Statement] = []
    first: Token | None = None
    last: Token | None = None
    for token in scan(text):
        if token.kind is not Kind.END and not _ends_statement(token):
            first, last = first or token, token
        elif first is not None and last is not None:
            statements.append(Statement(text[first.start : last.end], first.at))
            first = None
    return statements


def is_complete(text: str) -> bool:
    """Whether nothing is missing: no quote or comment is open, and the last statement has its semicolon."""
    tokens = scan(text)
    return len(tokens) == 1 or _ends_statement(tokens[-2])


def _ends_statement(token: Token) -> bool:
    return token.kind is Kind.SYMBOL and token.text == ";"
