"""Compression of what servers send: a first byte says which, the rest is the message.

The tags are those of ``crates/client-api-messages`` (``websocket/common.rs``). What clients send is
never compressed.
"""

from __future__ import annotations

import enum
import gzip
import zlib

from stdbpy.errors import DecodeError, MissingExtra

DEFAULT_LIMIT = 256 * 1024 * 1024
"""How many bytes one message may have when it is no longer compressed."""

COMPRESSED_FROM = 1025
"""Servers leave messages below this size as they are."""

_GZIP = 16 + zlib.MAX_WBITS
_GZIP_LEVEL = 1  # the fastest: it is done for each client
_BROTLI_QUALITY = 1


class Compression(enum.Enum):
    """What the client lets the server compress with; the values are those of the URL."""

    NONE = "None"
    BROTLI = "Brotli"
    GZIP = "Gzip"


def brotli_is_there() -> bool:
    """Whether the extra ``brotli`` is installed."""
    try:
        import brotli  # noqa: F401
    except ImportError:
        return False
    return True


def compress(message: bytes, compression: Compression) -> bytes:
    """The frame of a message, compressed if it is large enough. Raises ``MissingExtra`` for brotli
    that is not installed."""
    if len(message) < COMPRESSED_FROM or compression is Compression.NONE:
        return b"\x00" + message
    if compression is Compression.GZIP:
        return b"\x02" + gzip.compress(message, _GZIP_LEVEL, mtime=0)
    return b"\x01" + brotli_compressed(message)


def brotli_compressed(data: bytes) -> bytes:
    """``data`` as brotli. Raises ``MissingExtra``."""
    try:
        import brotli
    except ImportError:
        raise MissingExtra("brotli compression", "brotli") from None
    compressed: bytes = brotli.compress(data, quality=_BROTLI_QUALITY)
    return compressed


def decompress(frame: bytes, limit: int = DEFAULT_LIMIT) -> bytes:
    """The message of a frame, without the byte that says how it is compressed.

    Raises ``DecodeError`` for a frame that is empty, damaged, of an unknown compression or larger
    than ``limit`` bytes when decompressed; ``MissingExtra`` for brotli that is not installed.
    """
    if not frame:
        raise DecodeError("the frame is empty", offset=0, expected="a message")
    match frame[0]:
        case 0:
            if len(frame) - 1 > limit:
                raise _too_large(limit)
            return frame[1:]
        case 1:
            return unbrotlied(memoryview(frame)[1:], limit)
        case 2:
            return ungzipped(memoryview(frame)[1:], limit)
        case tag:
            raise DecodeError(
                f"there is no compression number {tag}", offset=0, expected="0 (none), 1 (brotli) or 2 (gzip)"
            )


def ungzipped(data: bytes | memoryview, limit: int) -> bytes:
    """The content of ``data``. Raises ``DecodeError`` if it is damaged or larger than ``limit``."""
    stream = zlib.decompressobj(_GZIP)
    try:
        content = stream.decompress(data, limit + 1)
    except zlib.error as error:
        raise DecodeError(f"the gzip data is damaged ({error})") from None
    if len(content) > limit:
        raise _too_large(limit)
    if not stream.eof or stream.unused_data:
        raise DecodeError("the gzip data ends too early or too late")
    return content


def unbrotlied(data: bytes | memoryview, limit: int) -> bytes:
    """The content of ``data``. Raises ``DecodeError`` if it is damaged or larger than ``limit``, and
    ``MissingExtra`` if brotli is not installed."""
    try:
        import brotli
    except ImportError:
        raise MissingExtra("brotli compression", "brotli") from None
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    piece: bytes | memoryview = data
    try:
        while not stream.is_finished():
            content: bytes = stream.process(piece, output_buffer_limit=limit + 1 - size)
            size += len(content)
            if size > limit:
                raise _too_large(limit)
            parts.append(content)
            if not content and not stream.is_finished():
                raise DecodeError("the brotli data ends too early")
            piece = b""
    except brotli.error as error:
        raise DecodeError(f"the brotli data is damaged ({error})") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(limit: int) -> DecodeError:
    return DecodeError(f"the message has more than the {limit} bytes that are allowed")
