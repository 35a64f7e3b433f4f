"""Tables of one column of every type, of a column and a key, and some odd ones."""

from uuid import UUID

from stdbpy import (
    ConnectionId,
    Err,
    Identity,
    Ok,
    ReducerContext,
    ScheduleAt,
    Timestamp,
    auto_inc,
    client_visibility_filter,
    column,
    f32,
    f64,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
    index,
    reducer,
    table,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
)

from .defining import define, define_primary_key, define_reducer, define_table, define_unique
from .types import ByteStruct, EnumWithPayload, EveryPrimitiveStruct, EveryVecStruct, SimpleEnum, UnitStruct

NUMBERS = {"U8": u8, "U16": u16, "U32": u32, "U64": u64, "U128": u128, "U256": u256}
NUMBERS |= {"I8": i8, "I16": i16, "I32": i32, "I64": i64, "I128": i128, "I256": i256}

# --- one column ------------------------------------------------------------------------------------

ONE = {name: define(f"One{name}", n=type) for name, type in NUMBERS.items()}
define("OneBool", b=bool)
define("OneF32", f=f32)
define("OneF64", f=f64)
define("OneString", s=str)
OneIdentity = define("OneIdentity", i=Identity)
OneConnectionId = define("OneConnectionId", delete=None, a=ConnectionId)
OneUuid = define("OneUuid", u=UUID)
OneTimestamp = define("OneTimestamp", t=Timestamp)
define("OneSimpleEnum", e=SimpleEnum)
define("OneEnumWithPayload", e=EnumWithPayload)
define("OneUnitStruct", s=UnitStruct)
define("OneByteStruct", s=ByteStruct)
define("OneEveryPrimitiveStruct", s=EveryPrimitiveStruct)
define("OneEveryVecStruct", s=EveryVecStruct)

VecU8 = define("VecU8", n=bytes)
for name, number in NUMBERS.items():
    if name != "U8":
        define(f"Vec{name}", n=list[number])
define("VecBool", b=list[bool])
define("VecF32", f=list[f32])
define("VecF64", f=list[f64])
VecString = define("VecString", s=list[str])
VecIdentity = define("VecIdentity", i=list[Identity])
VecConnectionId = define("VecConnectionId", delete=None, a=list[ConnectionId])
define("VecUuid", u=list[UUID])
define("VecTimestamp", t=list[Timestamp])
define("VecSimpleEnum", e=list[SimpleEnum])
define("VecEnumWithPayload", e=list[EnumWithPayload])
define("VecUnitStruct", s=list[UnitStruct])
define("VecByteStruct", s=list[ByteStruct])
define("VecEveryPrimitiveStruct", s=list[EveryPrimitiveStruct])
define("VecEveryVecStruct", s=list[EveryVecStruct])

define("OptionI32", n=i32 | None)
define("OptionString", s=str | None)
define("OptionIdentity", i=Identity | None)
define("OptionUuid", u=UUID | None)
define("OptionSimpleEnum", e=SimpleEnum | None)
define("OptionEveryPrimitiveStruct", s=EveryPrimitiveStruct | None)
define("OptionVecOptionI32", v=list[i32 | None] | None)

define("ResultI32String", delete=None, r=Ok[i32] | Err[str])
define("ResultStringI32", delete=None, r=Ok[str] | Err[i32])
define("ResultIdentityString", delete=None, r=Ok[Identity] | Err[str])
define("ResultSimpleEnumI32", delete=None, r=Ok[SimpleEnum] | Err[i32])
define("ResultEveryPrimitiveStructString", delete=None, r=Ok[EveryPrimitiveStruct] | Err[str])
define("ResultVecI32String", delete=None, r=Ok[list[i32]] | Err[str])

# --- a key and a number ----------------------------------------------------------------------------

KEYS = {**{name: ("n", type) for name, type in NUMBERS.items()}, "Bool": ("b", bool), "String": ("s", str)}
KEYS |= {"Identity": ("i", Identity), "ConnectionId": ("a", ConnectionId), "Uuid": ("u", UUID)}

UNIQUE = {name: define_unique(f"Unique{name}", *key) for name, key in KEYS.items()}
PK = {name: define_primary_key(f"Pk{name}", *key) for name, key in KEYS.items()}
PkU32Two = define_primary_key("PkU32Two", "n", u32)

SIMPLE_ENUM_KEY = {"a": SimpleEnum, "data": i32}
PkSimpleEnum = define_table("PkSimpleEnum", SIMPLE_ENUM_KEY, a=column(primary_key=True))
define_reducer(
    "insert_pk_simple_enum", SIMPLE_ENUM_KEY, lambda ctx, *sent: ctx.db.pk_simple_enum.insert(PkSimpleEnum(*sent))
)

# --- odd ones --------------------------------------------------------------------------------------

define(
    "LargeTable",
    delete="delete",
    **dict(zip("abcdef", [u8, u16, u32, u64, u128, u256], strict=True)),
    **dict(zip("ghijkl", [i8, i16, i32, i64, i128, i256], strict=True)),
    **dict(zip("mnop", [bool, f32, f64, str], strict=True)),
    **dict(zip("qrst", [SimpleEnum, EnumWithPayload, UnitStruct, ByteStruct], strict=True)),
    **dict(zip("uv", [EveryPrimitiveStruct, EveryVecStruct], strict=True)),
)
define("TableHoldsTable", delete=None, a=ONE["U8"], b=VecU8)

client_visibility_filter("SELECT * FROM one_u_8")


@table(public=True, scheduled="send_scheduled_message")
class ScheduledTable:
    scheduled_id: u64 = auto_inc(primary_key=True)
    scheduled_at: ScheduleAt
    text: str


@reducer
def send_scheduled_message(ctx: ReducerContext, arg: ScheduledTable) -> None:
    pass


@table
class IndexedTable:
    player_id: u32 = column(index="btree")


@table(name="indexed_table_2", indexes=[index("player_id_snazz_index", "player_id", "player_snazz")])
class IndexedTable2:
    player_id: u32
    player_snazz: f32


@table(name="btree_u_32", public=True)
class BTreeU32:
    n: u32 = column(index="btree")
    data: i32


client_visibility_filter("SELECT * FROM users WHERE identity = :sender")


@table(public=True)
class Users:
    identity: Identity = column(primary_key=True)
    name: str


@reducer
def insert_user(ctx: ReducerContext, name: str, identity: Identity) -> None:
    ctx.db.users.insert(Users(name=name, identity=identity))


@table(public=True)
class IndexedSimpleEnum:
    n: SimpleEnum = column(index="btree")


@reducer
def insert_into_indexed_simple_enum(ctx: ReducerContext, n: SimpleEnum) -> None:
    ctx.db.indexed_simple_enum.insert(IndexedSimpleEnum(n=n))


@reducer
def update_indexed_simple_enum(ctx: ReducerContext, a: SimpleEnum, b: SimpleEnum) -> None:
    if ctx.db.indexed_simple_enum.n.delete(a):
        ctx.db.indexed_simple_enum.insert(IndexedSimpleEnum(n=b))
