"""Frames of v1 in JSON, for both sides: text, one message each, never compressed.

A message is an object with one key, its name; products are objects, sums ``{variant: payload}``.
"""

from __future__ import annotations

import json
from typing import Any

from stdbpy.errors import DecodeError
from stdbpy.protocol.compression import DEFAULT_LIMIT
from stdbpy.protocol.json_text import parse_json
from stdbpy.protocol.v1 import messages as m
from stdbpy.protocol.v1.layouts import JSON_CLIENT_MESSAGES, JSON_SERVER_MESSAGES


def encode_client_message(message: m.ClientMessage) -> str:
    """The frame of a message. Raises ``EncodeError``."""
    return _text(JSON_CLIENT_MESSAGES.to_json(message))


def decode_client_message(frame: str) -> m.ClientMessage:
    """The message of a frame. Raises ``DecodeError``."""
    return JSON_CLIENT_MESSAGES.from_json(parse_json(frame, "the message"))


def encode_server_message(message: m.ServerMessage) -> str:
    """The frame of a message. Raises ``EncodeError``."""
    return _text(JSON_SERVER_MESSAGES.to_json(message))


def decode_server_message(frame: str, limit: int = DEFAULT_LIMIT) -> m.ServerMessage:
    """The message of a frame, which has at most ``limit`` characters. Raises ``DecodeError``."""
    if len(frame) > limit:
        raise DecodeError(f"the message has more than the {limit} characters that are allowed")
    return JSON_SERVER_MESSAGES.from_json(parse_json(frame, "the message"))


def _text(obj: Any) -> str:
    return json.dumps(obj, ensure_ascii=False, separators=(",", ":"))
