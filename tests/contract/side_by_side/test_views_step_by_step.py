"""What views do on both servers when they fail, are replaced, or are looked at without being subscribed to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from stdbpy.errors import ApiError
from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V2, Wire, connected, rows_of

pytestmark = pytest.mark.real

Seen = list[object]


class Client:
    """A client of one database, on one of the servers; what it sees is put down."""

    def __init__(self, server: Subject, database: str, stack: ExitStack) -> None:
        self.server = server
        self.database = database
        self.seen: Seen = []
        self._stack = stack
        self._wires: dict[str, Wire] = {}

    def publish(self, module: str, *, break_clients: bool = False) -> None:
        content = real_servers.program(f"smoketests/{module}.wasm").read_bytes()
        with self.server.client() as api:
            try:
                done = api.publish(content, self.database, break_clients=break_clients).op
            except ApiError as error:
                done = type(error).__name__
        self.seen.append(("publish", module, done))

    def call(self, reducer: str, *numbers: int) -> None:
        self.seen.append((reducer, self.server.call(self.database, reducer, str([*numbers])).status_code))

    def call_connected(self, reducer: str, *numbers: int) -> None:
        """As a client that is connected, with 64-bit numbers."""
        args = b"".join(number.to_bytes(8, "little") for number in numbers)
        result = self._wire("own").ask(m.CallReducer(1, m.CallFlags.Default, reducer, args)).result
        self.seen.append((reducer, type(result).__name__))
        if isinstance(result, m.Returned):
            self._changed(result.value.transaction_update)

    def sql(self, text: str) -> None:
        answer = self.server.sql(self.database, text)
        found = sorted(answer.json()[0]["rows"]) if answer.is_success else answer.status_code
        self.seen.append((text, found))

    def runs(self, message: str) -> None:
        """How often a view has logged something."""
        log = self.server.ask("GET", f"/v1/database/{self.database}/logs", params={"num_lines": "200"}).text
        self.seen.append((message, log.count(message)))

    def subscribe(self, number: int, *queries: str, who: str = "own") -> None:
        applied = self._wire(who).ask(m.Subscribe(number, number, [*queries]))
        if isinstance(applied, m.SubscribeApplied):
            rows = sorted((table.table, sorted(rows_of(table.rows))) for table in applied.rows.tables)
            self.seen.append((queries, rows))
        else:
            self.seen.append((queries, type(applied).__name__))

    def query(self, text: str) -> None:
        result: Any = self._wire("own").ask(m.OneOffQuery(1, text)).result
        tables = getattr(getattr(result, "value", None), "tables", [])
        self.seen.append((text, [(table.table, sorted(rows_of(table.rows))) for table in tables]))

    def hear(self, who: str = "own") -> None:
        """What is told of the next transaction."""
        update = self._wire(who).next()
        assert isinstance(update, m.TransactionUpdate), update
        self._changed(update)

    def _changed(self, update: m.TransactionUpdate) -> None:
        for of_set in sorted(update.query_sets, key=lambda of_set: of_set.query_set_id):
            for table in sorted(of_set.tables, key=lambda table: table.table_name):
                for rows in table.rows:
                    assert isinstance(rows, m.PersistentTable)
                    came, went = sorted(rows_of(rows.value.inserts)), sorted(rows_of(rows.value.deletes))
                    self.seen.append((of_set.query_set_id, table.table_name, came, went))

    def hear_end(self) -> None:
        """The connection ends. With which words is another matter."""
        self._wire("own").closing()
        self.seen.append("ended")

    def _wire(self, who: str) -> Wire:
        if who not in self._wires:
            token = "own" if who == "own" else self.server.new_token()[1]
            opened = connected(self.server, self.database, V2, token=token)
            self._wires[who] = self._stack.enter_context(opened)
            self._wires[who].next()
        return self._wires[who]


@contextmanager
def clients(both: Both) -> Iterator[list[Client]]:
    name = fresh_name("views")
    with ExitStack() as stack:
        yield [Client(server, name, stack) for server in both]


def fails_when_asked_for(client: Client) -> None:
    client.publish("views_sql")
    client.sql("SELECT * FROM player_vec")
    client.call("set_player_state", 42, 1)
    client.sql("INSERT INTO player_state (id, level) VALUES (42, 7)")
    client.call("set_player_state", 43, 1)
    client.sql("SELECT * FROM player_state")


def fails_when_subscribed_to(client: Client) -> None:
    client.publish("views_sql")
    client.subscribe(1, "SELECT * FROM player_vec", "SELECT * FROM player_state")
    client.call("set_player_state", 42, 1)
    client.call("set_player_state", 43, 1)
    client.hear()
    client.subscribe(2, "SELECT * FROM player_vec")
    client.call("set_player_state", 42, 1)
    client.call_connected("set_player_state", 42, 4)
    client.sql("SELECT * FROM player_state")


def fails_when_something_changes(client: Client) -> None:
    client.publish("views_sql")
    client.call("set_player_state", 42, 1)
    client.subscribe(1, "SELECT * FROM player_vec")
    client.sql("DELETE FROM player_state WHERE id = 42")
    client.sql("SELECT * FROM player_state")
    client.call("set_player_state", 42, 3)
    client.hear()
    client.sql("SELECT * FROM player_vec")
    client.call_connected("set_player_state", 42, 4)
    client.call_connected("set_player_state", 43, 4)


def asked_once(client: Client) -> None:
    client.publish("views_sql")
    client.call("add_player_level", 0, 5)
    client.query("SELECT * FROM my_player_and_level")
    client.sql("SELECT * FROM my_player_and_level")
    client.query("SELECT * FROM my_player_and_level")
    client.call("set_player_state", 42, 1)
    client.query("SELECT * FROM player")
    client.subscribe(1, "SELECT * FROM player", who="somebody")
    client.query("SELECT * FROM player")
    client.subscribe(2, "SELECT * FROM *", who="somebody")
    client.subscribe(3, "SELECT * FROM *")


def runs_no_more_often_than_needed(client: Client) -> None:
    client.publish("views_sql")
    called = "player view called"
    client.subscribe(1, "SELECT * FROM player")
    client.runs(called)
    client.call("set_player_state", 41, 1)
    client.runs(called)
    client.call("set_player_state", 42, 1)
    client.hear()
    client.runs(called)
    client.call("set_player_state", 42, 1)
    client.runs(called)
    client.subscribe(2, "SELECT * FROM player WHERE level = 1")
    client.subscribe(3, "SELECT * FROM player", who="somebody")
    client.runs(called)
    client.call("set_player_state", 42, 2)
    client.hear()
    client.hear("somebody")
    client.runs(called)
    client.sql("SELECT * FROM player")
    client.runs(called)


def joined(client: Client) -> None:
    client.publish("views_query")
    queries = [
        f"SELECT {wanted}.* FROM {left} l JOIN {right} r ON l.id = r.id"
        for left, right in [
            ("pk_join_lhs_view", "pk_join_rhs_view"),
            ("pk_join_lhs_view", "pk_join_rhs"),
            ("pk_join_lhs", "pk_join_rhs_view"),
            ("pk_join_lhs_sender_view", "pk_join_rhs_view"),
            ("pk_join_lhs_sender_view", "pk_join_rhs_sender_view"),
            ("pk_join_lhs", "pk_join_rhs_sender_view"),
        ]
        for wanted in "lr"
    ]
    for number, query in enumerate(queries, start=1):
        client.subscribe(number, query)
    for lhs, rhs in [(1, 1), (2, 1), (2, 2)]:
        client.sql(f"INSERT INTO pk_join_lhs (id, ok, identity) VALUES ({lhs}, true, 0x01)")
        client.sql(f"INSERT INTO pk_join_rhs (id, ok, identity) VALUES ({rhs}, true, 0x01)")
    client.sql("UPDATE pk_join_rhs SET ok = false WHERE id = 1")
    client.sql("DELETE FROM pk_join_lhs WHERE id = 2")
    for query in queries:
        client.sql(query)


def replaced(client: Client) -> None:
    client.publish("views_auto_migrate")
    client.sql("INSERT INTO player_state (id, level) VALUES (1, 1)")
    client.sql("INSERT INTO player_state (id, level) VALUES (2, 2)")
    client.subscribe(1, "SELECT * FROM player")
    client.publish("views_auto_migrate_updated")
    client.hear()
    client.sql("UPDATE player_state SET level = 7 WHERE id = 2")
    client.hear()
    client.publish("views_trapped")
    client.sql("SELECT * FROM player")
    client.publish("views_recovered")
    client.sql("DELETE FROM player_state WHERE id = 2")
    client.hear()


def removed(client: Client) -> None:
    client.publish("views_auto_migrate")
    client.subscribe(1, "SELECT * FROM player")
    client.publish("views_drop_view")
    client.publish("views_drop_view", break_clients=True)
    client.hear_end()
    client.sql("SELECT * FROM player")
    client.publish("views_auto_migrate")
    client.sql("SELECT * FROM player")


def other_key(client: Client) -> None:
    client.publish("views_primary_key_auto_migrate")
    client.subscribe(1, "SELECT * FROM player")
    client.publish("views_primary_key_auto_migrate_updated")
    client.publish("views_primary_key_auto_migrate_updated", break_clients=True)
    client.hear_end()
    client.sql("SELECT * FROM player")


@pytest.mark.parametrize(
    "scenario",
    [
        fails_when_asked_for,
        fails_when_subscribed_to,
        fails_when_something_changes,
        asked_once,
        runs_no_more_often_than_needed,
        joined,
        replaced,
        removed,
        other_key,
    ],
    ids=lambda scenario: scenario.__name__,
)
def test_the_same_is_seen(both: Both, scenario: Callable[[Client], None]):
    with clients(both) as (embedded, real):
        scenario(real)
        scenario(embedded)
        assert embedded.seen == real.seen
