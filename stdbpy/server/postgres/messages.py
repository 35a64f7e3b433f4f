"""Messages of PostgreSQL's protocol as bytes. Source: https://www.postgresql.org/docs/current/protocol-message-formats.html"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

LARGEST_STARTUP = 10_000
"""Bytes of a message before the client has logged in, tokens included; as on the real server."""

LARGEST_MESSAGE = 2 * 1024 * 1024
"""Bytes of a message after that: as many as the body of a request over HTTP has."""

CANCEL, SSL, GSS = 80877102, 80877103, 80877104
"""What stands for the version in those first messages that ask for something else than a session."""

MAJOR_VERSION = 3
MINOR_VERSIONS = (0, 2)

_SIZE = struct.Struct(">i")
_STARTUP_HEAD = struct.Struct(">ii")
_HEAD = struct.Struct(">ci")
_COLUMN = struct.Struct(">ihihih")
_COUNT = struct.Struct(">h")

STARTUP_HEAD_SIZE, HEAD_SIZE = _STARTUP_HEAD.size, _HEAD.size


class BrokenMessageError(Exception):
    """What the client sent is no message of the protocol, or one that is too large."""


class FirstMessage(NamedTuple):
    code: int
    """:data:`CANCEL`, :data:`SSL`, :data:`GSS`, or the version in two halves of 16 bits."""
    rest: int
    """How many bytes of it follow."""


class Column(NamedTuple):
    name: str
    oid: int
    """The number of PostgreSQL's type."""


# --- what clients send -----------------------------------------------------------------------


def first_message(head: bytes) -> FirstMessage:
    """The first message of a connection by its first 8 bytes. Raises :class:`BrokenMessageError`."""
    size, code = _STARTUP_HEAD.unpack(head)
    if not STARTUP_HEAD_SIZE <= size <= LARGEST_STARTUP:
        raise BrokenMessageError
    return FirstMessage(code, size - STARTUP_HEAD_SIZE)


def message_head(head: bytes, most: int) -> tuple[bytes, int]:
    """A message's kind, and how many bytes follow its first 5. Raises :class:`BrokenMessageError` for more than
    ``most``."""
    kind, size = _HEAD.unpack(head)
    if not _SIZE.size <= size <= most:
        raise BrokenMessageError
    return kind, size - _SIZE.size


def parameters_of(body: bytes) -> dict[str, str]:
    """Names and values of the message that opens a session. Raises :class:`BrokenMessageError`."""
    texts = iter(body.split(b"\0"))
    found: dict[str, str] = {}
    for name in texts:
        if not name:
            return found
        value = next(texts, None)
        if value is None:
            break
        found[_text(name)] = _text(value)
    raise BrokenMessageError


def text_of(body: bytes) -> str:
    """The only text of a message: a password, a query. Raises :class:`BrokenMessageError`."""
    text, end, rest = body.partition(b"\0")
    if not end or rest:
        raise BrokenMessageError
    return _text(text)


def _text(text: bytes) -> str:
    return text.decode("utf-8", "replace")


# --- what the server sends -------------------------------------------------------------------


def _message(kind: bytes, body: bytes = b"") -> bytes:
    return _HEAD.pack(kind, _SIZE.size + len(body)) + body


REFUSED = b"N"
"""The answer to who asks for encryption."""

ASK_FOR_PASSWORD = _message(b"R", _SIZE.pack(3))
LOGGED_IN = _message(b"R", _SIZE.pack(0))
NO_KEY = _message(b"K", bytes(8))
"""What a client would cancel its query with: nothing can be cancelled."""

EMPTY_QUERY = _message(b"I")
READY = _message(b"Z", b"I")
CLOSED = _message(b"3")


def supported_version() -> bytes:
    """For a client that asks for a version which is not known: the newest one that is."""
    return _message(b"v", _SIZE.pack(MINOR_VERSIONS[-1]) + _SIZE.pack(0))


def settings(values: Mapping[str, str]) -> bytes:
    return b"".join([_message(b"S", _terminated(name) + _terminated(value)) for name, value in values.items()])


def error(severity: str, code: str, text: str, hint: str | None = None) -> bytes:
    """``severity`` is ``ERROR``, or ``FATAL`` if the connection ends with it; ``code`` is one of PostgreSQL's."""
    fields = {"S": severity, "C": code, "M": text, **({"H": hint} if hint else {})}
    return _message(b"E", b"".join([name.encode() + _terminated(value) for name, value in fields.items()]) + b"\0")


def row_description(columns: Sequence[Column]) -> bytes:
    """Of rows as text. Where the columns come from, and how large they are, is not told."""
    described = [_terminated(name) + _COLUMN.pack(0, 0, oid, 0, 0, 0) for name, oid in columns]
    return _message(b"T", _COUNT.pack(len(described)) + b"".join(described))


def data_row(values: Iterable[bytes]) -> bytes:
    parts: list[bytes] = []
    for value in values:
        parts += (_SIZE.pack(len(value)), value)
    return _message(b"D", _COUNT.pack(len(parts) // 2) + b"".join(parts))


def command_complete(tag: str) -> bytes:
    return _message(b"C", _terminated(tag))


def _terminated(text: str) -> bytes:
    return text.encode(errors="backslashreplace").replace(b"\0", b" ") + b"\0"
