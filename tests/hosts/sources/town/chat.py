"""A chat: who is here is known from connections."""

from stdbpy import (
    Identity,
    Index,
    PrimaryKey,
    ReducerContext,
    ReducerError,
    Table,
    Tables,
    Timestamp,
    auto_inc,
    client_connected,
    client_disconnected,
    column,
    init,
    reducer,
    table,
    u64,
)


@table(public=True)
class User:
    identity: Identity = column(primary_key=True)
    name: str | None = None
    online: bool


@table(public=True)
class Message:
    id: u64 = auto_inc(primary_key=True)
    sender: Identity = column(index="btree")
    sent: Timestamp
    text: str


@table
class Begun:
    """Says that the module's start was called, once."""

    id: u64 = auto_inc(primary_key=True)
    by: Identity
    internal: bool


class UserTable(Table[User]):
    identity: PrimaryKey[User, Identity]

    def known(self, identity: Identity) -> User:
        user = self.identity.find(identity)
        if user is None:
            raise ReducerError("Unknown user")
        return user


class MessageTable(Table[Message]):
    sender: Index[Message, Identity]


class Db(Tables):
    user: UserTable
    message: MessageTable
    begun: Table[Begun]


class Ctx(ReducerContext):
    db: Db

    @property
    def me(self) -> User:
        return self.db.user.known(self.sender)


@init
def begin(ctx: Ctx) -> None:
    ctx.db.begun.insert(Begun(by=ctx.sender, internal=ctx.connection_id is None))
    ctx.log.info("The chat begins.")


@client_connected
def come(ctx: Ctx) -> None:
    assert ctx.connection_id is not None
    user = ctx.db.user.identity.find(ctx.sender)
    if user is None:
        ctx.db.user.insert(User(identity=ctx.sender, online=True))
    else:
        user.online = True
        ctx.db.user.identity.update(user)


@client_disconnected
def go(ctx: Ctx) -> None:
    user = ctx.me
    user.online = False
    ctx.db.user.identity.update(user)


@reducer
def set_name(ctx: Ctx, name: str) -> None:
    me = ctx.me
    me.name = _checked("Names", name)
    ctx.db.user.identity.update(me)


@reducer
def send_message(ctx: Ctx, text: str) -> None:
    ctx.db.message.insert(Message(sender=ctx.sender, sent=ctx.timestamp, text=_checked("Messages", text)))
    ctx.log.info("%s: %s", ctx.me.name, text)


@reducer
def take_back(ctx: Ctx) -> None:
    count = ctx.db.message.sender.delete(ctx.sender)
    if not count:
        raise ReducerError("You have said nothing.")
    ctx.log.info("%d taken back", count)


def _checked(what: str, text: str) -> str:
    if not text.strip():
        raise ReducerError(f"{what} must not be empty")
    return text.strip()
