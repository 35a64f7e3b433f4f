"""A module without a language: its views are functions of a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn

from stdbpy.engine.host import CallLater, Crash, ViewQuery, ViewResult, ViewRows
from stdbpy.engine.instance import Instance
from stdbpy.engine.logs import LogStore
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.subscriptions.events import Event
from stdbpy.engine.subscriptions.subscriber import ConnectionOptions, Subscriber
from stdbpy.engine.transaction import Transaction
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import IDENTITY, AlgebraicType, ArrayType, ProductType, TypeRef, product
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import QUERY_FIELD, ModuleSchema, Reducer, View
from tests.engine.schemas import U32, U64, index, schema_of, unique

OWNER, ANNA, BEN = (Identity.from_int(number) for number in (1, 2, 3))

ROW = compile_codec(product(("id", U64), ("owner", IDENTITY), ("level", U32)))

ViewCode = Callable[[Transaction, Identity | None], Sequence[bytes] | str]
"""Rows, or a query."""


def thing(id: int, level: int = 0, owner: Identity = ANNA) -> bytes:
    return ROW.encode((id, owner, level))


def things(rows: Sequence[bytes]) -> list[tuple[int, int]]:
    """Ids and levels."""
    return sorted((id, level) for id, _, level in map(ROW.decode, rows))


def view(name: str, *, anonymous: bool = True, public: bool = True, query: bool = False, key: bool = False) -> View:
    """One that gives things."""
    row = TypeRef(0)
    returned = product((QUERY_FIELD, row)) if query else ArrayType(row)
    return View(name, name, 0, public, anonymous, ProductType(), returned, ("id",) if key else ())


def schema_with(*views: View) -> ModuleSchema:
    """Tables ``thing`` and ``other`` of the same columns (key ``id``, ``owner`` and ``level`` indexed), and a
    reducer ``do``."""
    columns: dict[str, AlgebraicType] = {"id": U64, "owner": IDENTITY, "level": U32}
    parts = (unique(0), index(0), index(1), index(2))
    schema = schema_of(("thing", columns, parts), ("other", columns, parts))
    seen = {True: 0, False: 0}
    numbered = []
    for each in views:
        numbered.append(replace(each, index=seen[each.is_anonymous]))
        seen[each.is_anonymous] += 1
    return replace(schema, views=tuple(numbered), reducers=(Reducer("do", "do", ProductType()),))


class Handmade:
    """The code and, as one database is enough, the running module."""

    host_type = "Python"

    def __init__(self, schema: ModuleSchema, views: Mapping[str, ViewCode]) -> None:
        self.schema = schema
        self.views = dict(views)
        self.ran: list[tuple[str, Identity | None]] = []
        """Which views were run, for whom."""
        self.to_do: Callable[[Transaction], object] = lambda _tx: None
        """What the reducer does."""

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> Handmade:
        return self

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        self.to_do(tx)

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        declared = [each for each in self.schema.views if each.is_anonymous == view.is_anonymous]
        assert declared[number] == view
        self.ran.append((view.name, sender))
        result = self.views[view.name](tx, sender)
        return ViewQuery(result) if isinstance(result, str) else ViewRows(result)

    def call_procedure(self, *_: object) -> NoReturn:
        raise AssertionError("it has no procedures")

    def call_http_handler(self, *_: object) -> NoReturn:
        raise AssertionError("it has no handlers")

    def crash(self, error: BaseException) -> Crash:
        return Crash(repr(error))


class Database:
    """An instance with a handmade module, used from the test's own thread."""

    def __init__(self, *views: View, **code: ViewCode) -> None:
        self.now = Timestamp(1_000_000)
        self.module = Handmade(schema_with(*views), code)
        self.logs = LogStore(None, clock=lambda: self.now)
        self.instance = Instance(OWNER, OWNER, self.logs, lambda: self.now)
        store = Store(self.module.schema)
        self.instance.use(store, self.instance.join(store, self.module))
        self.table = {table.name: table.id for table in store.tables.values()}
        self.index = {index.name: id for id, (_, index) in store.indexes.items()}

    def insert(self, *rows: bytes, table: str = "thing") -> None:
        self.instance.transact(lambda tx: [tx.insert(self.table[table], row) for row in rows])

    def delete(self, *rows: bytes, table: str = "thing") -> None:
        self.instance.transact(lambda tx: [tx.delete(self.table[table], row) for row in rows])

    def rows(self, text: str, caller: Identity = OWNER) -> list[tuple[int, int]]:
        """Ids and levels of what SQL gives."""
        (result,) = self.instance.sql(text, Caller(caller), caller == OWNER)
        return sorted((id, level) for id, _, level in result.rows)

    def runs(self) -> list[tuple[str, Identity | None]]:
        """Which views have run since the last time."""
        ran, self.module.ran = self.module.ran, []
        return ran

    def logged(self, level: str) -> list[str]:
        """The messages of a level in the log."""
        records = map(json.loads, self.logs.tail(100))
        return [record["message"] for record in records if record["level"] == level]

    def client(self, identity: Identity = ANNA) -> Client:
        return Client(self, identity)


class Client:
    """A client that hears of everything at once."""

    def __init__(self, database: Database, identity: Identity) -> None:
        self._instance = database.instance
        self.events: list[Event] = []
        self.subscriber = Subscriber(
            Caller(identity), is_owner=identity == OWNER, mailbox=self, options=ConnectionOptions(confirmed=False)
        )
        self._instance.subscriptions.add(self.subscriber)

    def put(self, event: Event) -> None:
        self.events.append(event)

    def subscribe(self, *queries: str, set_id: int = 1) -> Event:
        self._instance.subscriptions.subscribe(
            self.subscriber, None, set_id, queries, self._instance.store, all_rows=True
        )
        return self.events.pop()

    def unsubscribe(self, set_id: int = 1) -> None:
        self._instance.subscriptions.unsubscribe(self.subscriber, None, set_id, self._instance.store, with_rows=False)
        self.events.pop()

    def leave(self) -> None:
        self._instance.subscriptions.remove(self.subscriber)

    def told(self) -> list[tuple[str, list[tuple[int, int]], list[tuple[int, int]]]]:
        """What has changed since the last time: table, what came, what went."""
        events, self.events = self.events, []
        return [
            (rows.table.name, things(rows.inserted), things(rows.deleted))
            for event in events
            for _, rows in event.updates  # type: ignore[union-attr]  # anything else fails the test
        ]
