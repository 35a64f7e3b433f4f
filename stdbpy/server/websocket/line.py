"""What the endpoint needs of a connection that was upgraded, besides what ASGI has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from stdbpy.server.websocket.speaker import Frame

LINE = "stdbpy.line"
"""Where the state of a connection has its :class:`Line`."""


class LineEnded(Exception):
    """The client has gone, or was closed."""

    def __init__(self, code: int) -> None:
        self.code = code
        """That of the closing frame, or what stands for there being none."""


class Line(Protocol):
    def cut_off(self) -> None:
        """Ends the connection without a word."""

    async def receive_frames(self) -> list[Frame]:
        """The messages that have come in the meantime, when there are some. Raises ``LineEnded`` behind the last."""

    async def send_frames(self, frames: Iterable[Frame]) -> None:
        """Sends messages of a frame each, those together that are made together. Waits while the client reads too
        little. Raises ``OSError`` if it has gone."""
