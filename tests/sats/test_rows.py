"""Long lists of rows: equal identities are one object, and the garbage collector waits."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from stdbpy.errors import DecodeError, EncodeError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec, compile_columns_decoder
from stdbpy.sats.bsatn_reading import PROBE_SIZE
from stdbpy.sats.garbage import GC_PAUSE_SIZE
from stdbpy.sats.types import Primitive as P
from stdbpy.sats.values import ConnectionId, Identity, Timestamp

MESSAGE = t.product(
    ("id", P.U32), ("sender", t.IDENTITY), ("from", t.CONNECTION_ID), ("sent", t.TIMESTAMP), ("text", P.STRING)
)

MANY = 3 * PROBE_SIZE // 64
"""So many messages are longer than what is probed."""


def _messages(count: int, senders: int) -> list[tuple[Any, ...]]:
    people = [(Identity.from_int(3 * n + 1), ConnectionId.from_int(5 * n + 2)) for n in range(senders)]
    chance = random.Random(count)
    return [(n, *people[n % senders], Timestamp(n), "x" * chance.randrange(60)) for n in range(count)]


@pytest.mark.parametrize("senders", [1, 100, MANY])
@pytest.mark.parametrize("count", [0, 1, 3, MANY])
def test_rows_with_identities(count: int, senders: int) -> None:
    codec = compile_codec(MESSAGE)
    rows = _messages(count, min(senders, max(count, 1)))
    data = codec.encode_rows(rows)
    decoded = codec.decode_rows(data)
    assert decoded == rows
    assert all(type(row[1]) is Identity and type(row[2]) is ConnectionId for row in decoded)
    with pytest.raises(DecodeError):
        codec.decode_rows(data + b"\0")


def test_equal_identities_are_one_object() -> None:
    codec = compile_codec(MESSAGE)
    rows = codec.decode_rows(codec.encode_rows(_messages(MANY, 10)))
    assert len({id(row[1]) for row in rows}) == len({id(row[2]) for row in rows}) == 10


def test_identities_that_do_not_repeat_are_not_kept() -> None:
    """Only the first PROBE_SIZE bytes of rows are looked up one by one."""
    codec = compile_codec(MESSAGE)
    rows = _messages(MANY, MANY)
    rows += rows[-2:]
    decoded = codec.decode_rows(codec.encode_rows(rows))
    assert decoded[-1] == decoded[-3]
    assert decoded[-1][1] is not decoded[-3][1]


@dataclass
class Noticing:
    """A row class that writes down whether the garbage collector could run while it was made."""

    number: int
    text: str

    def __post_init__(self) -> None:
        _noticed.add(gc.isenabled())
        if self.number == 99:
            raise ValueError("refused")


_noticed: set[bool] = set()


@pytest.fixture
def collector() -> Iterator[None]:
    was_enabled = gc.isenabled()
    _noticed.clear()
    gc.enable()
    yield
    (gc.enable if was_enabled else gc.disable)()


@pytest.mark.usefixtures("collector")
def test_the_collector_waits_for_long_lists_only() -> None:
    codec = compile_codec(t.TypeRef(0), (t.product(("number", P.U8), ("text", P.STRING)),), {0: Noticing})
    short = codec.encode_rows([(1, "a"), (2, "b")])
    long = codec.encode_rows([(1, "x" * 1000)] * (GC_PAUSE_SIZE // 1000 + 1))
    codec.decode_rows(short)
    assert _noticed == {True}
    _noticed.clear()
    codec.decode_rows(long)
    assert _noticed == {False}
    assert gc.isenabled()
    with pytest.raises(DecodeError):
        codec.decode_rows(long[:-1])
    assert gc.isenabled()
    with pytest.raises(ValueError, match="refused"):
        codec.decode_rows(long + codec.encode((99, "")))
    assert gc.isenabled()
    gc.disable()
    codec.decode_rows(short)
    codec.decode_rows(long)
    assert not gc.isenabled()


def test_encode_rows_takes_any_iterable_and_names_the_field() -> None:
    codec = compile_codec(t.product(("a", P.U8), ("b", P.STRING)))
    assert codec.encode_rows((n, "x") for n in range(2)) == codec.encode_rows([(0, "x"), (1, "x")])
    assert codec.encode_rows([]) == b""
    with pytest.raises(EncodeError, match="a: 256 is out of range"):
        codec.encode_rows((n, "x") for n in range(300))


def test_columns_up_to_the_end_of_a_row() -> None:
    row = t.product(("a", P.U8), ("b", P.STRING), ("c", t.ArrayType(P.U16)), ("d", t.BYTES))
    data = compile_codec(row).encode((1, "text", [1, 2], b"bytes"))
    for column, value in enumerate((1, "text", [1, 2], b"bytes")):
        read = compile_columns_decoder(row, [column])
        assert read(data) == (value,)
        assert read(data + b"more") == (value,)
    for column in (1, 2, 3):
        end = len(
            compile_codec(t.ProductType(row.elements[: column + 1])).encode((1, "text", [1, 2], b"bytes")[: column + 1])
        )
        with pytest.raises(DecodeError):
            compile_columns_decoder(row, [column])(data[: end - 1])
