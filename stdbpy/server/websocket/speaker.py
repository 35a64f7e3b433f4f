"""What the endpoint needs of a protocol version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.events import Event
from stdbpy.sats.values import ConnectionId
from stdbpy.server.claims import Credentials

Frame = bytes | str


class Speaker(Protocol):
    """One client's requests and events in its protocol."""

    def greeting(self, caller: Credentials, connection_id: ConnectionId) -> Frame:
        """The first frame: who the client is."""

    def hear(self, frame: Frame, connection: DatabaseConnection) -> int:
        """Asks the database for what a client's frame asks for; how many things that were. Raises
        ``StdbError`` for a frame that is none, with which the connection ends."""

    def frames(self, events: Sequence[Event]) -> Iterator[Frame]:
        """What the client is sent for events: each frame is made when it is asked for."""
