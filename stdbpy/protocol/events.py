"""What changed rows, as a client's callbacks are told: as much of it as the protocol tells."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeAlias

import msgspec

from stdbpy.errors import ReducerFailed, SatsError
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.functions import decode_arguments
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp


class ReducerEvent:
    """A reducer ran: one's own call, or (under v1, without light mode) another client's or the server's.

    ``error`` is ``None`` if it was committed. ``caller_connection_id`` is ``None`` where no connection called.
    ``energy`` (in the server's unit, 0 if not told) and ``duration`` (``None`` if not told) are known under v1.
    """

    __slots__ = (
        "_args",
        "_decode",
        "caller_connection_id",
        "caller_identity",
        "duration",
        "energy",
        "error",
        "is_own",
        "reducer",
        "timestamp",
    )

    def __init__(
        self,
        reducer: str,
        args: tuple[Any, ...] | bytes | str,
        timestamp: Timestamp,
        error: ReducerFailed | None,
        caller_identity: Identity,
        caller_connection_id: ConnectionId | None,
        *,
        is_own: bool,
        layout: FunctionLayout | None = None,
        energy: int = 0,
        duration: TimeDuration | None = None,
    ) -> None:
        self.reducer = reducer
        self.timestamp = timestamp
        self.error = error
        self.caller_identity = caller_identity
        self.caller_connection_id = caller_connection_id
        self.is_own = is_own
        self.energy = energy
        self.duration = duration
        self._args = args
        self._decode = layout

    @property
    def committed(self) -> bool:
        return self.error is None

    @property
    def args(self) -> tuple[Any, ...] | bytes | str:
        """The arguments, in the order of the reducer's parameters.

        Those of other clients' calls are decoded when first asked for; of a reducer that the client's
        schema does not have (or has with other parameters), they stay as they came: BSATN, or JSON text.
        """
        layout = self._decode
        if layout is not None and not isinstance(self._args, tuple):
            self._decode = None
            with suppress(SatsError):
                self._args = decode_arguments(layout, self._args)
        return self._args

    def __repr__(self) -> str:
        outcome = "committed" if self.error is None else f"failed: {self.error}"
        return f"<ReducerEvent {self.reducer} {outcome} at {self.timestamp}>"


class TransactionEvent(msgspec.Struct, frozen=True, gc=False):
    """A transaction that the protocol does not name: another client's under v2 and v3 or in light mode, SQL, …"""


class SubscribeAppliedEvent(msgspec.Struct, frozen=True, gc=False):
    """A subscription began: these are the rows that it starts with, as far as they are new to the cache."""

    query_set_id: int
    queries: tuple[str, ...]


class UnsubscribeAppliedEvent(msgspec.Struct, frozen=True, gc=False):
    """A subscription ended: these rows belong to no other one."""

    query_set_id: int
    queries: tuple[str, ...]


class ReconnectedEvent(msgspec.Struct, frozen=True, gc=False):
    """The connection is back: this is how the subscribed rows differ from those before it was lost."""

    connection_id: ConnectionId


RowEvent: TypeAlias = (
    ReducerEvent | TransactionEvent | SubscribeAppliedEvent | UnsubscribeAppliedEvent | ReconnectedEvent
)
"""What callbacks of rows are told as the cause."""

TRANSACTION = TransactionEvent()
