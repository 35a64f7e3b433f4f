"""What is accepted as the value of a type beside the class that reading gives."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from stdbpy.errors import nearest


def as_bytes(value: object) -> bytes:
    """The value of a ``u8`` array as bytes. Raises ``TypeError`` or ``ValueError``."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, list | tuple) and bool not in set(map(type, value)):
        return bytes(value)
    raise TypeError


def as_sequence(value: object) -> Sequence[Any]:
    """The value of an array, which has a length. Raises ``TypeError``."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray | memoryview):
        raise TypeError
    return value


def elements_of(value: object, names: Sequence[str]) -> Sequence[Any]:
    """The elements of a product given as a sequence, a mapping or an object with attributes.
    Raises ``TypeError``, ``KeyError`` or ``AttributeError``."""
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, Mapping):
        if len(value) != len(names):
            raise KeyError
        return [value[name] for name in names]
    if value is None or isinstance(value, str | bytes | int | float):
        raise TypeError
    return [getattr(value, name) for name in names]


class FieldsFault(NamedTuple):
    """What is wrong with the keys of a product that is given as a mapping."""

    message: str
    hint: str
    unknown: str | None
    """The key that is no field's name, if there is one."""


def fields_fault(given: Mapping[Any, object], names: Sequence[str | None]) -> FieldsFault:
    """The first fault of ``given``, whose keys are not exactly the ``names`` of the fields."""
    fields = ", ".join(name or str(position) for position, name in enumerate(names))
    missing = [name for name in names if name not in given]
    for key in given:
        if key not in names:
            hint = nearest(str(key), filter(None, missing)) or nearest(str(key), filter(None, names))
            if not hint and missing:
                hint = f"Missing: {', '.join(map(str, missing))}"
            return FieldsFault(f"there is no field {key!r} (fields: {fields})", hint, str(key))
    return FieldsFault(f"the field {missing[0]!r} is missing (fields: {fields})", "", None)


def numbers_to_bytes(code: str, value: object) -> bytes:
    """The elements of an array of numbers, for ``struct`` and ``array`` of type ``code``.
    Raises ``TypeError``, ``OverflowError`` or ``struct.error``."""
    elements = as_sequence(value)
    if bool in set(map(type, elements)):
        raise TypeError
    if code in "fd":  # not by way of array: it makes infinities of what f32 cannot hold
        return struct.pack(f"<{len(elements)}{code}", *elements)
    numbers = array(code, elements)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
