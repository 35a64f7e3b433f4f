"""Values of any algebraic type: its bounds, the empty ones, and random ones."""

from __future__ import annotations

import math
import random
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from stdbpy.sats.types import (
    CONNECTION_ID,
    IDENTITY,
    SCHEDULE_AT,
    TIME_DURATION,
    TIMESTAMP,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    as_option,
    as_result,
    resolve,
)
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)

_INTEGER_BITS = {primitive: int(primitive.value[1:]) for primitive in Primitive if primitive.value[0] in "IU"}

LARGEST_F32 = 3.4028234663852886e38
SMALLEST_F32 = 1.401298464324817e-45
LARGEST_F64 = 1.7976931348623157e308
SMALLEST_F64 = 5e-324

_TEXTS = ("", "a", "\0", "ü✓𝄞", 'quote " back\\slash\nline', "x" * 300)


def bounds_of(type: AlgebraicType, typespace: Sequence[AlgebraicType]) -> list[Any]:
    """Values at the type's edges, the lowest first and the highest last among numbers; never none."""
    return list(_bounds(resolve(type, typespace), typespace))


def _bounds(type: AlgebraicType, typespace: Sequence[AlgebraicType]) -> Iterator[Any]:
    match type:
        case Primitive.BOOL:
            yield from (False, True)
        case Primitive.STRING:
            yield from _TEXTS
        case Primitive.F32:
            yield from (-LARGEST_F32, -0.0, 0.0, SMALLEST_F32, 0.5, LARGEST_F32)
        case Primitive.F64:
            yield from (-LARGEST_F64, -0.0, 0.0, SMALLEST_F64, 0.1, LARGEST_F64)
        case Primitive():
            lowest, highest = _range(type)
            yield from sorted({lowest, 0, 1, highest})
        case _ if type == IDENTITY:
            yield from (Identity.from_int(number) for number in (0, 1, 2**256 - 1))
        case _ if type == CONNECTION_ID:
            yield from (ConnectionId.from_int(number) for number in (0, 1, 2**128 - 1))
        case _ if type == TIMESTAMP:
            yield from (Timestamp(number) for number in (-(2**63), 0, 2**63 - 1))
        case _ if type == TIME_DURATION:
            yield from (TimeDuration(number) for number in (-(2**63), 0, 2**63 - 1))
        case _ if type == UUID:
            yield from (uuid.UUID(int=number) for number in (0, 1, 2**128 - 1))
        case _ if type == SCHEDULE_AT:
            yield from (Interval(TimeDuration(0)), Time(Timestamp(2**63 - 1)))
        case ArrayType(Primitive.U8):
            yield from (b"", b"\0", b"\xff" * 3, bytes(range(256)))
        case ArrayType(element):
            yield []
            yield bounds_of(element, typespace)
        case ProductType(elements):
            columns = [bounds_of(element.type, typespace) for element in elements]
            for place in range(max(map(len, columns), default=1)):
                yield tuple(column[min(place, len(column) - 1)] for column in columns)
        case SumType(variants):
            yield from _sum_bounds(type, [variant.name or "" for variant in variants], typespace)


def _sum_bounds(type: SumType, names: list[str], typespace: Sequence[AlgebraicType]) -> Iterator[Any]:
    some, result = as_option(type), as_result(type)
    if some is not None:
        yield None
        yield from bounds_of(some, typespace)
        return
    for name, variant in zip(names, type.variants, strict=True):
        for payload in islice(bounds_of(variant.type, typespace), 2):
            if result is not None:
                yield Ok(payload) if name == "ok" else Err(payload)
            else:
                yield Variant(name, None if payload == () else payload)


def random_of(type: AlgebraicType, typespace: Sequence[AlgebraicType], dice: random.Random) -> Any:
    """Any value of the type."""
    type = resolve(type, typespace)
    match type:
        case Primitive.BOOL:
            return dice.random() < 0.5
        case Primitive.STRING:
            return "".join(dice.choice('ab\0\n"\\üß✓𝄞') for _ in range(dice.randrange(12)))
        case Primitive.F32:
            return dice.randrange(-(2**24), 2**24) * 2.0 ** dice.randrange(-100, 100)
        case Primitive.F64:
            return dice.uniform(-1, 1) * 10.0 ** dice.randrange(-300, 300)
        case Primitive():
            return dice.randint(*_range(type))
        case ArrayType(Primitive.U8):
            return dice.randbytes(dice.randrange(20))
        case ArrayType(element):
            return [random_of(element, typespace, dice) for _ in range(dice.randrange(5))]
        case ProductType(elements) if type not in (IDENTITY, CONNECTION_ID, TIMESTAMP, TIME_DURATION, UUID):
            return tuple(random_of(element.type, typespace, dice) for element in elements)
        case SumType(variants) if as_option(type) is None and as_result(type) is None and type != SCHEDULE_AT:
            variant = dice.choice(variants)
            payload = random_of(variant.type, typespace, dice)
            return Variant(variant.name or "", None if payload == () else payload)
    return dice.choice(bounds_of(type, typespace))


def _range(type: Primitive) -> tuple[int, int]:
    bits = _INTEGER_BITS[type]
    return (0, 2**bits - 1) if type.value.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def same(sent: Any, received: Any, *, exact_floats: bool) -> bool:
    """Whether two values are alike in type and content. The real servers read floats from JSON with
    a parser that is off by one in the last place at times: without ``exact_floats`` that passes."""
    match sent, received:
        case float(), float():
            if exact_floats:
                return repr(sent) == repr(received)
            return math.isclose(sent, received, rel_tol=2**-51, abs_tol=SMALLEST_F64)
        case (tuple() | list(), tuple() | list()):
            pairs = zip(sent, received, strict=False)
            return len(sent) == len(received) and all(same(a, b, exact_floats=exact_floats) for a, b in pairs)
        case Variant(), Variant():
            alike = same(sent.value, received.value, exact_floats=exact_floats)
            return sent.name == received.name and alike
        case (Ok(a), Ok(b)) | (Err(a), Err(b)):
            return same(a, b, exact_floats=exact_floats)
    return type(sent) is type(received) and sent == received
