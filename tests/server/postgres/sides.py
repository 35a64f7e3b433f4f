"""The embedded server and the real one, with the same databases, each speaking PostgreSQL's protocol."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from stdbpy.api import ApiClient
from stdbpy.server import RunningServer, ServerConfig
from tests import real_servers
from tests.server.postgres import wire
from tests.server.postgres.wire import Told

TYPES = "types"
"""The database with every type of column that the smoketests of the protocol look at, filled."""

SDK = "sdk"
"""The database of the SDKs' tests, with a table for each type."""


@dataclass(frozen=True)
class Side:
    url: str
    port: int
    token: str = field(repr=False)

    def ask(self, database: str, query: str) -> Told:
        with wire.logged_in(self.port, database, self.token) as session:
            return session.ask(query)

    def call(self, reducer: str, *arguments: object) -> None:
        """In the database of the SDKs' tests."""
        with ApiClient(self.url, self.token) as api:
            api.call(SDK, reducer, arguments)

    def identity_of(self, database: str) -> str:
        with ApiClient(self.url) as api:
            return api.identity_of(database).hex()

    def stranger(self) -> str:
        """The token of somebody new."""
        with ApiClient(self.url) as api:
            return api.create_identity().token


class Both(NamedTuple):
    embedded: Side
    real: Side


@contextmanager
def both_sides() -> Iterator[Both]:
    with embedded_side() as embedded, real_side() as real:
        yield Both(embedded, real)


@contextmanager
def embedded_side() -> Iterator[Side]:
    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", pg_port=0)) as server:
        assert server.pg_port is not None
        yield _filled(Side(server.url, server.pg_port, server.owner_token))


@contextmanager
def real_side() -> Iterator[Side]:
    port = real_servers.free_port()
    with real_servers.running("2.8.3", pg_port=port) as server, ApiClient(server.url) as api:
        yield _filled(Side(server.url, port, api.create_identity().token))


def _filled(side: Side) -> Side:
    with ApiClient(side.url, side.token) as api:
        api.publish(real_servers.program("smoketests/pg_wire.wasm").read_bytes(), TYPES)
        api.call(TYPES, "test")
        api.publish(real_servers.wasm("sdk_test-2.8.3"), SDK)
    return side
