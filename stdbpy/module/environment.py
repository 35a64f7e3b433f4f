"""``environment``: the values that a module reads of its database's environment, such as the keys of services."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from stdbpy.errors import nearest
from stdbpy.module.declarations import EnvironmentDeclaration, record
from stdbpy.module.host import Host

C = TypeVar("C", bound=type)


def environment(cls: C, /) -> C:
    """Declares the values that the module reads; whoever publishes it sets them. A module has one such class.

    >>> @environment
    ... class Env:
    ...     API_KEY: str
    ...     MODE: Literal["development", "production"]
    ...     LOG_LEVEL: Literal["info", "debug"] | None
    ...
    ... class Ctx(ReducerContext):
    ...     db: Db
    ...     env: Env
    ...
    ... @reducer
    ... def greet(ctx: Ctx) -> None:
    ...     if ctx.env.MODE == "development": ...

    Values are text. ``Literal[...]``, or an ``Enum`` whose values are texts, says which are allowed; ``| None`` that
    there need be none. ``ctx.env`` has them, and reads one each time; ``ctx.env.get("API_KEY")`` is the text of one,
    or ``None``. Servers have this since SpacetimeDB 2.14.
    """
    user = sys._getframe(1)  # noqa: SLF001
    if not isinstance(cls, type):
        raise TypeError("@environment stands above a class: class Env: API_KEY: str")
    record(user.f_globals, EnvironmentDeclaration(cls, user.f_lineno))
    return cls


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How module code sees a value."""

    enum: type[Enum] | None = None
    """Its class; otherwise the value is a ``str``."""


class Environment:
    """``ctx.env``: the values that the module declares."""

    __slots__ = ("_declared", "_host", "_prefix")

    def __init__(self, declared: Mapping[str, ReadAs], host: Host, prefix: str = "") -> None:
        self._declared = declared
        self._host = host
        self._prefix = prefix

    def get(self, key: str) -> str | None:
        """The text of a value; ``None`` if it is optional and not there. Raises ``LookupError`` for one that the
        module does not declare."""
        if key not in self._declared:
            raise LookupError(self._unknown(key))
        return self._host.env_get(key)

    def __getattr__(self, key: str) -> Any:
        read_as = self._declared.get(key)
        if read_as is None:
            raise AttributeError(self._unknown(key), obj=self)
        value = self._host.env_get(key)
        return value if value is None or read_as.enum is None else read_as.enum(value)

    def _unknown(self, key: str) -> str:
        if self._prefix:
            return "only the outermost module reads values of the environment: have it pass them on"
        message = f"the module declares no value {key!r} of its environment"
        hint = nearest(key, self._declared) or f"Declare it: @environment class Env: {key}: str"
        return f"{message}. {hint}"

    def __dir__(self) -> list[str]:
        return sorted({"get", *self._declared})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {' '.join(self._declared)}>"
