"""The records that a command writes: what their fields are called and how values of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from stdbpy.cli.output.json_text import to_json

if TYPE_CHECKING:
    from stdbpy.sats.types import AlgebraicType

Plain = Any
"""What JSON can say: ``None``, bool, int of any size, finite float, str, list and dict of these."""


def same(value: Any) -> Any:
    return value


def text_of(value: Plain) -> str:
    """A value as it stands in a table or in CSV: strings bare, nothing for ``None``."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return to_json(value)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the records that a command writes: its name and how its values are shown."""

    name: str
    plain: Callable[[Any], Plain] = same
    """For programs."""
    text: Callable[[Any], str] = text_of
    """For people."""
    type: AlgebraicType | None = None
    """The type of the values, for formats that have types; without one the field is text there."""
    read: Callable[[Any], Any] = same
    """Makes a value of that type of what the rows hold."""


def distinct_names(fields: Sequence[Field]) -> list[str]:
    """The names of the fields for formats in which a name can stand only once: of ``id``, ``id`` the
    second becomes ``id_2``, so that no column is lost."""
    taken = {field.name for field in fields}
    names: list[str] = []
    for field in fields:
        name = field.name
        if name in names:
            name = next(free for number in count(2) if (free := f"{field.name}_{number}") not in taken)
            taken.add(name)
        names.append(name)
    return names
