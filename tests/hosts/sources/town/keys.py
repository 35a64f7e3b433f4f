"""Keys: unique columns of every type, numbers that rows get, and what is refused."""

from dataclasses import fields, replace

from stdbpy import (
    ConnectionId,
    Identity,
    ReducerContext,
    ReducerError,
    RowNotFound,
    Timestamp,
    UniqueConstraintViolation,
    auto_inc,
    column,
    i8,
    i16,
    i32,
    i64,
    i128,
    i256,
    reducer,
    table,
    u8,
    u16,
    u32,
    u64,
    u128,
    u256,
)

from .columns import Colour


@table(public=True)
class Keyed:
    id: u32 = column(primary_key=True)
    k_u8: u8 = column(unique=True)
    k_u16: u16 = column(unique=True)
    k_u32: u32 = column(unique=True)
    k_u64: u64 = column(unique=True)
    k_u128: u128 = column(unique=True)
    k_u256: u256 = column(unique=True)
    k_i8: i8 = column(unique=True)
    k_i16: i16 = column(unique=True)
    k_i32: i32 = column(unique=True)
    k_i64: i64 = column(unique=True)
    k_i128: i128 = column(unique=True)
    k_i256: i256 = column(unique=True)
    k_bool: bool = column(unique=True)
    k_text: str = column(unique=True)
    k_identity: Identity = column(unique=True)
    k_connection: ConnectionId = column(unique=True)
    k_moment: Timestamp = column(unique=True)
    k_colour: Colour = column(unique=True)


def _row(id: int, sign: int) -> Keyed:
    return Keyed(
        id=id,
        k_u8=id,
        k_u16=256 + id,
        k_u32=2**31 + id,
        k_u64=2**63 + id,
        k_u128=2**127 + id,
        k_u256=2**255 + id,
        k_i8=sign * 127,
        k_i16=sign * (2**15 - 1),
        k_i32=sign * (2**31 - 1),
        k_i64=sign * (2**63 - 1),
        k_i128=sign * (2**127 - 1),
        k_i256=sign * (2**255 - 1),
        k_bool=sign > 0,
        k_text="ü✓𝄞"[id],
        k_identity=Identity.from_int(2**200 + id),
        k_connection=ConnectionId.from_int(2**100 + id),
        k_moment=Timestamp(sign * 2**60),
        k_colour=[*Colour][id],
    )


@reducer
def try_keys(ctx: ReducerContext) -> None:
    ctx.db.keyed.clear()
    one, other = (ctx.db.keyed.insert(_row(id, sign)) for id, sign in ((1, 1), (2, -1)))
    for key in [field.name for field in fields(Keyed) if field.name != "id"]:
        accessor, value = ctx.db.keyed[key], getattr(one, key)
        assert accessor.find(value) == one, key
        assert list(accessor.filter(value)) == [one], key
        try:
            ctx.db.keyed.id.update(replace(other, **{key: value}))
        except UniqueConstraintViolation as error:
            ctx.log.info("%s: %s", key, error)
        assert accessor.delete(value) == 1, key
        assert accessor.find(value) is None, key
        ctx.db.keyed.insert(one)
    assert ctx.db.keyed.count() == 2


@reducer
def add_the_same_again(ctx: ReducerContext) -> None:
    """A row that is there in all columns is there, and not refused."""
    ctx.db.keyed.clear()
    ctx.db.keyed.insert(_row(1, 1))
    ctx.db.keyed.insert(_row(1, 1))
    ctx.log.info("%d", ctx.db.keyed.count())


@reducer
def update_nobody(ctx: ReducerContext) -> None:
    try:
        ctx.db.keyed.id.update(_row(2, -1))
    except RowNotFound as error:
        ctx.log.info("%s: %s", type(error).__name__, error)
    raise ReducerError("nobody was updated")


@table(public=True)
class Ticket:
    id: u64 = auto_inc(primary_key=True)
    small: i16 = auto_inc(unique=True)
    text: str


@reducer
def draw(ctx: ReducerContext, texts: list[str], fails: bool) -> None:
    for text in texts:
        ticket = ctx.db.ticket.insert(Ticket(text=text))
        ctx.log.info("%d %d %s", ticket.id, ticket.small, ticket.text)
    if fails:
        raise ReducerError(f"{len(texts)} tickets are not drawn")


@reducer
def draw_given(ctx: ReducerContext, id: u64, small: i16) -> None:
    ticket = ctx.db.ticket.insert(Ticket(id=id, small=small, text="given"))
    ctx.log.info("%d %d", ticket.id, ticket.small)
