"""Values of a database's environment: what may be stored, and what a module's declarations ask of them.

SpacetimeDB has them since 2.14. Values can be secrets, so no error and no ``repr`` shows one. Source of the rules:
``environment.rs`` of ``spacetimedb-lib`` 2.14.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from stdbpy.errors import EnvironmentRefused
from stdbpy.schema.model import EnvironmentKind, EnvironmentValue

MOST_VALUES = 256
NAME_BYTES = 256
VALUE_BYTES = 8 * 1024

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_name(key: str) -> bool:
    """Whether a value can have this name: letters of English, digits and underscores, and no digit first."""
    return len(key) <= NAME_BYTES and _NAME.fullmatch(key) is not None


@dataclass(frozen=True, slots=True)
class EnvironmentUpdate:
    """What becomes of the values that are stored: some are set, and some or all others removed."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    removed: tuple[str, ...] = ()
    removes_all: bool = False
    """Whether nothing stays but :attr:`values`."""

    def applied_to(self, stored: Mapping[str, str]) -> dict[str, str]:
        """The values that are there afterwards. Raises ``EnvironmentRefused``."""
        for key in (*self.values, *self.removed):
            if not is_name(key):
                raise EnvironmentRefused("A value's name has only letters of English, digits and underscores")
        twice = {*self.removed} & self.values.keys() or {key for key in self.removed if self.removed.count(key) > 1}
        if twice:
            raise EnvironmentRefused(f"{min(twice)} is set and removed, or removed twice")
        kept = {} if self.removes_all else {key: stored[key] for key in stored if key not in self.removed}
        values = {**kept, **self.values}
        for key, value in values.items():
            if len(value.encode()) > VALUE_BYTES:
                raise EnvironmentRefused(f"The value of {key} is longer than {VALUE_BYTES} bytes")
        if len(values) > MOST_VALUES:
            raise EnvironmentRefused(f"An environment has at most {MOST_VALUES} values")
        return values


UNCHANGED = EnvironmentUpdate()


def expect_values(declared: Iterable[EnvironmentValue], values: Mapping[str, str]) -> None:
    """Refuses values that are not what a module declares; others may be there, too. Raises ``EnvironmentRefused``,
    whose ``missing`` says which are not there and have to be."""
    missing = []
    for declaration in declared:
        value = values.get(declaration.name)
        if value is None:
            if not declaration.optional:
                missing.append(declaration.name)
        elif declaration.kind is not EnvironmentKind.STRING and value not in declaration.literals:
            raise EnvironmentRefused(f"The value of {declaration.name} is none of those that the module allows")
    if missing:
        raise EnvironmentRefused(
            f"The module needs values of its environment that are not there: {', '.join(sorted(missing))}",
            missing=sorted(missing),
            hint=f"Publish with them in the environment: {min(missing)}=... stdbpy publish",
        )
