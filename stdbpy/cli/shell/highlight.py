"""Colours of a statement while it is typed."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.sql.tokens import Kind, Token, scan

KEYWORDS = frozenset(
    {
        "AND", "AS", "COUNT", "CROSS", "DELETE", "FALSE", "FROM", "INNER", "INSERT", "INTO", "JOIN", "LIMIT", "ON",
        "OR", "SELECT", "SET", "SHOW", "TO", "TRUE", "UPDATE", "VALUES", "WHERE",
    }
)  # fmt: skip

STYLES = {
    "keyword": "bold ansiblue",
    "string": "ansigreen",
    "number": "ansicyan",
    "comment": "ansibrightblack",
    "unclosed": "ansired",
}
"""Styles of prompt_toolkit by the classes that :func:`highlighted` gives."""

_CLASSES = {
    Kind.STRING: "string",
    Kind.FOREIGN_STRING: "string",
    Kind.NUMBER: "number",
    Kind.HEX: "number",
    Kind.UNCLOSED: "unclosed",
}


def highlighted(text: str) -> Iterator[tuple[str, str]]:
    """Classes (``""`` for none) and pieces of ``text``, which together are all of it."""
    offset = 0
    for token in scan(text):
        between = text[offset : token.start]
        if between:
            # Tokens leave out spaces and comments.
            yield "comment" if between.strip() else "", between
        if token.end > token.start:
            yield _class_of(token), text[token.start : token.end]
        offset = token.end


def _class_of(token: Token) -> str:
    return "keyword" if token.keyword in KEYWORDS else _CLASSES.get(token.kind, "")
