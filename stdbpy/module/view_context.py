"""The contexts of views: tables to read, and who asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import ClassVar

from stdbpy.module.context import Context, Declared
from stdbpy.module.handles import Tables
from stdbpy.module.queries import Queries
from stdbpy.sats.values import Identity

_SAME_ROWS = "its rows depend on the tables alone, and are computed again when those change"
_ONLY_READS = "it only reads tables; a @procedure may wait for the world outside"


class _Reading(Context):
    __slots__ = ("db", "query")

    called: ClassVar[str] = "a view"
    absent: ClassVar[Mapping[str, str]] = (
        dict.fromkeys(("timestamp", "random", "uuid4", "uuid7"), _SAME_ROWS)
        | dict.fromkeys(("http", "sleep", "sleep_until", "transaction", "with_tx"), _ONLY_READS)
        | {
            "sender": "this one is an AnonymousViewContext; annotate it with ViewContext, and each client has rows of "
            "its own",
            "connection_id": "it is computed once for all connections of an identity",
            "sender_auth": "only functions that a client calls know its token",
        }
    )

    def __init__(self, db: Tables, identity: Identity, log: logging.Logger, query: Queries) -> None:
        super().__init__(identity, log)
        self.db = db
        self.query = query
        """Where a query starts that the view returns: ``ctx.query.player.where(lambda p: p.level > 10)``."""


class AnonymousViewContext(_Reading, Declared):
    """What a view gets whose rows are the same for everybody, so that the server computes them once.

    Tables are there to read. As with :class:`~stdbpy.module.reducer_context.ReducerContext`, a
    subclass says which there are.
    """

    __slots__ = ()

    db: Tables
    """The tables, by name: ``ctx.db.player``."""


class _ReadingFor(_Reading):
    __slots__ = ("sender",)

    def __init__(self, db: Tables, identity: Identity, log: logging.Logger, query: Queries, sender: Identity) -> None:
        super().__init__(db, identity, log, query)
        self.sender = sender
        """Who asks."""


class ViewContext(_ReadingFor, AnonymousViewContext):
    """What a view gets that depends on who asks: the server computes it for each identity that does."""

    __slots__ = ()
