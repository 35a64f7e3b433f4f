"""What generated clients do with views, procedures, event tables, lifecycle reducers and errors, on
the embedded server and the real one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import EncodeError, ProcedureFailed, ReducerFailed, SchemaMismatch, WouldDeadlock
from stdbpy.module.package import pack, source_of_folder
from stdbpy.protocol.events import ReducerEvent, TransactionEvent
from stdbpy.sats import Identity
from stdbpy.server.run import RunningServer
from tests import real_servers
from tests.client.generated import imported
from tests.client.live import eventually, fresh_name

MODULES = Path(__file__).parent.parent / "modules"
"""The ports in Python of the compiled modules."""

COMPILED = {
    "quickstart_chat": "quickstart_chat-1.2.0",
    "sdk_test_view": "sdk_test_view-2.8.3",
    "sdk_test_procedure": "sdk_test_procedure-2.8.3",
    "sdk_test_event_table": "sdk_test_event_table-2.8.3",
    "sdk_test_connect_disconnect": "sdk_test_connect_disconnect-2.8.3",
}

KINDS = [
    pytest.param("native", id="embedded, in Python"),
    pytest.param("wasm", id="embedded, WebAssembly", marks=pytest.mark.real),  # the modules come with the servers
    pytest.param("2.8.3", id="2.8.3", marks=pytest.mark.real),
]

Place = tuple[ModuleType, str, str]
"""A generated package, and a server's address and the database there that it is for."""


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Place]]:
    """Publishes a module under a name of its own, and generates the client from what is then there."""
    kind: str = request.param
    with ExitStack() as stack:
        if kind == "2.8.3":
            url = request.getfixturevalue("real_server").url
            token = stack.enter_context(ApiClient(url)).create_identity().token
        else:
            server = stack.enter_context(RunningServer())
            url, token = server.url, server.owner_token

        def publish(module: str) -> Place:
            database = fresh_name("features")
            native = kind == "native"
            program = pack(source_of_folder(MODULES / module)) if native else real_servers.wasm(COMPILED[module])
            with ApiClient(url, token) as api:
                api.publish(program, database)
                schema = api.schema(database)
            package = imported(schema, database.replace("-", "_"), tmp_path_factory.mktemp("client"))
            return stack.enter_context(package), url, database

        yield publish


def connected(place: Place, **options: Any) -> Any:
    package, url, database = place
    return package.connect(url, database, call_timeout=30, **options)


def test_views(place: Callable[[str], Place]):
    views = place("sdk_test_view")
    package = views[0]
    types, tables = package.types, package.tables
    with connected(views) as db, connected(views) as other:
        subscription = db.subscribe(tables.my_player, tables.my_player_and_level, tables.players_at_level_0)
        assert list(db.my_player) == []
        seen: list[Any] = []
        db.my_player.on_insert(lambda ctx, row: seen.append(row))

        db.reducers.insert_player(db.identity, 1)
        [mine] = db.my_player
        assert type(mine) is types.Player
        assert (mine.identity, seen) == (db.identity, [mine])
        assert list(db.my_player_and_level) == [types.PlayerAndLevel(mine.entity_id, db.identity, 1)]
        assert list(db.players_at_level_0) == []

        other.reducers.insert_player(other.identity, 0)
        eventually(lambda: [row.identity for row in db.players_at_level_0] == [other.identity])
        with other.subscribe(tables.my_player):
            assert [row.identity for row in other.my_player] == [other.identity]
        assert [row.identity for row in db.my_player] == [db.identity]

        db.subscribe(tables.nearby_players)
        for client in (db, other):
            client.reducers.move_player(1, 1)
        eventually(lambda: len(db.nearby_players) > 0)
        assert {type(row) for row in db.nearby_players} == {types.PlayerLocation}

        db.reducers.delete_player(db.identity)
        assert list(db.my_player) == []
        subscription.unsubscribe()
        assert len(db.players_at_level_0) == 0


def test_procedures(place: Callable[[str], Place]):
    procedures = place("sdk_test_procedure")
    types, tables = procedures[0].types, procedures[0].tables
    with connected(procedures) as db, db.subscribe(tables.my_table, tables.pk_uuid):
        assert db.procedures.return_primitive(2**32 - 2, 1) == 2**32 - 1
        assert db.procedures.return_struct(3, "ä") == types.ReturnStruct(3, "ä")
        assert db.procedures.return_enum_a(0) == types.ReturnEnumA(0)
        assert db.procedures.return_enum_b("") == types.ReturnEnumB("")
        db.procedures.insert_with_tx_rollback()
        assert len(db.my_table) == 0
        db.procedures.insert_with_tx_commit()
        assert list(db.my_table) == [types.MyTable(types.ReturnStruct(42, "magic"))]
        db.procedures.sorted_uuids_insert()
        assert len(db.pk_uuid) == 1000
        with pytest.raises(ProcedureFailed):
            db.procedures.will_panic()
        with pytest.raises(EncodeError, match="lhs"):
            db.procedures.return_primitive(-1, 1)
        pending = [db.send_procedures.return_primitive(number, 1) for number in range(100)]
        assert [call.result() for call in pending] == list(range(1, 101))


