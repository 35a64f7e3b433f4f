"""A server in memory that speaks v3 through bytes: what it says of rows is computed anew for each message.

Tables: ``player`` (with a primary key), ``note`` (without) and the event table ``shout``. Queries are not
SQL but the names in ``QUERIES``; any other is refused. Each call carries a tag, by which a test finds out
what became of it here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from stdbpy.protocol.catalog import Catalog, FunctionLayout, TableLayout
from stdbpy.protocol.row_list import RowList
from stdbpy.protocol.v2 import messages as m
from stdbpy.protocol.v2.codec import decode_client_messages, encode_server_message
from stdbpy.sats.types import Primitive, product
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Timestamp

IDENTITY = Identity(bytes(range(32)))

_PLAYER = (("id", Primitive.U32), ("name", Primitive.STRING), ("level", Primitive.U32))
_NOTE = (("author", Primitive.U32), ("text", Primitive.STRING))
_SHOUT = product(("text", Primitive.STRING))
_TAG = ("tag", Primitive.U32)

CATALOG = Catalog(
    tables={
        "player": TableLayout("player", product(*_PLAYER), primary_key=0),
        "note": TableLayout("note", product(*_NOTE)),
        "shout": TableLayout("shout", _SHOUT, is_event=True),
    },
    reducers={
        "put_player": FunctionLayout("put_player", product(_TAG, *_PLAYER)),
        "drop_player": FunctionLayout("drop_player", product(_TAG, ("id", Primitive.U32))),
        "toggle_note": FunctionLayout("toggle_note", product(_TAG, *_NOTE)),
        "shout": FunctionLayout("shout", product(_TAG, ("text", Primitive.STRING))),
        "refuse": FunctionLayout("refuse", product(_TAG, ("why", Primitive.STRING)), error_type=Primitive.STRING),
    },
    procedures={
        "double": FunctionLayout("double", product(("number", Primitive.U32)), Primitive.U64),
    },
)

Rows = frozenset[tuple[str, tuple[object, ...]]]
"""Rows of all tables, each with its table's name."""


@dataclass
class Database:
    """The rows, and what became of each call."""

    players: dict[int, tuple[object, ...]] = field(default_factory=dict)
    notes: set[tuple[object, ...]] = field(default_factory=set)
    outcomes: dict[int, str] = field(default_factory=dict)
    connections: list[Connection] = field(default_factory=list)

    def rows(self, query: str) -> Rows:
        """Raises ``KeyError`` for a query that is none."""
        return {
            "players": lambda: frozenset(("player", row) for row in self.players.values()),
            "low players": lambda: frozenset(("player", row) for row in self.players.values() if int(str(row[2])) < 5),
            "notes": lambda: frozenset(("note", row) for row in self.notes),
            "shouts": lambda: frozenset(),
        }[query]()

    def run(self, reducer: str, args: tuple[object, ...], caller: Connection | None, request_id: int = 0) -> None:
        """Runs a reducer (for ``caller``, or for another client) and tells all connections."""
        tag, *rest = args
        before = {connection: connection.sets_rows() for connection in self.connections}
        shouts: list[tuple[object, ...]] = []
        outcome = "committed"
        if reducer == "put_player":
            self.players[int(str(rest[0]))] = tuple(rest)
        elif reducer == "drop_player":
            self.players.pop(int(str(rest[0])), None)
        elif reducer == "toggle_note":
            self.notes ^= {tuple(rest)}
        elif reducer == "shout":
            shouts.append(tuple(rest))
        else:
            outcome = "refused"
        if isinstance(tag, int) and tag:
            assert tag not in self.outcomes, "a call ran twice"
            self.outcomes[tag] = outcome
        for connection, sets in before.items():
            update = connection.update(sets, shouts)
            if connection is caller:
                told: m.ReducerOutcome = m.Returned(m.ReducerOk(b"", update))
                if outcome == "refused":
                    text = str(rest[0]).encode()
                    told = m.Refused(len(text).to_bytes(4, "little") + text)
                elif not update.query_sets:
                    told = m.OkEmpty()
                connection.say(m.ReducerResult(request_id, Timestamp(1), told), shouts)
            elif update.query_sets:
                connection.say(update, shouts)


