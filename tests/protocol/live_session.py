"""A session over a real websocket, driven by hand: a test goes on once something is told."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from stdbpy.protocol.catalog import Catalog
from stdbpy.protocol.deliveries import Connected, Delivery, RequestFinished, SubscriptionApplied, SubscriptionEnded
from stdbpy.protocol.options import SessionOptions
from stdbpy.protocol.pending import PendingRequest
from stdbpy.protocol.reconnecting import Verdict
from stdbpy.protocol.session import Session
from stdbpy.protocol.subscription import SubscriptionState
from tests.protocol.mirror import report_everything

PATIENCE = 60.0

D = TypeVar("D")


class LiveSession:
    """One connection of a session; ``told`` is all that it delivered so far."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.told: list[Delivery] = []
        self.verdict: Verdict | None = None
        self._websocket: ClientConnection | None = None

    async def open(self) -> None:
        handshake = self.session.handshake()
        try:
            self._websocket = await connect(
                handshake.url,
                additional_headers=dict(handshake.headers),
                subprotocols=list(handshake.subprotocols),  # type: ignore[arg-type]  # a NewType of str
                compression=None,
                max_size=None,
            )
        except InvalidStatus as refused:
            body = (refused.response.body or b"").decode()
            self.verdict = self.session.lost(body, status=refused.response.status_code)
            self.told += self.session.take_deliveries()
            return
        self.session.opened(self._websocket.subprotocol)
        await self.until(Connected)

    async def close(self) -> None:
        self.session.close()
        if self._websocket is not None:
            await self._websocket.close()

    async def break_off(self) -> None:
        """Loses the connection without a word."""
        assert self._websocket is not None
        self._websocket.transport.abort()
        await self._websocket.wait_closed()
        self.verdict = self.session.lost("broken off by the test")
        self.told += self.session.take_deliveries()

    async def until_ended(self) -> Verdict:
        """Goes on until the server has closed the connection."""
        async with asyncio.timeout(PATIENCE):
            while self.verdict is None:
                await self._step()
        self.told += self.session.take_deliveries()
        return self.verdict

    async def flush(self) -> None:
        assert self._websocket is not None
        for frame in self.session.take_outgoing():
            await self._websocket.send(frame)

    async def until(self, kind: type[D], wanted: Callable[[D], bool] = lambda _: True) -> D:
        """Goes on until something of that kind is told, and gives the first of all that were."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self.told += self.session.take_deliveries()
                found = [delivery for delivery in self.told if isinstance(delivery, kind) and wanted(delivery)]
                if found:
                    return found[0]
                await self._step()

    async def _step(self) -> None:
        assert self._websocket is not None
        await self.flush()
        try:
            frame = await self._websocket.recv()
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else None
            self.verdict = self.session.lost(closed.rcvd.reason if closed.rcvd else "", code=code)
        else:
            self.session.receive(frame)

    async def answered(self, request: PendingRequest) -> PendingRequest:
        await self.until(RequestFinished, lambda told: told.request is request)
        return request

    async def call(self, name: str, *args: object) -> PendingRequest:
        return await self.answered(self.session.call_reducer(name, args))

    async def subscribe(self, *queries: str) -> SubscriptionState:
        subscription = self.session.subscribe(queries)
        await self.until(SubscriptionApplied, lambda told: told.subscription is subscription)
        return subscription

    async def unsubscribe(self, subscription: SubscriptionState) -> None:
        self.session.unsubscribe(subscription)
        await self.until(SubscriptionEnded, lambda told: told.subscription is subscription)


@asynccontextmanager
async def live(catalog: Catalog, options: SessionOptions) -> AsyncIterator[LiveSession]:
    """A session that is connected, if the server lets it."""
    session = Session(catalog, options, clock=time.monotonic, random=random.random)
    report_everything(session.cache)
    connection = LiveSession(session)
    await connection.open()
    try:
        yield connection
    finally:
        await connection.close()
