"""A database's log: what there is of it, and what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from stdbpy.engine import Database
from stdbpy.engine.log_files import KeptLog
from stdbpy.server.answer import Answer, Header, StreamedAnswer
from stdbpy.server.asked import Asked
from stdbpy.server.refusal import BAD_REQUEST, refuse
from stdbpy.server.routes.databases import expect_owner

MOST_LINES = 2**32 - 1
MOST_LINES_BEFORE_FOLLOWING = 2500
"""As the real server has it; without a number of lines following begins at the end."""

MOST_LINES_WAITING = 10_000
"""Lines kept for a client that does not read as fast as the module logs; others are skipped."""

_HEADERS: tuple[Header, ...] = ((b"content-type", b"application/x-ndjson"), (b"cache-control", b"no-cache"))


async def logs(asked: Asked) -> Answer:
    database = asked.database
    count = _num_lines(asked)
    follow = asked.flag("follow")
    expect_owner(asked, database, "view module logs")
    if follow:
        before = min(count or 0, MOST_LINES_BEFORE_FOLLOWING)
        followed = await FollowedLog.begin(database, before, asked.backend.stopping)
        return StreamedAnswer(200, _HEADERS, followed, asked.receive)
    kept = await asyncio.to_thread(database.logs.read, count)
    return StreamedAnswer(200, _HEADERS, PiecesOfLog(kept), asked.receive)


def _num_lines(asked: Asked) -> int | None:
    text = asked.query.get("num_lines")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_LINES):
        raise refuse(BAD_REQUEST, f"the query's num_lines must be a number from 0 to {MOST_LINES}")
    return int(text)


class PiecesOfLog:
    """What is kept of a log, piece by piece: a day can have hundreds of megabytes."""

    def __init__(self, kept: KeptLog) -> None:
        self._kept = kept

    def __aiter__(self) -> PiecesOfLog:
        return self

    async def __anext__(self) -> bytes:
        piece = await asyncio.to_thread(next, self._kept, None)
        if piece is None:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        self._kept.close()


class FollowedLog:
    """What is kept of a log, then its lines as they come, several at once if they come faster than
    they are sent; it ends when the server does. It listens from :meth:`begin` on until it is closed."""

    _before: PiecesOfLog
    _stop: Callable[[], None]

    def __init__(self, stopping: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._ended = asyncio.ensure_future(stopping.wait())

    @classmethod
    async def begin(cls, database: Database, count: int, stopping: asyncio.Event) -> FollowedLog:
        log = cls(stopping)
        listening = asyncio.ensure_future(asyncio.to_thread(database.logs.listen, log._hear, count))
        try:
            kept, log._stop = await asyncio.shield(listening)
        except BaseException:
            log._ended.cancel()
            listening.add_done_callback(_listen_no_more)
            raise
        log._before = PiecesOfLog(kept)
        return log

    def _hear(self, line: str) -> None:
        with suppress(RuntimeError):  # the server has ended in the meantime
            self._loop.call_soon_threadsafe(self._keep, line)

    def _keep(self, line: str) -> None:
        if self._lines.qsize() < MOST_LINES_WAITING:
            self._lines.put_nowait(line)

    def __aiter__(self) -> FollowedLog:
        return self

    async def __anext__(self) -> bytes:
        async for piece in self._before:
            return piece
        coming = asyncio.ensure_future(self._lines.get())
        try:
            await asyncio.wait({coming, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not coming.done():
                coming.cancel()
        if not coming.done():
            raise StopAsyncIteration
        lines = [coming.result()]
        while not self._lines.empty():
            lines.append(self._lines.get_nowait())
        return "".join(f"{line}\n" for line in lines).encode(errors="replace")

    async def aclose(self) -> None:
        self._stop()
        self._ended.cancel()
        await self._before.aclose()


def _listen_no_more(listening: asyncio.Future[tuple[KeptLog, Callable[[], None]]]) -> None:
    """Whoever wanted to hear has gone before there was anything to hear."""
    if not listening.cancelled() and listening.exception() is None:
        kept, stop = listening.result()
        stop()
        kept.close()
