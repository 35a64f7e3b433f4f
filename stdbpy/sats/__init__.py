"""The SpacetimeDB algebraic type system: types, values, and the BSATN and SATS-JSON codecs.

The names here are those that rows are written with; the codecs are in ``sats.bsatn`` and
``sats.satsjson``, algebraic types in ``sats.types``.
"""

from stdbpy.sats.annotations import (
    TypeRegistry,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
)
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import (
    ConnectionId,
    Err,
    Identity,
    Interval,
    Ok,
    ScheduleAt,
    Some,
    Time,
    TimeDuration,
    Timestamp,
    Variant,
)

__all__ = [
    "ConnectionId",
    "Err",
    "Identity",
    "Interval",
    "Ok",
    "ScheduleAt",
    "Some",
    "TaggedUnion",
    "Time",
    "TimeDuration",
    "Timestamp",
    "TypeRegistry",
    "Variant",
    "f32",
    "f64",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "i256",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "u256",
]
