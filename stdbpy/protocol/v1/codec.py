"""Frames of v1 in BSATN, for both sides: one message each, a server's with the byte of its
compression before it."""

from __future__ import annotations

from stdbpy.errors import DecodeError, counted
from stdbpy.protocol.compression import DEFAULT_LIMIT, Compression, compress, decompress
from stdbpy.protocol.v1 import messages as m
from stdbpy.protocol.v1.layouts import CLIENT_MESSAGES, SERVER_MESSAGES


def encode_client_message(message: m.ClientMessage) -> bytes:
    """The frame of a message. Raises ``EncodeError``."""
    return CLIENT_MESSAGES.encode(message)


def decode_client_message(frame: bytes) -> m.ClientMessage:
    """The message of a frame. Raises ``DecodeError``."""
    message, end = CLIENT_MESSAGES.decode_from(frame, 0)
    _check_end(frame, end)
    return message


def encode_server_message(message: m.ServerMessage, compression: Compression = Compression.NONE) -> bytes:
    """The frame of a message. Raises ``EncodeError``, and ``MissingExtra`` for brotli without it."""
    return compress(SERVER_MESSAGES.encode(message), compression)


def decode_server_message(frame: bytes, limit: int = DEFAULT_LIMIT) -> m.ServerMessage:
    """The message of a frame, which has at most ``limit`` bytes when decompressed.

    Raises ``DecodeError``, and ``MissingExtra`` for brotli without it.
    """
    return decode_server_message_at(decompress(frame, limit), 0)


def decode_server_message_at(body: bytes, offset: int) -> m.ServerMessage:
    """The message that fills ``body``, which is no longer compressed, from ``offset``. Raises ``DecodeError``."""
    message, end = SERVER_MESSAGES.decode_from(body, offset)
    _check_end(body, end)
    return message


def _check_end(body: bytes, end: int) -> None:
    if end != len(body):
        left = counted(len(body) - end, "byte")
        raise DecodeError(f"{left} behind the message", offset=end, expected="the end of the frame")
