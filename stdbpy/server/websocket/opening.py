"""Whether a request asks for a websocket, and what is wrong with one that nearly does."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence

from stdbpy.server.answer import TEXT, Answer, Header, text
from stdbpy.server.refusal import BAD_REQUEST, METHOD_NOT_ALLOWED, UPGRADE_REQUIRED

SUBSCRIBE_PATH = re.compile(r"/v1/database/(?P<database>[^/]+)/subscribe")

_VERSION = b"13"
_KEY_BYTES = 16


def is_handshake(method: str, url: bytes, headers: Sequence[Header]) -> bool:
    """Whether a request that names the protocol ``websocket`` can be answered by opening one."""
    path = url.partition(b"?")[0].decode("latin-1")
    named = dict(headers)
    return (
        method == "GET"
        and SUBSCRIBE_PATH.fullmatch(path) is not None
        and named.get(b"sec-websocket-version") == _VERSION
        and _names_key_and_protocol(named)
    )


def answer_without_opening(method: str, headers: Mapping[bytes, bytes]) -> Answer:
    """What a request is told that is no handshake."""
    if method == "HEAD":
        return Answer(METHOD_NOT_ALLOWED, (TEXT,))
    if (
        b"upgrade" not in headers.get(b"connection", b"").lower()
        or headers.get(b"upgrade", b"").lower() != b"websocket"
    ):
        return Answer(
            UPGRADE_REQUIRED,
            ((b"connection", b"upgrade"), (b"upgrade", b"websocket"), TEXT),
            b"This service requires use of the websocket protocol",
        )
    if headers.get(b"sec-websocket-version") != _VERSION:
        return text(BAD_REQUEST, "Version 13 of the websocket protocol is spoken here, and the request names no other")
    if _names_key_and_protocol(headers):
        return text(
            BAD_REQUEST, "A websocket is opened when the requests before have been answered, and this came earlier"
        )
    return text(BAD_REQUEST, "The request's Sec-WebSocket-Key or Sec-WebSocket-Protocol is missing or means nothing")


def _names_key_and_protocol(headers: Mapping[bytes, bytes]) -> bool:
    return _is_key(headers.get(b"sec-websocket-key", b"")) and headers.get(b"sec-websocket-protocol") != b""


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == _KEY_BYTES
    except binascii.Error:
        return False
