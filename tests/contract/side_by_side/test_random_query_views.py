"""Views that return queries: clients are subscribed to them, and to joins of them, while random statements change
what they read."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.websocket import V2, Wire, connected, rows_of

pytestmark = pytest.mark.real

VIEWS = [
    "online_users",
    "online_users_age",
    "offline_user_20_years_old",
    "users_whos_age_is_known",
    "users_who_are_above_20_and_below_30",
    "users_who_are_above_eq_20_and_below_eq_30",
    "pk_join_lhs_view",
    "pk_join_rhs_view",
    "pk_join_lhs_sender_view",
    "pk_join_rhs_sender_view",
]
QUERIES = [
    *(f"SELECT * FROM {view}" for view in VIEWS),
    "SELECT * FROM online_users WHERE name = 'a'",
    "SELECT p.* FROM online_users u JOIN person p ON u.identity = p.identity",
    "SELECT u.* FROM online_users u JOIN person p ON u.identity = p.identity WHERE p.age > 20",
    "SELECT l.* FROM pk_join_lhs_view l JOIN pk_join_rhs_view r ON l.id = r.id",
    "SELECT r.* FROM pk_join_lhs_sender_view l JOIN pk_join_rhs_view r ON l.id = r.id WHERE l.ok = true",
]
MARK = 250
STATEMENTS = 80

Told = Counter[tuple[int, str, str, bytes]]


class Client:
    """Subscribed to every query that is not refused, each as a set of its own."""

    def __init__(self, server: Subject, database: str, wire: Wire) -> None:
        self._server = server
        self._database = database
        self._wire = wire
        wire.next()
        self.first = [self._subscribe(number, query) for number, query in enumerate(QUERIES, start=1)]
        self._subscribe(MARK, f"SELECT * FROM person WHERE identity = {MARK}")

    def _subscribe(self, number: int, query: str) -> object:
        applied = self._wire.ask(m.Subscribe(number, number, [query]))
        if not isinstance(applied, m.SubscribeApplied):
            return "refused"
        return sorted((table.table, sorted(rows_of(table.rows))) for table in applied.rows.tables)

    def change(self, statement: str) -> bool:
        return self._server.sql(self._database, statement).is_success

    def told(self) -> Told:
        """What it was told of since the last time."""
        told: Told = Counter()
        assert self.change(f"INSERT INTO person (identity, name, age) VALUES ({MARK}, 'mark', 99)")
        self._hear(told, "came")
        assert self.change(f"DELETE FROM person WHERE identity = {MARK}")
        self._hear(told, "went")
        return told

    def _hear(self, told: Told, until: str) -> None:
        while True:
            update = self._wire.next()
            assert isinstance(update, m.TransactionUpdate), update
            found = Counter(_changes(update))
            told += Counter({change: count for change, count in found.items() if change[0] != MARK})
            if any(number == MARK and verb == until for number, _, verb, _ in found):
                return


def _changes(update: m.TransactionUpdate) -> Iterator[tuple[int, str, str, bytes]]:
    for of_set in update.query_sets:
        for table in of_set.tables:
            for rows in table.rows:
                assert isinstance(rows, m.PersistentTable)
                for verb, found in (("came", rows.value.inserts), ("went", rows.value.deletes)):
                    yield from ((of_set.query_set_id, table.table_name, verb, row) for row in rows_of(found))


def statements(seed: int, me: str) -> Iterator[str]:
    chosen = random.Random(seed)
    for _ in range(STATEMENTS):
        id, age, flag = chosen.randint(1, 6), chosen.choice([10, 20, 25, 30]), chosen.choice(["true", "false"])
        side, whose = chosen.choice(["lhs", "rhs"]), chosen.choice([f"0x{me}", "0x01"])
        name = chosen.choice("abc")
        yield chosen.choice(
            [
                f"INSERT INTO user (identity, name, online) VALUES ({id}, '{name}', {flag})",
                f"INSERT INTO person (identity, name, age) VALUES ({id}, '{name}', {age})",
                f"INSERT INTO pk_join_{side} (id, ok, identity) VALUES ({id}, {flag}, {whose})",
                f"UPDATE user SET online = {flag} WHERE identity = {id}",
                f"UPDATE person SET age = {age} WHERE identity = {id}",
                f"UPDATE person SET name = '{name}' WHERE age = {age}",
                f"UPDATE pk_join_{side} SET identity = {whose} WHERE id = {id}",
                f"UPDATE pk_join_{side} SET ok = {flag}",
                f"DELETE FROM user WHERE identity = {id}",
                f"DELETE FROM person WHERE age = {age}",
                f"DELETE FROM pk_join_{side} WHERE id = {id}",
            ]
        )


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_clients_are_told_the_same(both: Both, seed: int):
    database = both.publish(real_servers.program("smoketests/views_query.wasm").read_bytes(), "query-views")
    with ExitStack() as stack:
        embedded, real = (
            Client(server, database, stack.enter_context(connected(server, database, V2))) for server in both
        )
        assert embedded.first == real.first
        happened = 0
        pairs = zip(statements(seed, both.embedded.identity), statements(seed, both.real.identity), strict=True)
        for ours, theirs in pairs:
            assert embedded.change(ours) == real.change(theirs), ours
            told = [
                Counter(
                    {
                        (*change[:3], row.replace(me, b"me")): count
                        for change, count in found.items()
                        for row in change[3:]
                    }
                )
                for found, me in (
                    (embedded.told(), bytes.fromhex(both.embedded.identity)[::-1]),
                    (real.told(), bytes.fromhex(both.real.identity)[::-1]),
                )
            ]
            assert told[0] == told[1], ours
            happened += bool(told[1])
        assert happened > STATEMENTS // 4, "enough to look at"
