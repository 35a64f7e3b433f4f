"""Random queries that a client is subscribed to while random statements change the tables: the same ones are
refused, and clients are told the same rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests import real_servers
from tests.contract.side_by_side.clients import Client
from tests.contract.side_by_side.conftest import Both
from tests.contract.websocket import V2, connected
from tests.engine.sql.generated import Statements

pytestmark = pytest.mark.real

QUERIES, CHANGES = 70, 60
FEW = 8
"""Tables, so that much happens in each."""
MARK = "one_u_16"


def queries(statements: Statements) -> Iterator[str]:
    """Half of them are as a subscription's must be."""
    for number in itertools.count():
        yield statements.subscription() if number % 2 else next(statements.selects())


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_clients_are_told_the_same(both: Both, seed: int):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "subscriptions")
    with ExitStack() as stack:
        embedded, real = (
            Client(server, database, stack.enter_context(connected(server, database, V2)), MARK) for server in both
        )
        statements = Statements(seed, FEW)
        for statement in statements.rows():
            assert embedded.change(statement) == real.change(statement), statement
        asked = dict(enumerate(itertools.islice(queries(statements), QUERIES), start=1))
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
