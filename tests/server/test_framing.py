"""Frames of clients, cut as the network likes."""

from __future__ import annotations

import os
import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.server.websocket.framing import BINARY, CONTINUATION, TEXT, FrameReader

LARGEST = 100_000
PING, CLOSE = 9, 8


def frame(opcode: int, payload: bytes, *, fin: bool = True, masked: bool = True, reserved: int = 0) -> bytes:
    size = len(payload)
    short = size if size < 126 else 126 if size < 65536 else 127
    head = bytes([(0x80 if fin else 0) | reserved | opcode, (0x80 if masked else 0) | short])
    head += b"" if size < 126 else struct.pack("!H" if size < 65536 else "!Q", size)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    return head + mask + bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))


def read(reader: FrameReader, data: bytes, cuts: list[int]) -> list[object]:
    places = sorted({0, *(cut % (len(data) + 1) for cut in cuts), len(data)})
    return [one for start, end in pairwise(places) for one in reader.read(data[start:end])]


messages = st.lists(
    st.tuples(st.sampled_from([TEXT, BINARY, PING]), st.one_of(st.binary(max_size=300), st.just(bytes(70_000))))
)


@given(messages, st.lists(st.integers(0), max_size=20))
def test_messages_come_out_however_they_are_cut(said: list[tuple[int, bytes]], cuts: list[int]) -> None:
    said = [(opcode, payload[:100] if opcode == PING else payload) for opcode, payload in said]
    frames = [frame(opcode, payload) for opcode, payload in said]
    expected = [one if one[0] != PING else raw for one, raw in zip(said, frames, strict=True)]
    assert read(FrameReader(LARGEST), b"".join(frames), cuts) == expected


@given(st.lists(st.integers(0), max_size=20))
def test_messages_in_several_frames_are_given_on(cuts: list[int]) -> None:
    pieces = [
        frame(BINARY, b"a", fin=False),
        frame(PING, b"between"),
        frame(CONTINUATION, b"b" * 200, fin=False),
        frame(CONTINUATION, b"c"),
    ]
    whole = frame(BINARY, b"whole")
    found = read(FrameReader(LARGEST), b"".join(pieces) + whole, cuts)
    assert found == [*pieces, (BINARY, b"whole")]


def test_a_message_between_the_frames_of_another_is_given_on() -> None:
    pieces = [frame(BINARY, b"a", fin=False), frame(BINARY, b"b")]
    assert list(FrameReader(LARGEST).read(b"".join(pieces))) == pieces


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(frame(BINARY, b"x", masked=False), id="without a mask"),
        pytest.param(frame(BINARY, b"x", reserved=0x40), id="compressed"),
        pytest.param(frame(BINARY, bytes(LARGEST + 1))[:20], id="too large"),
    ],
)
def test_everything_after_what_is_none_is_given_on(wrong: bytes) -> None:
    reader = FrameReader(LARGEST)
    good = frame(TEXT, b"good")
    assert list(reader.read(good + wrong + good)) == [(TEXT, b"good"), wrong + good]
    assert list(reader.read(good)) == [good]


def test_a_large_frame_comes_in_pieces() -> None:
    reader = FrameReader(LARGEST)
    large = frame(BINARY, bytes(LARGEST))
    *pieces, last = (large[start : start + 1000] for start in range(0, len(large), 1000))
    for piece in pieces:
        assert list(reader.read(piece)) == []
    assert list(reader.read(last)) == [(BINARY, bytes(LARGEST))]
