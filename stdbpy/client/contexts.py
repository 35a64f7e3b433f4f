"""What callbacks are given besides the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stdbpy.protocol.events import RowEvent
from stdbpy.sats.values import ConnectionId, Identity

if TYPE_CHECKING:
    from stdbpy.client.connection import LiveConnection


class EventContext:
    """What a callback of rows is told and may do.

    Calls by ``reducers`` and ``procedures`` are sent and not waited for: each gives a
    :class:`~stdbpy.client.PendingCall`. Generated code has a subclass that types them.
    """

    __slots__ = ("_connection", "event")

    def __init__(self, connection: LiveConnection, event: RowEvent) -> None:
        self._connection = connection
        self.event = event
        """Why the rows changed."""

    @property
    def connection(self) -> Any:
        """The connection that the rows are from."""
        return self._connection

    @property
    def db(self) -> Any:
        """The tables: ``ctx.db.player.id.find(3)``."""
        return self._connection.db

    @property
    def reducers(self) -> Any:
        return self._connection.send

    @property
    def procedures(self) -> Any:
        return self._connection.send_procedures

    @property
    def identity(self) -> Identity | None:
        return self._connection.identity

    @property
    def connection_id(self) -> ConnectionId | None:
        return self._connection.connection_id

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.event!r}>"
