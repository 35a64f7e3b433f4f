"""Servers with a chat database: the embedded one and, where they are, the real ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import pack, source_of_folder
from stdbpy.server.run import RunningServer
from tests import real_servers
from tests.client.live import Place, fresh_name
from tests.client.proxy import Proxy

MODULES = Path(__file__).parent.parent / "modules"
COMPILED = {"quickstart_chat": "quickstart_chat-1.2.0", "sdk_test": "sdk_test-1.2.0"}

KINDS = [
    pytest.param("embedded", id="embedded"),
    *(pytest.param(version, id=version, marks=pytest.mark.real) for version in real_servers.VERSIONS),
]


@pytest.fixture(scope="session", params=KINDS)
def live_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str, str]]:
    """Kind, address, and a token of somebody who may publish."""
    kind: str = request.param
    with ExitStack() as stack:
        if kind == "embedded":
            running = stack.enter_context(RunningServer())
            yield kind, running.url, running.owner_token
        else:
            url = request.getfixturevalue("real_server" if kind == "2.8.3" else "old_real_server").url
            with ApiClient(url) as api:
                yield kind, url, api.create_identity().token


@pytest.fixture
def chat(live_server: tuple[str, str, str]) -> Place:
    """A chat database of the test's own."""
    kind, url, token = live_server
    name = fresh_name("live")

    def publish(module: str) -> None:
        program = (
            pack(source_of_folder(MODULES / module)) if kind == "embedded" else real_servers.wasm(COMPILED[module])
        )
        with ApiClient(url, token) as api:
            api.publish(program, name, clear=True)

    publish("quickstart_chat")
    return Place(kind, url, name, token, publish)


@pytest.fixture(params=["picows", "websockets"])
def library(request: pytest.FixtureRequest) -> str:
    """Each websocket library."""
    return request.param


@pytest.fixture
def proxy(chat: Place) -> Iterator[Proxy]:
    """The way to the chat's server, to cut and freeze."""
    with Proxy(chat.url) as between:
        yield between
