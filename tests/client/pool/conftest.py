"""Chat databases besides that of the test's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.package import pack, source_of_folder
from tests import real_servers
from tests.client.conftest import COMPILED, MODULES
from tests.client.live import Place

CHAT = "quickstart_chat"


@pytest.fixture
def publish_chat(chat: Place) -> Callable[[str], Place]:
    """Publishes a chat under a name, on the same server."""

    def publish(name: str) -> Place:
        is_embedded = chat.kind == "embedded"
        program = pack(source_of_folder(MODULES / CHAT)) if is_embedded else real_servers.wasm(COMPILED[CHAT])
        with ApiClient(chat.url, chat.token) as api:
            api.publish(program, name, clear=True)
        return replace(chat, database=name)

    return publish


@pytest.fixture
def second(chat: Place, publish_chat: Callable[[str], Place]) -> Place:
    """Another database on the server."""
    return publish_chat(f"{chat.database}-2")
