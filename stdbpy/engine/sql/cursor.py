"""Walks the tokens of one statement, and words the refusals of what stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from stdbpy.engine.sql.refusal import refused
from stdbpy.engine.sql.syntax import Name
from stdbpy.errors import SqlError
from stdbpy.sql.keywords import HINTS
from stdbpy.sql.tokens import Kind, Token

T = TypeVar("T")

_MOST_AHEAD = 2
"""How far behind the end anything looks."""


class Cursor:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens + [tokens[-1]] * _MOST_AHEAD
        self._next = 0

    def peek(self, ahead: int = 0) -> Token:
        return self._tokens[self._next + ahead]

    def take(self) -> Token:
        token = self._tokens[self._next]
        self._next += token.kind is not Kind.END
        return token

    def at_keyword(self, *words: str) -> bool:
        return self._tokens[self._next].keyword in words

    def at_symbol(self, symbol: str) -> bool:
        token = self._tokens[self._next]
        return token.kind is Kind.SYMBOL and token.text == symbol

    def keyword(self, word: str) -> bool:
        """Takes the word if it is next."""
        found = self.at_keyword(word)
        self._next += found
        return found

    def symbol(self, symbol: str) -> bool:
        """Takes the symbol if it is next."""
        found = self.at_symbol(symbol)
        self._next += found
        return found

    def expect_keyword(self, word: str) -> None:
        if not self.keyword(word):
            raise self.unexpected(word)

    def expect_symbol(self, symbol: str) -> None:
        if not self.symbol(symbol):
            raise self.unexpected(f"`{symbol}`")

    def identifier(self, what: str) -> Name:
        """A name; the real parser takes a string in its place."""
        token = self.peek()
        if not (token.is_name or token.kind is Kind.STRING):
            raise self.unexpected(what)
        self._next += 1
        return Name(token.text, token.at)

    def dotted_name(self, what: str) -> Name:
        first = self.identifier(what)
        parts = [first.text]
        while self.symbol("."):
            parts.append(self.identifier(what).text)
        return Name(".".join(parts), first.at)

    def separated(self, parse: Callable[[], T]) -> tuple[T, ...]:
        """One or more, with commas between them."""
        found = [parse()]
        while self.symbol(","):
            found.append(parse())
        return tuple(found)

    def refuse_keywords(self, *words: str) -> None:
        """Refuses what the next word starts, if it is one of ``words``."""
        if self.at_keyword(*words):
            raise self.unsupported()

    def unsupported(self, what: str = "") -> SqlError:
        """Refuses the next token as something that SQL knows and SpacetimeDB does not."""
        token = self.peek()
        return refused(f"{what or token.keyword or token} is not supported", token.at, HINTS.get(token.keyword, ""))

    def unexpected(self, wanted: str) -> SqlError:
        token = self.peek()
        return refused(f"expected {wanted}, found {token}", token.at, HINTS.get(token.keyword, ""))
