"""Frames of servers, decoded to messages and encoded again."""

from __future__ import annotations

from typing import Any

from stdbpy.protocol.compression import decompress
from stdbpy.protocol.handshake import V1, V1_JSON, V2, V3
from stdbpy.protocol.v1 import codec as v1
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v2 import codec as v2


def messages_of(subprotocol: str, frame: bytes | str) -> list[Any]:
    """The messages of a server's frame, as their classes."""
    if isinstance(frame, str):
        assert subprotocol == V1_JSON
        return [v1_json.decode_server_message(frame)]
    match subprotocol:
        case _ if subprotocol == V1:
            return [v1.decode_server_message(frame)]
        case _ if subprotocol == V2:
            return [v2.decode_server_message(frame)]
        case _:
            assert subprotocol == V3
            return v2.decode_server_messages(frame)


def encoded_again(subprotocol: str, frame: bytes | str) -> bytes | str:
    """The frame of the messages that ``frame`` holds, not compressed."""
    messages = messages_of(subprotocol, frame)
    if subprotocol == V3:
        return v2.encode_server_messages(messages)
    [message] = messages
    if subprotocol == V2:
        return v2.encode_server_message(message)
    if subprotocol == V1:
        return v1.encode_server_message(message)
    return v1_json.encode_server_message(message)


def not_compressed(frame: bytes | str) -> bytes | str:
    return frame if isinstance(frame, str) else b"\0" + decompress(frame)
