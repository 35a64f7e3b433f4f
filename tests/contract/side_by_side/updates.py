"""What an update of a database's module does, seen from outside: by its publisher, and by clients."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from websockets.exceptions import ConnectionClosed

from stdbpy.errors import ApiError
from stdbpy.protocol.v2 import messages as m
from stdbpy.schema import ModuleSchema, write_module_def
from stdbpy.schema.definition import Version
from stdbpy.wasm.definition_module import definition_module
from tests.contract.side_by_side.updates_of_views import CompiledUpdate
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V2, Wire, connected, rows_of

Event = tuple[str, Any]
"""A word for what was done, and what came of it."""

_QUESTION = 1_000_000


@dataclass(frozen=True)
class Update:
    """From module ``old``, filled by the statements ``rows`` of its owner, to ``new``, which is then sent the
    statements ``after``. The owner and a stranger are subscribed to ``watched`` all the time."""

    old: ModuleSchema
    new: ModuleSchema
    rows: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    watched: str = "SELECT * FROM person"
    versions: tuple[Version, Version] = (10, 10)
    """Of the two definitions."""

    def programs(self) -> tuple[bytes, bytes]:
        old, new = map(write_module_def, (self.old, self.new), self.versions)
        return definition_module(old), definition_module(new)


def happens(server: Subject, update: Update | CompiledUpdate) -> Iterator[Event]:
    """All that can be seen of an update on this server, in what every server has in common."""
    old, new = update.programs()
    database = fresh_name("update")
    assert server.ask("PUT", f"/v1/database/{database}", content=old).is_success
    for statement in update.rows:
        assert server.sql(database, statement).is_success, statement
    with ExitStack() as stack:
        client = Client(stack.enter_context(connected(server, database, V2)), update.watched)
        stranger = Client(
            stack.enter_context(connected(server, database, V2, token=server.new_token()[1])), update.watched
        )
        before = content(server, database, update.old)
        token = yield from _plan(server, database, new)
        ways = {"plainly": "", "breaking clients without a token": "?policy=BreakClients"}
        if token:
            ways["as planned"] = f"?policy=BreakClients&token={token}"
        for way, query in ways.items():
            answer = server.ask("PUT", f"/v1/database/{database}{query}", content=new)
            yield way, answer.status_code
            if answer.is_success:
                break
            yield "the subscribed client after this", client.now()
            now = content(server, database, update.old)
            yield "what has changed by it", [] if now == before else [before, now]
        yield "the subscribed client", client.now()
        yield "a stranger", stranger.now()
        if answer.is_success:
            yield "content", content(server, database, update.new)
            for statement in update.after:
                yield statement, server.sql(database, statement).status_code
            yield "the subscribed client in the end", client.now()
            yield "the stranger in the end", stranger.now()
            yield "content in the end", content(server, database, update.new)


def _plan(server: Subject, database: str, program: bytes) -> Generator[Event, None, str]:
    """The plan's token, if there is one."""
    with server.client() as api:
        try:
            plan = api.pre_publish(program, database)
        except ApiError:
            yield "plan", "an error"
            return ""
    assert plan is not None
    yield "needs clearing", plan.needs_clearing
    yield "changes", [(str(change.kind), change.name, change.table) for change in plan.changes]
    yield "breaks clients", plan.breaks_clients
    yield "is a major upgrade", plan.is_major_upgrade
    return plan.token


def content(server: Subject, database: str, schema: ModuleSchema) -> dict[str, Any]:
    """What is in the tables, and how the database describes them."""
    found: dict[str, Any] = {
        table.name: _sorted(server.rows(database, f"SELECT * FROM {table.name}")) for table in schema.tables
    }
    columns = {"st_table": "table_name, table_type, table_access, table_primary_key", "st_index": "index_name"}
    columns |= {"st_constraint": "constraint_name", "st_sequence": "sequence_name, increment, start"}
    columns |= {"st_column": "col_pos, col_name, col_type", "st_row_level_security": "sql"}
    columns |= {"st_scheduled": "reducer_name, schedule_name", "st_view": "view_name, is_public, is_anonymous"}
    columns |= {"st_event_table": "table_id"}
    for table, chosen in columns.items():
        found[table] = _sorted(server.rows(database, f"SELECT {chosen} FROM {table}"))
    return found


def _sorted(rows: Iterable[Any]) -> list[str]:
    return sorted(map(json.dumps, rows))


class Client:
    """A client that asks to be subscribed to something."""

    def __init__(self, wire: Wire, query: str) -> None:
        self._wire = wire
        wire.next()
        wire.send(m.Subscribe(1, 1, [query]))

    def now(self) -> list[Any]:
        """What it was told since the last time, and whether it is still connected."""
        told: list[Any] = []
        try:
            self._wire.send(m.OneOffQuery(_QUESTION, "SELECT * FROM st_table WHERE table_id = 0"))
            while not isinstance(message := self._wire.next(), m.OneOffQueryResult):
                told.append(_told(message))
        except ConnectionClosed:
            # What the real server says just before, which it says sometimes, nobody can rely on.
            return ["gone"]
        return told


def _told(message: Any) -> Any:
    if not isinstance(message, m.TransactionUpdate):
        return type(message).__name__
    return [
        (table.table_name, *_changes(rows))
        for of_set in message.query_sets
        for table in of_set.tables
        for rows in table.rows
    ]


def _changes(rows: m.TableUpdateRows) -> list[list[bytes]]:
    if isinstance(rows, m.PersistentTable):
        return [sorted(rows_of(rows.value.inserts)), sorted(rows_of(rows.value.deletes))]
    assert isinstance(rows, m.EventTable)
    return [sorted(rows_of(rows.value.events))]
