"""Bytes from a stranger: every one of them gives a value or a DecodeError that says where and what."""

from __future__ import annotations

import tracemalloc

import pytest

from stdbpy.errors import DecodeError, SatsError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec, compile_columns_decoder
from stdbpy.sats.failures import DEPTH_LIMIT, ZERO_SIZE_LIMIT
from stdbpy.sats.types import Primitive as P

ROW = t.product(("id", P.U32), ("name", P.STRING), ("tags", t.ArrayType(P.STRING)), ("alive", P.BOOL))
TREE = t.product(("children", t.ArrayType(t.TypeRef(0))))


def refusal(type: t.AlgebraicType, data: bytes, typespace: t.Typespace = ()) -> DecodeError:
    """The error, which is the same whichever way the bytes are read."""
    codec = compile_codec(type, typespace)
    with pytest.raises(DecodeError) as whole:
        codec.decode(data)
    with pytest.raises(DecodeError) as rows:
        codec.decode_rows(data)
    if "left over" not in str(whole.value):
        assert str(rows.value) == str(whole.value)
        with pytest.raises(DecodeError) as part:
            codec.decode_from(data, 0)
        assert str(part.value) == str(whole.value)
    return whole.value


@pytest.mark.parametrize(
    ("type", "data", "offset", "expected"),
    [
        (P.U32, "010203", 0, "u32"),
        (P.I256, "00" * 31, 0, "i256"),
        (t.IDENTITY, "00" * 31, 0, "Identity"),
        (t.product(("a", P.U8), ("b", P.U64)), "0100", 1, "u64"),
        (P.STRING, "0500000061", 0, "str"),
        (P.STRING, "0500", 0, "str"),
        (t.BYTES, "0200000061", 0, "bytes"),
        (t.ArrayType(P.U16), "02000000010001", 0, "list"),
        (t.product(("a", P.STRING), ("b", P.BOOL)), "0100000061", 5, "bool"),
        (SCHEDULE := t.SCHEDULE_AT, "00010203", 1, "TimeDuration"),
        (t.option(P.U16), "", 0, "an option"),
    ],
    ids=str,
)
def test_truncated(type: t.AlgebraicType, data: str, offset: int, expected: str) -> None:
    error = refusal(type, bytes.fromhex(data)) if data else _refused_empty(type)
    assert (error.offset, error.expected) == (offset, expected)
    assert f"at byte {offset}, reading {expected}" in str(error)


def _refused_empty(type: t.AlgebraicType) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        compile_codec(type).decode(b"")
    return caught.value


@pytest.mark.parametrize(
    ("type", "data", "offset", "says"),
    [
        (P.BOOL, "02", 0, "2 is no bool"),
        (t.ArrayType(P.BOOL), "03000000000102", 6, "2 is no bool"),
        (t.product(("a", P.U16), ("b", P.BOOL)), "0000ff", 2, "255 is no bool"),
        (P.STRING, "03000000" + "61ff61", 5, "not UTF-8"),
        (P.STRING, "03000000" + "eda080", 4, "not UTF-8"),  # a surrogate
        (t.option(P.U8), "0201", 0, "unknown tag 2"),
        (t.result(P.U8, P.U8), "0301", 0, "unknown tag 3"),
        (t.sum_of(("a", t.UNIT), ("b", t.UNIT)), "02", 0, "unknown tag 2"),
        (t.sum_of(("a", P.U8), ("b", t.UNIT)), "ff", 0, "unknown tag 255"),
        (t.SCHEDULE_AT, "02" + "00" * 8, 0, "unknown tag 2"),
        (t.NEVER, "00", 0, "unknown tag 0"),
    ],
    ids=str,
)
def test_bytes_that_mean_nothing(type: t.AlgebraicType, data: str, offset: int, says: str) -> None:
    error = refusal(type, bytes.fromhex(data))
    assert error.offset == offset
    assert says in str(error)


def test_left_over_bytes() -> None:
    with pytest.raises(DecodeError, match="2 bytes are left over") as caught:
        compile_codec(P.U8).decode(b"\x01\x02\x03")
    assert caught.value.offset == 1
    with pytest.raises(DecodeError, match="left over"):
        compile_codec(t.UNIT).decode_rows(b"\x00")
    assert compile_codec(t.UNIT).decode_rows(b"") == []


