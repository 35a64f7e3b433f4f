"""SpacetimeDB's quickstart chat, as a Python module.

Its schema is that of ``quickstart_chat-1.2.0.wasm``, which Rust's library 1.2.0 made of
``modules/quickstart-chat``.
"""

from stdbpy import (
    Identity,
    PrimaryKey,
    ReducerContext,
    ReducerError,
    Table,
    Tables,
    Timestamp,
    client_connected,
    client_disconnected,
    column,
    init,
    reducer,
    table,
)


@table(public=True)
class User:
    identity: Identity = column(primary_key=True)
    name: str | None
    online: bool


@table(public=True)
class Message:
    sender: Identity
    sent: Timestamp
    text: str


class UserTable(Table[User]):
    identity: PrimaryKey[User, Identity]


class Db(Tables):
    user: UserTable
    message: Table[Message]


class Ctx(ReducerContext):
    db: Db

    @property
    def user(self) -> User | None:
        """The user who calls."""
        return self.db.user.identity.find(self.sender)


@reducer
def set_name(ctx: Ctx, name: str) -> None:
    if not name:
        raise ReducerError("Names must not be empty")
    user = ctx.user
    if user is None:
        raise ReducerError("Cannot set name for unknown user")
    user.name = name
    ctx.db.user.identity.update(user)


@reducer
def send_message(ctx: Ctx, text: str) -> None:
    if not text:
        raise ReducerError("Messages must not be empty")
    ctx.db.message.insert(Message(sender=ctx.sender, sent=ctx.timestamp, text=text))


@init(name="init")
def published(ctx: Ctx) -> None:
    pass


@client_connected
def identity_connected(ctx: Ctx) -> None:
    user = ctx.user
    if user is None:
        ctx.db.user.insert(User(identity=ctx.sender, name=None, online=True))
    else:
        user.online = True
        ctx.db.user.identity.update(user)


@client_disconnected
def identity_disconnected(ctx: Ctx) -> None:
    user = ctx.user
    if user is None:
        ctx.log.warning("Disconnect event for unknown user with identity %s", ctx.sender)
    else:
        user.online = False
        ctx.db.user.identity.update(user)
