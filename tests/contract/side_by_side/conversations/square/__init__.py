"""A module for conversations: rows of one's own, views, rules, events, procedures, and who is there."""

from stdbpy import (
    AnonymousViewContext,
    Identity,
    ProcedureContext,
    Query,
    ReducerContext,
    ReducerError,
    ViewContext,
    auto_inc,
    client_connected,
    client_disconnected,
    client_visibility_filter,
    column,
    i16,
    init,
    procedure,
    reducer,
    table,
    u8,
    u16,
    u32,
    u64,
    view,
)


@table(public=True)
class Mark:
    """Tells the clients of a conversation that a step of it is over."""

    n: u16


@table(public=True)
class Item:
    id: u32 = auto_inc(primary_key=True)
    kind: str = column(index="btree")
    owner: Identity = column(index="btree")
    size: i16 = column(index="btree")


@table(public=True, event=True)
class Ping:
    n: u32
    who: Identity


@table
class Secret:
    id: u64 = auto_inc(primary_key=True)
    owner: Identity = column(index="btree")
    text: str


@table(public=True)
class Note:
    id: u64 = auto_inc(primary_key=True)
    owner: Identity = column(index="btree")
    text: str = column(unique=True)


client_visibility_filter("SELECT * FROM note WHERE owner = :sender")


@table(public=True)
class Friend:
    id: u64 = auto_inc(primary_key=True)
    a: Identity = column(index="btree")
    b: Identity = column(index="btree")


@table
class Founder:
    who: Identity


@table(public=True)
class Present:
    who: Identity = column(primary_key=True)
    times: u32


@view(public=True)
def mine(ctx: ViewContext) -> list[Secret]:
    return list(ctx.db.secret.owner.filter(ctx.sender))


@view(public=True, primary_key="id")
def big(ctx: AnonymousViewContext) -> list[Item]:
    return [item for size in (11, 12) for item in ctx.db.item.size.filter(size)]


@view(public=True)
def big_query(ctx: AnonymousViewContext) -> Query[Item]:
    return ctx.query.item.where(lambda item: item.size > 10)


@view(public=True)
def first_note(ctx: ViewContext) -> Note | None:
    return min(ctx.db.note.owner.filter(ctx.sender), key=lambda note: note.id, default=None)


@init
def begin(ctx: ReducerContext) -> None:
    ctx.db.founder.insert(Founder(who=ctx.sender))


@client_connected
def connected(ctx: ReducerContext) -> None:
    if any(founder.who == ctx.sender for founder in ctx.db.founder):
        return  # each statement of the owner's connects and disconnects, at no certain moment
    found = ctx.db.present.who.find(ctx.sender)
    if found is None:
        ctx.db.present.insert(Present(who=ctx.sender, times=1))
    else:
        found.times += 1
        ctx.db.present.who.update(found)


@client_disconnected
def disconnected(ctx: ReducerContext) -> None:
    found = ctx.db.present.who.find(ctx.sender)
    if found is not None:
        ctx.db.present.who.delete(ctx.sender)


@reducer
def add(ctx: ReducerContext, kind: str, size: i16) -> None:
    ctx.db.item.insert(Item(kind=kind, owner=ctx.sender, size=size))


@reducer
def resize(ctx: ReducerContext, id: u32, size: i16) -> None:
    item = ctx.db.item.id.find(id)
    if item is None:
        raise ReducerError(f"no item {id}")
    item.size = size
    ctx.db.item.id.update(item)


@reducer
def drop(ctx: ReducerContext, kind: str) -> None:
    ctx.db.item.kind.delete(kind)


@reducer
def renew(ctx: ReducerContext, kind: str) -> None:
    """Deletes rows and inserts the same ones."""
    for item in list(ctx.db.item.kind.filter(kind)):
        ctx.db.item.id.delete(item.id)
        ctx.db.item.insert(item)


@reducer
def ping(ctx: ReducerContext, n: u32, times: u8) -> None:
    for _ in range(times):
        ctx.db.ping.insert(Ping(n=n, who=ctx.sender))
    if n == 13:
        raise ReducerError("unlucky")
    if n == 14:
        raise ValueError("a bug")


@reducer
def hide(ctx: ReducerContext, text: str) -> None:
    ctx.db.secret.insert(Secret(owner=ctx.sender, text=text))


@reducer
def forget(ctx: ReducerContext) -> None:
    ctx.db.secret.owner.delete(ctx.sender)


@reducer
def write(ctx: ReducerContext, text: str) -> None:
    ctx.db.note.insert(Note(owner=ctx.sender, text=text))


@reducer
def befriend(ctx: ReducerContext, other: Identity) -> None:
    ctx.db.friend.insert(Friend(a=ctx.sender, b=other))


@procedure
def twice(ctx: ProcedureContext, kind: str, fails: bool) -> u64:
    """Two transactions that stay, and one between them that does not if it ``fails``."""
    with ctx.transaction() as tx:
        tx.db.item.insert(Item(kind=kind, owner=ctx.sender, size=0))
    try:
        with ctx.transaction() as tx:
            tx.db.item.insert(Item(kind=kind, owner=ctx.sender, size=12))
            if fails:
                raise KeyError("no")
    except KeyError:
        pass
    with ctx.transaction() as tx:
        count: u64 = tx.db.item.count()
        return count


@procedure
def fails_at_once(ctx: ProcedureContext) -> None:
    raise ValueError("a bug")
