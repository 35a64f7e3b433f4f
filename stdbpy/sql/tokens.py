"""The words of a statement.

They are those of PostgreSQL's SQL as SpacetimeDB's parser (``sqlparser`` 0.38, PostgreSQL dialect)
cuts them: ``0x`` makes a hex literal, a number may end in ``L``, comments nest.
"""

from __future__ import annotations

import enum
import re
from typing import NamedTuple, cast

from stdbpy.errors import SqlError


class Position(NamedTuple):
    """A place in the statement's text, both numbers from 1."""

    line: int
    column: int


class Kind(enum.Enum):
    WORD = "word"
    QUOTED_WORD = "quoted name"
    NUMBER = "number"
    STRING = "string"
    HEX = "hex literal"
    FOREIGN_STRING = "string of another kind"
    """``N'…'``, ``E'…'`` and ``$$…$$``: known, and never allowed."""
    SYMBOL = "symbol"
    UNCLOSED = "quote or comment that is never closed"
    """All from there to the end of the text."""
    END = "end of the statement"


class Token(NamedTuple):
    kind: Kind
    text: str
    """The word, what the quotes hold, the digits, or the symbol itself; of what is never closed, what opened it."""
    keyword: str
    """An unquoted word in capitals; else empty."""
    at: Position
    start: int
    """Where it begins in the text, in characters from 0, with its quotes."""
    end: int

    @property
    def is_name(self) -> bool:
        return self.kind is Kind.WORD or self.kind is Kind.QUOTED_WORD

    def __str__(self) -> str:
        match self.kind:
            case Kind.END:
                return "the end"
            case Kind.STRING:
                return f"'{self.text}'"
            case _:
                return f"`{self.text}`"


_TOKEN = re.compile(
    r"""
      (?P<space>       (?:\s | --[^\n]*)+)
    | (?P<comment>     /\*)
    | (?P<foreign>     [nN]'(?:[^']|'')*' | [eE]'(?:[^'\\]|''|\\.)*' | \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    | (?P<hex>         [xX]'(?:[^']|'')*' | 0x[0-9A-Fa-f]*)
    | (?P<word>        [^\W\d](?:[^\W\d]|[0-9$])*)
    | (?P<quoted>      "(?:[^"]|"")*")
    | (?P<string>      '(?:[^']|'')*')
    | (?P<number>      (?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?L?)
    | (?P<unclosed>    [nNeExX]?' | " | \$\w*\$)
    | (?P<symbol>      <=>|<=|<>|<<|<@|==|=>|>=|>>|!=|!!|!~\*?|::|:=|->>?|~\*|\|\|/|\|\||\|/|&&
                     | \#>>?|\#-|@>|@\?|@@|\$\w+|\?\d*|.)
    """,
    re.VERBOSE | re.DOTALL,
)


def tokenize(text: str) -> list[Token]:
    """The tokens of ``text``, the last of kind END. Raises ``SqlError`` for quotes and comments
    that are never closed."""
    tokens = scan(text)
    if len(tokens) > 1 and tokens[-2].kind is Kind.UNCLOSED:
        opening = tokens[-2]
        what = "comment" if opening.text == "/*" else "quote"
        raise SqlError(f"the {what} {opening.text} is never closed", line=opening.at.line, column=opening.at.column)
    return tokens


def scan(text: str) -> list[Token]:
    """The tokens of text that may still be in the making: a quote or comment that is never closed is
    one of them, in front of END."""
    tokens: list[Token] = []
    offset, line, line_start = 0, 1, 0
    has_lines = "\n" in text
    while offset < len(text):
        # Any character may be a symbol, so that there always is a match.
        match = cast("re.Match[str]", _TOKEN.match(text, offset))
        group, found, end = match.lastgroup, match.group(), match.end()
        at = Position(line, offset - line_start + 1)
        match group:
            case "space":
                pass
            case "comment":
                closed = _comment_end(text, end)
                end = closed or len(text)
                if not closed:
                    tokens.append(Token(Kind.UNCLOSED, found, "", at, offset, end))
            case "word":
                tokens.append(Token(Kind.WORD, found, found.upper(), at, offset, end))
            case "quoted":
                tokens.append(Token(Kind.QUOTED_WORD, found[1:-1].replace('""', '"'), "", at, offset, end))
            case "string":
                tokens.append(Token(Kind.STRING, found[1:-1].replace("''", "'"), "", at, offset, end))
            case "hex":
                digits = found[2:] if found[0] == "0" else found[2:-1].replace("''", "'")
                tokens.append(Token(Kind.HEX, digits, "", at, offset, end))
            case "number":
                tokens.append(Token(Kind.NUMBER, found.removesuffix("L"), "", at, offset, end))
            case "foreign" | "tag":
                tokens.append(Token(Kind.FOREIGN_STRING, found, "", at, offset, end))
            case "unclosed":
                end = len(text)
                tokens.append(Token(Kind.UNCLOSED, found, "", at, offset, end))
            case _:
                tokens.append(Token(Kind.SYMBOL, found, "", at, offset, end))
        if has_lines and (newlines := text.count("\n", offset, end)):
            line += newlines
            line_start = text.rindex("\n", offset, end) + 1
        offset = end
    tokens.append(Token(Kind.END, "", "", Position(line, offset - line_start + 1), offset, offset))
    return tokens


def _comment_end(text: str, offset: int) -> int:
    """Behind the comment that is open at ``offset``; 0 if it is never closed."""
    depth, previous = 1, " "
    for index in range(offset, len(text)):
        character = text[index]
        if previous == "/" and character == "*":
            depth += 1
        elif previous == "*" and character == "/":
            depth -= 1
            if not depth:
                return index + 1
        previous = character
    return 0
