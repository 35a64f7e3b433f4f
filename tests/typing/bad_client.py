"""Mistakes that type checkers must find: each line with one says so at its end."""

import quickstart_chat_client
from awkward_client import connect as connect_awkward
from quickstart_chat_client import DbConnection, EventContext, connect, connect_async, over_http, tables
from quickstart_chat_client.arguments import SendMessage
from quickstart_chat_client.types import Message, User
from sdk_test_client import connect as connect_sdk
from sdk_test_client import tables as sdk_tables
from sdk_test_client.types import OneEnumWithPayload, PkU32, SimpleEnum
from sdk_test_event_table_client import connect as connect_events
from sdk_test_procedure_client import connect as connect_procedures
from sdk_test_view_client import connect as connect_views
from sdk_test_view_client import tables as view_tables

from stdbpy import Identity, between, client
from stdbpy.client import Endpoint, Pool

SERVER = "http://127.0.0.1:3000"
NOBODY = Identity.from_int(0)

connect(SERVER)  # error
connect(SERVER, "chat", tokn="x")  # error
connect_async(SERVER, "chat", delivery="tick")  # error


def columns(message: Message, user: User, row: OneEnumWithPayload) -> None:
    print(message.txt)  # error
    message.text = "changed"  # error
    user.online + "x"  # error
    user.name.upper()  # error
    row.e.value.upper()  # error
    Message(NOBODY, 3, 4)  # error
    PkU32(n="3", data=4)  # error


def reducers() -> None:
    with connect(SERVER, "chat") as chat:
        chat.reducers.set_name(3)  # error
        chat.reducers.set_nam("Ada")  # error
        chat.reducers.set_name()  # error
        chat.reducers.set_name("Ada", "Bob")  # error
        chat.reducers.set_name(nam="Ada")  # error
        chat.reducers.init()  # error
        chat.send.set_name(3)  # error
        chat.send.set_name("Ada").result().upper()  # error
    with connect_sdk(SERVER, "sdk") as sdk:
        sdk.reducers.insert_one_simple_enum("two")  # error
        sdk.reducers.insert_one_simple_enum(SimpleEnum.THREE)  # error
        sdk.reducers.insert_one_identity("c200")  # error
        sdk.reducers.insert_vec_u8([1.5])  # error
        sdk.reducers.insert_option_i32("1")  # error
    with over_http(SERVER, "chat") as chat_over_http:
        chat_over_http.reducers.set_name(3)  # error
        chat_over_http.query(tables)  # error
        print(chat_over_http.query(tables.user)[0].text)  # error
        chat_over_http.procedures.set_name("Ada")  # error


def names() -> None:
    quickstart_chat_client.conect(SERVER, "chat")  # error
    client.conect(SERVER, "chat")  # error


def callbacks_of_connections() -> None:
    def without_token(connection: DbConnection, identity: Identity) -> None: ...
    def of_text(subscription: str) -> None: ...

    with connect(SERVER, "chat") as chat:
        chat.on_connect(without_token)  # error
        chat.subscribe(tables.user).on_ended(of_text)  # error


def handles() -> None:
    with connect(SERVER, "chat") as chat:
        print(chat.usr)  # error
        chat.user.identity.find("c200")  # error
        chat.user.name.find("Ada")  # error
        print(chat.user.identity.find(NOBODY).name)  # error
        chat.message.on_update(print)  # error
        chat.user.identity.filter(NOBODY)  # error
    with connect_sdk(SERVER, "sdk") as sdk:
        sdk.pk_u32.n.find("3")  # error
        sdk.btree_u32.n.filter("3")  # error
        sdk.btree_u32.n.filter(3, 4)  # error
        sdk.btree_u32.n.find(3)  # error
    with connect_awkward(SERVER, "awkward") as db:
        index = db.import_.by_foo_and_str
        index.filter("3")  # error
        index.filter(3, 4)  # error
        index.filter(between(1, 3), "a")  # error
        index.filter(3, "a", 7, 8)  # error
        db.import_.changes_.find(1)  # error
        db.auth.session.id.find("x")  # error
        db.reducers.auth.login(3)  # error
        print(db.session)  # error
    with connect_views(SERVER, "views") as views:
        print(views.player_location)  # error
        views.my_player.entity_id.find(3)  # error
        views.my_player.on_update(print)  # error
    with connect_events(SERVER, "events") as events:
        len(events.test_event)  # error
        events.test_event.on_delete(print)  # error


def callbacks() -> None:
    with connect(SERVER, "chat") as chat:

        @chat.message.on_insert  # error
        def of_another_table(ctx: EventContext, user: User) -> None: ...

        @chat.message.on_insert  # error
        def without_context(message: Message) -> None: ...

        @chat.message.on_insert
        def said(ctx: EventContext, message: Message) -> None:
            print(ctx.db.usr)  # error
            ctx.reducers.send_message(3)  # error
            print(SendMessage.of(ctx.event).text)  # error


def procedures() -> None:
    with connect_procedures(SERVER, "procedures") as db:
        db.procedures.return_primitive(1, 2).upper()  # error
        db.procedures.return_primitive("1", 2)  # error
        db.procedures.scheduled_proc()  # error
        db.send_procedures.return_primitive(1, 2) + 1  # error


def pools() -> None:
    with Pool(DbConnection, [Endpoint(SERVER, "chat")]) as pool:
        pool.reducers.set_name(3)  # error
        pool.reducers.set_nam("Ada")  # error
        pool.send.set_name("Ada").reslt()  # error
        with pool.connection() as db:
            print(db.usr)  # error
    Pool(DbConnection, [Endpoint(SERVER, "chat")], delivery="tick")  # error
    Pool(DbConnection, [Endpoint(SERVER, "chat")], prepare=lambda db: db.usr)  # error


def queries() -> None:
    tables.user.where(lambda u: u.onlin)  # error
    tables.user.where(lambda u: u.online == "yes")  # error
    tables.user.where(lambda u: u.name == "Ada")  # error
    tables.message.where(lambda m: m.text)  # error
    tables.message.where(lambda m: m.text > 3)  # error
    sdk_tables.pk_u32.where(lambda p: sdk_tables.pk_u64.where(lambda q: q.n > 3))  # error
    sdk_tables.pk_u32.left_semijoin(sdk_tables.pk_u32_two, lambda p, q: p.data == q.data)  # error
    sdk_tables.pk_u32.left_semijoin(sdk_tables.pk_string, lambda p, q: p.n == q.s)  # error
    view_tables.player.left_semijoin(view_tables.nearby_players, lambda p, n: p.entity_id == n.entity_id)  # error
    with connect(SERVER, "chat") as chat:
        chat.subscribe(chat.user)  # error
        chat.subscribe(User)  # error
        chat.subscription_builder().on_applied(lambda subscription: subscription.rows)  # error
        print(chat.query(tables.user).rows()[0].text)  # error
