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
    pytest.param("2.8.3", id="2.8.3", marks=pytest.mark.real),
    pytest.param("1.2.0", id="1.2.0", marks=pytest.mark.real),
]
QUICK_KINDS = [*KINDS[:2], pytest.param("1.2.0", id="1.2.0", marks=[pytest.mark.real, pytest.mark.long])]

on_all_servers = pytest.mark.parametrize("live_server", KINDS, indirect=True, scope="session")
"""For tests whose code is another for servers 1.x; elsewhere, those are for the long tests."""


@pytest.fixture(scope="session", params=QUICK_KINDS)
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


@pytest.fixture(scope="session")
def left_chats() -> dict[str, str]:
    """Chats that earlier tests have left as they were published, but for their rows, by their owners' tokens."""
    return {}


@pytest.fixture
def chat(live_server: tuple[str, str, str], left_chats: dict[str, str]) -> Iterator[Place]:
    """A chat database of the test's own, without rows."""
    kind, url, token = live_server
    name = left_chats.pop(token, None)
    is_as_published = True

    def publish(module: str) -> None:
        nonlocal is_as_published
        is_as_published = module == "quickstart_chat"
        program = (
            pack(source_of_folder(MODULES / module)) if kind == "embedded" else real_servers.wasm(COMPILED[module])
        )
        with ApiClient(url, token) as api:
            api.publish(program, name, clear=True)

    if name is None:
        name = fresh_name("live")
        publish("quickstart_chat")
    else:
        with ApiClient(url, token) as api:
            api.sql(name, "DELETE FROM message")
            api.sql(name, "DELETE FROM user")
    yield Place(kind, url, name, token, publish)
    if is_as_published:
        left_chats[token] = name


@pytest.fixture(params=["picows", "websockets"])
def library(request: pytest.FixtureRequest) -> str:
    """Each websocket library."""
    return request.param


@pytest.fixture
def proxy(chat: Place) -> Iterator[Proxy]:
    """The way to the chat's server, to cut and freeze."""
    with Proxy(chat.url) as between:
        yield between
