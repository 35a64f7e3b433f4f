from __future__ import annotations

import pytest

from stdbpy.sats import types as t
from stdbpy.sats.naming import params_text, type_text
from stdbpy.sats.types import Primitive as P


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (P.U64, "u64"),
        (P.F32, "f32"),
        (P.BOOL, "bool"),
        (P.STRING, "str"),
        (t.BYTES, "bytes"),
        (t.ArrayType(P.I8), "list[i8]"),
        (t.ArrayType(t.TypeRef(1)), "list[Person]"),
        (t.option(P.STRING), "str | None"),
        (t.ArrayType(t.option(P.STRING)), "list[str | None]"),
        (t.option(t.option(P.U8)), "Some[u8 | None] | None"),
        (t.result(P.U8, P.STRING), "Ok[u8] | Err[str]"),
        (t.UNIT, "tuple[()]"),
        (t.NEVER, "Never"),
        (t.IDENTITY, "Identity"),
        (t.CONNECTION_ID, "ConnectionId"),
        (t.TIMESTAMP, "Timestamp"),
        (t.TIME_DURATION, "TimeDuration"),
        (t.UUID, "Uuid"),
        (t.SCHEDULE_AT, "ScheduleAt"),
        (t.TypeRef(0), "Color"),
        (t.product(("x", P.U8), ("y", t.TypeRef(1))), "(x: u8, y: Person)"),
        (t.product((None, P.U8), (None, P.STRING)), "(u8, str)"),
        (t.sum_of(("Circle", P.F32), ("Nothing", t.UNIT)), "Circle(f32) | Nothing"),
        (t.sum_of((None, P.F32)), "0(f32)"),
        (t.ArrayType(t.sum_of(("A", P.F32), ("B", t.UNIT))), "list[A(f32) | B]"),
    ],
    ids=str,
)
def test_type_text(type: t.AlgebraicType, text: str) -> None:
    assert type_text(type, ["Color", "Person"].__getitem__) == text


def test_params_text() -> None:
    params = t.product(("name", P.STRING), ("level", t.option(P.U32)), (None, t.TypeRef(3)))
    assert params_text(params) == "name: str, level: u32 | None, type3"
    assert params_text(t.UNIT) == ""
