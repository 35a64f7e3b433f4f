"""What happens to a connection, for tools that show or record it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from stdbpy.client.connection_log import ConnectionLog

HappeningKind: TypeAlias = Literal[
    "connected",
    "disconnected",
    "attempt_failed",
    "subscribed",
    "subscription_ended",
    "rows_changed",
    "call_finished",
    "callback_failed",
]

KEPT = 256


class Happening(msgspec.Struct, frozen=True):
    """One thing that happened."""

    at: float
    """In seconds since 1970, by the client's clock."""
    kind: HappeningKind
    details: Mapping[str, Any]
    """What there is to say of it: errors, names, numbers of rows; never tokens, and no rows."""


class EventBus:
    """Tells listeners of what happens, and keeps the last 256 of them.

    Changes of rows and calls that went well are told and kept only while somebody listens or
    :attr:`is_detailed` is set, since there can be many thousands a second.
    """

    def __init__(self, log: ConnectionLog) -> None:
        self._log = log
        self._history: deque[Happening] = deque(maxlen=KEPT)
        self._listeners: tuple[Callable[[Happening], object], ...] = ()
        self.is_detailed = False

    @property
    def wants_details(self) -> bool:
        return self.is_detailed or bool(self._listeners)

    def listen(self, listener: Callable[[Happening], object]) -> Callable[[], None]:
        """Has ``listener(happening)`` called where callbacks run; what is returned ends that."""
        self._listeners = (*self._listeners, listener)

        def leave() -> None:
            left = list(self._listeners)
            if listener in left:
                left.remove(listener)
                self._listeners = tuple(left)

        return leave

    def history(self) -> tuple[Happening, ...]:
        """The last happenings, the oldest first."""
        return tuple(self._history)

    def publish(self, kind: HappeningKind, **details: object) -> None:
        happening = Happening(time.time(), kind, details)
        self._history.append(happening)
        for listener in self._listeners:
            try:
                listener(happening)
            except Exception as error:  # noqa: BLE001  # whatever user code raises
                self._log.error("a listener of the event bus failed", exc_info=error)
