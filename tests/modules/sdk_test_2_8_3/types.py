"""Types of columns and parameters: one of each kind that there is."""
# ruff: noqa: E741 - columns are called a, b, c, ...

import uuid
from dataclasses import dataclass
from enum import Enum
from types import new_class
from typing import Any

from stdbpy import (
    ConnectionId,
    Identity,
    TaggedUnion,
    TimeDuration,
    Timestamp,
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


class SimpleEnum(Enum):
    zero = 0
    one = 1
    two = 2


class EnumWithPayload(TaggedUnion):
    pass


def variant(name: str, payload: Any) -> type:
    """As ``class Variant(EnumWithPayload, variant=name): value: payload`` would be."""
    return new_class(
        f"Payload_{name}",
        (EnumWithPayload,),
        {"variant": name},
        lambda body: body.update(__annotations__={"value": payload}, __module__=__name__),
    )


VARIANTS = [
    variant("u8", u8),
    variant("u16", u16),
    variant("u32", u32),
    variant("u64", u64),
    variant("u128", u128),
    variant("u256", u256),
    variant("i8", i8),
    variant("i16", i16),
    variant("i32", i32),
    variant("i64", i64),
    variant("i128", i128),
    variant("i256", i256),
    variant("bool", bool),
    variant("f32", f32),
    variant("f64", f64),
    variant("str", str),
    variant("identity", Identity),
    variant("connectionId", ConnectionId),
    variant("timestamp", Timestamp),
    variant("uuid", uuid.UUID),
    variant("bytes", bytes),
    variant("ints", list[i32]),
    variant("strings", list[str]),
    variant("simpleEnums", list[SimpleEnum]),
]


@dataclass
class UnitStruct:
    pass


@dataclass
class ByteStruct:
    b: u8


@dataclass
class EveryPrimitiveStruct:
    a: u8
    b: u16
    c: u32
    d: u64
    e: u128
    f: u256
    g: i8
    h: i16
    i: i32
    j: i64
    k: i128
    l: i256
    m: bool
    n: f32
    o: f64
    p: str
    q: Identity
    r: ConnectionId
    s: Timestamp
    t: TimeDuration
    u: uuid.UUID


@dataclass
class EveryVecStruct:
    a: bytes
    b: list[u16]
    c: list[u32]
    d: list[u64]
    e: list[u128]
    f: list[u256]
    g: list[i8]
    h: list[i16]
    i: list[i32]
    j: list[i64]
    k: list[i128]
    l: list[i256]
    m: list[bool]
    n: list[f32]
    o: list[f64]
    p: list[str]
    q: list[Identity]
    r: list[ConnectionId]
    s: list[Timestamp]
    t: list[TimeDuration]
    u: list[uuid.UUID]
