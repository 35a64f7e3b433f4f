"""Compressed frames: read, made, and those that would take too much memory."""

from __future__ import annotations

import gzip
import sys
import tracemalloc

import brotli
import pytest

from stdbpy.errors import DecodeError, MissingExtra
from stdbpy.protocol.compression import COMPRESSED_FROM, Compression, compress, decompress

TEXT = b"compressible " * 200


@pytest.mark.parametrize(
    ("compression", "tag"), [(Compression.NONE, 0), (Compression.BROTLI, 1), (Compression.GZIP, 2)]
)
def test_a_message_comes_back(compression: Compression, tag: int) -> None:
    frame = compress(TEXT, compression)
    assert frame[0] == tag
    assert decompress(frame) == TEXT
    assert (len(frame) < len(TEXT)) == (tag > 0)


@pytest.mark.parametrize("compression", Compression)
def test_a_short_message_stays_as_it_is(compression: Compression) -> None:
    short = bytes(COMPRESSED_FROM - 1)
    assert compress(short, compression) == b"\0" + short


@pytest.mark.parametrize("frame", [b"", b"\3abc", b"\xff", b"\2", b"\1", b"\2abc", b"\1abc"])
def test_no_frame_of_that_kind(frame: bytes) -> None:
    with pytest.raises(DecodeError):
        decompress(frame)


@pytest.mark.parametrize("compression", [Compression.BROTLI, Compression.GZIP])
def test_every_beginning_and_every_addition_is_refused(compression: Compression) -> None:
    frame = compress(TEXT, compression)
    for end in range(len(frame)):
        with pytest.raises(DecodeError):
            decompress(frame[:end])
    with pytest.raises(DecodeError):
        decompress(frame + b"x")


@pytest.mark.parametrize("compression", Compression)
def test_the_limit_is_of_the_message(compression: Compression) -> None:
    frame = compress(TEXT, compression)
    assert decompress(frame, len(TEXT)) == TEXT
    with pytest.raises(DecodeError, match=f"{len(TEXT) - 1} bytes"):
        decompress(frame, len(TEXT) - 1)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(b"\1" + brotli.compress(bytes(1 << 28), quality=1), id="brotli"),
        pytest.param(b"\2" + gzip.compress(bytes(1 << 28), 1), id="gzip"),
    ],
)
def test_a_bomb_takes_no_more_memory_than_the_limit_allows(bomb: bytes) -> None:
    limit = 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="more than"):
            decompress(bomb, limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * limit


def test_without_brotli_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = compress(TEXT, Compression.BROTLI)
    monkeypatch.setitem(sys.modules, "brotli", None)
    with pytest.raises(MissingExtra) as raised:
        decompress(frame)
    assert raised.value.hint == 'pip install "stdbpy[brotli]"'
    with pytest.raises(MissingExtra):
        compress(TEXT, Compression.BROTLI)
