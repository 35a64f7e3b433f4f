"""What SET row_limit keeps others than the owner from reading."""

from __future__ import annotations

import itertools
import re

import pytest

from stdbpy.protocol.v2 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.websocket import V2, connected
from tests.engine.sql.generated import Statements

pytestmark = pytest.mark.real

QUERIES = [
    "SELECT * FROM pk_u_32",
    "SELECT * FROM pk_u_32 WHERE n = 3",
    "SELECT * FROM pk_u_32 WHERE n > 3",
    "SELECT * FROM pk_u_32 WHERE n = 3 AND data = 1",
    "SELECT * FROM pk_u_32 LIMIT 3",
    "SELECT * FROM pk_u_32 LIMIT 300",
    "SELECT * FROM pk_u_32 WHERE data = 1 LIMIT 3",
    "SELECT * FROM pk_u_32 WHERE n = 1 LIMIT 3",
    "SELECT COUNT(*) AS c FROM pk_u_32",
    "SELECT n FROM pk_u_32 LIMIT 2",
    "SELECT * FROM btree_u_32 WHERE n = 1",
    "SELECT * FROM btree_u_32 WHERE n = 1 OR n = 2",
    "SELECT x.* FROM pk_u_32 x JOIN one_u_32 y ON x.n = y.n",
    "SELECT x.* FROM one_u_32 x JOIN pk_u_32 y ON x.n = y.n",
    "SELECT x.* FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n",
    "SELECT x.* FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n WHERE y.data = 3",
    "SELECT x.* FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n WHERE x.data > y.data",
    "SELECT x.* FROM pk_u_32 x JOIN one_u_32 y",
    "SELECT x.* FROM pk_u_32 x JOIN one_u_32 y WHERE x.n = 1 AND y.n = 2",
    "SELECT x.* FROM pk_u_32 x JOIN btree_u_32 y ON x.n = y.n JOIN one_u_32 z ON z.n = x.n",
    "SELECT * FROM st_table",
    "SELECT c.* FROM st_table t JOIN st_column c ON t.table_id = c.table_id WHERE c.col_pos = 1",
]


@pytest.fixture(scope="module")
def database(both: Both) -> str:
    """With a limit of 0 rows."""
    name = both.publish(real_servers.wasm("sdk_test-2.8.3"), "row-limit")
    rows = [
        f"INSERT INTO pk_u_32 (n, data) VALUES {', '.join(f'({n}, {n % 3})' for n in range(20))}",
        f"INSERT INTO btree_u_32 (n, data) VALUES {', '.join(f'({n % 4}, {n})' for n in range(10))}",
        f"INSERT INTO one_u_32 (n) VALUES {', '.join(f'({n})' for n in range(6))}",
    ]
    for server, statement in itertools.product(both, [*rows, *Statements(1).rows(), "SET row_limit = 0"]):
        server.sql(name, statement)
    return name


def estimate(server: Subject, database: str, query: str, token: str) -> int | str:
    """The rows that the server's refusal speaks of; what else it answers."""
    answer = server.sql(database, query, token=token)
    assert server.sql(database, query).status_code == answer.status_code or answer.status_code == 400
    return _rows_in(answer.text)


def _rows_in(text: str) -> int | str:
    found = re.search(r"Estimated cardinality \((\d+) rows\)|about (\d+) rows", text)
    return int(found[1] or found[2]) if found else "no estimate"


def test_estimates(both: Both, database: str):
    embedded, real = (server.new_token()[1] for server in both)
    statements = Statements(5)
    queries = [*QUERIES, *(statements.subscription() for _ in range(150))]
    for query in queries:
        expected = estimate(both.real, database, query, real)
        assert estimate(both.embedded, database, query, embedded) == expected, query


def test_subscriptions_and_queries(both: Both, database: str):
    told: list[list[int | str]] = []
    for server in both:
        with connected(server, database, V2, token=server.new_token()[1]) as wire:
            wire.next()
            answers: list[int | str] = []
            for query in QUERIES[:4]:
                applied = wire.ask(m.Subscribe(1, 1, [query]))
                answers.append(_rows_in(applied.error) if isinstance(applied, m.SubscriptionError) else "taken")
                answers.append(_rows_in(str(wire.ask(m.OneOffQuery(2, query)).result)))
            both_at_once = wire.ask(m.Subscribe(3, 3, QUERIES[:2]))
            answers.append(_rows_in(both_at_once.error))
            told.append(answers)
    assert told[0] == told[1]


def test_the_owner_reads_all(both: Both, database: str):
    for server in both:
        assert len(server.rows(database, "SELECT * FROM pk_u_32")) >= 20