@pytest.mark.parametrize(
    "type",
    [
        t.BYTES,
        P.STRING,
        t.ArrayType(P.U64),
        t.ArrayType(P.F32),
        t.ArrayType(P.STRING),
        t.ArrayType(t.IDENTITY),
        t.ArrayType(t.option(P.U8)),
        t.ArrayType(t.UNIT),
        t.ArrayType(t.product(("a", t.UNIT))),
        t.ArrayType(t.ArrayType(t.UNIT)),
        t.ArrayType(t.product(("a", P.U8), ("b", P.BOOL))),
    ],
    ids=str,
)
def test_a_length_beyond_the_data_costs_no_memory(type: t.AlgebraicType) -> None:
    data = b"\xff\xff\xff\xff" + bytes(64)
    compile_codec(type).encode("" if type is P.STRING else [])
    refusal(type, data)  # generates the code
    tracemalloc.start()
    refusal(type, data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_units_are_bounded() -> None:
    codec = compile_codec(t.ArrayType(t.UNIT))
    assert len(codec.decode(ZERO_SIZE_LIMIT.to_bytes(4, "little"))) == ZERO_SIZE_LIMIT
    with pytest.raises(DecodeError, match="take no bytes"):
        codec.decode((ZERO_SIZE_LIMIT + 1).to_bytes(4, "little"))


def test_deep_recursion_ends_in_an_error() -> None:
    codec = compile_codec(t.TypeRef(0), [TREE])
    as_deep_as_allowed = b"\x01\x00\x00\x00" * (DEPTH_LIMIT - 1) + bytes(4)
    assert codec.encode(codec.decode(as_deep_as_allowed)) == as_deep_as_allowed
    error = refusal(t.TypeRef(0), b"\x01\x00\x00\x00" * DEPTH_LIMIT + bytes(4), [TREE])
    assert "nested too deeply" in str(error)
    assert "nested too deeply" in str(refusal(t.TypeRef(0), b"\x01\x00\x00\x00" * 100_000, [TREE]))


def test_deep_recursion_from_a_deep_caller() -> None:
    codec = compile_codec(t.TypeRef(0), [TREE])
    data = b"\x01\x00\x00\x00" * (DEPTH_LIMIT - 1) + bytes(4)

    def deep(levels: int) -> str:
        if levels:
            return deep(levels - 1)
        try:
            return f"a value {codec.decode(data)!s:.1}"
        except DecodeError as error:
            return str(error)

    assert "nested too deeply" in deep(780) or "a value" in deep(780)


def test_a_type_without_values_ends_in_an_error() -> None:
    endless = t.product(("self", t.TypeRef(0)))
    assert "nested too deeply" in str(refusal(t.TypeRef(0), b"\x00", [endless]))
    assert "nested too deeply" in str(refusal(t.ArrayType(t.TypeRef(0)), b"\x01\x00\x00\x00", [endless]))


@pytest.mark.parametrize(
    ("type", "typespace", "says"),
    [
        (t.TypeRef(0), (), "type 0 of a typespace that has 0"),
        (t.product(("a", t.ArrayType(t.TypeRef(7)))), (P.U8,), "type 7 of a typespace that has 1"),
        (t.TypeRef(0), (t.option(t.TypeRef(1)),), "type 1 of a typespace that has 1"),
        (t.TypeRef(0), (t.TypeRef(0),), "only leads back to itself"),
        (t.TypeRef(0), (t.TypeRef(1), t.TypeRef(0)), "only leads back to itself"),
        (t.sum_of(*((f"v{i}", t.UNIT) for i in range(257))), (), "257 variants"),
    ],
    ids=str,
)
def test_broken_types_are_refused_when_compiled(type: t.AlgebraicType, typespace: t.Typespace, says: str) -> None:
    with pytest.raises(SatsError, match=says):
        compile_codec(type, typespace)


def test_a_type_nested_too_deeply_is_refused() -> None:
    type: t.AlgebraicType = P.U8
    for _ in range(100_000):
        type = t.ArrayType(type)
    with pytest.raises(SatsError, match="nested too deeply"):
        compile_codec(type)


def test_many_small_types_inside_each_other_stay_small() -> None:
    """Written out, the last type would have 2 to the 40 parts."""
    space: list[t.AlgebraicType] = [P.U8]
    for index in range(40):
        space.append(t.product(("a", t.option(t.TypeRef(index))), ("b", t.option(t.TypeRef(index)))))
    codec = compile_codec(t.TypeRef(40), space)
    assert codec.decode(codec.encode((None, None))) == (None, None)


def test_names_from_a_stranger_are_no_code() -> None:
    evil = ['"); raise SystemExit #', "{}", "'''", "\\", "\n", "a b", "x=1", "__import__('os')"]
    record = t.product(*((name, P.U8) for name in evil))
    union = t.sum_of(*((name, P.U8) for name in evil), *((name + "!", t.UNIT) for name in evil))
    codec = compile_codec(t.product(("r", record), ("u", t.ArrayType(union))))
    data = bytes(range(8)) + b"\x02\x00\x00\x00" + b"\x03\x07" + b"\x09"
    assert codec.encode(codec.decode(data)) == data


def test_columns_of_bad_rows() -> None:
    decode = compile_columns_decoder(ROW, [3, 0])
    good = compile_codec(ROW).encode((7, "abc", ["x", "yz"], True))
    assert decode(good) == (True, 7)
    for length in range(len(good)):
        with pytest.raises(DecodeError):
            decode(good[:length])
    with pytest.raises(DecodeError, match="2 is no bool"):
        decode(good[:-1] + b"\x02")
    with pytest.raises(SatsError, match="no column 4"):
        compile_columns_decoder(ROW, [4])
    assert compile_columns_decoder(ROW, [])(good) == ()


@pytest.mark.parametrize("buffer", [bytes, bytearray, memoryview])
def test_any_buffer_is_read(buffer: type) -> None:
    codec = compile_codec(ROW)
    value = (7, "abc", ["x", "yz"], True)
    data = codec.encode(value)
    assert codec.decode(buffer(data)) == value
    assert codec.decode_from(buffer(b"!" + data), 1) == (value, 1 + len(data))
    assert codec.decode_rows(buffer(data * 2)) == [value] * 2
    with pytest.raises(DecodeError):
        codec.decode(buffer(data[:-1]))
