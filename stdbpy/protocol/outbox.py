"""Messages that wait to be written to the socket."""

from __future__ import annotations

from typing import cast

_JOINED = 1 << 18
"""Bytes from which a frame takes no further message: one of 32 MiB is refused by servers."""


class Outbox:
    """A queue of messages; under v3 several of them become one frame."""

    __slots__ = ("_messages", "joins")

    def __init__(self) -> None:
        self._messages: list[bytes | str] = []
        self.joins = False
        """Whether a frame may hold several messages, one after the other (v3)."""

    def put(self, message: bytes | str) -> None:
        self._messages.append(message)

    def take(self) -> list[bytes | str]:
        """The frames to send, in order."""
        messages, self._messages = self._messages, []
        return _joined(cast("list[bytes]", messages)) if self.joins and len(messages) > 1 else messages

    def clear(self) -> None:
        self._messages.clear()


def _joined(messages: list[bytes]) -> list[bytes | str]:
    if sum(map(len, messages)) <= _JOINED:
        return [b"".join(messages)]
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
