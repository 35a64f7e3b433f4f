"""What was asked of the server and is not answered yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Literal, Protocol

import msgspec

from stdbpy.errors import StdbError
from stdbpy.protocol.events import ReducerEvent

Kind = Literal["reducer", "procedure", "query"]

LAST_NUMBER = 0xFFFF_FFFF
"""Numbers of requests are u32."""


class PendingRequest(msgspec.Struct, eq=False):
    """A call or one-off query, from being asked to its outcome.

    The session sets the outcome once everything that the answer changed is in the cache, and queues
    it among the deliveries.
    """

    kind: Kind
    name: str
    """Of the reducer or procedure; a query's is its SQL text."""
    args: tuple[Any, ...]
    request_id: int
    serial: int
    started: float
    """By the session's clock, in seconds."""
    driver: Any = None
    """Whom the session works for."""
    finished: float | None = None
    done: bool = False
    """The cache shows all that it changed, and its outcome is (about to be) told."""
    value: Any = None
    """What a procedure gave back; a query's rows (a list of ``TableRows``); ``None`` for reducers."""
    error: StdbError | None = None
    event: ReducerEvent | None = None
    """How a reducer ended, as callbacks are told; ``None`` for the rest and without an answer."""
    duration: int | None = None
    """Microseconds that the server says it took, where it says so."""
    _callbacks: list[Callable[[Any], object]] | None = None

    def add_done_callback(self, callback: Callable[[Any], object]) -> None:
        """Has ``callback(request)`` called by whoever delivers the outcome, in the order of adding."""
        if self._callbacks is None:
            self._callbacks = []
        self._callbacks.append(callback)

    def take_callbacks(self) -> Sequence[Callable[[Any], object]]:
        """For who delivers: the callbacks to call now, each of them handed out once."""
        callbacks, self._callbacks = self._callbacks, None
        return callbacks or ()

    def __repr__(self) -> str:
        state = "pending" if not self.done else "failed" if self.error else "done"
        return f"<{type(self).__name__} {self.kind} {self.name} {state}>"


class RequestFactory(Protocol):
    """Makes a :class:`PendingRequest`, or what a driver has derived from it."""

    def __call__(
        self,
        kind: Kind,
        name: str,
        args: tuple[Any, ...],
        request_id: int,
        serial: int,
        started: float,
        driver: Any,
        /,
    ) -> PendingRequest: ...


class PendingRequests:
    """All that a session has asked and not been answered, by their numbers.

    ``factory`` makes the requests, each of which is told of the ``driver``.
    """

    __slots__ = ("_answered", "_handed_over", "by_number", "driver", "factory", "next_serial")

    def __init__(self, factory: RequestFactory, driver: object) -> None:
        self.factory = factory
        self.driver = driver
        self.by_number: dict[int, PendingRequest] = {}
        self.next_serial = count(1).__next__
        """What orders all that is asked."""
        self._answered = 0
        self._handed_over = 0

    def __len__(self) -> int:
        return len(self.by_number)

    @property
    def made(self) -> int:
        """How many requests there have been so far."""
        return len(self.by_number) + self._answered

    def take_number(self) -> int:
        """A number (a u32) that no pending request has. Never 0: servers answer with that what they cannot number."""
        return self.number_of(self.next_serial())

    def number_of(self, serial: int) -> int:
        """The number for what is asked with that serial."""
        number = (serial - 1) % LAST_NUMBER + 1
        while number in self.by_number:
            number = number % LAST_NUMBER + 1
        return number

    def take(self, number: int, kind: Kind) -> PendingRequest | None:
        """The request of that number, which is pending no more; ``None`` if none of the kind has it."""
        request = self.by_number.pop(number, None)
        if request is not None and request.kind != kind:
            self.by_number[number] = request
            return None
        if request is not None:
            self._answered += 1
        return request

    def take_oldest(self, kind: Kind, name: str) -> PendingRequest | None:
        """The same for an answer without a number: servers answer in the order of asking."""
        for number, request in self.by_number.items():
            if request.kind == kind and request.name == name:
                return self.take(number, kind)
        return None

    def hand_over(self) -> None:
        """Whatever is pending now is on its way to the server."""
        self._handed_over = self.next_serial()

    def take_all(self) -> list[tuple[PendingRequest, bool]]:
        """All of them, pending no more, each with whether it was handed over."""
        requests = [(request, request.serial <= self._handed_over) for request in self.by_number.values()]
        self._answered += len(requests)
        self.by_number.clear()
        return requests
