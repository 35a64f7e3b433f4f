"""The module is told at once of connections that the server ends, whether their clients answer that or not."""

from __future__ import annotations

import threading

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer
from tests.server import raw

MODULE = """
from stdbpy import ReducerContext, client_disconnected, column, table, u32


@table(public=True)
class Left:
    number: u32 = column(primary_key=True, auto_inc=True)


@client_disconnected
def gone(ctx: ReducerContext) -> None:
    ctx.db.left.insert(Left(0))
"""
BROKEN = MODULE.replace("auto_inc=True)\n", "auto_inc=True)\n    level: u32 = column(default=1)\n").replace(
    "(0)", "(0, 1)"
)

SOON = 5.0
"""Seconds; a client that says nothing is given up after 30."""


def _program(source: str) -> bytes:
    return pack(ModuleSource({"left.py": source.encode()}, "left", None))


def test_an_update_that_breaks_clients() -> None:
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(_program(MODULE), "left")
        with raw.connected(server) as connection:
            answer = connection.ask(
                b"GET /v1/database/left/subscribe HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n"
                b"upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                b"sec-websocket-protocol: v2.bsatn.spacetimedb\r\n\r\n"
            )
            assert answer.status == 101
            told = threading.Event()
            server.backend.engine.database("left").on_commit(lambda commit: told.set() if commit.reducer else None)
            api.publish(_program(BROKEN), "left", plan=api.pre_publish(_program(BROKEN), "left"))
            assert told.wait(SOON)
