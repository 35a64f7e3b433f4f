"""Views that fail, always or for some."""

from stdbpy import (
    AnonymousViewContext,
    Identity,
    Query,
    ReducerContext,
    ReducerError,
    ViewContext,
    column,
    reducer,
    table,
    u32,
    view,
)


@table
class Quarrel:
    id: u32 = column(primary_key=True)
    who: Identity = column(index="btree")
    what: str


@view(public=True)
def loud_quarrels(ctx: AnonymousViewContext) -> list[Quarrel]:
    quarrels = [ctx.db.quarrel.id.find(id) for id in range(1, 4)]
    for quarrel in quarrels:
        if quarrel is not None and quarrel.what == "secret":
            raise LookupError("nobody is to know")
    return [quarrel for quarrel in quarrels if quarrel is not None]


@view(public=True)
def my_quarrels(ctx: ViewContext) -> list[Quarrel]:
    quarrels = list(ctx.db.quarrel.who.filter(ctx.sender))
    if any(quarrel.what == "mine alone" for quarrel in quarrels):
        raise ValueError("this person's view fails")
    return quarrels


@view(public=True)
def never(ctx: AnonymousViewContext) -> list[Quarrel]:
    raise RuntimeError("as ever")


@view(public=True)
def wrong_query(ctx: AnonymousViewContext) -> Query[Quarrel]:
    return ctx.query.quarrel.where(lambda q: q.id == -1)


@reducer
def quarrel(ctx: ReducerContext, id: u32, who: Identity, what: str) -> None:
    ctx.db.quarrel.insert(Quarrel(id=id, who=who, what=what))


@reducer
def make_peace(ctx: ReducerContext) -> None:
    ctx.db.quarrel.clear()
    if ctx.db.quarrel.count():
        raise ReducerError("there is no peace")
