"""Keeps a session connected: the half of a connection that lives on an event loop."""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

import msgspec

from stdbpy.client.stats import Counters
from stdbpy.client.transport.socket import (
    NORMAL,
    PROTOCOL_BROKEN,
    TOO_BIG,
    Closure,
    Opening,
    OpeningRefused,
    Socket,
    SocketSettings,
    open_socket,
)
from stdbpy.errors import ProtocolError, StdbError, seconds
from stdbpy.protocol.losses import NO_TLS
from stdbpy.protocol.session import Session

log = logging.getLogger("stdbpy.client")


class Opened(msgspec.Struct, frozen=True, gc=False):
    """The websocket is open. ``problem`` is a reason to close it at once."""

    subprotocol: str | None
    problem: StdbError | None


class Lost(msgspec.Struct, frozen=True, gc=False):
    """The websocket is gone or did not come about; as :meth:`Session.lost` takes it, and a ``hint``."""

    reason: str = ""
    code: int | None = None
    status: int | None = None
    hint: str = ""
    problem: StdbError | None = None
    """Why this side ended it."""


Arrival: TypeAlias = bytes | str | Opened | Lost
"""What a link tells, in the order in which it happened: messages are bytes or text."""

Examine: TypeAlias = Callable[[], Awaitable[StdbError | None]]
"""Looks, while the websocket opens, whether this is the right database; gives what is wrong with it."""

Advise: TypeAlias = Callable[[int], Awaitable[str]]
"""A hint for an HTTP status that the server refused the websocket with; ``""`` if there is nothing to say."""


class Link:
    """One session's websocket, through all its reconnections. All methods are called on its event loop.

    ``arrived`` is told what happens, ``caught_up`` that all there was has been told; neither may raise.
    ``lock`` is held while the session is asked for something.
    """

    def __init__(
        self,
        session: Session,
        settings: SocketSettings,
        *,
        lock: AbstractContextManager[object],
        arrived: Callable[[Arrival], object],
        caught_up: Callable[[], object],
        examine: Examine,
        advise: Advise,
        counters: Counters,
    ) -> None:
        self._session = session
        self._settings = settings
        self._lock = lock
        self._arrived = arrived
        self._caught_up = caught_up
        self._examine = examine
        self._advise = advise
        self._counters = counters
        self._socket: Socket | None = None
        self._subprotocol: str | None = None
        self._held: list[Arrival] | None = None  # what came while the database was still being examined
        self._connecting: asyncio.Task[None] | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._is_stopped = False
        self._is_held_back = False
        self.is_flush_due = False
        """A :meth:`flush` is scheduled and has not begun."""

    # --- what the connection does --------------------------------------------------------------

    def start(self, after: float = 0.0) -> None:
        """Connects in so many seconds."""
        if not self._is_stopped:
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(after, self._connect)

    def flush(self) -> None:
        """Sends what the session has to send."""
        self.is_flush_due = False
        socket = self._socket
        if socket is None or self._held is not None:
            return
        with self._lock:
            outgoing = self._session.take_outgoing()
        counters = self._counters
        for message in outgoing:
            counters.bytes_out += len(message)
            socket.send(message)
        counters.messages_out += len(outgoing)

    def hang_up(self) -> None:
        """Ends the present connection, which is of no more use."""
        if self._socket is not None:
            self._socket.close(PROTOCOL_BROKEN)

    def hold_back(self, is_full: bool) -> None:
        """Reads no more from the network while too much that arrived has not been taken."""
        if self._is_stopped or is_full == self._is_held_back:
            return
        self._is_held_back = is_full
        if self._socket is not None:
            if is_full:
                self._socket.pause_reading()
            else:
                self._socket.resume_reading()

    async def stop(self) -> None:
        """Closes the websocket and connects no more; returns when nothing is left on the event loop."""
        self.hold_back(False)  # the server's half of the closing handshake is to be read
        self._is_stopped = True
        if self._retry is not None:
            self._retry.cancel()
        connecting = self._connecting
        if connecting is not None:
            connecting.cancel()
            await asyncio.wait([connecting])
        socket = self._socket
        if socket is not None:
            socket.close(NORMAL)
            await socket.wait_closed()

    # --- what the socket tells -----------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        if self._is_stopped:  # while the handshake was under way
            socket.close(NORMAL)
            return
        self._socket = socket
        self._subprotocol = socket.subprotocol
        self._held = []
        if self._is_held_back:
            socket.pause_reading()
        self._counters.connections += 1

    def message(self, data: bytes | str) -> None:
        self._counters.messages_in += 1
        self._counters.bytes_in += len(data)
        if self._held is None:
            self._arrived(data)
        else:
            self._held.append(data)

    def caught_up(self) -> None:
        if self._held is None:
            self._caught_up()

    def closed(self, closure: Closure) -> None:
        self._socket = None
        problem = None
        if closure.refused is not None:
            hint = "max_message_size allows greater messages." if closure.refused == TOO_BIG else ""
            problem = ProtocolError(f"the server sent what cannot be taken: {closure.reason}", hint=hint)
        reason = closure.reason
        if self._is_held_back:
            reason = f"{reason}; much that had arrived was waiting for callbacks to end, or for tick()"
        self._tell(Lost(reason, code=closure.code, problem=problem))

    # --- connecting ----------------------------------------------------------------------------

    def _connect(self) -> None:
        self._retry = None
        self._connecting = asyncio.get_running_loop().create_task(self._open())

    async def _open(self) -> None:
        examination = asyncio.ensure_future(self._examine())
        try:
            lost = await self._try_to_open()
            if lost is None:
                self._release(await examination)
            else:
                self._tell(lost)
        except Exception as error:
            log.exception("connecting failed in an unexpected way")
            reason = f"connecting failed in an unexpected way: {error!r}"
            if self._held is None:
                self._tell(Lost(reason))
            else:
                self._release(ProtocolError(reason))
        finally:
            self._connecting = None
            if not examination.done():
                examination.cancel()
                await asyncio.wait([examination])
            elif not examination.cancelled():
                examination.exception()  # it was asked for in vain

    async def _try_to_open(self) -> Lost | None:
        """Opens the websocket; otherwise says why not."""
        with self._lock:
            handshake = self._session.handshake()
        opening = Opening(handshake.url, tuple(handshake.subprotocols), tuple(handshake.headers.items()))
        try:
            await open_socket(opening, self, self._settings)
        except OpeningRefused as error:
            return Lost(error.body.strip(), status=error.status, hint=await self._advise(error.status))
        except OSError as error:
            return Lost(_in_words(error, self._settings.open_timeout))
        return None

    def _release(self, problem: StdbError | None) -> None:
        """The database is the right one, or not: what came so far may be told."""
        held, self._held = self._held, None
        self._arrived(Opened(self._subprotocol, problem))
        for arrival in held or ():
            self._arrived(arrival)
        self._caught_up()
        self.flush()

    def _tell(self, arrival: Arrival) -> None:
        if self._held is None:
            self._arrived(arrival)
            self._caught_up()
        else:
            self._held.append(arrival)


def _in_words(error: OSError, timeout: float) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return f"the server's certificate cannot be trusted: {error.verify_message}"
        case ssl.SSLError():
            return NO_TLS
        case sockets.gaierror():
            return "no host is known by that name"
        case ConnectionRefusedError():
            return "nothing answers there"
        case TimeoutError():
            return f"no connection came about within {seconds(timeout)}"
        case _:
            return (error.strerror or str(error) or type(error).__name__).lower()
