"""What a connection is to be like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

CompressionName = Literal["none", "gzip", "brotli"]


@dataclass(frozen=True, slots=True)
class ReconnectPolicy:
    """Delays before attempts: exponential with full jitter, so that a thousand clients of a server
    that restarts do not come back all at once."""

    base: float = 1.0
    """The longest delay, in seconds, before the first attempt; it doubles with each failure."""
    cap: float = 30.0
    """The longest delay of all, in seconds."""
    attempts: int | None = None
    """How many attempts in a row may fail; ``None``: any number."""
    first: bool = False
    """Whether a connection that never was is tried again as well; else its first failure is final."""

    def delay(self, failures: int, random: Callable[[], float]) -> float:
        """Seconds before the next attempt after that many failed ones; ``random()`` is in [0, 1)."""
        return random() * min(self.cap, self.base * 2.0 ** min(failures, 64))


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
