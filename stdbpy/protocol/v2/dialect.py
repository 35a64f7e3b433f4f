"""v2 and v3 as a client speaks them."""

from __future__ import annotations

import struct
from collections.abc import Callable

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol import requests as r
from stdbpy.protocol.compression import DEFAULT_LIMIT, decompress
from stdbpy.protocol.incoming import Incoming
from stdbpy.protocol.table_names import TableNames
from stdbpy.protocol.v2.codec import SERVER_MESSAGES, encode_client_message
from stdbpy.protocol.v2.neutral import message_of, told_by
from stdbpy.protocol.v2.reading import FAILURES, READERS

_CALL_REDUCER = 3


class V2Dialect:
    """``v2.bsatn``: a frame is one message.

    ``limit`` is how many bytes a frame may have, decompressed.
    """

    subprotocol = "v2.bsatn.spacetimedb"
    uses_json = False
    joins_frames = False

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._names = TableNames()
        self._calls: dict[str, tuple[Callable[..., bytes], bytes]] = {}

    def encode(self, request: r.Request) -> bytes:
        """As :meth:`stdbpy.protocol.dialect.Dialect.encode`."""
        if request.__class__ is r.CallReducer:
            return self._call_of_reducer(request)
        return encode_client_message(message_of(request))

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

    def _call_of_reducer(self, request: r.CallReducer) -> bytes:
        args = request.args
        if args.__class__ is bytes:
            try:
                pack, flags_and_name = self._calls.get(request.name) or self._prepared(request.name)
                return pack(_CALL_REDUCER, request.request_id, flags_and_name, len(args)) + args
            except (struct.error, ValueError):
                pass  # what is wrong, the other way says
        return encode_client_message(message_of(request))

    def _prepared(self, name: str) -> tuple[Callable[..., bytes], bytes]:
        """What writes calls of a reducer up to their arguments: all but its numbers stays the same."""
        encoded = name.encode()
        flags_and_name = b"\0" + struct.pack("<I", len(encoded)) + encoded
        prepared = self._calls[name] = struct.Struct(f"<BI{len(flags_and_name)}sI").pack, flags_and_name
        return prepared


class V3Dialect(V2Dialect):
    """``v3.bsatn``: a frame is one or more messages of v2."""

    subprotocol = "v3.bsatn.spacetimedb"
    joins_frames = True
