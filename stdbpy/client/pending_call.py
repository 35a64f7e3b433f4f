"""What a call that has been sent is to its caller: something to wait for, in a thread or under asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Sequence
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar, cast

from stdbpy.errors import ConnectionClosed, StdbError
from stdbpy.protocol.pending import PendingRequest

T = TypeVar("T")

_turning = RLock()
"""Held while who waits for any call is written down, and while a call becomes settled: nobody falls between.
One for all, as it is held for a moment; one for each would cost more than all else in a call."""

if hasattr(os, "register_at_fork"):  # no other thread has it then, whom the new process would wait for
    os.register_at_fork(before=_turning.acquire, after_in_parent=_turning.release, after_in_child=_turning.release)


class Waiter(Protocol):
    """The connection of a call, as far as waiting is concerned."""

    call_timeout: float | None
    """Seconds after which ``await`` gives up."""

    def wait_for(self, call: PendingCall[Any], timeout: float | None) -> None:
        """Returns when the call is settled.

        Raises :class:`~stdbpy.errors.CallTimeout`, and :class:`~stdbpy.errors.ClientError` where waiting
        would never end.
        """
        ...

    def timed_out(self, call: PendingCall[Any], timeout: float) -> StdbError:
        """The error for a call that has not settled in time."""
        ...

    def failed_unseen(self, kind: str, name: str, error: StdbError) -> None:
        """A call failed, and nobody asked for its outcome."""
        ...


class UnseenFailure:
    """What a failed call holds until somebody asks for its outcome. If it goes before that, it tells the connection.

    Calls that succeed have none: an object that does something when it goes costs as much as a call's message.
    """

    __slots__ = ("_error", "_kind", "_name", "_waiter", "is_seen")

    def __init__(self, kind: str, name: str, error: StdbError, waiter: Waiter) -> None:
        self._kind = kind
        self._name = name
        self._error = error
        self._waiter = waiter
        self.is_seen = False

    def __del__(self) -> None:
        if not self.is_seen:
            self._waiter.failed_unseen(self._kind, self._name, self._error)


class PendingCall(PendingRequest, Generic[T], eq=False, weakref=True):
    """A call or query that was sent. Its outcome comes once all that it changed is in the cache and the
    callbacks for that have run.

    ``await`` it under asyncio, or ask for its :meth:`result` in a thread; either raises what the call
    failed with. Giving up on waiting (a cancelled ``await``, a timeout) changes nothing for the call: it
    goes on, and can be waited for again. A failure that nobody asks for is logged.
    """

    _wakers: list[Callable[[], object]] | None = None
    _convert: Callable[[Any], Any] | None = None
    _unseen: UnseenFailure | None = None
    settled: bool = False
    """Its outcome is there and its callbacks' turn has come."""

    @property
    def waiter(self) -> Waiter:
        """Its connection."""
        waiter: Waiter = self.driver
        return waiter

    # --- for its caller ------------------------------------------------------------------------

    def result(self, timeout: float | None = None) -> T:
        """Waits for the outcome, at most ``timeout`` seconds, and gives what a procedure or query gave.

        Raises what the call failed with, :class:`~stdbpy.errors.CallTimeout`, and, where waiting would
        never end (inside of a callback, in an event loop's thread), :class:`~stdbpy.errors.ClientError`.
        """
        if not self.settled:
            self.waiter.wait_for(self, timeout)
        return self._outcome()

    def exception(self, timeout: float | None = None) -> StdbError | None:
        """Waits as :meth:`result` does, and gives what the call failed with, or ``None``."""
        if not self.settled:
            self.waiter.wait_for(self, timeout)
        self._see()
        return self.error

    def add_done_callback(self, callback: Callable[[PendingCall[T]], object]) -> None:
        """Has ``callback(call)`` called where the connection's callbacks run, after those of the rows that
        the call changed; at once if the call is already settled."""
        with _turning:
            is_late = self.settled
            if not is_late:
                super().add_done_callback(callback)
        if is_late:
            self._see()
            callback(self)

    def __await__(self) -> Generator[Any, None, T]:
        if not self.settled:
            timeout = self.waiter.call_timeout
            if timeout is None:
                yield from self._settling().__await__()
            else:
                yield from self._settling_within(timeout).__await__()
        return self._outcome()

    async def outcome(self) -> T:
        """What ``await call`` gives, as a coroutine: ``create_task`` and task groups take nothing else."""
        return await self

    # --- for its connection --------------------------------------------------------------------

    def when_settled(self, wake: Callable[[], object]) -> None:
        """Has ``wake()`` called as soon as the call is settled, from whichever thread; at once if it is."""
        with _turning:
            is_late = self.settled
            if not is_late:
                if self._wakers is None:
                    self._wakers = []
                self._wakers.append(wake)
        if is_late:
            wake()

    def settle(self) -> Sequence[Callable[[PendingCall[T]], object]]:
        """Its turn among the deliveries has come: wakes who waits, and hands out the callbacks to run."""
        with _turning:
            self.settled = True
            wakers, self._wakers = self._wakers, None
            callbacks = self.take_callbacks()
            if self.error is not None and not callbacks and not isinstance(self.error, ConnectionClosed):
                self._unseen = UnseenFailure(self.kind, self.name, self.error, self.waiter)
        for wake in wakers or ():
            wake()
        return callbacks

    def convert_with(self, convert: Callable[[Any], Any]) -> None:
        """Has the outcome's value converted when it is first asked for."""
        self._convert = convert

    # --- inside --------------------------------------------------------------------------------

    def _settling(self) -> asyncio.Future[None]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self.when_settled(lambda: _resolve(future, loop))
        return future

    async def _settling_within(self, timeout: float) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._settling()
        except TimeoutError:
            raise self.waiter.timed_out(self, timeout) from None

    def _see(self) -> None:
        if self._unseen is not None:
            self._unseen.is_seen = True

    def _outcome(self) -> T:
        if self.error is not None:
            self._see()
            raise self.error
        if self._convert is not None:
            with _turning:
                if self._convert is not None:
                    self.value, self._convert = self._convert(self.value), None
        return cast("T", self.value)


def _resolve(future: asyncio.Future[None], loop: asyncio.AbstractEventLoop) -> None:
    try:
        here = asyncio.get_running_loop()
    except RuntimeError:
        here = None
    if here is loop:
        _set(future)
    elif not loop.is_closed():
        loop.call_soon_threadsafe(_set, future)


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():  # else who waited was cancelled
        future.set_result(None)
