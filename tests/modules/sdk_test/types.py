"""Types of columns and parameters: one of each kind that there is."""
# ruff: noqa: E741 - columns are called a, b, c, ...

from dataclasses import dataclass
from enum import Enum, auto

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
    Zero = auto()
    One = auto()
    Two = auto()


class EnumWithPayload(TaggedUnion):
    pass


class PayloadU8(EnumWithPayload, variant="U8"):
    value: u8


class PayloadU16(EnumWithPayload, variant="U16"):
    value: u16


class PayloadU32(EnumWithPayload, variant="U32"):
    value: u32


class PayloadU64(EnumWithPayload, variant="U64"):
    value: u64


class PayloadU128(EnumWithPayload, variant="U128"):
    value: u128


class PayloadU256(EnumWithPayload, variant="U256"):
    value: u256


class PayloadI8(EnumWithPayload, variant="I8"):
    value: i8


class PayloadI16(EnumWithPayload, variant="I16"):
    value: i16


class PayloadI32(EnumWithPayload, variant="I32"):
    value: i32


class PayloadI64(EnumWithPayload, variant="I64"):
    value: i64


class PayloadI128(EnumWithPayload, variant="I128"):
    value: i128


class PayloadI256(EnumWithPayload, variant="I256"):
    value: i256


class PayloadBool(EnumWithPayload, variant="Bool"):
    value: bool


class PayloadF32(EnumWithPayload, variant="F32"):
    value: f32


class PayloadF64(EnumWithPayload, variant="F64"):
    value: f64


class PayloadStr(EnumWithPayload, variant="Str"):
    value: str


class PayloadIdentity(EnumWithPayload, variant="Identity"):
    value: Identity


class PayloadConnectionId(EnumWithPayload, variant="ConnectionId"):
    value: ConnectionId


class PayloadTimestamp(EnumWithPayload, variant="Timestamp"):
    value: Timestamp


class PayloadBytes(EnumWithPayload, variant="Bytes"):
    value: bytes


class PayloadInts(EnumWithPayload, variant="Ints"):
    value: list[i32]


class PayloadStrings(EnumWithPayload, variant="Strings"):
    value: list[str]


class PayloadSimpleEnums(EnumWithPayload, variant="SimpleEnums"):
    value: list[SimpleEnum]


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
