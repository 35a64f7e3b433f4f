"""What holds for every value of every type."""

from __future__ import annotations

import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import DecodeError, EncodeError
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec, compile_columns_decoder
from stdbpy.sats.bsatn_checking import BytesChecker, ValueChecker
from stdbpy.sats.meta import type_from_bytes, type_from_json, type_to_bytes, type_to_json
from stdbpy.sats.satsjson import Form, compile_json_codec
from stdbpy.sats.shapes import Shapes
from tests.examples_to_try import up_to
from tests.sats.strategies import TypedValue, typed_rows, typed_values, types, typespaces

quick = up_to(100)


@quick
@given(typed_values(finite=False))
def test_bsatn_round_trip(case: TypedValue) -> None:
    codec = compile_codec(case.type, case.typespace)
    data = codec.encode(case.value)
    assert codec.encode(codec.decode(data)) == data  # by the bytes, since NaN equals nothing
    assert codec.decode_from(b"???" + data + b"!", 3)[1] == 3 + len(data)
    ValueChecker(Shapes(case.type, case.typespace, {})).check(case.value)


@quick
@given(typed_values())
def test_bsatn_gives_the_very_value(case: TypedValue) -> None:
    codec = compile_codec(case.type, case.typespace)
    value = codec.decode(codec.encode(case.value))
    assert value == case.value
    assert type(value) is type(case.value)


@quick
@given(typed_rows())
def test_rows_stand_one_after_the_other(case: TypedValue) -> None:
    codec = compile_codec(case.type, case.typespace)
    data = codec.encode_rows(case.value)
    assert data == b"".join(codec.encode(row) for row in case.value)
    if data:
        assert codec.decode_rows(data) == case.value


@quick
@given(typed_rows(), st.data())
def test_columns_are_those_of_the_row(case: TypedValue, data: st.DataObject) -> None:
    assert isinstance(case.type, t.ProductType)
    width = len(case.type.elements)
    columns = data.draw(st.lists(st.integers(0, width - 1), max_size=4) if width else st.just([]))
    decode = compile_columns_decoder(case.type, columns, case.typespace)
    codec = compile_codec(case.type, case.typespace)
    for row in case.value:
        assert decode(codec.encode(row)) == tuple(row[column] for column in columns)


@quick
@given(typed_values(), st.sampled_from(["strict", "result", "objects", "named", "told"]))
def test_json_round_trip(case: TypedValue, form: Form) -> None:
    codec = compile_json_codec(case.type, case.typespace, form=form)
    obj = json.loads(json.dumps(codec.to_json(case.value), allow_nan=False))
    assert _without_floats(codec.from_json(obj)) == _without_floats(case.value)
    assert codec.json_to_bsatn(obj) == compile_codec(case.type, case.typespace).encode(case.value)


def _without_floats(value: Any) -> Any:
    """-0.0 and 0.0 are equal but must not be exchanged: compare floats by their bits."""
    if isinstance(value, float):
        return struct.pack("<d", value)
    if isinstance(value, list):
        return [_without_floats(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_without_floats(item) for item in value)
    return value


@quick
@given(typed_values(), st.data())
def test_truncated_bytes_are_refused(case: TypedValue, data: st.DataObject) -> None:
    codec = compile_codec(case.type, case.typespace)
    encoded = codec.encode(case.value)
    if encoded:
        length = data.draw(st.integers(0, len(encoded) - 1))
        with pytest.raises(DecodeError) as caught:
            codec.decode(encoded[:length])
        assert 0 <= caught.value.offset <= length
        assert caught.value.expected
        with pytest.raises(DecodeError):
            codec.decode_from(encoded[:length], 0)
    with pytest.raises(DecodeError, match="left over"):
        codec.decode(encoded + b"\0")


@quick
@given(typespaces(), st.data())
def test_fast_and_slow_readers_agree_on_any_bytes(typespace: tuple[t.AlgebraicType, ...], data: st.DataObject) -> None:
    type = data.draw(types(earlier=len(typespace), all_types=len(typespace)))
    hostile = data.draw(st.one_of(st.binary(max_size=40), st.lists(st.integers(0, 2), max_size=40).map(bytes)))
    codec = compile_codec(type, typespace)
    try:
        end: int | None = BytesChecker(Shapes(type, typespace, {}), hostile).check(0)
    except DecodeError:
        end = None
    if end is None:
        with pytest.raises(DecodeError):
            codec.decode_from(hostile, 0)
        with pytest.raises(DecodeError):
            codec.decode(hostile)
    else:
        value, reached = codec.decode_from(hostile, 0)
        assert reached == end
        assert codec.encode(value) == hostile[:end]


@quick
@given(typed_values(), st.data())
def test_changed_bytes_give_a_value_or_one_error(case: TypedValue, data: st.DataObject) -> None:
    codec = compile_codec(case.type, case.typespace)
    encoded = bytearray(codec.encode(case.value))
    if encoded:
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        value = codec.decode(bytes(encoded))
    except DecodeError as error:
        assert error.offset >= 0
    else:
        assert codec.encode(value) == encoded


_json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.sampled_from(["0x1", "some"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)


@quick
@given(typespaces(), _json_values, st.data())
def test_any_json_gives_a_value_or_one_error(
    typespace: tuple[t.AlgebraicType, ...], obj: object, data: st.DataObject
) -> None:
    type = data.draw(types(earlier=len(typespace), all_types=len(typespace)))
    codec = compile_json_codec(type, typespace)
    try:
        value = codec.from_json(obj)
    except DecodeError:
        return
    compile_codec(type, typespace).encode(value)


@quick
@given(typed_values(), _json_values)
def test_any_wrong_value_gives_one_error(case: TypedValue, wrong: object) -> None:
    codec = compile_codec(case.type, case.typespace)
    try:
        data = codec.encode(wrong)
    except EncodeError:
        return
    codec.decode(data)


@quick
@given(types(all_types=3))
def test_types_as_data_round_trip(type: t.AlgebraicType) -> None:
    assert type_from_bytes(type_to_bytes(type)) == type
    assert type_from_json(json.loads(json.dumps(type_to_json(type)))) == type
