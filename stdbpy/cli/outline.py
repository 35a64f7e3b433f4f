"""A module's schema for people: an outline of its tables, functions and types, and of what differs between two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TextIO

from stdbpy.cli.terminal import Colour, paint, printable
from stdbpy.schema.differences import Change, Difference
from stdbpy.schema.entities import KINDS, Entity

_HEADINGS = {"route": "HTTP routes", "rule": "row-level security"}
_SIGNS: dict[Change, tuple[str, Colour]] = {
    Change.ADDED: ("+", "green"),
    Change.REMOVED: ("-", "red"),
    Change.CHANGED: ("~", "yellow"),
}


def outline(found: Iterable[Entity], stream: TextIO) -> Iterator[str]:
    """The lines of a tree: a heading per kind, the entities of it, their details. ``stream`` is where
    they go, which may show colours."""
    found = list(found)
    for kind in KINDS:
        of_kind = [entity for entity in found if entity.kind == kind]
        if of_kind:
            yield paint(_HEADINGS.get(kind, f"{kind}s"), "bold", stream)
        for entity in of_kind:
            line = printable(entity.name if entity.details else entity.line)
            notes = paint(f"  [{', '.join(entity.notes)}]", "dim", stream) if entity.notes else ""
            yield f"  {line}{notes}"
            yield from (f"    {printable(detail)}" for detail in entity.details)


def comparison(found: Iterable[Difference], stream: TextIO, depth: int = 0) -> Iterator[str]:
    """A line for each difference, with ``+``, ``-`` or ``~`` before it, and its parts set in below it."""
    for difference in found:
        sign, colour = _SIGNS[difference.change]
        values = " → ".join(printable(value) for value in (difference.before, difference.after) if value)
        name = f" {printable(difference.name)}" if difference.name else ""
        breaks = paint("  (breaks clients)", "red", stream) if difference.breaks else ""
        text = f"{difference.kind}{name}{': ' if values else ''}{values}"
        yield f"{'  ' * depth}{paint(f'{sign} {text}', colour, stream)}{breaks}"
        yield from comparison(difference.parts, stream, depth + 1)
