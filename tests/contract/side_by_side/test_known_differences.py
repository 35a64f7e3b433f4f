"""Where what is told differs from the real server, and is left so: each is looked at on both sides, so that a
difference that goes away is noticed. ``docs/embedded/differences.md`` lists them."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack

import pytest

from stdbpy.protocol.v1 import messages as m
from stdbpy.protocol.v2 import messages as m2
from tests import real_servers
from tests.contract.side_by_side.clients import Client
from tests.contract.side_by_side.conftest import Both
from tests.contract.websocket import V1, V1_JSON, V2, connected

pytestmark = pytest.mark.real

JOIN = "SELECT p.* FROM pk_u_32 p JOIN unique_u_32 u ON p.n = u.n"


@pytest.mark.difference("a frame that is no message")
def test_frames_whose_fault_takes_many_words(both: Both):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "differences")
    codes = []
    for server in both:
        with connected(server, database, V1_JSON) as wire:
            wire.next()
            wire.connection.send('{"Nope": {}}')
            code, _reason = wire.closing()
            codes.append(code)
    assert codes == [1011, 1006]


@pytest.mark.difference("a query twice in one `Subscribe` of protocol v1, or a table beside `SELECT * FROM *`")
@pytest.mark.parametrize("beside", ["SELECT * FROM one_u_8", "SELECT * FROM *"])
def test_a_table_twice(both: Both, beside: str):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "differences")
    told = []
    for server in both:
        assert server.call(database, "insert_one_u_8", "[1]").is_success
        with connected(server, database, V1) as wire:
            wire.next()
            initial = wire.ask(m.Subscribe(["SELECT * FROM one_u_8", beside], 1))
            tables = initial.database_update.tables
            assert server.call(database, "insert_one_u_8", "[2]").is_success
            [change] = wire.next().update.tables
            told.append((sum(table.num_rows for table in tables if table.table_name == "one_u_8"), change.num_rows))
    assert told == [(1, 1), (2, 1)]


@pytest.mark.difference("the order of answers where a call cannot be made")
def test_an_unknown_reducer_behind_a_call(both: Both):
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "differences")
    in_order = []
    for server in both:
        with connected(server, database, V2) as wire:
            wire.next()
            orders = []
            for _ in range(20):
                wire.send(
                    m2.CallReducer(1, m2.CallFlags.Default, "insert_one_u_8", b"\1"),
                    m2.CallReducer(2, m2.CallFlags.Default, "nope", b""),
                )
                orders.append([wire.next().request_id, wire.next().request_id])
            in_order.append(all(order == [1, 2] for order in orders))
    assert in_order == [True, False]


@pytest.mark.difference("a query that joins a table with itself, and compares one side with a constant")
def test_a_table_joined_with_itself(both: Both):
    """A row that comes is looked at there as the side that is compared, and not as the other one."""
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "differences")
    query = "SELECT a.* FROM btree_u_32 a JOIN btree_u_32 b ON a.n = b.n WHERE b.data = 1"
    told = []
    for server in both:
        with ExitStack() as stack:
            client = Client(server, database, stack.enter_context(connected(server, database, V2)), "one_u_16")
            assert client.change("INSERT INTO btree_u_32 (n, data) VALUES (5, 1)")
            assert client.subscribe(1, query) == Counter([("btree_u_32", bytes([5, 0, 0, 0, 1, 0, 0, 0]))])
            assert client.change("INSERT INTO btree_u_32 (n, data) VALUES (5, 2)")
            told.append(client.told())
            assert client.query(2, query).total() == 2
    assert told == [Counter([(1, "btree_u_32", "came", bytes([5, 0, 0, 0, 2, 0, 0, 0]))]), Counter()]


@pytest.mark.difference("rows of joins in protocol `v1.json`")
def test_rows_of_joins_in_json(both: Both):
    """Changed rows are arrays; there, those that only another table's change has brought are objects."""
    database = both.publish(real_servers.wasm("sdk_test-2.8.3"), "differences")
    told = []
    for server in both:
        with connected(server, database, V1_JSON) as wire:
            wire.next()
            wire.ask(m.SubscribeSingle(JOIN, 1, m.QueryId(1)))
            assert server.sql(database, "INSERT INTO pk_u_32 (n, data) VALUES (1, 2)").is_success
            assert server.sql(database, "INSERT INTO unique_u_32 (n, data) VALUES (1, 3)").is_success
            update = wire.next()
            assert isinstance(update, m.TransactionUpdateLight)
            told.append(update.update.tables[0].updates[0].inserts)
    assert told == [["[1,2]"], ['{"n":1,"data":2}']]
