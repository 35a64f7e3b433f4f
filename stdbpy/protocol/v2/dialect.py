"""v2 and v3 as a client speaks them."""

from __future__ import annotations

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol import requests as r
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.compression import DEFAULT_LIMIT, decompress
from stdbpy.protocol.incoming import Incoming
from stdbpy.protocol.table_names import TableNames
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import SERVER_MESSAGES, encode_client_message
from stdbpy.protocol.v2.neutral import message_of, told_by
from stdbpy.protocol.v2.reading import FAILURES, READERS

_SIZE_OF_U32 = 4
_NUMBER = slice(1, 1 + _SIZE_OF_U32)
"""Where messages have their ``request_id``."""


class V2Dialect:
    """``v2.bsatn``: a frame is one message.

    ``limit`` is how many bytes a frame may have, decompressed.
    """

    subprotocol = "v2.bsatn.spacetimedb"
    joins_frames = False

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._names = TableNames()

    def encode(self, request: r.Request) -> bytes:
        """As :meth:`stdbpy.protocol.dialect.Dialect.encode`."""
        return encode_client_message(message_of(request))

    def call_writer(self, kind: r.CallKind, function: FunctionLayout) -> r.WriteCall[bytes]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.call_writer`."""
        message = m.CallReducer if kind == "reducer" else m.CallProcedure
        without_arguments = encode_client_message(message(0, m.CallFlags.Default, function.name, b""))
        # All calls of a function are the same but for the number, and the arguments with their size at the end.
        return function.arguments.embedding(
            without_arguments[: _NUMBER.start], without_arguments[_NUMBER.stop : -_SIZE_OF_U32]
        )

    def decode(self, frame: bytes | str) -> list[Incoming]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.decode`."""
        if isinstance(frame, str):
            raise DecodeError(f"{self.subprotocol} has no frames of text")
        at = 1
        if frame[:1] != b"\0" or len(frame) - 1 > self._limit:
            frame, at = decompress(frame, self._limit), 0
        told: list[Incoming] = []
        while True:
            at = self._read(frame, at, told)
            if at == len(frame):
                return told
            if not self.joins_frames:
                left = counted(len(frame) - at, "byte")
                raise DecodeError(f"{left} behind the message", offset=at, expected="the end of the frame")

    def _read(self, frame: bytes, at: int, told: list[Incoming]) -> int:
        """Adds what the message at offset ``at`` tells; the offset behind it."""
        try:
            reader = READERS.get(frame[at])
            if reader is not None:
                message, end = reader(frame, at + 1, self._names)
                told.append(message)
                return end
        except FAILURES:
            pass  # what is wrong, the other way says
        any_message, end = SERVER_MESSAGES.decode_from(frame, at)
        told.extend(told_by(any_message))
        return end


class V3Dialect(V2Dialect):
    """``v3.bsatn``: a frame is one or more messages of v2."""

    subprotocol = "v3.bsatn.spacetimedb"
    joins_frames = True
