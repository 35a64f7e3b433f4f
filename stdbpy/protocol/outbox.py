"""Messages that wait to be written to the socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

_JOINED = 1 << 18
"""Bytes from which a frame takes no further message: one of 32 MiB is refused by servers."""


class Outbox:
    """A queue of messages; under v3 several of them become one frame."""

    __slots__ = ("_messages", "_tell", "is_announced", "joins", "put")

    def __init__(self, tell: Callable[[], object]) -> None:
        self._messages: list[bytes | str] = []
        self._tell = tell
        self.is_announced = False
        """Whoever takes the messages has been told that there are some."""
        self.put = self._messages.append
        """Adds a message."""
        self.joins = False
        """Whether a frame may hold several messages, one after the other (v3)."""

    def announce(self) -> None:
        """Tells that a message will be there; whatever that raises says why it cannot."""
        self._tell()
        self.is_announced = True

    def take(self) -> list[bytes | str]:
        """The frames to send, in order."""
        self.is_announced = False
        messages = self._messages.copy()
        self._messages.clear()
        return _joined(cast("list[bytes]", messages)) if self.joins and len(messages) > 1 else messages

    def clear(self) -> None:
        self.is_announced = False
        self._messages.clear()


def _joined(messages: list[bytes]) -> list[bytes | str]:
    frame = b"".join(messages)
    if len(frame) <= _JOINED:
        return [frame]
    frames: list[bytes | str] = []
    together: list[bytes] = []
    size = 0
    for message in messages:
        if together and size + len(message) > _JOINED:
            frames.append(b"".join(together))
            together, size = [], 0
        together.append(message)
        size += len(message)
    frames.append(b"".join(together))
    return frames
