"""What a connection is to be like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from stdbpy.protocol.reconnecting import ReconnectPolicy

CompressionName = Literal["none", "gzip", "brotli"]


@dataclass(frozen=True, slots=True)
class SessionOptions:
    """Where to connect and how the server is to talk. Nothing here changes while a session lives."""

    server: str
    """``http://`` or ``https://`` (``ws://`` and ``wss://`` mean the same), host, port, perhaps a path."""
    database: str
    """Name or identity."""
    token: str | None = field(default=None, repr=False)
    """``None``: the server makes a new identity, which the session keeps over reconnections."""
    subprotocols: tuple[str, ...] = ()
    """To offer, the preferred first; empty: all that ``handshake`` offers of itself. Servers take the newest."""
    compression: CompressionName = "none"
    """Of great messages from the server."""
    light: bool = False
    """Under v1: transactions come without the calls that made them, but for one's own."""
    confirmed: bool | None = None
    """Whether the server tells of a transaction only once it is on disk; ``None``: its default."""
    session_id: str | None = None
    """Servers from 2.14 on end an older connection of the same id before they take the new one."""
    batches: bool = False
    """Whether the server (from 2.14 on) takes ``SubscribeBatch``: after a reconnection, all subscriptions are
    then asked for at one moment of the database."""
    reconnect: ReconnectPolicy | None = field(default_factory=ReconnectPolicy)
    """``None``: a lost connection stays lost."""
