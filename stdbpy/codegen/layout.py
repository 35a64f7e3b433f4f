"""Line layout of generated code, as ``ruff format`` (and Black) would leave it."""

from __future__ import annotations

import re
from collections.abc import Sequence

LINE_LENGTH = 88
INDENT = "    "


def bracketed(head: str, items: Sequence[str], tail: str, *, margin: int = 0) -> str:
    """``head + items + tail`` on one line if it fits, else one item a line with a trailing comma,
    which formatters then leave alone. ``margin`` says how many levels it will be indented."""
    line = f"{head}{', '.join(items)}{tail}"
    if not items or (len(INDENT) * margin + len(line) <= LINE_LENGTH and "\n" not in line):
        return line
    inner = "".join(f"{INDENT}{item},\n" for item in items)
    return f"{head}\n{inner}{tail}"


def assignment(target: str, name: str, arguments: Sequence[str], *, margin: int = 0) -> str:
    """``target = name(…)``."""
    head = f"{target} = {name}("
    room = LINE_LENGTH - len(INDENT) * margin
    if len(head) <= room or len(f"{target} = (") > room:
        return bracketed(head, arguments, ")", margin=margin) + "\n"
    call = bracketed(f"{name}(", arguments, ")", margin=margin + 1)
    return f"{target} = (\n{_indented(call)}\n)\n"


def attribute(target: str, annotation: tuple[str, Sequence[str]], call: tuple[str, Sequence[str]]) -> str:
    """``target: Generic[…] = Class(…)``, for the body of a method; ``annotation`` and ``call`` are names
    and what goes into their brackets."""
    generic, parameters = annotation
    name, arguments = call
    head = f"{target}: {generic}[{', '.join(parameters)}] = {name}("
    if len(INDENT) * 2 + len(head) <= LINE_LENGTH:
        return bracketed(head, arguments, ")", margin=2) + "\n"
    left = bracketed(f"{target}: {generic}[", parameters, "]", margin=LINE_LENGTH)
    return left + bracketed(f" = {name}(", arguments, ")", margin=2) + "\n"


def any_of(head: str, types: Sequence[str]) -> str:
    """``head + A | B | …``, on one line if that fits."""
    line = f"{head}{' | '.join(types)}"
    if len(line) <= LINE_LENGTH or len(types) == 1:
        return line
    inner = " | ".join(types)
    if len(INDENT) + len(inner) > LINE_LENGTH:
        inner = "\n| ".join(types)
    return f"{head}(\n{_indented(inner)}\n)"


def _indented(text: str) -> str:
    return "\n".join(f"{INDENT}{line}" for line in text.split("\n"))


def mapping_argument(name: str, pairs: Sequence[tuple[str, str]]) -> str:
    """``name={key: value, …}`` of keys and values that are source text, for an argument on lines of
    its own, one level in, and with a comma behind it."""
    items = [f"{key}: {value}" for key, value in pairs]
    text = bracketed(f"{name}={{", items, "},", margin=1).removesuffix(",")
    return text.replace("\n", f"\n{INDENT}")


def import_from(module: str, names: Sequence[str], *, margin: int = 0) -> str:
    """An import of ``names`` in the order that ruff's isort gives them, or ``""`` for none; ``margin`` as above."""
    if not names:
        return ""
    ordered = sorted(names, key=_import_order)
    line = f"from {module} import {', '.join(ordered)}"
    if len(INDENT) * margin + len(line) <= LINE_LENGTH:
        return line + "\n"
    return f"from {module} import (\n" + "".join(f"{INDENT}{name},\n" for name in ordered) + ")\n"


def _import_order(name: str) -> tuple[int, list[str | int], str]:
    """Constants come first, then classes, then the rest; digits count as numbers, case comes last."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    parts = re.split(r"(\d+)", name.lower())
    return kind, [int(part) if position % 2 else part for position, part in enumerate(parts)], name


def quoted(text: str) -> str:
    """A Python string literal in double quotes where possible, as formatters prefer."""
    literal = repr(text)
    if literal[0] == "'" and '"' not in text and "\\'" not in literal:
        return f'"{literal[1:-1]}"'
    return literal
