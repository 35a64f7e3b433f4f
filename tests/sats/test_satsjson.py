"""SATS-JSON takes and gives what the HTTP API of the real server does."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from stdbpy.errors import DecodeError, EncodeError
from stdbpy.sats import types as t
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import Primitive as P
from stdbpy.sats.values import Identity, Interval, TimeDuration, Variant
from tests.sats.json_cases import CASES

PERSON = t.product(
    ("name", P.STRING), ("scores", t.ArrayType(P.F32)), ("home", t.option(t.product(("x", P.U8), ("y", P.U8))))
)


TAKEN = [
    pytest.param(cases.type, sent, given, id=f"{cases.table}-{json.dumps(sent)}")
    for cases in CASES
    for sent, given in cases.taken
]
REFUSED = [
    pytest.param(cases.type, sent, id=f"{cases.table}-{json.dumps(sent)}") for cases in CASES for sent in cases.refused
]


@pytest.mark.parametrize(("type", "sent", "given"), TAKEN)
def test_what_the_server_takes(type: t.AlgebraicType, sent: Any, given: Any) -> None:
    codec = compile_json_codec(type, form="result")
    value = compile_json_codec(type).from_json(json.loads(json.dumps(sent)))
    assert repr(codec.to_json(value)) == repr(given)


@pytest.mark.parametrize(("type", "sent"), REFUSED)
def test_what_the_server_refuses(type: t.AlgebraicType, sent: Any) -> None:
    with pytest.raises(DecodeError):
        compile_json_codec(type).from_json(json.loads(json.dumps(sent)))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("type", [P.F32, P.F64])
def test_json_has_no_nan(type: P, number: float) -> None:
    row = t.product(("speeds", t.ArrayType(type)))
    with pytest.raises(EncodeError, match=r"speeds\[1\]: -?(nan|inf) cannot be said in JSON") as caught:
        compile_json_codec(row).to_json(([1.0, number],))
    assert "neither NaN nor infinities" in caught.value.hint
    assert compile_json_codec(row, form="result").to_json(([number],)) == [[None]]
    with pytest.raises(DecodeError, match="no number of JSON"):
        compile_json_codec(type).from_json(number)


def test_null_of_a_result_is_nan() -> None:
    assert math.isnan(compile_json_codec(P.F64, form="result").from_json(None))
    with pytest.raises(DecodeError):
        compile_json_codec(P.F64).from_json(None)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff"])
def test_half_a_surrogate_pair_is_no_text(text: str) -> None:
    with pytest.raises(DecodeError, match="surrogate"):
        compile_json_codec(P.STRING).from_json(text)


def test_the_named_form() -> None:
    codec = compile_json_codec(PERSON, form="named")
    value = ("Ann", [0.1], (1, 2))
    obj = {"name": "Ann", "scores": [pytest.approx(0.1)], "home": {"some": {"x": 1, "y": 2}}}
    assert codec.to_json(value) == obj
    assert codec.to_json(("", [], None)) == {"name": "", "scores": [], "home": {"none": []}}
    plain = compile_json_codec(t.ArrayType(t.sum_of(("A", t.UNIT), (None, t.UNIT))), form="named")
    assert plain.to_json([Variant("A"), Variant("1")]) == [{"A": []}, [1, []]]
    schedule = compile_json_codec(t.SCHEDULE_AT, form="named")
    assert schedule.to_json(Interval(TimeDuration(5))) == {"Interval": {"__time_duration_micros__": 5}}
    unnamed = compile_json_codec(t.product((None, P.U8), ("b", P.U8)), form="named")
    assert unnamed.to_json((1, 2)) == [1, 2]


def test_the_form_in_which_rows_are_told() -> None:
    codec = compile_json_codec(PERSON, form="told")
    obj = {"name": "Ann", "scores": [pytest.approx(0.1), None, None], "home": {"some": {"x": 1, "y": 2}}}
    assert codec.to_json(("Ann", [0.1, math.nan, -math.inf], (1, 2))) == obj


def test_the_form_of_objects() -> None:
    codec = compile_json_codec(PERSON, form="objects")
    obj = {"name": "Ann", "scores": [pytest.approx(0.1), None], "home": [0, {"x": 1, "y": 2}]}
    assert codec.to_json(("Ann", [0.1, math.nan], (1, 2))) == obj
    assert codec.to_json(("", [], None)) == {"name": "", "scores": [], "home": [1, {}]}
    plain = compile_json_codec(t.ArrayType(t.sum_of(("A", t.UNIT), (None, t.UNIT))), form="objects")
    assert plain.to_json([Variant("A"), Variant("1")]) == [[0, {}], [1, {}]]
    identity = compile_json_codec(t.product(("id", t.IDENTITY)), form="objects")
    assert identity.to_json((Identity.from_int(255),)) == {"id": {"__identity__": "0xff"}}


@pytest.mark.parametrize(
    ("obj", "says"),
    [
        (["Ann", [1, "x"], None], "scores[1]: expected a number (f32), not the text 'x'"),
        (["Ann", [], {"some": [1, 256]}], "home.some.y: 256 is out of range for u8 (0 to 255)"),
        (["Ann", []], "expected 3 elements (name, scores, home), not 2"),
        ({"name": "Ann", "scores": []}, "the field 'home' is missing (fields: name, scores, home)"),
        ({"name": "", "scores": [], "home": None, "nam": 1}, "there is no field 'nam' (fields: name, scores, home)"),
        ([None, [], None], "name: expected text, not null"),
        ([True, [], None], "name: expected text, not true"),
        (["Ann", {}, None], "scores: expected an array, not the object {}"),
        (["Ann", [], {"sone": 5}], "home: there is no variant 'sone' (variants: some, none)"),
        ("x" * 100, "expected an array or object of 3 elements (name, scores, home), not the text 'xxxx"),
    ],
)
def test_messages_name_the_place(obj: Any, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        compile_json_codec(PERSON).from_json(obj)
    assert str(caught.value).startswith(says)
    assert len(str(caught.value)) < 200


def test_hints() -> None:
    with pytest.raises(DecodeError) as caught:
        compile_json_codec(PERSON).from_json({"name": "", "scores": [], "home": None, "nam": 1})
    assert caught.value.hint == "Did you mean 'name'?"
    with pytest.raises(DecodeError) as caught:
        compile_json_codec(t.option(P.U8)).from_json({"sone": 5})
    assert caught.value.hint == "Did you mean 'some'?"
    with pytest.raises(DecodeError) as caught:
        compile_json_codec(P.U256).from_json(5)
    assert "text of hex digits" in caught.value.hint


def test_deep_json_ends_in_an_error() -> None:
    tree = t.product(("children", t.ArrayType(t.TypeRef(0))))
    obj: Any = [[]]
    for _ in range(5_000):
        obj = [[obj]]
    codec = compile_json_codec(t.TypeRef(0), [tree])
    with pytest.raises(DecodeError, match="nested too deeply"):
        codec.from_json(obj)
    obj = [[]]
    for _ in range(220):
        obj = [[obj]]
    with pytest.raises(DecodeError, match="nested too deeply"):
        codec.json_to_bsatn(obj)


def test_wrong_values_are_refused_as_in_bsatn() -> None:
    with pytest.raises(EncodeError, match="y: 256 is out of range"):
        compile_json_codec(t.product(("x", P.U8), ("y", P.U8))).to_json((1, 256))


def test_bad_bytes() -> None:
    codec = compile_json_codec(PERSON)
    with pytest.raises(DecodeError):
        codec.bsatn_to_json(b"\x05")
    with pytest.raises(DecodeError, match="left over"):
        compile_json_codec(P.U8).bsatn_to_json(b"\x05\x06")