def test_procedures_under_asyncio(place: Callable[[str], Place]):
    package, url, database = place("sdk_test_procedure")

    async def call() -> None:
        async with package.connect_async(url, database) as db:
            calls = [db.procedures.return_struct(number, "x") for number in range(10)]
            assert await asyncio.gather(*calls) == [package.types.ReturnStruct(number, "x") for number in range(10)]
            with pytest.raises(ProcedureFailed):
                await db.procedures.will_panic()

    asyncio.run(call())


def test_event_tables(place: Callable[[str], Place]):
    events = place("sdk_test_event_table")
    package = events[0]
    arguments = __import__(f"{package.__name__}.arguments", fromlist=["arguments"])
    with connected(events) as db, db.subscribe(package.tables.test_event):
        told: list[tuple[Any, Any, Any]] = []
        db.test_event.on_insert(lambda ctx, row: told.append((row, ctx.event, arguments.EmitTestEvent.of(ctx.event))))
        db.reducers.emit_test_event("first", 7)
        [(row, event, call)] = told
        assert row == package.types.TestEvent("first", 7)
        assert isinstance(event, ReducerEvent)
        assert (event.reducer, event.args, event.is_own) == ("emit_test_event", ("first", 7), True)
        assert call == arguments.EmitTestEvent("first", 7)
        db.reducers.emit_multiple_test_events()
        assert len(told) == 4
        assert [call for _, _, call in told[1:]] == [None] * 3
        db.reducers.noop()
        assert len(told) == 4


def test_connecting_and_disconnecting(place: Callable[[str], Place]):
    """Their reducers run on the server, and are none that a client can call."""
    lifecycle = place("sdk_test_connect_disconnect")
    tables = lifecycle[0].tables
    with connected(lifecycle) as db, db.subscribe(tables.connected, tables.disconnected):
        assert not hasattr(db.reducers, "identity_connected")
        assert [row.identity for row in db.connected] == [db.identity]
        came, gone, causes = threading.Event(), threading.Event(), []

        @db.connected.on_insert
        def _(ctx: Any, row: Any) -> None:
            causes.append(ctx.event)
            came.set()

        db.disconnected.on_insert(lambda ctx, row: gone.set())
        with connected(lifecycle) as other:
            who = other.identity
            assert came.wait(60)
        assert gone.wait(60)
        assert {row.identity for row in db.disconnected} == {who}
        assert all(isinstance(cause, TransactionEvent) for cause in causes)


@pytest.mark.parametrize("protocol", ["v3.bsatn", "v2.bsatn", "v1.bsatn", "v1.json"])
def test_errors_and_contexts(place: Callable[[str], Place], protocol: str):
    chat = place("quickstart_chat")
    tables = chat[0].tables
    with connected(chat, protocols=[f"{protocol}.spacetimedb"]) as db, db.subscribe(tables.user, tables.message):
        with pytest.raises(ReducerFailed, match="Names must not be empty"):
            db.reducers.set_name("")
        with pytest.raises(ReducerFailed):
            db.send.send_message("").result()
        with pytest.raises(EncodeError, match="name"):
            db.reducers.set_name(3)
        assert db.user.identity.find(db.identity).name is None

        answers: list[Any] = []

        @db.message.on_insert
        def answered(ctx: Any, message: Any) -> None:
            assert ctx.db.user.identity.find(message.sender).online
            with pytest.raises(WouldDeadlock):
                db.reducers.set_name("inside")
            answers.append(ctx.reducers.set_name(message.text))

        db.reducers.send_message("Ada")
        [pending] = answers
        assert pending.result() is None
        assert db.user.identity.find(db.identity).name == "Ada"
        assert [row.text for row in db.query(tables.message.where(lambda m: m.text == "Ada"))] == ["Ada"]
        assert db.user.identity.find(Identity.from_int(0)) is None


def test_code_that_was_generated_for_another_schema(place: Callable[[str], Place], tmp_path: Path):
    chat, url, _ = place("quickstart_chat")
    _, _, other = place("sdk_test_event_table")
    with pytest.raises(SchemaMismatch, match="user"):
        chat.connect(url, other)
