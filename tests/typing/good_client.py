"""A client that type checkers have nothing to say about, however strict they are."""

import asyncio
from typing import Any, assert_never, assert_type

from awkward_client import connect as connect_awkward
from awkward_client import tables as awkward_tables
from awkward_client.types import AuthDirectionOut, AuthSession, Row
from quickstart_chat_client import AsyncDbConnection, DbConnection, EventContext, connect, connect_async, over_http
from quickstart_chat_client import tables as chat_tables
from quickstart_chat_client.arguments import SendMessage
from quickstart_chat_client.types import Message, User
from sdk_test_client import connect as connect_sdk
from sdk_test_client import tables, types
from sdk_test_client.types import BTreeU32, OneEnumWithPayload, PkU32, SimpleEnum
from sdk_test_event_table_client import connect as connect_events
from sdk_test_procedure_client import connect as connect_procedures
from sdk_test_procedure_client import connect_async as connect_procedures_async
from sdk_test_procedure_client import over_http as procedures_over_http
from sdk_test_procedure_client import over_http_async as procedures_over_http_async
from sdk_test_procedure_client.types import ReturnEnum, ReturnEnumA, ReturnEnumB, ReturnStruct
from sdk_test_view_client import connect as connect_views
from sdk_test_view_client import tables as view_tables
from sdk_test_view_client.types import Player, PlayerLocation

from stdbpy import Identity, Timestamp, at_least, between
from stdbpy.client import AsyncPool, Endpoint, PendingCall, Pool, QueryRows, Subscription
from stdbpy.errors import StdbError

SERVER = "http://127.0.0.1:3000"


def failed(subscription: Subscription, error: StdbError) -> None:
    assert_type(subscription.queries, tuple[str, ...])
    assert_type(error.hint, str)


def named(name: str) -> None:
    with connect(SERVER, "chat", token=None, delivery="tick") as chat, chat.subscribe(chat_tables.user):
        assert_type(chat, DbConnection)
        chat.reducers.set_name(name)
        assert_type(chat.send.set_name(name), PendingCall[None])
        for user in chat.user:
            assert_type(user, User)
        mine = chat.user.identity.find(chat.identity or Identity.from_int(0))
        assert_type(mine, User | None)
        assert_type(chat.db.message.count(), int)
        assert_type(chat.query(chat_tables.message).rows(), list[Message])
        assert_type(chat.subscription_builder().on_error(failed).subscribe(chat_tables.user), Subscription)

        @chat.message.on_insert
        def said(ctx: EventContext, message: Message) -> None:
            assert_type(message.sent, Timestamp)
            assert_type(ctx.db.user.identity.find(message.sender), User | None)
            assert_type(ctx.reducers.send_message("hello"), PendingCall[None])
            if (call := SendMessage.of(ctx.event)) is not None:
                assert_type(call.text, str)

        chat.message.remove_on_insert(said)
        chat.user.on_update(lambda ctx, old, new: print(ctx.event, old.name, new.name))
        chat.tick()


async def awaited() -> None:
    async with connect_async(SERVER, "chat") as chat:
        await chat.subscribe(chat_tables.user.where(lambda u: u.online), "SELECT * FROM message")
        assert_type(await chat.reducers.set_name("Ada"), None)
        async for change in chat.user.changes(timeout=5):
            print(change)
    async with connect_procedures_async(SERVER, "procedures") as db:
        assert_type(db.procedures.return_primitive(1, 2), PendingCall[int])
        assert_type(await db.procedures.return_struct(1, "a"), ReturnStruct)
    async with procedures_over_http_async(SERVER, "procedures") as over:
        assert_type(await over.procedures.return_struct(1, "a"), ReturnStruct)
        await over.procedures.will_panic()


