"""One version of the protocol as a client speaks it: requests to frames, frames to what they tell."""

from __future__ import annotations

from typing import Protocol

from stdbpy.protocol.incoming import Incoming
from stdbpy.protocol.requests import Request


class Dialect(Protocol):
    """Turns requests into frames of one subprotocol, and its frames into what they tell."""

    subprotocol: str
    uses_json: bool
    """Rows, arguments and results are JSON text, and frames are text; else BSATN and bytes."""

    def encode(self, request: Request) -> bytes | str:
        """The frame that asks for it. Raises ``EncodeError`` for a request that does not fit, and
        ``NotSupported`` for one that this version of the protocol does not have."""
        ...

    def decode(self, frame: bytes | str) -> list[Incoming]:
        """What a frame tells, in order. Raises ``DecodeError`` for one that is malformed, too large
        or newer than this stdbpy understands, and ``MissingExtra`` for a compression that needs one."""
        ...
