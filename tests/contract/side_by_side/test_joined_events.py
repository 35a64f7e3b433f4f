"""Subscriptions to event tables, alone and joined with others."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from tests.contract.programs import program
from tests.contract.side_by_side.clients import Client
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V2, connected

pytestmark = pytest.mark.real

TABLES = """
from stdbpy import u16

@table(name="player", public=True)
class Player:
    id: u32 = column(primary_key=True)
    team: u8

@table(name="hit", public=True, event=True)
class Hit:
    target: u32 = column(index="btree")
    damage: u32

@table(name="mark", public=True)
class Mark:
    n: u16
"""

QUERIES = [
    "SELECT * FROM hit",
    "SELECT * FROM hit WHERE target = 1",
    "SELECT * FROM player",
    "SELECT h.* FROM hit h JOIN player p ON h.target = p.id",
    "SELECT h.* FROM hit h JOIN player p ON h.target = p.id WHERE p.team = 1",
    "SELECT p.* FROM hit h JOIN player p ON h.target = p.id",
    "SELECT p.* FROM hit h JOIN player p ON h.target = p.id WHERE h.damage > 5",
    "SELECT h.* FROM player p JOIN hit h ON h.target = p.id",
    "SELECT p.* FROM player p JOIN hit h ON h.target = p.id",
    "SELECT h.* FROM player p JOIN hit h ON h.target = p.id WHERE h.damage = 1",
    "SELECT a.* FROM hit a JOIN hit b ON a.target = b.target",
    "SELECT * FROM *",
]

CHANGES = [
    "INSERT INTO player (id, team) VALUES (1, 1), (2, 2), (3, 1)",
    "INSERT INTO hit (target, damage) VALUES (1, 3)",
    "INSERT INTO hit (target, damage) VALUES (1, 10), (2, 20), (7, 1)",
    "UPDATE player SET team = 1",
    "INSERT INTO hit (target, damage) VALUES (2, 20), (2, 4), (2, 20)",
    "SELECT * FROM hit",
    "DELETE FROM hit",
    "DELETE FROM player WHERE id = 2",
    "INSERT INTO hit (target, damage) VALUES (2, 20), (3, 1)",
    "DELETE FROM player",
]


def client(server: Subject, stack: ExitStack) -> Client:
    database = fresh_name("events")
    answer = server.ask("PUT", f"/v1/database/{database}", content=program(server, TABLES))
    assert answer.status_code == 200, answer.text
    return Client(server, database, stack.enter_context(connected(server, database, V2)), "mark")


def test_a_client_is_told_the_same(both: Both):
    with ExitStack() as stack:
        embedded, real = (client(server, stack) for server in both)
        for number, query in enumerate(QUERIES):
            assert embedded.subscribe(number, query) == real.subscribe(number, query), query
            assert embedded.query(number, query) == real.query(number, query), query
        for statement in CHANGES:
            assert embedded.change(statement) == real.change(statement), statement
            assert embedded.told() == real.told(), statement
