"""The one small socket that connections know: whole messages in and out, on the running event loop."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Literal, Protocol, TypeAlias

from stdbpy.errors import StdbError

Library: TypeAlias = Literal["picows", "websockets"]

NORMAL = 1000
PROTOCOL_BROKEN = 1002
NO_UTF8 = 1007
TOO_BIG = 1009
"""Close codes (RFC 6455, section 7.4.1)."""

REFUSALS = frozenset({PROTOCOL_BROKEN, NO_UTF8, TOO_BIG})
"""The codes by which a client refuses what the server sent."""

CLOSE_TIMEOUT = 1.0
"""Seconds that the other side has for its half of the closing handshake; the real server takes 0.25."""


@dataclass(frozen=True, slots=True)
class SocketSettings:
    """How sockets are opened and kept."""

    library: Library | None = None
    """``None``: picows where it is installed, else websockets."""
    max_message_size: int = 256 << 20
    """The most bytes that a message from the server may have; a greater one ends the connection."""
    open_timeout: float = 10.0
    """Seconds from the first packet to the end of the opening handshake."""
    ping_interval: float = 15.0
    """Seconds of silence after which the server is asked for a sign of life."""
    ping_timeout: float = 15.0
    """Seconds that it then has to give one."""
    ssl: SSLContext | None = None
    """For ``wss://``; ``None``: the system's certificates."""
    opener: Opener | None = None
    """Opens sockets in another way than over the network."""


@dataclass(frozen=True, slots=True)
class Closure:
    """How an open socket ended."""

    code: int | None = None
    """Of the close frame that the server sent; ``None`` if it sent none."""
    reason: str = ""
    """What the server said in it, or what happened instead of it."""
    refused: int | None = None
    """The code by which this side ended it, as what the server sent is no websocket or too great; ``reason`` says
    what of it."""


class Receiver(Protocol):
    """Who hears a socket. Its methods are called on the socket's event loop, and do not raise."""

    def opened(self, socket: Socket) -> None:
        """The opening handshake is done. Called once, as the first."""
        ...

    def message(self, data: bytes | str) -> None:
        """A whole message arrived."""
        ...

    def caught_up(self) -> None:
        """All that had arrived has been told."""
        ...

    def closed(self, closure: Closure) -> None:
        """The socket is gone. Called once, as the last."""
        ...


class Socket(Protocol):
    """An open websocket. Its methods are called on the event loop that opened it."""

    subprotocol: str | None
    """What the server chose."""

    def send(self, data: bytes | str) -> None:
        """Sends a message, or queues what the network does not take at once; nothing once it is closed."""
        ...

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Begins to close; :meth:`Receiver.closed` follows, after :data:`CLOSE_TIMEOUT` at the latest."""
        ...

    def pause_reading(self) -> None:
        """Reads no more from the network, which in the end makes the server wait, or drop the connection."""
        ...

    def resume_reading(self) -> None: ...

    async def wait_closed(self) -> None:
        """Returns when the socket and all that served it are gone."""
        ...


class OpeningRefused(StdbError):
    """The server answered the opening handshake with something else than a websocket."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"HTTP status {status}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class Opening:
    """What a websocket is opened with."""

    url: str
    subprotocols: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Not shown: they carry the token."""


class QuietLogger(logging.LoggerAdapter[logging.Logger]):
    """For the websocket libraries: below INFO they log whole handshakes, and so the token."""

    def __init__(self) -> None:
        super().__init__(logging.getLogger("stdbpy.client.socket"), {})

    def isEnabledFor(self, level: int) -> bool:
        return level >= logging.WARNING and super().isEnabledFor(level)

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if self.isEnabledFor(level):
            super().log(level, msg, *args, **kwargs)


Opener: TypeAlias = Callable[[Opening, Receiver, SocketSettings], Awaitable[None]]
"""What :func:`open_socket` is."""


async def open_socket(opening: Opening, receiver: Receiver, settings: SocketSettings) -> None:
    """Opens a websocket, which ``receiver`` is given and told of.

    Raises :class:`OpeningRefused`, ``OSError`` (``ssl.SSLError``, ``socket.gaierror``, ``TimeoutError``, …) and,
    for what is no websocket at the other end, ``ConnectionError``.
    """
    if settings.opener is not None:
        await settings.opener(opening, receiver, settings)
        return
    if settings.library != "websockets":
        try:
            from stdbpy.client.transport.picows_socket import open_picows
        except ImportError:
            if settings.library == "picows":
                raise
        else:
            await open_picows(opening, receiver, settings)
            return
    from stdbpy.client.transport.websockets_socket import open_websockets

    await open_websockets(opening, receiver, settings)
