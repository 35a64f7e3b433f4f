"""One version of the protocol as a client speaks it: requests to frames, frames to what they tell."""

from __future__ import annotations

from typing import Protocol

from stdbpy.errors import ProtocolError
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.compression import DEFAULT_LIMIT
from stdbpy.protocol.incoming import Incoming
from stdbpy.protocol.requests import CallKind, Request, WriteCall
from stdbpy.protocol.v1.dialect import V1Dialect, V1JsonDialect
from stdbpy.protocol.v2.dialect import V2Dialect, V3Dialect


class Dialect(Protocol):
    """Turns requests into frames of one subprotocol, and its frames into what they tell."""

    @property
    def subprotocol(self) -> str:
        """Its name in the handshake."""
        ...

    @property
    def joins_frames(self) -> bool:
        """The frames of several requests, joined, are a frame."""
        ...

    def encode(self, request: Request) -> bytes | str:
        """The frame that asks for it. Raises ``EncodeError`` for a request that does not fit, and
        ``NotSupported`` for one that this version of the protocol does not have."""
        ...

    def call_writer(self, kind: CallKind, function: FunctionLayout) -> WriteCall[bytes | str]:
        """What makes the frames that call a reducer or procedure. Raises ``EncodeError`` for a name that no
        message can hold."""
        ...

    def decode(self, frame: bytes | str) -> list[Incoming]:
        """What a frame tells, in order. Raises ``DecodeError`` for one that is malformed, too large
        or newer than this stdbpy understands, and ``MissingExtra`` for a compression that needs one."""
        ...


def dialect_for(subprotocol: str | None, limit: int = DEFAULT_LIMIT) -> Dialect:
    """The dialect that the server has chosen. ``limit`` is how many bytes a frame may have, decompressed.

    Raises ``ProtocolError`` for one that stdbpy does not speak, and for none.
    """
    dialects = (V3Dialect, V2Dialect, V1Dialect, V1JsonDialect)
    for dialect in dialects:
        if dialect.subprotocol == subprotocol:
            return dialect(limit)
    chosen = "none" if subprotocol is None else repr(subprotocol)
    raise ProtocolError(f"Of the websocket subprotocols that stdbpy speaks, the server has chosen {chosen}")
