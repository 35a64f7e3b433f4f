"""Waiting for databases, on which each request is a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

from stdbpy.engine import Awaited, Caller, Database
from stdbpy.errors import NotAllowed
from stdbpy.server.refusal import FORBIDDEN, refuse

T = TypeVar("T")


async def connect_for_nothing(database: Database, caller: Caller, note: Callable[[], None] | None = None) -> None:
    """On the real server a request is a connection that the module is told of, whatever it asks for. ``note`` is
    called in between."""
    await result_of(database.connected(caller))
    if note is not None:
        note()
    await result_of(database.disconnected(caller))


async def result_of(future: Future[T] | Awaited[T]) -> T:
    """What a database's thread comes to. Refuses a caller whom the module turns away.

    Leaner than ``asyncio.wrap_future``, which costs as much as a small reducer; a request that is
    cancelled leaves the database its work.
    """
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def wake(_: object) -> None:
        with suppress(RuntimeError):  # the server has ended in the meantime
            loop.call_soon_threadsafe(_settle, done)

    future.add_done_callback(wake)
    await done
    try:
        return future.result()
    except NotAllowed as error:
        raise refuse(FORBIDDEN, error.message) from None


def _settle(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
