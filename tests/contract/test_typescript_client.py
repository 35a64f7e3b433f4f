"""The official TypeScript client from npm, with bindings that the official program writes, on Node."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import real_servers
from tests.contract.subject import Subject
from tests.contract.typescript_program import bundled, told_by

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def chat_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of two people who chat."""
    source = Path(__file__).parent / "typescript" / "chat.ts"
    return bundled(source, real_servers.wasm("quickstart_chat-1.2.0"), tmp_path_factory.mktemp("typescript"))


def test_two_people_chat(newer_server: Subject, chat_client: Path):
    database = newer_server.new_database("quickstart_chat")
    assert told_by(chat_client, newer_server.url, database) == [
        ["different people", True],
        ["online", 2],
        ["renamed", [None, "Bob"]],
        ["heard", ["Hello, Ada", True, "Transaction"]],
        ["said", ["Reducer", "2"]],
        ["refused", "Messages must not be empty"],
        ["unknown table", True],
        ["matching", ["Hello, Ada"]],
        ["after unsubscribing", 0],
        ["left", True],
        ["the same person", True],
        ["kept name", ["Bob", None]],
    ]
