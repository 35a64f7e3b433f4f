"""v1 as a client speaks it, in BSATN and in JSON."""

from __future__ import annotations

import json
from typing import Any

from stdbpy.errors import DecodeError
from stdbpy.protocol import requests as r
from stdbpy.protocol.catalog import FunctionLayout
from stdbpy.protocol.compression import DEFAULT_LIMIT, decompress
from stdbpy.protocol.incoming import Incoming
from stdbpy.protocol.table_names import TableNames
from stdbpy.protocol.v1 import codec, json_codec
from stdbpy.protocol.v1.neutral import call_of, message_of, told_by
from stdbpy.protocol.v1.reading import FAILURES, READERS


class V1Dialect:
    """``v1.bsatn``. ``limit`` is how many bytes a frame may have, decompressed."""

    subprotocol = "v1.bsatn.spacetimedb"
    joins_frames = False

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit
        self._names = TableNames()

    def encode(self, request: r.Request) -> bytes:
        """As :meth:`stdbpy.protocol.dialect.Dialect.encode`."""
        return codec.encode_client_message(message_of(request))

    def call_writer(self, kind: r.CallKind, function: FunctionLayout) -> r.WriteCall[bytes]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.call_writer`."""

        def write(number: int, args: tuple[Any, ...]) -> bytes:
            return codec.encode_client_message(call_of(kind, function.name, function.arguments.encode(args), number))

        return write

    def decode(self, frame: bytes | str) -> list[Incoming]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.decode`."""
        if isinstance(frame, str):
            raise DecodeError(f"{self.subprotocol} has no frames of text")
        at = 1
        if frame[:1] != b"\0" or len(frame) - 1 > self._limit:
            frame, at = decompress(frame, self._limit), 0
        try:
            reader = READERS.get(frame[at])
            if reader is not None:
                message, end = reader(frame, at + 1, self._names)
                if end == len(frame):
                    return [message]
        except FAILURES:
            pass  # what is wrong, the other way says
        return [told_by(codec.decode_server_message_at(frame, at), self._limit)]


class V1JsonDialect:
    """``v1.json``. ``limit`` is how many characters a frame may have."""

    subprotocol = "v1.json.spacetimedb"
    joins_frames = False

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._limit = limit

    def encode(self, request: r.Request) -> str:
        """As :meth:`stdbpy.protocol.dialect.Dialect.encode`."""
        return json_codec.encode_client_message(message_of(request))

    def call_writer(self, kind: r.CallKind, function: FunctionLayout) -> r.WriteCall[str]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.call_writer`."""

        def write(number: int, args: tuple[Any, ...]) -> str:
            text = json.dumps(function.json_arguments.to_json(args), separators=(",", ":"))
            return json_codec.encode_client_message(call_of(kind, function.name, text, number))

        return write

    def decode(self, frame: bytes | str) -> list[Incoming]:
        """As :meth:`stdbpy.protocol.dialect.Dialect.decode`."""
        if isinstance(frame, bytes):
            raise DecodeError(f"{self.subprotocol} has no frames of bytes")
        return [told_by(json_codec.decode_server_message(frame, self._limit), self._limit)]
