"""Frames as clients send them, the quick way: RFC 6455, section 5.2.

The library ``websockets`` reads all kinds of frames, and takes longer for a small one than everything else that
a server does for a call. So whole messages in one frame are read here, and all other frames are left to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from websockets.utils import apply_mask

FIN, RESERVED, OPCODE = 0x80, 0x70, 0x0F
MASKED, SIZE = 0x80, 0x7F
CONTINUATION, TEXT, BINARY, FIRST_CONTROL = 0, 1, 2, 8

_U16, _U64 = struct.Struct("!H").unpack_from, struct.Struct("!Q").unpack_from
_16_BITS, _64_BITS = 126, 127
_MASK_BYTES = 4

Payload = tuple[int, bytes]
"""``TEXT`` or ``BINARY``, and the message."""


class FrameReader:
    """Cuts what comes into frames. What it does not understand itself it gives on as it came, in whole frames; and
    everything that comes after something that is none."""

    def __init__(self, largest: int) -> None:
        """``largest`` is how many bytes a message may have."""
        self._largest = largest
        self._begun = bytearray()
        self._wanted = 0
        """Bytes that have to be there before another look is worth while."""
        self._is_in_fragments = False
        self._has_given_up = False

    def read(self, data: bytes) -> Iterator[Payload | bytes]:
        """Messages that are whole, and bytes for the library, in the order in which they came."""
        if self._has_given_up:
            yield data
            return
        if self._begun:
            self._begun += data
            if len(self._begun) < self._wanted:
                return
            data = bytes(self._begun)
            self._begun.clear()
        place = 0
        while place < len(data):
            end = self._end_of_frame(data, place)
            if self._has_given_up:
                yield data[place:]
                return
            if end > len(data):
                self._begun += data[place:]
                self._wanted = end - place
                return
            yield self._frame(data, place, end)
            place = end

    def _end_of_frame(self, data: bytes, place: int) -> int:
        """Where the frame ends, as far as can be told from what is there."""
        if len(data) - place < 2:
            return place + 2
        size = data[place + 1] & SIZE
        head = 2 + _MASK_BYTES
        if size >= _16_BITS:
            head += 2 if size == _16_BITS else 8
            if len(data) - place < head:
                return place + head
            (size,) = _U16(data, place + 2) if size == _16_BITS else _U64(data, place + 2)
        # Whatever is wrong with a frame, the library has the words for it.
        self._has_given_up = size > self._largest or not data[place + 1] & MASKED or bool(data[place] & RESERVED)
        return place + head + size

    def _frame(self, data: bytes, place: int, end: int) -> Payload | bytes:
        first = data[place]
        opcode = first & OPCODE
        if first & FIN and opcode in (TEXT, BINARY) and not self._is_in_fragments:
            size = data[place + 1] & SIZE
            mask = place + (2 if size < _16_BITS else 4 if size == _16_BITS else 10)
            payload = mask + _MASK_BYTES
            return opcode, apply_mask(data[payload:end], data[mask:payload])
        if opcode < FIRST_CONTROL:
            self._is_in_fragments = not first & FIN
        return data[place:end]
