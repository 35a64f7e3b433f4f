"""The contexts of views: tables to read, and who asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from stdbpy.module.context import Context, Declared
from stdbpy.module.handles import Tables
from stdbpy.module.queries import Queries
from stdbpy.sats.values import Identity

if TYPE_CHECKING:
    from stdbpy.module.scope import Scope

Inner = TypeVar("Inner", bound="AnonymousViewContext")

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

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope)
        self.db = scope.databases[self.__class__]
        self.query = scope.queries

    def within(self, namespace: str, context_class: type[Inner]) -> Inner:
        """The same for a module that is mounted there, whose views and other code take such a context.
        Raises ``LookupError`` if none is mounted there."""
        self._check_within(context_class, AnonymousViewContext)
        make: Callable[..., Inner] = context_class
        return make(self._scope.inside(namespace, context_class), *self._asked_by(context_class))

    def _asked_by(self, context_class: type[Any]) -> tuple[Identity, ...]:
        if issubclass(context_class, ViewContext):
            raise TypeError(f"an AnonymousViewContext knows nobody whom a {context_class.__name__} could be for")
        return ()


class AnonymousViewContext(_Reading, Declared):
    """What a view gets whose rows are the same for everybody, so that the server computes them once.

    Tables are there to read. As with :class:`~stdbpy.module.reducer_context.ReducerContext`, a
    subclass says which there are.
    """

    __slots__ = ()

    db: Tables
    """The tables, by name: ``ctx.db.player``."""
    query: Queries
    """Where a query starts that the view returns: ``ctx.query.player.where(lambda p: p.level > 10)``."""


class _ReadingFor(_Reading):
    __slots__ = ("sender",)

    def __init__(self, scope: Scope, sender: Identity) -> None:
        super().__init__(scope)
        self.sender = sender
        """Who asks."""

    def _asked_by(self, context_class: type[Any]) -> tuple[Identity, ...]:
        return (self.sender,) if issubclass(context_class, ViewContext) else ()


class ViewContext(_ReadingFor, AnonymousViewContext):
    """What a view gets that depends on who asks: the server computes it for each identity that does."""

    __slots__ = ()
