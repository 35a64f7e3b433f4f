"""Random queries that a client is subscribed to while random statements change the tables: the same ones are
refused, and clients are told the same rows."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.websocket import V2, Wire, connected, rows_of
from tests.engine.sql.generated import Statements

pytestmark = pytest.mark.real

QUERIES, CHANGES = 70, 60
MARK = "one_u_16"
"""A table that only :meth:`Client.told` writes to, to see that all before has been told."""

Told = Counter[tuple[int, str, str, bytes]]
"""Of each set and table, the rows that came and went."""


class Client:
    """One client with a set for each query, on one of the servers."""

    def __init__(self, server: Subject, database: str, wire: Wire) -> None:
        self._server = server
        self._database = database
        self._wire = wire
        self._marks = itertools.count(1)
        wire.next()
        wire.ask(m.Subscribe(1_000_000, 1_000_000, [f"SELECT * FROM {MARK}"]))

    def subscribe(self, number: int, query: str) -> Counter[tuple[str, bytes]] | None:
        """The rows at first; ``None`` if the query is refused."""
        applied = self._wire.ask(m.Subscribe(number, number, [query]))
        if isinstance(applied, m.SubscriptionError):
            return None
        return Counter((table.table, row) for table in applied.rows.tables for row in rows_of(table.rows))

    def query(self, number: int, query: str) -> Counter[tuple[str, bytes]] | None:
        """What the query gives once; ``None`` if it is refused."""
        answer = self._wire.ask(m.OneOffQuery(number, query)).result
        if not hasattr(answer, "value"):
            return None
        return Counter((table.table, row) for table in answer.value.tables for row in rows_of(table.rows))

    def change(self, statement: str) -> bool:
        return self._server.sql(self._database, statement).is_success

    def told(self) -> Told:
        """What the client was told of since the last time."""
        mark = next(self._marks)
        assert self.change(f"INSERT INTO {MARK} (n) VALUES ({mark})")
        told: Told = Counter()
        while True:
            update = self._wire.next()
            assert isinstance(update, m.TransactionUpdate), update
            for of_set in update.query_sets:
                for table in of_set.tables:
                    for rows in table.rows:
                        assert isinstance(rows, m.PersistentTable)
                        for verb, found in (("came", rows.value.inserts), ("went", rows.value.deletes)):
                            told.update((of_set.query_set_id, table.table_name, verb, row) for row in rows_of(found))
            if told.pop((1_000_000, MARK, "came", mark.to_bytes(2, "little")), 0):
                return told


def queries(seed: int) -> Iterator[str]:
    """Half of them are as a subscription's must be."""
    statements = Statements(seed)
    for number in itertools.count():
        yield statements.subscription() if number % 2 else next(statements.selects())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_clients_are_told_the_same(both: Both, seed: int):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "subscriptions")
    with ExitStack() as stack:
        embedded, real = (
            Client(server, database, stack.enter_context(connected(server, database, V2))) for server in both
        )
        statements = Statements(seed)
        for statement in (statements.change() for _ in range(CHANGES)):
            assert embedded.change(statement) == real.change(statement), statement
        asked = dict(enumerate(itertools.islice(queries(seed), QUERIES), start=1))
        taken = 0
        for number, query in asked.items():
            found = real.subscribe(number, query)
            assert embedded.subscribe(number, query) == found, query
            assert embedded.query(number, query) == real.query(number, query), query
            taken += found is not None
        assert taken > QUERIES // 4, "enough to look at"
        happened = 0
        for statement in (statements.change() for _ in range(CHANGES)):
            assert embedded.change(statement) == real.change(statement), statement
            ours, theirs = embedded.told(), real.told()
            assert ours == theirs, (statement, {asked[number] for number, *_ in (ours - theirs) + (theirs - ours)})
            happened += bool(theirs)
        assert happened > CHANGES // 8, "enough to look at"
