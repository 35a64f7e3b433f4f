"""Mutated websocket frames, and what a server says to them."""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Sequence
from contextlib import suppress
from random import Random
from urllib.parse import urlsplit

from bench.servers import Running
from stdbpy.protocol.v1 import codec as v1
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import codec as v2
from stdbpy.protocol.v2 import messages as m2
from tests.contract.websocket import V1, V1_JSON, V2, V3
from tests.server.fuzz.mutation import mutated
from tests.server.fuzz.requests import PATIENCE

TEXT, BINARY = 1, 2
FAILED = b"the server failed"
FRAMES_A_CONNECTION = 20

_QUERIES = (
    "SELECT * FROM pk_u32",
    "SELECT * FROM pk_u32 WHERE n = 5 AND data > -3",
    "SELECT a.* FROM pk_u32 a JOIN pk_u32_two b ON a.n = b.n",
    "SELECT * FROM one_identity WHERE i = :sender",
    "SELECT * FROM one_string WHERE s = 'it''s'",
)
_CALLS = (("insert_pk_u32", struct.pack("<Ii", 5, 7)), ("insert_vec_string", struct.pack("<II", 1, 3) + b"abc"))


def valid_messages() -> dict[str, list[bytes]]:
    """Messages of clients by protocol."""
    first: list[m1.ClientMessage] = [
        *(m1.SubscribeSingle(query, number, m1.QueryId(number)) for number, query in enumerate(_QUERIES)),
        *(m1.OneOffQuery(bytes(16), query) for query in _QUERIES),
        m1.SubscribeMulti(_QUERIES, 7, m1.QueryId(70)),
        m1.Subscribe(_QUERIES, 8),
        m1.Unsubscribe(9, m1.QueryId(1)),
        m1.UnsubscribeMulti(9, m1.QueryId(70)),
    ]
    calls: list[m1.ClientMessage] = [m1.CallReducer(name, args, 1, 0) for name, args in _CALLS]
    json_calls: list[m1.ClientMessage] = [
        m1.CallReducer("insert_pk_u32", "[5, 7]", 1, 0),
        m1.CallReducer("insert_vec_string", '[["abc"]]', 1, 0),
    ]
    second: list[m2.ClientMessage] = [
        *(m2.Subscribe(number, number, [query]) for number, query in enumerate(_QUERIES)),
        *(m2.OneOffQuery(number, query) for number, query in enumerate(_QUERIES)),
        *(m2.CallReducer(1, m2.CallFlags.Default, name, args) for name, args in _CALLS),
        m2.CallProcedure(1, m2.CallFlags.Default, "none", b""),
        m2.SubscribeBatch(4, [m2.SubscribeSet(80 + number, [query]) for number, query in enumerate(_QUERIES)]),
        m2.Unsubscribe(3, 1, m2.UnsubscribeFlags.SendDroppedRows),
    ]
    in_v2 = [v2.encode_client_message(message) for message in second]
    return {
        V1: [v1.encode_client_message(message) for message in first + calls],
        V1_JSON: [v1_json.encode_client_message(message).encode() for message in first + json_calls],
        V2: in_v2,
        V3: [*in_v2, v2.encode_client_messages(second)],
    }


def frame(payload: bytes, opcode: int) -> bytes:
    """One masked frame."""
    mask = os.urandom(4)
    size = len(payload)
    head = bytes([0x80 | opcode, 0x80 | (size if size < 126 else 126 if size < 65536 else 127)])
    more = b"" if size < 126 else struct.pack("!H" if size < 65536 else "!Q", size)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return head + more + mask + masked


async def fire(
    server: Running, database: str, valid: dict[str, Sequence[bytes]], count: int, random: Random
) -> list[bytes]:
    """Sends mutated frames on one connection after the other: those of the connections at which the server failed."""
    failed: list[bytes] = []
    while count > 0:
        protocol = random.choice(list(valid))
        sent = [_frame(valid[protocol], protocol, random) for _ in range(min(count, FRAMES_A_CONNECTION))]
        count -= len(sent)
        if FAILED in await _said(server, database, protocol, sent):
            failed.append(b"".join(sent))
    return failed


def _frame(messages: Sequence[bytes], protocol: str, random: Random) -> bytes:
    message = random.choice(messages)
    opcode = TEXT if protocol == V1_JSON else BINARY
    if random.random() < 0.1:
        return mutated(frame(message, opcode), random)
    # Half of them as they are: what comes after something odd is to be understood.
    payload = mutated(message, random, messages) if random.random() < 0.5 else message
    return frame(payload, random.choice((TEXT, BINARY)) if random.random() < 0.05 else opcode)


async def _said(server: Running, database: str, protocol: str, sent: Sequence[bytes]) -> bytes:
    """All that the server says until it hangs up. Raises ``TimeoutError`` if it does not."""
    address = urlsplit(server.url)
    opening = (
        f"GET /v1/database/{database}/subscribe?compression=None HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\n"
        "connection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"sec-websocket-protocol: {protocol}\r\n\r\n"
    )
    said = b""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        try:
            writer.write(opening.encode())
            await reader.readuntil(b"\r\n\r\n")
            with suppress(ConnectionError):
                # The last word asks for an end; it may have become part of what was said before.
                writer.write(b"".join(sent) + frame(struct.pack("!H", 1000), 8))
                writer.write_eof()
                while part := await reader.read(65536):
                    said = said[-1024:] + part
                    if has_closed(said):
                        break
        finally:
            writer.transport.abort()
    return said


def has_closed(said: bytes) -> bool:
    """Whether the server has said its last word: a frame that closes is the end of what came."""
    place = said.rfind(b"\x88")
    return place >= 0 and len(said) == place + 2 + said[place + 1] if place + 1 < len(said) else False
