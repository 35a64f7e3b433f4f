"""Messages are found in what clients send however it is cut, and everything else is passed on as it was."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from stdbpy.server.websocket.frames import FrameCutter, head

SIZES = st.sampled_from([0, 1, 125, 126, 127, 300, 65535, 65536])


@st.composite
def frames(draw: st.DrawFn) -> Frame:
    opcode = draw(st.sampled_from([Opcode.TEXT, Opcode.BINARY, Opcode.BINARY, Opcode.PING, Opcode.PONG]))
    size = min(draw(SIZES), 125 if opcode > Opcode.BINARY else 65536)
    return Frame(opcode, bytes(size * [draw(st.integers(0, 255))]))


def masked(frame: Frame) -> bytes:
    return frame.serialize(mask=True)


def cut(*pieces: bytes):
    cutter = FrameCutter()
    return [found for piece in pieces for found in cutter.cut(piece)]


def rest(found) -> bytes:
    return b"".join(piece for kind, piece in found if kind is None)


@given(st.lists(frames(), max_size=5), st.lists(st.integers(0, 400), max_size=5))
def test_messages_are_found_and_all_else_is_passed_on(sent: list[Frame], cuts: list[int]) -> None:
    parts = [masked(frame) for frame in sent]
    data = b"".join(parts)
    places = [0, *sorted(min(place, len(data)) for place in cuts), len(data)]
    found = cut(*(data[start:stop] for start, stop in pairwise(places)))
    expected = deque(zip(sent, parts, strict=True))
    left = b""
    for kind, piece in found:
        if kind is None:  # a frame that was cut, or no message
            left += piece
            while expected and left.startswith(expected[0][1]):
                left = left[len(expected.popleft()[1]) :]
        else:
            assert not left
            frame, _ = expected.popleft()
            assert (kind, piece) == ("text" if frame.opcode is Opcode.TEXT else "bytes", frame.data)
    assert not left
    assert not expected


@given(st.lists(frames(), max_size=5))
def test_messages_that_arrive_whole_are_all_found(sent: list[Frame]) -> None:
    found = cut(b"".join(map(masked, sent)))
    small = [frame for frame in sent if frame.opcode <= Opcode.BINARY and len(frame.data) < 65536]
    assert [piece for kind, piece in found if kind is not None] == [frame.data for frame in small]


def test_what_comes_in_parts_is_left_to_others_until_its_end() -> None:
    whole = masked(Frame(Opcode.BINARY, b"one"))
    begin = masked(Frame(Opcode.BINARY, b"two", fin=False))
    ping = masked(Frame(Opcode.PING, b""))
    end = masked(Frame(Opcode.CONT, b"three"))
    found = cut(whole + begin + ping + whole + end + whole)
    assert found[0] == found[-1] == ("bytes", b"one")
    assert rest(found) == begin + ping + whole + end


def test_frames_without_a_mask_or_with_reserved_bits_are_left_to_others() -> None:
    unmasked = Frame(Opcode.BINARY, b"one").serialize(mask=False)
    whole = masked(Frame(Opcode.BINARY, b"one"))
    reserved = bytes((whole[0] | 0x40,)) + whole[1:]
    assert cut(unmasked + reserved) == [(None, unmasked), (None, reserved)]


def test_a_size_that_nobody_sends_is_not_waited_for() -> None:
    huge = bytes((0x82, 0xFF)) + (1 << 62).to_bytes(8, "big") + b"mask"
    assert rest(cut(huge, b"some", b"more")) == huge + b"somemore"


@given(SIZES, st.sampled_from([Opcode.TEXT, Opcode.BINARY]))
def test_heads(size: int, opcode: Opcode) -> None:
    data = bytes(size)
    kind = "text" if opcode is Opcode.TEXT else "bytes"
    assert head(kind, size) + data == Frame(opcode, data).serialize(mask=False)
