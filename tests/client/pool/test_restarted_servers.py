"""Pools whose servers die and come back: as they were, or with nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.client import AsyncConnection, Connection
from stdbpy.client.pool import AsyncPool, Endpoint, Pool
from stdbpy.errors import NoSuchDatabase
from stdbpy.module.package import pack, source_of_folder
from stdbpy.server import ServerConfig
from stdbpy.server.run import RunningServer
from tests import real_servers
from tests.client.conftest import COMPILED, MODULES
from tests.client.live import eventually
from tests.client.pool.policies import QUICK, WATCHFUL

DATABASE = "restarted"


class Mortal:
    """A server that can be ended and started again at the same address."""

    def __init__(self, kind: str, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._kind = kind
        self._folder = folder
        self._address = f"127.0.0.1:{port}"
        self._running = ExitStack()
        self._owner = ""

    def start(self, *, keeping: bool = True) -> None:
        server: AbstractContextManager[object]
        if self._kind == "embedded":
            config = ServerConfig(listen_addr=self._address, data_dir=self._folder, in_memory=not keeping)
            self._owner = self._running.enter_context(RunningServer(config)).owner_token
        else:
            folder = self._folder if keeping else None
            server = real_servers.running(self._kind, keeping=folder, address=self._address)
            self._running.enter_context(server)

    def stop(self) -> None:
        self._running.close()

    def publish(self) -> None:
        is_embedded = self._kind == "embedded"
        program = (
            pack(source_of_folder(MODULES / "quickstart_chat"))
            if is_embedded
            else real_servers.wasm(COMPILED["quickstart_chat"])
        )
        with ApiClient(self.url) as api:
            token = self._owner or api.create_identity().token
        with ApiClient(self.url, token) as api:
            api.publish(program, DATABASE)


@pytest.fixture(params=["embedded", pytest.param("2.8.3", marks=pytest.mark.real)])
def make_mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Mortal]:
    def make(name: str) -> Mortal:
        folder = tmp_path / name
        folder.mkdir()
        mortal = Mortal(request.param, folder, real_servers.free_port())
        request.addfinalizer(mortal.stop)
        mortal.start()
        mortal.publish()
        return mortal

    return make


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def test_calls_go_to_the_other_server_until_the_dead_one_is_back(make_mortal):
    async def main() -> None:
        servers = [make_mortal("a"), make_mortal("b")]
        endpoints = [Endpoint(server.url, DATABASE) for server in servers]
        async with AsyncPool(
            AsyncConnection, endpoints, connections=2, at_least=4, policy=WATCHFUL, reconnect=QUICK
        ) as pool:
            await asyncio.to_thread(servers[0].stop)
            await until(lambda: not pool.health()[0].is_healthy)
            for number in range(50):
                await pool.reducers.send_message(f"{number}")
            assert pool.health()[1].failures == 0
            await asyncio.to_thread(servers[0].start)
            await until(lambda: pool._roster.ready == 4)
            for number in range(8):
                await pool.reducers.send_message(f"{number}")
            assert pool.health()[1].failures == 0

    asyncio.run(main())


def test_a_server_that_came_back_with_nothing_is_called_once_it_has_the_database(make_mortal):
    server = make_mortal("a")
    with Pool(Connection, [Endpoint(server.url, DATABASE)], connections=2, policy=WATCHFUL, reconnect=QUICK) as pool:
        pool.reducers.send_message("before")
        server.stop()
        server.start(keeping=False)
        eventually(lambda: isinstance(pool.health()[0].last_error, NoSuchDatabase))
        server.publish()
        with pool.connection(timeout=30) as db:
            db.reducers.send_message("after")
        assert [row.text for row in pool.query("SELECT * FROM message")] == ["after"]
