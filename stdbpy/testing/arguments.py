"""The arguments of calls by name."""

from __future__ import annotations

from collections.abc import Mapping

from stdbpy.protocol.catalog import FunctionLayout


def in_order(layout: FunctionLayout, args: tuple[object, ...], named: Mapping[str, object]) -> tuple[object, ...]:
    """The arguments by place, some of which were given by name. Raises ``TypeError``."""
    names = [element.name or f"arg_{place}" for place, element in enumerate(layout.params.elements)]
    given = {**dict(zip(names, args, strict=False)), **named}
    if len(args) + len(named) != len(names) or given.keys() != set(names):
        raise TypeError(f"{layout.name} takes ({', '.join(names)})")
    return tuple(given[name] for name in names)
