"""What contexts have in common: the first argument that every function of a module gets."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, dataclass_transform, get_origin
from uuid import UUID

from stdbpy.errors import nearest
from stdbpy.module.properties import is_property
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from random import Random

    from stdbpy.module.scope import Scope

randomness: ContextVar[str] = ContextVar("randomness", default="")
"""What random numbers depend on besides the call: tests have calls of one moment differ in them, by a seed."""

_UNTIL_THE_END = ("db", "http")
"""What contexts lose when the call, or the transaction, ends that they were made for."""

_VERSION_7 = 0x7 << 76
_RFC_4122 = 0x8 << 60


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Declared:
    """To type checkers, a frozen dataclass: a subclass may declare an attribute more precisely than
    its base, and need not set it."""

    __slots__ = ()


class Context:
    """Base of all contexts. One is good for the call that it was made for, and for nothing behind it."""

    __slots__ = ("_scope",)

    called: ClassVar[str] = "a function"
    """What the functions that get one are: ``a reducer``, ``a view``, …"""
    absent: ClassVar[Mapping[str, str]] = {}
    """What authors might look for here, having met it in other contexts; and what to do instead."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    @property
    def identity(self) -> Identity:
        """The database's own identity."""
        return self._scope.identity

    @property
    def env(self) -> Any:
        """The values of the database's environment that the module declares with
        :func:`~stdbpy.module.environment.environment`; a subclass says of which class: ``env: Env``."""
        return self._scope.env

    @property
    def log(self) -> logging.Logger:
        """Writes to the database's log, as the module's own ``logging`` calls and ``print`` do."""
        return self._scope.log

    def _check_within(self, context_class: Any, *kinds: type[Context]) -> None:
        """Raises ``TypeError`` for a class that this call, as a mounted module sees it, is no context of."""
        cls = get_origin(context_class) or context_class
        if not (isinstance(cls, type) and issubclass(cls, kinds)):
            name = cls.__name__ if isinstance(cls, type) else repr(cls)
            wanted = " or ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"within makes a {wanted} of the context of {self.called}, and {name} is none")

    if not TYPE_CHECKING:  # which would believe that every name is there

        def __getattr__(self, name: str) -> Any:
            if is_property(self, name):
                return object.__getattribute__(self, name)
            message = f"the context of {self.called} has no {name!r}"
            if name in self.absent:
                raise AttributeError(f"{message}: {self.absent[name]}")
            if name in _UNTIL_THE_END:
                raise AttributeError(
                    f"{message} any more: its call or transaction has ended. Keep values, not contexts"
                )
            hint = "" if name.startswith("__") else nearest(name, [each for each in dir(self) if each[0] != "_"])
            # With an object and without the name Python appends no suggestion of its own.
            raise AttributeError(f"{message}. {hint}" if hint else message, obj=self)


class TimedContext(Context):
    """Of functions that run once: they have a time, and what is random depends on that."""

    __slots__ = ("_caller", "_function", "_random", "_uuids", "timestamp")

    def __init__(self, scope: Scope, timestamp: Timestamp, function: str, caller: Identity) -> None:
        self._scope = scope  # not by the base: a call that does little feels each frame
        self.timestamp = timestamp
        """When the call began: the only clock that says the same when the call is repeated."""
        self._function = function
        self._caller = caller
        self._random: Random | None = None
        self._uuids: Iterator[int] | None = None

    @property
    def random(self) -> Random:
        """Random numbers that depend on the call alone (its time, sender and function), so that it
        does the same when repeated. Not for secrets: the caller can know them."""
        if self._random is None:
            from random import Random

            call = self._caller + f"{self._function}/{int(self.timestamp)}{randomness.get()}".encode()
            # As a number: the generator takes all of it, while it would have text hashed first.
            self._random = Random(int.from_bytes(call, "little"))  # noqa: S311
        return self._random

    def uuid4(self) -> UUID:
        """A random UUID, from :attr:`random`."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def uuid7(self) -> UUID:
        """A UUID that sorts behind those of earlier calls and those made before in this one.

        The layout is SpacetimeDB's (``Uuid::from_counter_v7``): 48 bits of milliseconds since 1970, a
        counter of 31, and 31 from :attr:`random`.
        """
        if self._uuids is None:
            self._uuids = count()
        counter = next(self._uuids) & 0x7FFF_FFFF
        milliseconds = int(self.timestamp) // 1000 & 0xFFFF_FFFF_FFFF
        return UUID(
            int=milliseconds << 80
            | _VERSION_7
            | (counter >> 23) << 64
            | _RFC_4122
            | (counter >> 7 & 0xFFFF) << 40
            | (counter & 0x7F) << 33
            | self.random.getrandbits(31)
        )

    def share_randomness(self, other: TimedContext) -> None:
        """Goes on with the random numbers and UUIDs of another, as parts of one call do."""
        if other._uuids is None:
            other._uuids = count()
        self._random, self._uuids = other.random, other._uuids
