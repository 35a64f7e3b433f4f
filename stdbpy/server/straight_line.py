"""The way of an answer from a database's thread to the client, past the event loop."""

from __future__ import annotations

import socket
from asyncio import Transport
from threading import Lock

from stdbpy.engine import Database
from stdbpy.server.quick_call import QuickCall


class StraightLine:
    """That of one connection, with the call that the client waits for, if there is one: either the database's thread
    answers it, or the event loop takes it back. Where it is not said otherwise, this is for the loop's thread."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._socket: socket.socket | None = None
        """A second one for the same connection: the event loop may close the first at any time, and then its number
        could be another client's."""
        self._lock = Lock()
        self._held: QuickCall | None = None
        self._sending: Database | None = None
        """Whose thread sends an answer at this moment, or has left some of it here."""
        self._unsent = b""

    # --- the call ----------------------------------------------------------------------------

    @property
    def is_held(self) -> bool:
        """Whether a call waits."""
        return self._held is not None

    def is_held_for(self, call: QuickCall) -> bool:
        """Whether it is that one. Any thread may ask."""
        return self._held is call

    def hold(self, call: QuickCall) -> None:
        """The client waits for that from now on, and for nothing else."""
        self._held = call

    def take_back(self) -> QuickCall | None:
        """The call that waits, if it still does: nobody else answers it then."""
        with self._lock:
            held, self._held = self._held, None
        return held

    # --- its answer --------------------------------------------------------------------------

    def answer(self, call: QuickCall, answer: bytes) -> bool:
        """On the database's thread: sends the answer, unless the call was taken back. If that is false, the event loop
        has to send :meth:`rest`."""
        with self._lock:
            if self._held is not call:
                return True
            # Before the client can have the answer, and send the next request: the event loop is not to wait then.
            self._sending = call.database
            self._held = None
            sent = self._send(answer)
            if sent < len(answer):
                self._unsent += answer[sent:]
                return False
            self._sending = None
            return True

    def _send(self, answer: bytes) -> int:
        if self._socket is None or self._unsent:
            return 0
        try:
            return self._socket.send(answer)
        except BlockingIOError:
            return 0
        except OSError:
            return len(answer)  # the client is gone, which the event loop hears as well

    def is_busy(self, but_for: Database | None = None) -> bool:
        """Whether some of an answer may not have been sent: the event loop has to send :meth:`rest` before anything
        else. Before calls of the same database it need not, as one thread answers them."""
        return self._sending is not None and self._sending is not but_for

    def rest(self) -> bytes:
        """What is left when nobody sends any more, for the transport, which may keep it until the client has room:
        so the answers to calls that are held already follow that way, until the line is opened again."""
        with self._lock:
            self._sending = None
            unsent, self._unsent = self._unsent, b""
            if unsent:
                self._close()
        return unsent

    # --- the line ----------------------------------------------------------------------------

    def open(self) -> bool:
        """Whether :meth:`answer` can send at once, and behind all that was sent before."""
        if self._unsent or self._transport.get_write_buffer_size():
            return False
        if self._socket is None:
            try:
                self._socket = _another_socket(self._transport)
            except OSError:  # there are as many files open as there may be
                return False
        return True

    def close(self) -> None:
        """Until it is opened again, answers are left to the event loop."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _another_socket(transport: Transport) -> socket.socket:
    """For the same connection. Raises ``OSError``."""
    found: socket.socket = transport.get_extra_info("socket").dup()
    return found
