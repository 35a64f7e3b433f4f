"""Frames that are no messages: each is an error of decoding, and takes no more memory than it has bytes."""

from __future__ import annotations

import gzip
import json
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import DecodeError, UnknownPart
from stdbpy.protocol import handshake
from stdbpy.protocol.dialect import dialect_for
from stdbpy.protocol.row_list import NO_ROWS, RowList
from stdbpy.protocol.v1 import codec as v1
from stdbpy.protocol.v1 import json_codec as v1_json
from stdbpy.protocol.v1 import layouts
from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import codec as v2
from tests.protocol.messages_again import not_compressed
from tests.protocol.recording import TRANSCRIPTS, Transcript

PATHS = sorted(TRANSCRIPTS.glob("*-none.json"))
BINARY = (handshake.V1, handshake.V2, handshake.V3)

Decode = Callable[[Any], object]

CLIENTS_FRAMES: list[Decode] = [
    v1.decode_client_message,
    v2.decode_client_message,
    v2.decode_client_messages,
]


def transcripts() -> list[Transcript]:
    return [Transcript.read(path) for path in PATHS]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_beginning_of_a_frame_is_refused(path: Path) -> None:
    transcript = Transcript.read(path)
    dialect = dialect_for(transcript.subprotocol)
    for frame in transcript.frames:
        whole = len(dialect.decode(frame))
        for end in range(min(len(frame), 600)):
            try:
                told = dialect.decode(frame[:end])
            except DecodeError:
                continue
            # A frame of v3 may end behind any of its messages.
            assert transcript.subprotocol == handshake.V3
            assert 0 < len(told) < whole


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_byte_too_many_is_refused(path: Path) -> None:
    transcript = Transcript.read(path)
    dialect = dialect_for(transcript.subprotocol)
    for frame in transcript.frames:
        with pytest.raises(DecodeError):
            dialect.decode(frame + "x" if isinstance(frame, str) else frame + b"\x00")


@given(st.data())
def test_bytes_changed_in_between_are_refused_or_mean_something_else(data: st.DataObject) -> None:
    transcript = data.draw(st.sampled_from([each for each in transcripts() if isinstance(each.frames[0], bytes)]))
    frame = bytearray(data.draw(st.sampled_from([not_compressed(each) for each in transcript.frames])))
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(1, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        told = dialect_for(transcript.subprotocol).decode(bytes(frame))
    except DecodeError:
        return
    assert told


@given(st.sampled_from(BINARY), st.binary(max_size=200), st.sampled_from([b"", b"\0"]))
def test_garbage_of_servers(subprotocol: str, garbage: bytes, start: bytes) -> None:
    try:
        dialect_for(subprotocol).decode(start + garbage)
    except DecodeError:
        return


@given(st.sampled_from(CLIENTS_FRAMES), st.binary(max_size=200))
def test_garbage_of_clients(decode: Decode, garbage: bytes) -> None:
    try:
        decode(garbage)
    except DecodeError:
        return


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
NAMES = [cls.__name__ for cls in (m1.TransactionUpdate, m1.SubscribeMultiApplied, m1.CallReducer, m1.OneOffQuery)]


@given(st.sampled_from(NAMES) | st.text(max_size=5), JSON)
def test_json_that_is_no_message(name: str, payload: object) -> None:
    text = json.dumps({name: payload})
    for decode in (v1_json.decode_server_message, v1_json.decode_client_message):
        with pytest.raises(DecodeError):
            decode(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        "NaN",
        '{"a": 1, "b": 2}',
        "[" * 100_000,
        "9" * 10_000,
        '{"IdentityToken": NaN}',
        "\0",
    ],
)
def test_text_that_is_no_message(text: str) -> None:
    for decode in (v1_json.decode_server_message, v1_json.decode_client_message):
        with pytest.raises(DecodeError):
            decode(text)


@pytest.mark.parametrize("subprotocol", handshake.SUBPROTOCOLS)
def test_a_frame_of_the_other_kind_is_refused(subprotocol: str) -> None:
    with pytest.raises(DecodeError):
        dialect_for(subprotocol).decode(b"{}" if subprotocol == handshake.V1_JSON else "{}")


@pytest.mark.parametrize(
    ("subprotocol", "frame"),
    [
        (handshake.V1, b"\0\x0b"),
        (handshake.V2, b"\0\x09"),
        (handshake.V3, b"\0\xff"),
        (handshake.V1_JSON, '{"FromTheFuture": {}}'),
        # kinds inside of messages: of rows, of an outcome, of a status
        (handshake.V2, b"\0\x04" + struct.pack("<IIII1sIB", 1, 1, 1, 1, b"t", 1, 2) + bytes(20)),
        (handshake.V2, b"\0\x06" + struct.pack("<IqB", 1, 1, 4)),
        (handshake.V1, b"\0\x01\x03"),
    ],
)
def test_what_came_later_is_named(subprotocol: str, frame: bytes | str) -> None:
    with pytest.raises(UnknownPart, match="newer than this stdbpy understands") as raised:
        dialect_for(subprotocol).decode(frame)
    assert raised.value.hint == "Upgrade: pip install -U stdbpy"


@pytest.mark.parametrize("tag", [6, 255])
def test_what_a_newer_client_asks_is_named(tag: int) -> None:
    with pytest.raises(UnknownPart, match=f"The client's message number {tag} is newer"):
        v2.decode_client_message(bytes((tag,)))


@pytest.mark.parametrize("subprotocol", handshake.SUBPROTOCOLS)
def test_a_frame_beyond_the_limit_is_refused(subprotocol: str) -> None:
    frame = "x" * 2000 if subprotocol == handshake.V1_JSON else b"\0" * 2000
    with pytest.raises(DecodeError, match="more than"):
        dialect_for(subprotocol, 1000).decode(frame)


@pytest.mark.parametrize("count", [1 << 20, (1 << 32) - 1])
@pytest.mark.parametrize(
    "start",
    [b"\0\x04", b"\0\x04" + struct.pack("<II", 1, 1), b"\0\x01" + bytes(8), b"\0\x08" + bytes(4)],
    ids=["query sets", "tables", "tables of a subscription", "sets of a batch"],
)
def test_great_numbers_of_things_that_are_not_there(start: bytes, count: int) -> None:
    frame = start + struct.pack("<I", count) + bytes(1000)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            dialect_for(handshake.V3).decode(frame)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1 << 20


def test_compressed_rows_inside_of_a_message_share_one_limit() -> None:
    inside = m1.Gzip(gzip.compress(layouts.QUERY_UPDATE.encode(_query_update(bytes(3000)))))
    update = m1.DatabaseUpdate([m1.TableUpdate(1, "t", 1, [inside, inside])])
    frame = v1.encode_server_message(m1.TransactionUpdateLight(1, update))
    [told] = dialect_for(handshake.V1, 7000).decode(frame)
    assert [table.inserts for table in told.tables] == [RowList.of([bytes(3000)])] * 2
    with pytest.raises(DecodeError, match="more than"):
        dialect_for(handshake.V1, 5000).decode(frame)


def _query_update(row: bytes) -> m1.QueryUpdate:
    return m1.QueryUpdate(NO_ROWS, RowList.of([row]))
