"""Clients that were connected when their server was killed: the module is told when it starts again."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest

from stdbpy.module.package import pack, source_of_folder
from stdbpy.server import ServerConfig, serve
from stdbpy.server.owner import OWNER_TOKEN
from tests import real_servers
from tests.contract.conftest import MODULES
from tests.contract.subject import Subject
from tests.contract.websocket import V2, connected

ONLINE = "SELECT COUNT(*) AS n FROM user WHERE online = true"


@contextmanager
def started(kind: str, folder: Path, token: str | None) -> Iterator[tuple[Subject, int]]:
    """A server that keeps its data in ``folder``, and the number of its process. It may be killed."""
    if kind == "embedded":
        config = ServerConfig(listen_addr="127.0.0.1:0", data_dir=folder)
        spawning = multiprocessing.get_context("spawn")
        ours, theirs = spawning.Pipe()
        process = spawning.Process(target=_serve, args=(config, theirs))
        process.start()
        try:
            url = ours.recv()
            token = (folder / OWNER_TOKEN).read_text()
            assert process.pid is not None
            with _subject(kind, url, token) as subject:
                yield subject, process.pid
        finally:
            process.kill()
            process.join()
        return
    with real_servers.running(kind, keeping=folder) as server:
        token = token or httpx.post(f"{server.url}/v1/identity", trust_env=False, verify=False).json()["token"]
        with _subject(kind, server.url, token) as subject:
            yield subject, server.process_id


def _serve(config: ServerConfig, address: Connection) -> None:
    serve(config, on_ready=address.send)


@contextmanager
def _subject(kind: str, url: str, token: str) -> Iterator[Subject]:
    def program(module: str) -> bytes:
        if kind == "embedded":
            return pack(source_of_folder(MODULES / module))
        return real_servers.wasm(f"{module}-1.2.0")

    with httpx.Client(base_url=url, trust_env=False, verify=False, timeout=60) as http:
        yield Subject(kind, url, token, "", program, http)


@pytest.mark.parametrize("kind", ["embedded", pytest.param("2.8.3", marks=pytest.mark.real)])
def test_they_are_disconnected_at_the_next_start(kind: str, tmp_path: Path) -> None:
    with started(kind, tmp_path, None) as (server, process_id):
        assert server.publish("quickstart_chat", "chat").status_code == 200
        with connected(server, "chat", V2) as one, connected(server, "chat", V2, token=None) as other:
            one.next()
            other.next()
            assert server.rows("chat", ONLINE) == [[2]]
            os.kill(process_id, signal.SIGKILL)
            for wire in (one, other):
                assert wire.closing() == (1006, "")
    with started(kind, tmp_path, server.token) as (again, _):
        # The query is a connection, too: of a user who has been there before.
        assert again.rows("chat", ONLINE) == [[1]]
        assert again.rows("chat", "SELECT COUNT(*) AS n FROM user") == [[2]]
