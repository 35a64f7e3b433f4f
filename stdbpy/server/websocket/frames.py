"""Frames of websockets, the short way: RFC 6455, section 5.2."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Literal

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C where that is installed

Kind = Literal["text", "bytes"]

_FINAL, _OPCODE, _MASKED, _SIZE = 0x80, 0x0F, 0x80, 0x7F
_LAST_OF_DATA = 2
"""Kinds of frames up to this one are messages or parts of some; those above are for the connection itself."""

_TEXT, _BINARY = 1, 2
_WHOLE: dict[int, Kind] = {_FINAL | _TEXT: "text", _FINAL | _BINARY: "bytes"}

_SIZE_16, _SIZE_64 = 126, 127
_LONG = 1 << 16
_HEAD_16, _HEAD_64 = struct.Struct("!BBH"), struct.Struct("!BBQ")


def head(kind: Kind, size: int) -> bytes:
    """What stands before a message of ``size`` bytes that a server sends in one frame."""
    first = _FINAL | (_TEXT if kind == "text" else _BINARY)
    if size < _SIZE_16:
        return bytes((first, size))
    return _HEAD_16.pack(first, _SIZE_16, size) if size < _LONG else _HEAD_64.pack(first, _SIZE_64, size)


class FrameCutter:
    """Cuts what a client sends into messages, as far as each is one frame that has arrived whole and is not
    large: most are. All else is left to who knows the whole protocol."""

    def __init__(self) -> None:
        self._head = b""
        """Of a frame whose head has not arrived whole."""
        self._missing = 0
        """Bytes that have not arrived of a frame which was left to others."""
        self._is_in_parts = False
        """Whether a message has begun that comes in several frames."""

    def cut(self, data: bytes) -> Iterator[tuple[Kind | None, bytes]]:
        """What has arrived, in order: messages of a kind, and of no kind the bytes of other frames, or the parts
        of these that are there."""
        data = self._head + data
        self._head = b""
        start, end = min(self._missing, len(data)), len(data)
        if start:
            self._missing -= start
            yield None, data[:start]
        while start < end:
            size = data[start + 1] & _SIZE if end - start > 1 else 0
            body = start + 2 + (2 if size == _SIZE_16 else 8 if size == _SIZE_64 else 0)
            is_masked = end - start > 1 and data[start + 1] >= _MASKED
            if is_masked:
                body += 4
            if body > end:
                self._head = data[start:]
                return
            if size == _SIZE_16:
                size = _HEAD_16.unpack_from(data, start)[2]
            elif size == _SIZE_64:
                size = _HEAD_64.unpack_from(data, start)[2]
            stop = body + size
            kind = _WHOLE.get(data[start])
            if kind is not None and is_masked and size < _LONG and stop <= end and not self._is_in_parts:
                yield kind, apply_mask(data[body:stop], data[body - 4 : body])
            else:
                if data[start] & _OPCODE <= _LAST_OF_DATA:
                    self._is_in_parts = data[start] < _FINAL
                self._missing = max(stop - end, 0)
                yield None, data[start:stop]
            start = stop
