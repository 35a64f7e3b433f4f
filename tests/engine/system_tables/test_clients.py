"""The connected clients as rows, also after a crash."""

from __future__ import annotations

import shutil
from pathlib import Path

from stdbpy.engine import Caller, Commit, Database, Engine
from stdbpy.engine.connection import DatabaseConnection
from stdbpy.engine.subscriptions.events import Updated
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions
from stdbpy.sats.values import ConnectionId, Identity
from tests.engine.sample import CONNECTED, ME, running

SOURCE = """
@table(name="gone", public=True)
class Gone:
    who: Identity
    connection: ConnectionId | None
    subject: str

@client_disconnected
def left(ctx: ReducerContext) -> None:
    subject = ctx.sender_auth.jwt.subject if ctx.sender_auth.jwt is not None else ""
    ctx.db.gone.insert(Gone(who=ctx.sender, connection=ctx.connection_id, subject=subject))
    if subject == "trouble":
        raise ReducerError("never mind")


@reducer
def stay(ctx: ReducerContext) -> None:
    pass
"""
TROUBLE = Caller(Identity.from_int(9), ConnectionId.from_int(9), '{"sub":"trouble"}')


class Told:
    def __init__(self) -> None:
        self.commits: list[Commit] = []

    def put(self, event: object) -> None:
        if isinstance(event, Updated):
            self.commits.append(event.commit)


class Nowhere:
    def put(self, event: object) -> None:
        """Nobody looks at it."""


def connect(database: Database, caller: Caller) -> DatabaseConnection:
    return database.connect(caller, Nowhere(), ConnectionOptions()).result(60)


def rows(database: Database, table: str) -> list[tuple[object, ...]]:
    (result,) = database.sql(f"SELECT * FROM {table}", ME, is_owner=True).result(60)
    return result.rows


def test_clients_come_and_go():
    with running(SOURCE) as database:
        connection = connect(database, CONNECTED)
        assert rows(database, "st_client") == [(2, 7)]
        assert rows(database, "st_connection_credentials") == [(7, '{"sub":"me"}')]
        connection.close().result(60)
        assert rows(database, "st_client") == rows(database, "st_connection_credentials") == []


def test_a_client_is_gone_whatever_the_module_says():
    with running(SOURCE) as database:
        connect(database, TROUBLE).close().result(60)
        assert rows(database, "st_client") == rows(database, "gone") == []


def call_once(database: Database, caller: Caller) -> None:
    database.call("stay", b"", caller, connects=True).result(60)


def test_who_connects_for_one_call_comes_and_goes():
    with running(SOURCE) as database:
        call_once(database, CONNECTED)
        assert rows(database, "gone") == [(CONNECTED.identity, CONNECTED.connection_id, "me")]
        call_once(database, TROUBLE)
        assert len(rows(database, "gone")) == 1, "what the reducer did that failed is undone"
        assert rows(database, "st_client") == rows(database, "st_connection_credentials") == []


CAME, WENT = (1, 0), (0, 1)


def test_who_listens_to_a_database_sees_them():
    seen: list[Commit] = []
    with running(SOURCE) as database:
        database.on_commit(seen.append)
        call_once(database, CONNECTED)
        database.run_due().result(60)
    assert noted_clients(seen) == [CAME, WENT]


def test_who_is_subscribed_sees_them():
    told = Told()
    with running(SOURCE) as database:
        owner = Caller(ME.identity, ConnectionId.from_int(8))
        connection = database.connect(owner, told, ConnectionOptions()).result(60)
        connection.subscribe(1, 1, ["SELECT * FROM st_client"])
        connection.settled().result(60)
        call_once(database, CONNECTED)
        database.run_due().result(60)
    assert noted_clients(told.commits) == [WENT], "that somebody comes is told if the module hears of it"


def noted_clients(commits: list[Commit]) -> list[tuple[int, int]]:
    changes = [change for commit in commits for change in commit.delta if change.table.name == "st_client"]
    return [(len(change.inserted), len(change.deleted)) for change in changes]


def test_who_was_connected_when_the_process_ended_is_gone(tmp_path: Path):
    with running(SOURCE, tmp_path / "data") as database:
        connect(database, CONNECTED)
        connect(database, TROUBLE)
        shutil.copytree(tmp_path / "data", tmp_path / "copy", ignore=shutil.ignore_patterns("*.lock"))
        assert len(rows(database, "st_client")) == 2
    with Engine(tmp_path / "copy") as engine:
        database = engine.database("sample")
        assert rows(database, "st_client") == rows(database, "st_connection_credentials") == []
        assert rows(database, "gone") == [(CONNECTED.identity, CONNECTED.connection_id, "me")]
    with Engine(tmp_path / "copy") as engine:
        assert len(rows(engine.database("sample"), "gone")) == 1, "that was written down"
