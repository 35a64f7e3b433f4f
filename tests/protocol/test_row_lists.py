"""Lists of rows: made, read, and refused."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import DecodeError
from stdbpy.protocol.layout import Layout
from stdbpy.protocol.row_list import NO_ROWS, NO_ROWS_BYTES, RowList, read_row_list
from stdbpy.sats.bsatn import compile_codec

LAYOUT = Layout()
CODEC = compile_codec(LAYOUT.row_list(), LAYOUT.typespace, LAYOUT.classes)


def fixed(size: int, data: bytes) -> bytes:
    return struct.pack("<BHI", 0, size, len(data)) + data


def varying(offsets: list[int], data: bytes) -> bytes:
    return struct.pack(f"<BI{len(offsets)}QI", 1, len(offsets), *offsets, len(data)) + data


@given(st.lists(st.binary(max_size=5), max_size=20))
def test_rows_come_back(rows: list[bytes]) -> None:
    made = RowList.of(rows)
    assert (len(made), made.slices()) == (len(rows), rows)
    encoded = CODEC.encode(made)
    assert CODEC.decode(encoded) == made
    read, end = read_row_list(b"?" + encoded + b"?", 1)
    assert end == 1 + len(encoded)
    assert read == (made if rows else None)
    if read is not None:
        assert read.slices() == rows


def test_rows_of_one_size_need_no_offsets() -> None:
    assert RowList.of([b"ab", b"cd"]) == RowList(b"abcd", 2, None)


def test_rows_of_different_sizes_have_offsets() -> None:
    assert RowList.of([b"ab", b"c", b""]) == RowList(b"abc", 0, [0, 2, 3])


def test_a_row_of_64_kib_is_too_long_for_a_size() -> None:
    assert RowList.of([bytes(1 << 16)]).offsets is not None
    assert RowList.of([bytes((1 << 16) - 1)]).offsets is None


def test_no_rows_have_the_form_of_the_server() -> None:
    assert CODEC.encode(NO_ROWS) == NO_ROWS_BYTES
    assert RowList.of([]) is NO_ROWS


def test_nothing_in_rows_of_no_bytes_is_one_row() -> None:
    """So a real 1.2.0 tells the only row of a table whose only column is a struct without fields."""
    read, end = read_row_list(fixed(0, b""), 0)
    assert read is not None
    assert (read.slices(), len(read), end) == ([b""], 1, 7)
    assert CODEC.decode(fixed(0, b"")) == read


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(fixed(0, b"abc"), id="size 0"),
        pytest.param(fixed(2, b"abc"), id="a remainder"),
        pytest.param(fixed(4, b"abc"), id="a size beyond the data"),
        pytest.param(varying([], b"abc"), id="data of no row"),
        pytest.param(varying([1, 2], b"abc"), id="bytes before the first row"),
        pytest.param(varying([1], b"abc"), id="bytes before the only row"),
        pytest.param(varying([0, 4], b"abc"), id="an offset beyond the data"),
        pytest.param(varying([0, (1 << 64) - 1], b"abc"), id="the greatest offset"),
        pytest.param(b"\2" + fixed(1, b"abc")[1:], id="an unknown hint"),
    ],
)
def test_what_cannot_be_rows_is_refused_in_both_ways(encoded: bytes) -> None:
    with pytest.raises(DecodeError):
        CODEC.decode(encoded)
    with pytest.raises((DecodeError, ValueError, LookupError, struct.error)):
        read_row_list(encoded, 0)


@pytest.mark.parametrize("offsets", [[0, 3, 0, 3], [0, 2, 1], [0, 3, 2, 3]])
def test_offsets_that_go_back_are_noticed_before_rows_are_made(offsets: list[int]) -> None:
    rows, _ = read_row_list(varying(offsets, b"abc"), 0)
    assert rows is not None
    with pytest.raises(DecodeError, match="go back"):
        rows.slices()


@pytest.mark.parametrize("encoded", [fixed(2, b"abcd"), varying([0, 1], b"abc"), varying([0], b"abc"), NO_ROWS_BYTES])
def test_every_beginning_of_a_row_list_is_refused(encoded: bytes) -> None:
    for end in range(len(encoded)):
        with pytest.raises((DecodeError, ValueError, LookupError, struct.error)):
            read_row_list(encoded[:end], 0)
        with pytest.raises(DecodeError):
            CODEC.decode(encoded[:end])


def test_a_length_beyond_the_frame_takes_no_memory() -> None:
    for encoded in (struct.pack("<BHI", 0, 1, (1 << 32) - 1), struct.pack("<BI", 1, (1 << 32) - 1) + bytes(64)):
        with pytest.raises((ValueError, struct.error)):
            read_row_list(encoded, 0)
