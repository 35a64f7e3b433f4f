"""A module that another one mounts."""

from stdbpy import (
    AnonymousViewContext,
    Identity,
    ReducerContext,
    ReducerError,
    Table,
    Tables,
    Unique,
    auto_inc,
    column,
    reducer,
    table,
    u32,
    view,
)


@table(public=True)
class Member:
    number: u32 = auto_inc(primary_key=True)
    identity: Identity
    name: str = column(unique=True)


class MemberTable(Table[Member]):
    name: Unique[Member, str]


class Db(Tables):
    member: MemberTable


class Ctx(ReducerContext):
    db: Db


@reducer
def enter(ctx: Ctx, name: str) -> None:
    if ctx.db.member.name.find(name) is not None:
        raise ReducerError(f"{name} is a member")
    member = ctx.db.member.insert(Member(identity=ctx.sender, name=name))
    ctx.log.info("%s is member %d", name, member.number)


@view(public=True)
def elders(ctx: AnonymousViewContext) -> list[Member]:
    return [member for member in (ctx.db.member.number.find(number) for number in (1, 2)) if member is not None]