@dataclass(eq=False)
class Connection:
    """One client's connection: what it subscribed to, and what is on its way to it."""

    database: Database
    number: int
    sets: dict[int, tuple[str, ...]] = field(default_factory=dict)
    outgoing: list[tuple[bytes, Rows, list[tuple[object, ...]]]] = field(default_factory=list)
    """Each message with the rows that the client has once it is applied, and the events in it."""

    def __post_init__(self) -> None:
        self.database.connections.append(self)
        self.say(m.InitialConnection(IDENTITY, ConnectionId.from_int(self.number), "token"))

    def end(self) -> None:
        self.database.connections.remove(self)

    def view(self) -> Rows:
        return frozenset(row for rows in self.sets_rows().values() for row in rows)

    def sets_rows(self) -> dict[int, Counter[tuple[str, tuple[object, ...]]]]:
        """The rows of each query set: as often as it has queries that give them."""
        return {
            number: Counter(row for query in queries for row in self.database.rows(query))
            for number, queries in self.sets.items()
        }

    def say(self, message: m.ServerMessage, shouts: list[tuple[object, ...]] | None = None) -> None:
        subscribed = any("shouts" in queries for queries in self.sets.values())
        self.outgoing.append((encode_server_message(message), self.view(), (shouts or []) if subscribed else []))

    def hear(self, frame: bytes) -> None:
        for message in decode_client_messages(frame):
            if isinstance(message, m.Subscribe):
                self._subscribe(message)
            elif isinstance(message, m.Unsubscribe):
                self._unsubscribe(message)
            elif isinstance(message, m.CallReducer):
                args = CATALOG.reducers[message.reducer].arguments.decode(message.args)
                self.database.run(message.reducer, args, self, message.request_id)
            else:
                assert isinstance(message, m.OneOffQuery), message
                self._query(message)

    def fail(self, number: int) -> None:
        """A query of a set fails while it runs."""
        del self.sets[number]
        self.say(m.SubscriptionError(None, number, "a query broke"))

    def update(
        self, before: dict[int, Counter[tuple[str, tuple[object, ...]]]], shouts: list[tuple[object, ...]]
    ) -> m.TransactionUpdate:
        sets = []
        after = self.sets_rows()
        for number, rows in before.items():
            tables = []
            for table in ("player", "note"):
                inserts = [row for row in (after[number] - rows).elements() if row[0] == table]
                deletes = [row for row in (rows - after[number]).elements() if row[0] == table]
                if inserts or deletes:
                    changed = m.PersistentTableRows(_row_list(inserts), _row_list(deletes))
                    tables.append(m.TableUpdate(table, [m.PersistentTable(changed)]))
            if shouts and "shouts" in self.sets[number]:
                events = m.EventTableRows(_row_list([("shout", row) for row in shouts]))
                tables.append(m.TableUpdate("shout", [m.EventTable(events)]))
            if tables:
                sets.append(m.QuerySetUpdate(number, tables))
        return m.TransactionUpdate(sets)

    def _subscribe(self, message: m.Subscribe) -> None:
        assert message.query_set_id not in self.sets
        try:
            rows = [row for query in message.query_strings for row in self.database.rows(query)]
        except KeyError as error:
            self.say(m.SubscriptionError(message.request_id, message.query_set_id, f"no such query: {error}"))
            return
        self.sets[message.query_set_id] = tuple(message.query_strings)
        self.say(m.SubscribeApplied(message.request_id, message.query_set_id, _query_rows(rows)))

    def _unsubscribe(self, message: m.Unsubscribe) -> None:
        assert message.flags is m.UnsubscribeFlags.SendDroppedRows
        queries = self.sets.pop(message.query_set_id, None)
        if queries is None:
            self.say(m.SubscriptionError(message.request_id, message.query_set_id, "no such query set"))
            return
        rows = [row for query in queries for row in self.database.rows(query)]
        self.say(m.UnsubscribeApplied(message.request_id, message.query_set_id, _query_rows(rows)))

    def _query(self, message: m.OneOffQuery) -> None:
        try:
            rows = _query_rows(list(self.database.rows(message.query_string)))
        except KeyError:
            self.say(m.OneOffQueryResult(message.request_id, Err("no such query")))
        else:
            self.say(m.OneOffQueryResult(message.request_id, Ok(rows)))


def _query_rows(rows: list[tuple[str, tuple[object, ...]]]) -> m.QueryRows:
    tables = sorted({table for table, _ in rows})
    return m.QueryRows(
        [m.SingleTableRows(table, _row_list([row for row in rows if row[0] == table])) for table in tables]
    )


def _row_list(rows: list[tuple[str, tuple[object, ...]]]) -> RowList:
    return RowList.of([CATALOG.tables[table].codec.encode(row) for table, row in rows])
