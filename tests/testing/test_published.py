"""Databases on a server, as tests use them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import ApiError, NoSuchReducer, NoSuchTable, NotFound, ReducerFailed
from stdbpy.testing import Module, PublishedDatabase, Server, Servers, wait_until


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Servers() as servers:
        assert servers.get("embedded") is servers.get("embedded")
        yield servers.get("embedded")


@pytest.fixture
def db(server: Server, module: Module) -> Iterator[PublishedDatabase]:
    with server.publish(module) as database:
        yield database


def test_calls_and_rows(db: PublishedDatabase, arena: Any) -> None:
    alice = db.as_("alice")
    assert alice is db.as_("alice")
    assert alice.identity != db.as_("bob").identity
    alice.reducers.join("Ada", arena.Team.BLUE)
    db.call("join", team=arena.Team.RED, name="Bob")
    with pytest.raises(ReducerFailed, match="A player needs a name"):
        alice.reducers.join("", arena.Team.RED)
    ada, bob = arena.Player(id=1, name="Ada", team=arena.Team.BLUE), arena.Player(id=2, name="Bob")
    assert db.rows("player") == alice.rows("player") == [ada, bob]
    assert alice.rows("namesake") == [ada]
    assert [row.text for row in db.rows("note")] == ["begun"]
    assert db.sql("SELECT name, team FROM player WHERE id = 1")[0]["name"] == "Ada"
    assert db.procedures.nap(0) == alice.call("nap", 0) == "slept for 0"
    assert "Ada has number 1" in [record.message for record in db.logs]


def test_what_cannot_be_asked(db: PublishedDatabase) -> None:
    with pytest.raises(NoSuchReducer) as unknown:
        db.call("jion")
    assert unknown.value.hint == "Did you mean 'join'?"
    with pytest.raises(NoSuchTable):
        db.rows("plyaer")
    with pytest.raises(TypeError, match=r"join takes \(name, team\)"):
        db.reducers.join()
    with pytest.raises(ApiError):
        db.as_("alice").rows("note")


def test_clients(db: PublishedDatabase, arena: Any) -> None:
    alice, stranger = db.connect(as_="alice"), db.connect()
    assert alice.identity == db.as_("alice").identity != stranger.identity
    stranger.subscribe("SELECT * FROM player")
    alice.reducers.join("Ada", arena.Team.BLUE)
    wait_until(lambda: list(stranger.db.player) == [arena.Player(id=1, name="Ada", team=arena.Team.BLUE)])


def test_databases_have_nothing_in_common_and_go(server: Server, module: Module, arena: Any, tmp_path: Path) -> None:
    with server.publish(module) as one, server.publish(module) as other:
        one.reducers.join("Ada", arena.Team.RED)
        assert other.rows("player") == []
        assert one.name != other.name
        one.dump(tmp_path)
        with ApiClient(server.url, server.owner_token) as api:
            api.delete(other.name)
    assert (tmp_path / "player.jsonl").read_text() == '{"id":1,"name":"Ada","team":"RED","score":0}\n'
    with ApiClient(server.url) as api, pytest.raises(NotFound):
        api.info(one.name)


def test_a_database_that_cannot_be_looked_at_goes_again(
    server: Server, module: Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ApiClient(server.url, server.owner_token) as api, server.publish(module) as other:
        owner = other.owner.identity

        def fail(*_: object) -> None:
            raise ApiError("not now")

        monkeypatch.setattr(ApiClient, "info", fail)
        with pytest.raises(ApiError, match="not now"):
            server.publish(module)
        assert api.databases_of(owner) == [other.identity]
