"""The context: what a reducer knows about its call, and its way to the database."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, dataclass_transform
from uuid import UUID

from stdbpy.module.handles import Tables
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

if TYPE_CHECKING:
    from random import Random

_VERSION_7 = 0x7 << 76
_RFC_4122 = 0x8 << 60


class _Call:
    __slots__ = ("_random", "_seed", "_uuids", "connection_id", "db", "identity", "log", "sender", "timestamp")

    def __init__(
        self,
        db: Tables,
        sender: Identity,
        connection_id: ConnectionId | None,
        timestamp: Timestamp,
        identity: Identity,
        log: logging.Logger,
        seed: str,
    ) -> None:
        self.db = db
        self.sender = sender
        """Who calls."""
        self.connection_id = connection_id
        """The connection that the call came through; ``None`` for HTTP, schedules and ``init``."""
        self.timestamp = timestamp
        """When the call began: the only clock that says the same when the call is repeated."""
        self.identity = identity
        """The database's own identity."""
        self.log = log
        """Writes to the database's log, as the module's own ``logging`` calls and ``print`` do."""
        self._seed = seed
        self._random: Random | None = None
        self._uuids = 0

    @property
    def random(self) -> Random:
        """Random numbers that depend on the call alone (its time, sender and reducer), so that it
        does the same when repeated. Not for secrets: the caller can know them."""
        if self._random is None:
            from random import Random

            self._random = Random(f"{self._seed}/{int(self.timestamp)}/{self.sender.hex()}")  # noqa: S311
        return self._random

    def uuid4(self) -> UUID:
        """A random UUID, from :attr:`random`."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def uuid7(self) -> UUID:
        """A UUID that sorts behind those of earlier calls and those made before in this one.

        The layout is SpacetimeDB's (``Uuid::from_counter_v7``): 48 bits of milliseconds since 1970, a
        counter of 31, and 31 from :attr:`random`.
        """
        counter = self._uuids
        self._uuids = (counter + 1) & 0x7FFF_FFFF
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


@dataclass_transform(frozen_default=True, kw_only_default=True)
class _Declared:
    """To type checkers, a frozen dataclass: a subclass may declare an attribute more precisely than
    its base, and need not set it."""

    __slots__ = ()


class ReducerContext(_Call, _Declared):
    """What a reducer gets as its first argument.

    A subclass says which tables there are, and may have methods of its own; a reducer gets an
    instance of the class that its first parameter is annotated with:

    >>> class Ctx(ReducerContext):
    ...     db: Db
    ...
    ...     @property
    ...     def me(self) -> Player | None:
    ...         return self.db.player.identity.find(self.sender)
    """

    __slots__ = ()

    db: Tables
    """The tables, by name: ``ctx.db.player``."""
