"""What ``subscribe`` gives: queries whose rows the connection holds, from being applied until they end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from stdbpy.client.row_calls import Step
from stdbpy.errors import ConnectionClosed, StdbError
from stdbpy.protocol.subscription import SubscriptionState

if TYPE_CHECKING:
    from stdbpy.client.async_connection import AsyncConnection
    from stdbpy.client.sync_connection import Connection

Callback: TypeAlias = Callable[..., object]


class _Followed:
    """A subscription as its callbacks have been told of it."""

    def __init__(self, state: SubscriptionState) -> None:
        self._state = state
        self._lock = Lock()
        """Held while callbacks are added or taken, so that none falls between."""
        self._is_told = self._is_end_told = False
        """Whether callbacks for its rows, and for its end, have run: what waits is woken behind them."""
        self._on_applied: list[Callback] = []
        self._on_error: list[Callback] = []
        self._on_ended: list[Callback] = []
        self.is_applied = False
        """Its rows are in the cache; while the connection is lost, those of before."""
        self.is_ended = False
        """It is over; :attr:`error` says why, if its owner did not end it."""

    @property
    def queries(self) -> tuple[str, ...]:
        return self._state.queries

    @property
    def query_set_id(self) -> int:
        return self._state.query_set_id

    @property
    def error(self) -> StdbError | None:
        return self._state.error if self.is_ended else None

    def on_applied(self, callback: Callable[[Self], object]) -> Callable[[Self], object]:
        """Calls ``callback(subscription)`` once its rows are in the cache; also a decorator.

        What the callback waits for may be over already: then it is called at once, here. So for the other two.
        """
        with self._lock:
            is_late = self.is_applied
            if not is_late:
                self._on_applied.append(callback)
        if is_late:
            callback(self)
        return callback

    def on_error(self, callback: Callable[[Self, StdbError], object]) -> Callable[[Self, StdbError], object]:
        """Calls ``callback(subscription, error)`` if the server refuses the queries, or ends the subscription."""
        with self._lock:
            is_late = self.is_ended
            if not is_late:
                self._on_error.append(callback)
        if is_late and self._state.error is not None:
            callback(self, self._state.error)
        return callback

    def on_ended(self, callback: Callable[[Self], object]) -> Callable[[Self], object]:
        """Calls ``callback(subscription)`` when it is over, however that came."""
        with self._lock:
            is_late = self.is_ended
            if not is_late:
                self._on_ended.append(callback)
        if is_late:
            callback(self)
        return callback

    def tell_applied(self) -> Iterator[Step]:
        """For the connection: the callbacks to run, now that it is applied, with what they are given."""
        with self._lock:
            self.is_applied = True
            callbacks, self._on_applied = self._on_applied, []
        for callback in callbacks:
            yield callback, (self,)
        self._is_told = True

    def tell_ended(self) -> Iterator[Step]:
        """For the connection: the callbacks to run, now that it is over, with what they are given."""
        with self._lock:
            self.is_ended, self.is_applied = True, False
        if self._state.error is not None:
            for callback in self._on_error:
                yield callback, (self, self._state.error)
        for callback in self._on_ended:
            yield callback, (self,)
        self._is_end_told = True

    def _is_decided(self) -> bool:
        return self._is_told or self._is_end_told

    def _raise_if_failed(self) -> None:
        if self.is_ended and self._state.error is not None:
            raise self._state.error

    def __repr__(self) -> str:
        stands = "ended" if self.is_ended else "applied" if self.is_applied else "pending"
        reason = "" if self.error is None else f" ({self.error})"
        return f"<{type(self).__name__} {self.query_set_id} {stands}{reason}: {'; '.join(self.queries)}>"


class Subscription(_Followed):
    """A subscription of a synchronous connection. As a context manager it ends with the block."""

    def __init__(self, connection: Connection, state: SubscriptionState) -> None:
        super().__init__(state)
        self._connection = connection

    def wait_applied(self, timeout: float | None = None) -> Self:
        """Returns once the rows are in the cache. Raises what the subscription failed with
        (:class:`~stdbpy.errors.SubscriptionFailed`), and :class:`~stdbpy.errors.CallTimeout`."""
        self._connection.wait_until_or_fail(self._is_decided, timeout, "the subscription is not applied")
        self._raise_if_failed()
        return self

    def unsubscribe(self, *, wait: bool = True, timeout: float | None = None) -> None:
        """Ends it; returns when its rows have left the cache, or at once without ``wait``."""
        self._connection.end_subscription(self._state)
        if wait and not self._is_end_told:
            try:
                self._connection.wait_until_or_fail(
                    lambda: self._is_end_told, timeout, "the subscription has not ended"
                )
            except ConnectionClosed:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Who leaves by an error, or from inside of a callback, does not wait.
        self.unsubscribe(wait=error is None and not self._connection.is_inside_callback)


class AsyncSubscription(_Followed):
    """A subscription of an asynchronous connection.

    ``await`` it until its rows are in the cache, or use ``async with``, which ends it with the block; either
    raises what it failed with (:class:`~stdbpy.errors.SubscriptionFailed`).
    """

    def __init__(self, connection: AsyncConnection, state: SubscriptionState) -> None:
        super().__init__(state)
        self._connection = connection

    async def _applied(self) -> Self:
        await self._connection.wait_until_async(self._is_decided, None)
        self._raise_if_failed()
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._applied().__await__()

    async def unsubscribe(self) -> None:
        """Ends it; returns when its rows have left the cache."""
        self._connection.end_subscription(self._state)
        if not self._is_end_told:
            try:
                await self._connection.wait_until_async(lambda: self._is_end_told, None)
            except ConnectionClosed:
                return

    async def __aenter__(self) -> Self:
        try:
            return await self._applied()
        except BaseException:  # such as a cancellation: then nobody is left to end it
            self._connection.end_subscription(self._state)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            await self.unsubscribe()
        else:  # who leaves by an error, or is cancelled, does not wait
            self._connection.end_subscription(self._state)


AnySubscription: TypeAlias = Subscription | AsyncSubscription
