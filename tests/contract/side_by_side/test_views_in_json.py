"""Rows of views in protocol ``v1.json``, which are arrays where those of tables are objects."""

from __future__ import annotations

import json

import pytest

from stdbpy.protocol.v1 import messages as m
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject
from tests.contract.websocket import V1_JSON, Wire, connected

pytestmark = pytest.mark.real

QUERIES = [
    "SELECT * FROM player",
    "SELECT * FROM my_player",
    "SELECT * FROM my_player_and_level",
    "SELECT * FROM players_at_level_0",
    "SELECT * FROM players_at_level_0 WHERE entity_id > 0",
    "SELECT p.* FROM my_player m JOIN player p ON m.entity_id = p.entity_id",
    "SELECT m.* FROM players_at_level_0 m JOIN player p ON m.entity_id = p.entity_id",
    "SELECT m.* FROM my_player m JOIN player p ON m.entity_id = p.entity_id",
]

Told = list[tuple[str, object]]


def form(row: str) -> object:
    """What does not depend on who the player is: names of columns, or the number of values."""
    read = json.loads(row)
    return sorted(read) if isinstance(read, dict) else len(read)


def forms(table: m.TableUpdate) -> list[tuple[list[object], list[object]]]:
    return [([form(row) for row in each.deletes], [form(row) for row in each.inserts]) for each in table.updates]


def answers(wire: Wire, query: str) -> Told:
    """A query asked in every way there is, and left again."""
    told: Told = []
    applied = wire.ask(m.SubscribeSingle(query, 1, m.QueryId(1)))
    told.append(("single", forms(applied.rows.table_rows)))
    told.append(("left", forms(wire.ask(m.Unsubscribe(2, m.QueryId(1))).rows.table_rows)))
    multi = wire.ask(m.SubscribeMulti([query], 3, m.QueryId(2)))
    told += (("multi", forms(table)) for table in multi.update.tables)
    told += (("left", forms(table)) for table in wire.ask(m.UnsubscribeMulti(4, m.QueryId(2))).update.tables)
    told += (("one-off", [form(row) for row in table.rows]) for table in wire.ask(m.OneOffQuery(b"5", query)).tables)
    initial = wire.ask(m.Subscribe([query], 6)).database_update
    told += (("set", forms(table)) for table in initial.tables)
    return told


@pytest.mark.parametrize("query", QUERIES)
def test_forms(both: Both, database: str, query: str):
    def told(server: Subject) -> Told:
        with connected(server, database, V1_JSON) as wire:
            wire.next()
            return answers(wire, query)

    embedded, real = map(told, both)
    assert embedded == real


@pytest.fixture(scope="module")
def database(both: Both) -> str:
    """With one player, who is the one that asks."""
    name = both.publish(real_servers.wasm("sdk_test_view-2.8.3"), "views-in-json")
    for server in both:
        assert server.call(name, "insert_player", json.dumps([[f"0x{server.identity}"], 0])).is_success
    return name
