"""Sessions against the real servers, in every subprotocol that each of them speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from stdbpy.errors import (
    ConnectFailed,
    ConnectionLost,
    CredentialsRefused,
    NoSuchDatabase,
    ProcedureFailed,
    QueryFailed,
    ReducerCrashed,
    ReducerFailed,
    SubscriptionFailed,
)
from stdbpy.protocol.catalog import Catalog, FunctionLayout, catalog_of
from stdbpy.protocol.deliveries import Connected, RequestFinished, RowsChanged, SubscriptionApplied, SubscriptionEnded
from stdbpy.protocol.events import ReconnectedEvent, ReducerEvent, TransactionEvent
from stdbpy.protocol.handshake import V1, V1_JSON, V2, V3
from stdbpy.protocol.options import ReconnectPolicy, SessionOptions
from stdbpy.protocol.reconnecting import Retry, Stop
from stdbpy.sats.types import ProductType
from stdbpy.schema import schema_from_json
from tests.protocol.live_session import LiveSession, live
from tests.protocol.mirror import Mirror
from tests.real_servers import RealServer, wasm

pytestmark = pytest.mark.real

QUICK_KINDS = [
    ("1.2.0", V1, False),
    ("2.8.3", V1, False),
    ("2.8.3", V1_JSON, False),
    ("2.8.3", V2, False),
    ("2.8.3", V3, True),
    ("2.8.3", None, False),
]
LONG_KINDS = [
    ("1.2.0", V1, True),
    ("1.2.0", V1_JSON, False),
    ("1.2.0", None, False),
    ("2.8.3", V1, True),
    ("2.8.3", V1_JSON, True),
    ("2.8.3", V3, False),
]
KINDS = [*QUICK_KINDS, *LONG_KINDS]
CHOSEN = {"1.2.0": V1, "2.8.3": V3}


@dataclass(frozen=True)
class Target:
    """A database on a real server, and how to speak to it."""

    server: RealServer
    database: str
    catalog: Catalog
    options: SessionOptions
    owner: str

    @property
    def subprotocol(self) -> str:
        return self.options.subprotocols[0] if self.options.subprotocols else CHOSEN[self.server.version]

    def tells_other_calls(self) -> bool:
        return self.subprotocol in (V1, V1_JSON) and not self.options.light

    async def other_client_calls(self, reducer: str, *args: object) -> None:
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            url = f"{self.server.url}/v1/database/{self.database}/call/{reducer}"
            answer = await client.post(url, json=list(args), headers={"Authorization": f"Bearer {self.owner}"})
            assert answer.is_success, answer.text

    def delete(self) -> None:
        url = f"{self.server.url}/v1/database/{self.database}"
        headers = {"Authorization": f"Bearer {self.owner}"}
        assert httpx.delete(url, headers=headers, trust_env=False, verify=False).is_success


def published(server: RealServer, database: str, module: str, **options: Any) -> Target:
    owner = httpx.post(f"{server.url}/v1/identity", trust_env=False, verify=False).json()["token"]
    url = f"{server.url}/v1/database/{database}"
    headers = {"Authorization": f"Bearer {owner}"}
    answer = httpx.put(url, content=wasm(module), headers=headers, trust_env=False, verify=False, timeout=60)
    assert answer.is_success, answer.text
    version = 9
    definition = httpx.get(f"{url}/schema", params={"version": version}, trust_env=False, verify=False).json()
    catalog = catalog_of(schema_from_json(definition, version))
    return Target(server, database, catalog, SessionOptions(server.url, database, **options), owner)


@pytest.fixture(
    params=[*QUICK_KINDS, *(pytest.param(kind, marks=pytest.mark.long) for kind in LONG_KINDS)],
    ids=lambda kind: f"{kind[0]}-{kind[1] or 'best'}{'-light' if kind[2] else ''}",
)
def chat(request: pytest.FixtureRequest) -> Target:
    version, subprotocol, light = request.param
    server: RealServer = request.getfixturevalue("real_server" if version == "2.8.3" else "old_real_server")
    name = f"session-chat-{request.node.name.split('[')[0].replace('_', '-')[5:40]}-{KINDS.index(request.param)}"
    subprotocols = (subprotocol,) if subprotocol else ()
    return published(server, name.rstrip("-"), "quickstart_chat-1.2.0", subprotocols=subprotocols, light=light)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


def texts(connection: LiveSession) -> list[str]:
    return [row[2] for row in connection.session.cache.tables["message"]]


def changes(connection: LiveSession, table: str) -> list[RowsChanged]:
    told = [delivery for delivery in connection.told if isinstance(delivery, RowsChanged)]
    return [delivery for delivery in told if any(change.table == table for change in delivery.changes)]


def test_calls_and_what_they_change(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            await me.subscribe("SELECT * FROM message", "SELECT * FROM user")
            [user] = me.session.cache.tables["user"]
            assert user[0] == me.session.identity

            sent = await me.call("send_message", "hello")
            assert sent.error is None and texts(me) == ["hello"]
            [changed] = changes(me, "message")
            assert changed.event is sent.event and sent.event is not None
            assert sent.event.is_own and sent.event.args == ("hello",) and sent.event.caller_identity == user[0]
            assert me.told[me.told.index(changed) + 1] == RequestFinished(sent)

            refused = await me.call("send_message", "")
            assert isinstance(refused.error, ReducerFailed) and "must not be empty" in str(refused.error)
            assert len(changes(me, "message")) == 1

            named = await me.call("set_name", "Zoë")
            assert named.error is None
            [user] = me.session.cache.tables["user"]
            assert user[1] == "Zoë"

    run(scenario())


def test_other_clients_are_heard(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            await me.subscribe("SELECT * FROM message")
            await chat.other_client_calls("send_message", "from afar")
            told = await me.until(RowsChanged, lambda told: any(change.inserted for change in told.changes))
            assert texts(me) == ["from afar"]
            if chat.tells_other_calls():
                assert isinstance(told.event, ReducerEvent) and not told.event.is_own
                assert (told.event.reducer, told.event.args) == ("send_message", ("from afar",))
                assert told.event.caller_identity != me.session.identity
            else:
                assert isinstance(told.event, TransactionEvent)

    run(scenario())


def test_pipelined_calls_each_have_their_own_outcome(chat: Target) -> None:
    """1.2.0 does not number failures, and 2.8.3 none of calls that it could not run."""
    unknown = FunctionLayout("nobody_wrote_this", ProductType(()))
    catalog = replace(chat.catalog, reducers={**chat.catalog.reducers, "nobody_wrote_this": unknown})

    async def scenario() -> None:
        async with live(catalog, chat.options) as me:
            await me.subscribe("SELECT * FROM message")
            args = ["a", "", "b", "", "c"]
            calls = [me.session.call_reducer("send_message", (text,)) for text in args]
            missing = me.session.call_reducer("nobody_wrote_this", ())
            calls += [me.session.call_reducer("set_name", (text,)) for text in args]
            for request in (*calls, missing):
                await me.answered(request)
            assert [request.error is None for request in calls] == [bool(text) for text in args] * 2
            assert "Messages" in str(calls[1].error) and "Names" in str(calls[6].error)
            assert isinstance(missing.error, ReducerFailed) and "no such reducer" in str(missing.error)
            if chat.subprotocol in (V2, V3):
                assert type(missing.error) is ReducerCrashed and type(calls[1].error) is ReducerFailed
            assert sorted(texts(me)) == ["a", "b", "c"]

    run(scenario())


def test_subscriptions_that_overlap(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            mirror = Mirror(keys={"user": 0})
            await me.call("send_message", "first")
            wide = await me.subscribe("SELECT * FROM message")
            same = await me.subscribe("SELECT * FROM message", "SELECT * FROM user")
            some = await me.subscribe("SELECT * FROM message WHERE text = 'first'")
            await me.call("send_message", "second")
            assert sorted(texts(me)) == ["first", "second"]
            await me.unsubscribe(wide)
            assert sorted(texts(me)) == ["first", "second"]
            await me.call("send_message", "third")
            await me.unsubscribe(same)
            assert texts(me) == ["first"] and not len(me.session.cache.tables["user"])
            await me.unsubscribe(some)
            assert texts(me) == []
            for delivery in me.told:
                if isinstance(delivery, RowsChanged):
                    mirror.apply(delivery)
            assert mirror.rows() == frozenset()

    run(scenario())


def test_a_subscription_that_is_ended_at_once(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            await me.call("send_message", "first")
            subscription = me.session.subscribe(["SELECT * FROM message"])
            await me.unsubscribe(subscription)
            assert subscription.error is None and texts(me) == []
            assert not [delivery for delivery in me.told if isinstance(delivery, SubscriptionApplied)]

    run(scenario())


def test_a_subscription_that_is_refused(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            refused = me.session.subscribe(["SELECT * FROM message", "SELECT * FROM nowhere"])
            given_up = me.session.subscribe(["SELECT * FROM nowhere"])
            me.session.unsubscribe(given_up)
            for subscription in (refused, given_up):
                await me.until(SubscriptionEnded, lambda told, wanted=subscription: told.subscription is wanted)
            assert isinstance(refused.error, SubscriptionFailed) and "nowhere" in str(refused.error)
            assert given_up.error is None
            await me.subscribe("SELECT * FROM message")
            assert (await me.call("send_message", "still there")).error is None
            assert me.session.hang_up is None and texts(me) == ["still there"]

    run(scenario())


def test_queries(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            users = await me.answered(me.session.query("SELECT * FROM user"))
            assert [(table.table, len(table.inserts)) for table in users.value] == [("user", 1)]
            nowhere = await me.answered(me.session.query("SELECT * FROM nowhere"))
            assert isinstance(nowhere.error, QueryFailed) and "nowhere" in str(nowhere.error)
            assert not changes(me, "user")

    run(scenario())


def test_a_connection_that_comes_back(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            await me.subscribe("SELECT * FROM message", "SELECT * FROM user")
            await me.call("send_message", "before")
            identity, connection_id = me.session.identity, me.session.connection_id
            pending = me.session.call_reducer("send_message", ("perhaps",))
            me.session.take_outgoing()  # and the network swallows it
            await me.break_off()
            assert isinstance(me.verdict, Retry)
            assert isinstance(pending.error, ConnectionLost) and pending.error.may_have_run
            await chat.other_client_calls("send_message", "meanwhile")
            before = len(me.told)
            await me.open()
            back = await me.until(RowsChanged, lambda told: isinstance(told.event, ReconnectedEvent))
            assert me.told[before] == Connected(identity, me.session.connection_id, again=True)  # type: ignore[arg-type]
            assert me.session.connection_id != connection_id
            [message] = [change for change in back.changes if change.table == "message"]
            assert [row[2] for row in message.inserted] == ["meanwhile"]
            assert not message.deleted and not message.updated
            assert sorted(texts(me)) == ["before", "meanwhile"]
            assert (await me.call("send_message", "after")).error is None
            assert sorted(texts(me)) == ["after", "before", "meanwhile"]

    run(scenario())


def test_a_database_that_is_deleted_meanwhile(chat: Target) -> None:
    async def scenario() -> None:
        async with live(chat.catalog, chat.options) as me:
            await me.subscribe("SELECT * FROM message")
            await asyncio.to_thread(chat.delete)
            if chat.server.version == "1.2.0":  # it lets clients stay
                await me.break_off()
            assert isinstance(await me.until_ended(), Retry)
            me.verdict = None
            await me.open()
            assert isinstance(me.verdict, Stop) and isinstance(me.verdict.error, NoSuchDatabase)

    run(scenario())


@pytest.mark.parametrize("fixture", ["real_server", "old_real_server"])
def test_connections_that_are_refused(request: pytest.FixtureRequest, fixture: str) -> None:
    server: RealServer = request.getfixturevalue(fixture)
    target = published(server, "session-refused", "quickstart_chat-1.2.0")

    async def scenario() -> None:
        for options, error in (
            (replace(target.options, token="nonsense"), CredentialsRefused),
            (replace(target.options, database="there-is-no-such-database"), NoSuchDatabase),
            (replace(target.options, subprotocols=("v9.unheard.of",)), ConnectFailed),
        ):
            async with live(target.catalog, replace(options, reconnect=ReconnectPolicy(first=True))) as refused:
                assert isinstance(refused.verdict, Stop), refused.verdict
                assert isinstance(refused.verdict.error, error) and refused.verdict.error.status

    run(scenario())


@pytest.mark.parametrize("subprotocol", [V1, V1_JSON, V2, V3])
def test_procedures(real_server: RealServer, subprotocol: str) -> None:
    name = f"session-procedures-{subprotocol[:4].replace('.', '-')}"
    target = published(real_server, name, "sdk_test_procedure-2.8.3", subprotocols=(subprotocol,))

    async def scenario() -> None:
        async with live(target.catalog, target.options) as me:
            await me.subscribe("SELECT * FROM my_table")

            async def call(name: str, *args: object) -> Any:
                return await me.answered(me.session.call_procedure(name, args))

            assert (await call("return_primitive", 2, 3)).value == 5
            assert (await call("return_struct", 7, "seven")).value == (7, "seven")
            assert (await call("insert_with_tx_commit")).error is None
            await me.until(RowsChanged, lambda told: any(change.inserted for change in told.changes))
            assert len(me.session.cache.tables["my_table"]) == 1
            panicked = await call("will_panic")
            assert isinstance(panicked.error, ProcedureFailed) and str(panicked.error)

    run(scenario())


@pytest.mark.parametrize("subprotocol", [V1, V1_JSON, V2, V3])
def test_event_tables(real_server: RealServer, subprotocol: str) -> None:
    name = f"session-events-{subprotocol[:4].replace('.', '-')}"
    target = published(real_server, name, "sdk_test_event_table-2.8.3", subprotocols=(subprotocol,))

    async def scenario() -> None:
        async with live(target.catalog, target.options) as me:
            subscription = me.session.subscribe(["SELECT * FROM test_event"])
            await me.until((SubscriptionApplied, SubscriptionEnded))  # type: ignore[arg-type]
            if subscription.error is not None:  # servers refuse v1's clients event tables
                assert subprotocol in (V1, V1_JSON)
                return
            assert (await me.call("emit_test_event", "one", 1)).error is None
            assert (await me.call("emit_multiple_test_events")).error is None
            told = [
                row for changed in changes(me, "test_event") for change in changed.changes for row in change.inserted
            ]
            assert len(told) == 4 and told[0] == ("one", 1)
            assert not len(me.session.cache.tables["test_event"])

    run(scenario())
