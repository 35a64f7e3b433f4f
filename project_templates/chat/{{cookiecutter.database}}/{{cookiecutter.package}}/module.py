"""A chat room: who is in it, what they say, and what they have yet to say."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from stdbpy import (
    HandlerContext,
    HttpRequest,
    HttpResponse,
    Identity,
    Index,
    PrimaryKey,
    ProcedureContext,
    ReducerContext,
    ReducerError,
    Router,
    ScheduleAt,
    Table,
    Tables,
    TimeDuration,
    Timestamp,
    ViewContext,
    auto_inc,
    client_connected,
    client_disconnected,
    column,
    http_handler,
    http_router,
    procedure,
    reducer,
    table,
    u32,
    u64,
    view,
)

LONGEST_TEXT = 500


@table(public=True)
class User:
    identity: Identity = column(primary_key=True)
    name: str | None = None
    online: bool = False


@table(public=True)
class Message:
    id: u64 = auto_inc(primary_key=True)
    sender: Identity = column(index="btree")
    sent: Timestamp
    text: str


@table(scheduled="deliver")
class Draft:
    """A message that is sent when its time has come; only its writer sees it before."""

    id: u64 = auto_inc(primary_key=True)
    send_at: ScheduleAt
    sender: Identity = column(index="btree")
    text: str


class UserTable(Table[User]):
    identity: PrimaryKey[User, Identity]


class MessageTable(Table[Message]):
    sender: Index[Message, Identity]


class DraftTable(Table[Draft]):
    id: PrimaryKey[Draft, u64]
    sender: Index[Draft, Identity]


class Db(Tables):
    """Tells editors and type checkers which tables there are."""

    user: UserTable
    message: MessageTable
    draft: DraftTable


class Ctx(ReducerContext):
    db: Db

    @property
    def user(self) -> User:
        """Whoever calls."""
        user = self.db.user.identity.find(self.sender)
        return user or self.db.user.insert(User(identity=self.sender))

    def name_of(self, identity: Identity) -> str:
        user = self.db.user.identity.find(identity)
        return user.name if user and user.name else "Somebody"


class Asked(ViewContext):
    db: Db


@client_connected
def connected(ctx: Ctx) -> None:
    user = ctx.user
    user.online = True
    ctx.db.user.identity.update(user)


@client_disconnected
def disconnected(ctx: Ctx) -> None:
    user = ctx.db.user.identity.find(ctx.sender)
    if user is not None:
        user.online = False
        ctx.db.user.identity.update(user)


@reducer
def set_name(ctx: Ctx, name: str) -> None:
    name = name.strip()
    if not name:
        raise ReducerError("A name must not be empty.")
    user = ctx.user
    ctx.log.info("%s is now called %s.", user.name or "Somebody new", name)
    user.name = name
    ctx.db.user.identity.update(user)


@reducer
def send_message(ctx: Ctx, text: str) -> None:
    message = Message(sender=ctx.sender, sent=ctx.timestamp, text=checked(text))
    ctx.db.message.insert(message)
    ctx.log.info("%s says: %s", ctx.name_of(ctx.sender), message.text)


@reducer
def send_later(ctx: Ctx, text: str, seconds: u32) -> None:
    due = ScheduleAt.at(ctx.timestamp + TimeDuration.of(seconds=seconds))
    ctx.db.draft.insert(Draft(send_at=due, sender=ctx.sender, text=checked(text)))


@reducer
def deliver(ctx: Ctx, draft: Draft) -> None:
    """Called by the database for each draft that is due; clients cannot call it."""
    ctx.db.message.insert(
        Message(sender=draft.sender, sent=ctx.timestamp, text=draft.text)
    )


@view(public=True, primary_key="id")
def my_drafts(ctx: Asked) -> Iterator[Draft]:
    """What the caller has yet to say: all see their own rows of a private table."""
    return ctx.db.draft.sender.filter(ctx.sender)


@reducer
def think_again(ctx: Ctx, draft_id: u64) -> None:
    """Without its row, a draft is never sent."""
    draft = ctx.db.draft.id.find(draft_id)
    if draft is None or draft.sender != ctx.sender:
        raise ReducerError("You have no such draft.")
    ctx.db.draft.delete(draft)


@reducer
def forget_me(ctx: Ctx) -> None:
    """Deletes all that the caller has said, and their name."""
    count = ctx.db.message.sender.delete(ctx.sender)
    ctx.db.user.identity.delete(ctx.sender)
    ctx.log.info("Somebody left and took %d messages along.", count)


@dataclass
class Talker:
    name: str
    messages: u64


@procedure
def who_talks_most(ctx: ProcedureContext[Ctx]) -> list[Talker]:
    """Unlike a reducer it gives an answer, and opens its transactions itself."""
    with ctx.transaction() as tx:
        said = Counter(message.sender for message in tx.db.message)
        return [Talker(tx.name_of(who), count) for who, count in said.most_common(3)]


@http_handler
def as_text(ctx: HandlerContext[Ctx], request: HttpRequest) -> HttpResponse:
    """All messages, for whatever speaks HTTP."""
    with ctx.transaction() as tx:
        messages = sorted(tx.db.message, key=lambda message: message.id)
        lines = [f"{tx.name_of(each.sender)}: {each.text}\n" for each in messages]
    return HttpResponse("".join(lines), headers={"content-type": "text/plain"})


http_router(Router().get("/messages", as_text))


def checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise ReducerError("A message must not be empty.")
    if len(text) > LONGEST_TEXT:
        raise ReducerError(f"A message has at most {LONGEST_TEXT} characters.")
    return text
