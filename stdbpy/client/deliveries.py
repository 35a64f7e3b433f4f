"""Runs the callbacks of a connection, one after the other, in the order of what happened."""

from __future__ import annotations

from asyncio import CancelledError
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator
from threading import get_ident
from typing import Any

from stdbpy.client.connection_log import ConnectionLog
from stdbpy.client.event_bus import EventBus
from stdbpy.client.interrupts import DeferredInterrupts
from stdbpy.client.row_calls import Step
from stdbpy.errors import ClientError
from stdbpy.protocol.deliveries import Delivery


class Deliveries:
    """What a session had to tell, and the callbacks to run for it: ``steps_of`` gives those of each delivery.

    A callback that raises is reported and keeps no other from running. What ends the running itself (Ctrl-C
    in a callback that a game loop runs) loses nothing, either: the next :meth:`run` goes on behind it.
    """

    def __init__(
        self,
        steps_of: Callable[[Delivery], Iterator[Step]],
        log: ConnectionLog,
        bus: EventBus,
        spawn: Callable[[Coroutine[Any, Any, object], Callable[..., object]], object] | None,
    ) -> None:
        self._steps_of = steps_of
        self._log = log
        self._spawn = spawn
        self._queue: deque[Delivery] = deque()
        self._steps: Iterator[Step] | None = None
        self._thread: int | None = None
        self._bus = bus
        self.interrupts = DeferredInterrupts()
        """Welcome in callbacks; whoever runs them may put others off."""
        self.failed = 0
        """How many callbacks raised."""
        self.on_error: list[Callable[[Callable[..., object], BaseException], object]] = []

    @property
    def is_here(self) -> bool:
        """Whether the calling code runs inside of a callback."""
        return self._thread == get_ident()

    @property
    def is_running(self) -> bool:
        """Whether callbacks run now, in whichever thread, or are to run."""
        return self._thread is not None or self._steps is not None or bool(self._queue)

    def add(self, deliveries: Iterable[Delivery]) -> None:
        self._queue.extend(deliveries)

    def run(self) -> None:
        """Runs what is to run; nothing if called from inside of a callback, after which the rest runs anyway."""
        if self._thread is not None:
            return
        self._thread = get_ident()
        interrupts = self.interrupts
        try:
            while True:
                if self._steps is None:
                    if not self._queue:
                        return
                    self._steps = self._steps_of(self._queue.popleft())
                for callback, arguments in self._steps:
                    try:
                        interrupts.is_welcome = True
                        if isinstance(arguments, tuple):
                            outcome = callback(*arguments)
                            if outcome is not None:
                                self._heed(outcome, callback)
                        else:
                            arguments.run(callback, self._heed)
                    except (Exception, CancelledError) as error:  # noqa: BLE001  # whatever user code raises
                        self.report(callback, error)  # nothing here awaits: who was cancelled is somebody else
                    finally:
                        interrupts.is_welcome = False
                self._steps = None
        finally:
            self._thread = None

    def report(self, callback: Callable[..., object], error: BaseException) -> None:
        """A callback failed: tells those who want to know of it, else the log."""
        self.failed += 1
        self._bus.publish("callback_failed", callback=_name(callback), error=repr(error))
        for tell in self.on_error:
            try:
                tell(callback, error)
            except Exception as further:  # noqa: BLE001  # whatever user code raises
                self._log.error("the callback for errors %s failed", _name(tell), exc_info=further)
        if not self.on_error:
            self._log.error("the callback %s failed", _name(callback), exc_info=error)

    def _heed(self, outcome: object, callback: Callable[..., object]) -> None:
        if not isinstance(outcome, Coroutine):
            return
        if self._spawn is not None:
            self._spawn(outcome, callback)
            return
        outcome.close()
        raise ClientError(
            f"{_name(callback)} is an async function, which a synchronous connection cannot run",
            hint="Use connect_async, or a plain function.",
        )


def _name(callback: Callable[..., object]) -> str:
    return getattr(callback, "__qualname__", None) or repr(callback)
