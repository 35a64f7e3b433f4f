"""The run itself: a server, a writer, a witness, and a client behind a bad network."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from stdbpy.client import AsyncConnection, PendingCall, ReconnectedEvent, ReconnectPolicy, connect_async
from stdbpy.errors import ConnectionLost, StdbError
from tests.client.reconnection.lossy_proxy import TROUBLES, LossyProxy, lossy_proxy
from tests.client.reconnection.verdict import Change, check
from tests.client.reconnection.witness import Witness, witness
from tests.real_servers import wasm

MODULE = "sdk_test-2.8.3"
TABLES = ("pk_u_32", "unique_u_32", "one_string")
EVERYTHING = [f"SELECT * FROM {table}" for table in TABLES]
OVERLAP = ["SELECT * FROM pk_u_32 WHERE data > 50", "SELECT * FROM one_string"]

THE_END = "the end"
"""The text of the last transaction."""

_FIRST_ROWS = 300
_KEYS = 400
_SETTLES_WITHIN = 60.0


@dataclass
class Report:
    """What happened; that it was right is checked by then."""

    seconds: float
    cuts: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    connections: int = 0
    lost: int = 0
    failed_attempts: int = 0
    server_transactions: int = 0
    followed_transactions: int = 0
    """Those that the client heard one by one; the others happened while it was away."""
    callbacks: int = 0
    reconciliations: int = 0
    changes_by_reconciliation: int = 0
    subscriptions_made_and_ended: int = 0
    calls: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return json.dumps(asdict(self), indent=1)


async def prove(server: str, database: str, *, seconds: float, cuts: int, pause: float, seed: int) -> Report:
    """Runs for that long and until there were that many cuts, with ``pause`` seconds between two on average.

    Raises ``AssertionError`` if the client's callbacks, cache or calls are not as they must be.
    """
    random = Random(seed)
    publish(server, database)
    parts = urlsplit(server)
    assert parts.hostname and parts.port
    async with (
        connect_async(server, database) as writer,
        lossy_proxy(parts.hostname, parts.port, random) as proxy,
    ):
        for number in range(_FIRST_ROWS):
            writer.reducers.insert_pk_u32(number, number)
            writer.reducers.insert_one_string(f"first {number} {'-' * (number % 100)}")
        await writer.reducers.insert_unique_u32(0, 0)
        async with (
            witness(server, database, EVERYTHING) as heard,
            connect_async(
                f"http://127.0.0.1:{proxy.port}",
                database,
                reconnect=ReconnectPolicy(base=0.05, cap=0.5),
                ping_interval=0.5,
                ping_timeout=0.5,
                connect_timeout=2,
            ) as client,
        ):
            diary = Diary(client)
            client.subscribe(*EVERYTHING)
            running = asyncio.Event()
            work = [
                asyncio.create_task(_write(writer, running, Random(seed + 1))),
                asyncio.create_task(diary.call(running, Random(seed + 2))),
                asyncio.create_task(diary.subscribe_and_unsubscribe(running, Random(seed + 3))),
            ]
            began = asyncio.get_running_loop().time()
            await _harm(proxy, began + seconds, cuts, pause, random)
            took = asyncio.get_running_loop().time() - began
            running.set()
            await asyncio.gather(*work)
            await writer.reducers.insert_one_string(THE_END)
            await diary.settled(heard)
            return diary.report(took, proxy, heard)


def publish(server: str, database: str) -> None:
    url = f"{server}/v1/database/{database}"
    answer = httpx.put(url, content=wasm(MODULE), trust_env=False, verify=False, timeout=60)
    assert answer.is_success, answer.text


async def _write(db: AsyncConnection, done: asyncio.Event, random: Random) -> None:
    """Inserts, updates and deletes, alone and several in one transaction; each with a number of its own."""
    keys = set(range(_FIRST_ROWS))
    unique = {0}
    texts: list[str] = []
    number = 1000
    while not done.is_set():
        number += 1
        key = random.randrange(_KEYS)
        kind = random.random()
        if kind < 0.3:
            text = f"text {number}"
            texts.append(text)
            await db.reducers.insert_one_string(text)
        elif kind < 0.4 and texts:
            await db.reducers.delete_all_one_string(texts.pop(random.randrange(len(texts))))
        elif kind < 0.5 and (key in unique) != (key in keys) and key not in unique and key in keys:
            unique.add(key)
            await db.reducers.insert_unique_u32_update_pk_u32(key, number, number)
        elif kind < 0.6 and key in unique:
            unique.remove(key)
            await db.reducers.delete_unique_u32(key)
        elif key not in keys:
            keys.add(key)
            await db.reducers.insert_pk_u32(key, number)
        elif kind < 0.7:
            keys.remove(key)
            await db.reducers.delete_pk_u32(key)
        else:
            await db.reducers.update_pk_u32(key, number)
        await asyncio.sleep(random.random() * 0.02)


async def _harm(proxy: LossyProxy, end: float, cuts: int, pause: float, random: Random) -> None:
    loop = asyncio.get_running_loop()
    while loop.time() < end or proxy.cuts.total() < cuts:
        proxy.delay = random.choice((0.0, 0.0, 0.01, 0.05))
        await asyncio.sleep(random.expovariate(1 / pause))
        proxy.is_refusing = random.random() < 0.2
        proxy.harm(random.choice(TROUBLES))
        if proxy.is_refusing:
            await asyncio.sleep(random.random() * 0.5)
            proxy.is_refusing = False
    proxy.delay = 0.0


class Diary:
    """Writes down all that a client's callbacks are told, and uses it meanwhile."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client
        self._changes: list[Change] = []
        self._callbacks = 0
        self._connected = True
        self._lost = 0
        self._failed_attempts = 0
        self._toggled = 0
        self._calls: dict[str, PendingCall[None] | None] = {}
        """By the text that each inserts; ``None`` for those that were refused at once."""
        self._visible: dict[str, bool] = {}
        client.on_event(lambda ctx: self._changes.append(Change(ctx.event)))
        client.on_reconnect(self._on_reconnect)
        client.on_disconnect(self._on_disconnect)
        client.on_connect_error(self._on_connect_error)
        for table in TABLES:
            self._follow(table)

    def _follow(self, table: str) -> None:
        handle = self._client.tables[table]

        def written(write: Callable[..., object]) -> Callable[..., None]:
            def callback(ctx: Any, *rows: Any) -> None:
                assert ctx.event is self._changes[-1].event
                self._callbacks += 1
                write(*((table, msgspec.structs.astuple(row)) for row in rows))

            return callback

        handle.on_insert(written(lambda row: self._changes[-1].inserted.append(row)))
        handle.on_delete(written(lambda row: self._changes[-1].deleted.append(row)))
        if table == "pk_u_32":
            handle.on_update(written(lambda old, new: self._changes[-1].updated.append((old, new))))

    def _on_reconnect(self, _: object) -> None:
        assert not self._connected
        self._connected = True

    def _on_disconnect(self, _: object, error: StdbError | None) -> None:
        if error is not None:
            assert self._connected and isinstance(error, ConnectionLost), error
            self._connected = False
            self._lost += 1

    def _on_connect_error(self, _: object, error: StdbError) -> None:
        assert not self._connected, error
        self._failed_attempts += 1

    async def call(self, done: asyncio.Event, random: Random) -> None:
        """Inserts texts through the bad network."""
        number = 0
        while not done.is_set():
            await asyncio.sleep(random.random() * 0.1)
            for _ in range(random.choice((1, 1, 5))):
                number += 1
                text = f"mine {number}"
                try:
                    call = self._calls[text] = self._client.reducers.insert_one_string(text)
                except ConnectionLost as error:
                    assert not error.may_have_run
                    self._calls[text] = None
                else:
                    call.add_done_callback(lambda _, text=text: self._note_visible(text))

    def _note_visible(self, text: str) -> None:
        self._visible[text] = any(row.s == text for row in self._client.tables["one_string"])

    async def subscribe_and_unsubscribe(self, done: asyncio.Event, random: Random) -> None:
        """Makes and ends a subscription whose rows another one has as well."""
        while not done.is_set():
            subscription = self._client.subscribe(*OVERLAP)
            if random.random() < 0.7:
                await subscription
            await asyncio.sleep(random.random() * 0.5)
            await subscription.unsubscribe()
            self._toggled += 1

    async def settled(self, heard: Witness) -> None:
        """Returns when the last transaction has arrived here and there."""
        async with asyncio.timeout(_SETTLES_WITHIN):
            while not any(row.s == THE_END for row in self._client.tables["one_string"]):
                await asyncio.sleep(0.01)
            while (THE_END,) not in heard.inserted("one_string"):
                await asyncio.sleep(0.01)

    def report(self, seconds: float, proxy: LossyProxy, heard: Witness) -> Report:
        followed = check(self._changes, heard)
        assert self._connected
        reconciliations = [change for change in self._changes if isinstance(change.event, ReconnectedEvent)]
        stats = self._client.stats()
        assert stats.callbacks_failed == 0 and stats.calls_pending == 0
        return Report(
            round(seconds, 1),
            cuts=dict(proxy.cuts),
            refused=proxy.refused,
            connections=stats.connections,
            lost=self._lost,
            failed_attempts=self._failed_attempts,
            server_transactions=len(heard.transactions),
            followed_transactions=followed,
            callbacks=self._callbacks,
            reconciliations=len(reconciliations),
            changes_by_reconciliation=sum(change.size for change in reconciliations),
            subscriptions_made_and_ended=self._toggled,
            calls=dict(self._outcomes(heard)),
        )

    def _outcomes(self, heard: Witness) -> Counter[str]:
        """Each call's outcome, which must be what the witness heard of it."""
        ran = Counter(values[0] for values in heard.inserted("one_string"))
        outcomes: Counter[str] = Counter()
        for text, call in self._calls.items():
            if call is None:
                outcomes["refused at once, did not run"] += 1
                assert not ran[text]
                continue
            error = call.error
            if error is None:
                outcomes["committed"] += 1
                assert ran[text] == 1
                outcomes["committed, told while its row was not in the cache"] += not self._visible[text]
            else:
                assert isinstance(error, ConnectionLost), error
                assert ran[text] <= 1
                if error.may_have_run:
                    outcomes["lost, may have run and did" if ran[text] else "lost, may have run and did not"] += 1
                else:
                    outcomes["lost, did not run"] += 1
                    assert not ran[text]
        return outcomes
