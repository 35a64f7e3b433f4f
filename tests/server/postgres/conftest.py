"""A server that speaks the protocol, with a database of a Python module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, ServerConfig

NOTES = b"""
from stdbpy import ReducerContext, reducer, table, u32


@table(public=True)
class Note:
    number: u32
    text: str


@table
class Secret:
    text: str


@reducer
def fill(ctx: ReducerContext, count: u32, size: u32) -> None:
    for number in range(count):
        ctx.db.note.insert(Note(number, "x" * size))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    config = ServerConfig(listen_addr="127.0.0.1:0", pg_port=0)
    with RunningServer(config) as running, ApiClient(running.url, running.owner_token) as api:
        api.publish(pack(ModuleSource({"notes.py": NOTES}, "notes", None)), "notes")
        yield running


@pytest.fixture(scope="module")
def port(server: RunningServer) -> int:
    assert server.pg_port is not None
    return server.pg_port
