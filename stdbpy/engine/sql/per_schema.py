"""What is made once for each schema, and kept for as long as that is in use."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TypeVar

from stdbpy.schema.model import ModuleSchema

T = TypeVar("T")


def once_per_schema(make: Callable[[ModuleSchema], T]) -> Callable[[ModuleSchema], T]:
    """``make`` for schemas by their identity: comparing or hashing them would cost more than most of what
    is done with them. What is made must not refer to the schema, which would keep it for ever."""
    made: dict[int, tuple[weakref.ref[ModuleSchema], T]] = {}

    def of(schema: ModuleSchema) -> T:
        key = id(schema)
        found = made.get(key)
        if found is None or found[0]() is not schema:
            found = weakref.ref(schema, lambda _: made.pop(key, None)), make(schema)
            made[key] = found
        return found[1]

    return of
