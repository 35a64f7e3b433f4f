"""Requests that a client sends before earlier ones are answered."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from threading import Event

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer
from stdbpy.server.connection import Connection
from tests.server.raw import connected

MODULE = b"""
from stdbpy import ReducerContext, reducer, table, u32


@table(public=True)
class Seen:
    number: u32


@reducer
def see(ctx: ReducerContext, number: u32) -> None:
    ctx.db.seen.insert(Seen(number))
"""

HANDSHAKE = (
    b"GET /v1/database/quick/subscribe HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-protocol: v2.bsatn.spacetimedb\r\n\r\n"
)


@pytest.fixture
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        with ApiClient(server.url, server.owner_token) as api:
            api.publish(pack(ModuleSource({"quick.py": MODULE}, "quick", None)), "quick")
        yield server


def test_a_client_that_leaves_while_several_calls_wait_is_not_worth_a_line(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    is_lost, may_go_on = Event(), Event()

    def note(served: Connection, error: Exception | None) -> None:
        lose(served, error)
        is_lost.set()

    lose = Connection.connection_lost
    with connected(server) as connection:
        server.backend.engine.database("quick").transact(lambda _: may_go_on.wait(60))
        connection.socket.sendall(b"".join(connection.call_request("quick", "see", number) for number in (1, 2, 3)))
        await_all_read(server)
        connections = list(server._server.server_state.connections)
        [served] = [one for one in connections if isinstance(one, Connection) and one.pipeline]
        tasks = list(served.tasks)
        monkeypatch.setattr(Connection, "connection_lost", note)
    assert is_lost.wait(30)
    may_go_on.set()
    asyncio.run_coroutine_threadsafe(asyncio.wait(tasks), served.loop).result(30)
    assert caplog.messages == []
    with ApiClient(server.url, server.owner_token) as api:
        [result] = api.sql("quick", "SELECT * FROM seen")
    assert [row[0] for row in result.rows] == [1]


def test_a_websocket_is_not_opened_before_calls_are_answered(server: RunningServer) -> None:
    may_go_on = Event()
    with connected(server) as connection:
        server.backend.engine.database("quick").transact(lambda _: may_go_on.wait(60))
        connection.socket.sendall(connection.call_request("quick", "see", 1) + HANDSHAKE)
        await_all_read(server)
        may_go_on.set()
        assert connection.answer().status == 200
        answer = connection.answer()
        assert (answer.status, answer.body) == (
            400,
            b"A websocket is opened when the requests before have been answered, and this came earlier",
        )
        assert connection.is_closed()


def await_all_read(server: RunningServer) -> None:
    """Returns when the server has read what was sent before."""
    with ApiClient(server.url) as api:
        api.ping()
