"""The contexts of procedures and HTTP handlers: they run outside of transactions, may wait, and open
transactions of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, get_args

from stdbpy.errors import HostError
from stdbpy.module.context import TimedContext
from stdbpy.module.host import Errno, Host
from stdbpy.module.http import HttpClient
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from stdbpy.module.scope import Scope

    Tx = TypeVar("Tx", bound=ReducerContext, default=ReducerContext)
    Result = TypeVar("Result")
    Inner = TypeVar("Inner", bound="WaitingContext[Any]")
else:
    from typing import TypeVar

    Tx = TypeVar("Tx")

_IN_A_TRANSACTION = "tables are used in a transaction: with ctx.transaction() as tx: tx.db.player.insert(...)"

_NOBODY_SAYS = "nobody says who sends a request; look for a token in request.headers"


class WaitingContext(TimedContext, Generic[Tx]):
    """What procedures and HTTP handlers have in common."""

    __slots__ = ("_connection_id", "_host", "_transaction_class", "http")

    absent: ClassVar[Mapping[str, str]] = {
        "db": _IN_A_TRANSACTION,
        "sender_auth": "a transaction's has: tx.sender_auth",
    }

    def __init__(
        self,
        scope: Scope,
        timestamp: Timestamp,
        function: str,
        sender: Identity,
        connection_id: ConnectionId | None,
        transaction_class: type[Tx],
    ) -> None:
        super().__init__(scope, timestamp, function, sender)
        self.http = HttpClient(scope.host)
        """Sends HTTP requests."""
        self._host = scope.host
        self._connection_id = connection_id
        self._transaction_class = transaction_class

    def within(self, namespace: str, context_class: type[Inner]) -> Inner:
        """This call, as a module that is mounted there sees it: what its procedures, HTTP handlers and other
        code take. Raises ``LookupError`` if none is mounted there."""
        self._check_within(context_class, ProcedureContext, HandlerContext)
        transaction_class = transaction_class_of(context_class)
        scope = self._scope.inside(namespace, transaction_class)
        make: Callable[..., Inner] = context_class
        inner = make(scope, self.timestamp, self._function, self._caller, self._connection_id, transaction_class)
        inner.share_randomness(self)
        return inner

    def transaction(self) -> AbstractContextManager[Tx]:
        """Opens a transaction, waiting until no other is open, and gives the context to use in it,
        which is one as reducers have.

        >>> with ctx.transaction() as tx:
        ...     player = tx.db.player.id.find(id)

        At the end of the block its changes are written down, and clients told; if the block raises,
        nothing has changed. Everybody else waits meanwhile, so that nothing in it may wait for long:
        send HTTP requests before or behind it. Raises ``HostError`` if a transaction is open already.
        """
        return _OpenTransaction(self._host, self._begin)

    def with_tx(self, body: Callable[[Tx], Result]) -> Result:
        """Calls ``body`` in a transaction and returns what it returns, as :meth:`transaction` does for
        a block. Should the transaction fail to be written down, it is tried once more, with another
        call of ``body``, which therefore leaves everything but tables as it was."""
        try:
            return self._once(body)
        except _NotCommitted:
            self.log.warning("A transaction could not be written down, and is tried again")
        try:
            return self._once(body)
        except _NotCommitted as failure:
            raise failure.error from None

    def _once(self, body: Callable[[Tx], Result]) -> Result:
        tx = self._begin()
        try:
            result = body(tx)
        except BaseException:
            _abort(self._host)
            raise
        finally:
            del tx.db
        try:
            self._host.procedure_commit_mut_tx()
        except HostError as error:
            raise _NotCommitted(error) from None
        return result

    def _begin(self) -> Tx:
        try:
            timestamp = self._host.procedure_start_mut_tx()
        except HostError as error:
            if error.code != Errno.WOULD_BLOCK_TRANSACTION:
                raise
            raise HostError(
                error.code,
                "a transaction is open already, and there are none inside others",
                hint="Hand the tx of the open one on, or open the second behind it",
            ) from None
        make: Callable[..., Tx] = self._transaction_class
        tx = make(self._scope, self._caller, self._connection_id, Timestamp(timestamp), self._function)
        tx.share_randomness(self)
        return tx


class _NotCommitted(Exception):
    def __init__(self, error: HostError) -> None:
        super().__init__(error)
        self.error = error


class _OpenTransaction(AbstractContextManager[Tx]):
    def __init__(self, host: Host, begin: Callable[[], Tx]) -> None:
        self._host = host
        self._begin = begin

    def __enter__(self) -> Tx:
        self._tx = self._begin()
        return self._tx

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        del self._tx.db
        if error is None:
            self._host.procedure_commit_mut_tx()
        else:
            _abort(self._host)


def _abort(host: Host) -> None:
    with suppress(HostError):  # the host has ended it already, which the error that is on its way tells
        host.procedure_abort_mut_tx()


class ProcedureContext(WaitingContext[Tx]):
    """What a procedure gets as its first argument. It is not in a transaction: see :meth:`transaction`.

    ``ProcedureContext[Ctx]`` is one whose transactions have contexts of the class ``Ctx``, a
    :class:`~stdbpy.module.reducer_context.ReducerContext` that says which tables there are:

    >>> @procedure
    ... def best_player(ctx: ProcedureContext[Ctx]) -> Player | None:
    ...     with ctx.transaction() as tx:
    ...         return max(tx.db.player, key=lambda player: player.level, default=None)
    """

    __slots__ = ()

    called: ClassVar[str] = "a procedure"

    @property
    def sender(self) -> Identity:
        """Who calls."""
        return self._caller

    @property
    def connection_id(self) -> ConnectionId | None:
        """The connection that the call came through; ``None`` for schedules."""
        return self._connection_id

    def sleep_until(self, moment: Timestamp) -> None:
        """Returns at that time or a little later; :attr:`timestamp` is then what time it is.

        Raises ``HostError`` inside a transaction, for which everybody else would wait.
        """
        if not isinstance(moment, Timestamp):
            raise TypeError(f"sleep_until takes a Timestamp, not {moment!r}; sleep takes how long")
        try:
            self.timestamp = Timestamp(self._host.procedure_sleep_until(int(moment)))
        except HostError as error:
            if error.code != Errno.WOULD_BLOCK_TRANSACTION:
                raise
            raise HostError(
                error.code,
                "nothing may sleep in a transaction, as everybody else would wait for it",
                hint="Sleep before or behind the transaction",
            ) from None

    def sleep(self, span: TimeDuration | timedelta) -> None:
        """As :meth:`sleep_until`, that long after :attr:`timestamp`: ``ctx.sleep(TimeDuration.of(seconds=1))``."""
        if not isinstance(span, TimeDuration | timedelta):
            raise TypeError(f"sleep takes a TimeDuration, as in TimeDuration.of(seconds=5), not {span!r}")
        self.sleep_until(self.timestamp + span)


class HandlerContext(WaitingContext[Tx]):
    """What an HTTP handler gets as its first argument. Who sends the request is not known: in
    transactions, ``tx.sender`` is the identity of which all bytes are zero.

    ``HandlerContext[Ctx]`` says what the contexts of its transactions are, as with :class:`ProcedureContext`.
    """

    __slots__ = ()

    called: ClassVar[str] = "an HTTP handler"
    absent: ClassVar[Mapping[str, str]] = {
        **WaitingContext.absent,
        "sender": _NOBODY_SAYS,
        "connection_id": _NOBODY_SAYS,
    }


def transaction_class_of(context: Any) -> Any:
    """``Ctx`` of ``ProcedureContext[Ctx]``, or of the one that a class is derived from; ``ReducerContext``
    where nothing is said."""
    arguments = get_args(context)
    if arguments:
        return arguments[0]
    bases = getattr(context, "__orig_bases__", ())
    found = (transaction_class_of(base) for base in bases if get_args(base) or hasattr(base, "__orig_bases__"))
    return next((each for each in found if isinstance(each, type)), ReducerContext)
