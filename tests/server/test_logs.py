"""The log over HTTP: as much as there is, but never all of it at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from stdbpy.api import ApiClient
from stdbpy.engine import log_files
from stdbpy.module.package import ModuleSource, pack
from stdbpy.server import RunningServer, ServerConfig
from stdbpy.server.routes.logs import FollowedLog

QUIET = pack(ModuleSource({"quiet.py": b""}, "quiet"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(ServerConfig(listen_addr="127.0.0.1:0", data_dir=tmp_path)) as running:
        with ApiClient(running.url, running.owner_token) as api:
            api.publish(QUIET, "quiet")
        yield running


def logs(server: RunningServer, **query: object) -> httpx.Response:
    headers = {"authorization": f"Bearer {server.owner_token}"}
    return httpx.get(f"{server.url}/v1/database/quiet/logs", params=query, headers=headers)


def test_a_long_log_comes_in_pieces(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    store = server.backend.engine.database("quiet").logs
    for number in range(2000):
        store.system(f"{number} " + "é" * 300)
    pieces: list[int] = []

    class Watched(log_files.KeptLog):
        def __next__(self) -> bytes:
            piece = super().__next__()
            pieces.append(len(piece))
            return piece

    monkeypatch.setattr(log_files, "KeptLog", Watched)
    for count in (None, 0, 1, 1500, 10**6):
        expected = store.tail(count)
        pieces.clear()
        answer = logs(server, **({} if count is None else {"num_lines": count}))
        assert answer.text.splitlines() == expected
        assert sum(pieces) == len(answer.content)
        assert all(size <= log_files.PIECE_BYTES for size in pieces)
    assert len(pieces) > 10


def test_what_is_kept_comes_before_what_is_new(server: RunningServer) -> None:
    store = server.backend.engine.database("quiet").logs
    for number in range(3000):
        store.system(f"old {number}")
    with ApiClient(server.url, server.owner_token) as api:
        lines = api.logs("quiet", 2500, follow=True)
        assert next(lines).message == "old 500"
        for number in range(100):
            store.system(f"new {number}")
        messages = [next(lines).message for _ in range(2599)]
    assert messages == [f"old {number}" for number in range(501, 3000)] + [f"new {number}" for number in range(100)]


def test_a_log_that_nobody_reads_to_its_end_is_closed(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "PIECE_BYTES", 10)
    store = server.backend.engine.database("quiet").logs
    for _ in range(10_000):
        store.system("x" * 1000)
    opened: list[log_files.KeptLog] = []
    read = log_files.LogFiles.read

    def noted(self: log_files.LogFiles, count: int | None) -> log_files.KeptLog:
        opened.append(read(self, count))
        return opened[-1]

    monkeypatch.setattr(log_files.LogFiles, "read", noted)
    headers = {"authorization": f"Bearer {server.owner_token}"}
    with httpx.stream("GET", f"{server.url}/v1/database/quiet/logs", headers=headers) as answer:
        next(answer.iter_bytes())
    server.__exit__(None, None, None)
    assert list(opened[0]) == []


def test_who_leaves_before_the_log_is_there_does_not_listen_on(server: RunningServer) -> None:
    database = server.backend.engine.database("quiet")

    async def leave() -> None:
        with database.logs._lock:
            beginning = asyncio.ensure_future(FollowedLog.begin(database, 0, asyncio.Event()))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            beginning.cancel()
            with pytest.raises(asyncio.CancelledError):
                await beginning
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0)

    asyncio.run(leave())
    assert database.logs._listeners == []


def test_updates_that_wait_for_a_stuck_database_do_not_hold_up_others(server: RunningServer) -> None:
    database = server.backend.engine.database("quiet")
    may_end = threading.Event()
    stuck = database.transact(lambda _: may_end.wait())
    changed = pack(ModuleSource({"quiet.py": b"# changed"}, "quiet"))
    with ThreadPoolExecutor(20) as publishers, ApiClient(server.url, server.owner_token) as api:
        try:
            updates = [publishers.submit(api.publish, changed, "quiet") for _ in range(20)]
            while database.figures().waiting < len(updates):
                assert not any(update.done() for update in updates)
            answer = logs(server, num_lines=1)
            assert answer.status_code == 200
        finally:
            may_end.set()
        assert stuck.result()
        for update in updates:
            update.result()
