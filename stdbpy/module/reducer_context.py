"""The context of reducers: what one knows about its call, and its way to the database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, overload

from stdbpy.module.context import Declared, TimedContext
from stdbpy.module.handles import Tables
from stdbpy.module.sender_auth import SenderAuth
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.module.scope import Scope

Inner = TypeVar("Inner", bound="ReducerContext")

_NOT_IN_A_REDUCER = "a reducer may not wait for the world outside; a @procedure may"


class _WithDatabase(TimedContext):
    __slots__ = ("_auth", "connection_id", "db", "sender")

    called: ClassVar[str] = "a reducer"
    absent: ClassVar[Mapping[str, str]] = dict.fromkeys(("http", "sleep", "sleep_until"), _NOT_IN_A_REDUCER) | {
        "transaction": "it is in one already, which ends with it",
        "with_tx": "it is in a transaction already, which ends with it",
        "query": "queries are what views return; a reducer reads tables: ctx.db.player.level.filter(3)",
    }

    def __init__(
        self, scope: Scope, sender: Identity, connection_id: ConnectionId | None, timestamp: Timestamp, function: str
    ) -> None:
        self._scope = scope  # not by the bases: a call that does little feels each frame
        self.timestamp = timestamp
        self._function = function
        self._caller = sender
        self._random = None
        self._uuids = None
        self.db = scope.databases[self.__class__]
        self.sender = sender
        """Who calls."""
        self.connection_id = connection_id
        """The connection that the call came through; ``None`` for schedules and ``init``."""
        self._auth: SenderAuth | None = None

    @property
    def sender_auth(self) -> SenderAuth:
        """What the caller's token says: ``ctx.sender_auth.jwt``."""
        if self._auth is None:
            self._auth = SenderAuth(self.connection_id, self._scope.host.get_jwt)
        return self._auth

    @overload
    def within(self, namespace: str) -> ReducerContext: ...
    @overload
    def within(self, namespace: str, context_class: type[Inner]) -> Inner: ...
    def within(self, namespace: str, context_class: type[Any] | None = None) -> Any:
        """This call, as a module that is mounted there sees it: what its reducers and other code take.

        >>> accounts.log_in(ctx.within("auth", accounts.Ctx), token)

        Raises ``LookupError`` if none is mounted there.
        """
        made_as = ReducerContext if context_class is None else context_class
        self._check_within(made_as, ReducerContext)
        make: Callable[..., ReducerContext] = made_as
        inner = make(
            self._scope.inside(namespace, made_as), self.sender, self.connection_id, self.timestamp, self._function
        )
        inner.share_randomness(self)
        return inner


class ReducerContext(_WithDatabase, Declared):
    """What a reducer gets as its first argument, and what a procedure gets for each transaction.

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
