"""Line layout of generated code, as ``ruff format`` (and Black) would leave it."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINE_LENGTH = 88
INDENT = "    "


def bracketed(head: str, items: Sequence[str], tail: str, *, indent: str = "") -> str:
    """``head + items + tail`` on one line if it fits, else one item a line with a trailing comma,
    which formatters then leave alone."""
    line = f"{indent}{head}{', '.join(items)}{tail}"
    if not items or (len(line) <= LINE_LENGTH and "\n" not in line):
        return line
    inner = "".join(f"{indent}{INDENT}{item},\n" for item in items)
    return f"{indent}{head}\n{inner}{indent}{tail}"


def mapping_argument(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    """``name={key: value, …}`` of keys and values that are source text, for an argument on lines of
    its own, one level in, and with a comma behind it."""
    items = [f"{key}: {value}" for key, value in pairs]
    return bracketed(f"{name}={{", items, "},", indent=INDENT).removeprefix(INDENT).removesuffix(",")


def import_from(module: str, names: Sequence[str]) -> str:
    """An import of ``names`` in the order that ruff's isort gives them, or ``""`` for none."""
    if not names:
        return ""
    ordered = sorted(names, key=_import_order)
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= LINE_LENGTH:
        return line + "\n"
    return f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in ordered) + ")\n"


def _import_order(name: str) -> tuple[int, list[str | int]]:
    """Constants come first, then classes, then the rest; digits count as numbers."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    parts = re.split(r"(\d+)", name)
    return kind, [int(part) if position % 2 else part for position, part in enumerate(parts)]


def quoted(text: str) -> str:
    """A Python string literal in double quotes where possible, as formatters prefer."""
    literal = repr(text)
    if literal[0] == "'" and '"' not in text and "\\'" not in literal:
        return f'"{literal[1:-1]}"'
    return literal
