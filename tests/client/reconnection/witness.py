"""Hears all transactions of a database from the server itself, in JSON, without any code of stdbpy."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

Row = tuple[str, tuple[Any, ...]]
"""A table's name and the values of a row."""


@dataclass
class Witness:
    """The rows at the beginning, and what each transaction took and brought, in order."""

    first: list[Row] = field(default_factory=list)
    transactions: list[tuple[list[Row], list[Row]]] = field(default_factory=list)
    """Deleted and inserted rows."""

    def inserted(self, table: str) -> Iterator[tuple[Any, ...]]:
        """All rows that were ever inserted into a table since the beginning."""
        for _, inserts in self.transactions:
            yield from (values for name, values in inserts if name == table)

    def hear(self, message: str) -> bool:
        """Whether it was the beginning."""
        [(kind, content)] = json.loads(message).items()
        if kind == "SubscribeMultiApplied":
            _, self.first = _rows(content["update"])
            return True
        if kind == "TransactionUpdateLight":
            self.transactions.append(_rows(content["update"]))
        elif kind != "IdentityToken":
            raise AssertionError(message)
        return False


def _rows(update: Any) -> tuple[list[Row], list[Row]]:
    deletes: list[Row] = []
    inserts: list[Row] = []
    for table in update["tables"]:
        for part in table["updates"]:
            deletes += [(table["table_name"], _values(text)) for text in part["deletes"]]
            inserts += [(table["table_name"], _values(text)) for text in part["inserts"]]
    return deletes, inserts


def _values(text: str) -> tuple[Any, ...]:
    row = json.loads(text)
    return tuple(row.values() if isinstance(row, dict) else row)


@asynccontextmanager
async def witness(server: str, database: str, queries: list[str]) -> AsyncIterator[Witness]:
    """One that has heard the beginning. ``server`` is ``http://…``."""
    url = f"{server.replace('http', 'ws', 1)}/v1/database/{database}/subscribe?compression=None&light=true"
    heard = Witness()
    async with connect(url, subprotocols=[Subprotocol("v1.json.spacetimedb")], max_size=None) as websocket:
        subscribe = {"query_strings": queries, "request_id": 1, "query_id": {"id": 1}}
        await websocket.send(json.dumps({"SubscribeMulti": subscribe}))
        while not heard.hear(str(await websocket.recv())):
            pass
        listening = asyncio.create_task(_listen(heard, websocket))
        try:
            yield heard
        finally:
            listening.cancel()
            await asyncio.wait([listening])
        if not listening.cancelled() and (error := listening.exception()) is not None:
            raise error


async def _listen(heard: Witness, websocket: ClientConnection) -> None:
    try:
        async for message in websocket:
            heard.hear(str(message))
    except ConnectionClosed as error:
        raise AssertionError("the witness lost the server") from error
