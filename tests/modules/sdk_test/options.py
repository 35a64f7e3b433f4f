"""Tables of one column that may be empty."""

from stdbpy import Identity, ReducerContext, i32, reducer, table

from .types import EveryPrimitiveStruct, SimpleEnum


@table(public=True)
class OptionI32:
    n: i32 | None


@reducer
def insert_option_i32(ctx: ReducerContext, n: i32 | None) -> None:
    ctx.db.option_i32.insert(OptionI32(n=n))


@table(public=True)
class OptionString:
    s: str | None


@reducer
def insert_option_string(ctx: ReducerContext, s: str | None) -> None:
    ctx.db.option_string.insert(OptionString(s=s))


@table(public=True)
class OptionIdentity:
    i: Identity | None


@reducer
def insert_option_identity(ctx: ReducerContext, i: Identity | None) -> None:
    ctx.db.option_identity.insert(OptionIdentity(i=i))


@table(public=True)
class OptionSimpleEnum:
    e: SimpleEnum | None


@reducer
def insert_option_simple_enum(ctx: ReducerContext, e: SimpleEnum | None) -> None:
    ctx.db.option_simple_enum.insert(OptionSimpleEnum(e=e))


@table(public=True)
class OptionEveryPrimitiveStruct:
    s: EveryPrimitiveStruct | None


@reducer
def insert_option_every_primitive_struct(ctx: ReducerContext, s: EveryPrimitiveStruct | None) -> None:
    ctx.db.option_every_primitive_struct.insert(OptionEveryPrimitiveStruct(s=s))


@table(public=True)
class OptionVecOptionI32:
    v: list[i32 | None] | None


@reducer
def insert_option_vec_option_i32(ctx: ReducerContext, v: list[i32 | None] | None) -> None:
    ctx.db.option_vec_option_i32.insert(OptionVecOptionI32(v=v))