async def pooled() -> None:
    endpoints = [Endpoint(SERVER, "chat"), Endpoint(SERVER, "other")]
    async with AsyncPool(AsyncDbConnection, endpoints, connections=2, token="x") as pool:
        assert_type(pool.reducers.set_name("Ada"), PendingCall[None])
        async with pool.connection(timeout=5) as db:
            assert_type(db, AsyncDbConnection)
    with Pool(DbConnection, endpoints, prepare=lambda db: db.subscribe(chat_tables.user, wait=False)) as threads:
        assert_type(threads.reducers.set_name("Ada"), None)
        assert_type(threads.send.set_name("Ada"), PendingCall[None])
        assert_type(threads.query(chat_tables.user).rows(), list[User])
        with threads.connection() as connection:
            assert_type(connection, DbConnection)


def queried() -> None:
    pk = tables.pk_u32
    pk.where(lambda p: (p.n > 3) & (p.data <= 7) | ~(p.n == 9))
    pk.where(lambda p: p.n.between(3, 9)).where(lambda p: p.data.is_in(1, 2))
    pk.left_semijoin(tables.unique_u32, lambda p, u: p.n == u.n).where(lambda p: p.data == 1)
    view_tables.player.right_semijoin(view_tables.player_level, lambda p, level: p.entity_id == level.entity_id)
    with over_http(SERVER, "sdk") as sdk:
        assert_type(sdk.query(pk), QueryRows[PkU32])
        assert_type(sdk.query("SELECT COUNT(*) AS n FROM pk_u32"), QueryRows[Any])


def found() -> None:
    with connect_sdk(SERVER, "sdk") as sdk:
        assert_type(sdk.pk_u32.n.find(3), PkU32 | None)
        assert_type(sdk.btree_u32.n.filter(between(3, 9)), list[BTreeU32])
        sdk.reducers.insert_one_enum_with_payload(types.EnumWithPayloadStr("x"))
        sdk.reducers.insert_one_simple_enum(SimpleEnum.TWO)
        for row in sdk.one_enum_with_payload:
            print(described(row))


def of_several_columns() -> None:
    with connect_awkward(SERVER, "awkward") as db:
        index = db.import_.by_foo_and_str
        assert_type(index.filter(3), list[Row])
        assert_type(index.filter(3, "a"), list[Row])
        assert_type(index.filter(3, between("a", "b")), list[Row])
        assert_type(index.filter(3, "a", at_least(7)), list[Row])
        assert_type(db.import_.changes_.find(1, 2), Row | None)
        assert_type(db.auth.session.id.find(3), AuthSession | None)
        assert_type(db.procedures.auth.current(), AuthSession | None)
        assert_type(db.send.auth.login(AuthDirectionOut(3)), PendingCall[None])
        db.subscribe(awkward_tables.auth.session.where(lambda s: s.id > 3))


def described(row: OneEnumWithPayload) -> str:
    match row.e:
        case types.EnumWithPayloadStr(text):
            assert_type(text, str)
            return text
        case types.EnumWithPayloadInts(value=numbers):
            assert_type(numbers, list[int])
            return str(numbers)
        case _:
            return "something else"


def every_variant(value: ReturnEnum) -> int | str:
    match value:
        case ReturnEnumA(number):
            return number
        case ReturnEnumB(text):
            return text
        case _:
            assert_never(value)


def viewed() -> None:
    with connect_views(SERVER, "views") as db:
        assert_type(list(db.my_player), list[Player])
        assert_type(list(db.nearby_players.iter()), list[PlayerLocation])
        assert_type(db.player.entity_id.find(1), Player | None)
    with connect_events(SERVER, "events") as events:
        events.test_event.on_insert(lambda ctx, event: print(ctx.event, event.value))
    with connect_procedures(SERVER, "procedures") as db:
        assert_type(db.procedures.return_primitive(1, 2), int)
        db.procedures.will_panic()
        assert_type(db.send_procedures.return_enum_a(1), PendingCall[ReturnEnum])
    with procedures_over_http(SERVER, "procedures") as over:
        assert_type(over.procedures.return_primitive(1, 2), int)


asyncio.run(awaited())
