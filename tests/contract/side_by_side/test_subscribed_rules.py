"""Subscriptions of a client that does not own the database, under rules for which rows others see."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest

from tests.contract.programs import program
from tests.contract.side_by_side.clients import Client
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V2, connected

pytestmark = pytest.mark.real

TABLES = """
from stdbpy import Identity, client_visibility_filter, u16

@table(name="users", public=True)
class Users:
    identity: Identity = column(primary_key=True)
    team: u8 = column(index="btree")
    ok: bool

@table(name="notes", public=True)
class Notes:
    id: u64 = column(primary_key=True)
    author: Identity = column(index="btree")
    text: str

@table(name="mark", public=True)
class Mark:
    n: u16
"""

OWN = "SELECT * FROM users WHERE identity = :sender"

RULES = {
    "none": [],
    "own rows": [OWN],
    "a rule that joins": ["SELECT n.* FROM users u JOIN notes n ON u.identity = n.author WHERE u.identity = :sender"],
    "the other way round": ["SELECT n.* FROM notes n JOIN users u ON n.author = u.identity WHERE u.ok"],
    "a rule behind a rule": ["SELECT n.* FROM notes n JOIN users u ON n.author = u.identity", OWN],
    "a rule before a rule": ["SELECT n.* FROM users u JOIN notes n ON u.identity = n.author", OWN],
    "two rules": ["SELECT * FROM users WHERE team > 1", "SELECT * FROM users WHERE ok"],
    "a table with itself": ["SELECT b.* FROM users a JOIN users b ON a.team = b.team WHERE a.ok"],
    "alternatives": ["SELECT * FROM notes WHERE author = :sender OR text = 'all'", "SELECT * FROM users WHERE ok"],
    "three tables": [
        "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity JOIN users v ON u.team = v.team WHERE v.ok"
    ],
    "in a circle": [
        "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity",
        "SELECT u.* FROM users u JOIN notes n ON u.identity = n.author",
    ],
    "all of it": ["SELECT * FROM users", "SELECT * FROM notes WHERE true"],
}

NOT_TOLD = {
    "two rules": ["SELECT * FROM users WHERE team > 1", OWN],
    "a table with itself": ["SELECT b.* FROM users a JOIN users b ON a.team = b.team WHERE a.identity = :sender"],
}
"""Where the real server looks at a query only when a row with the identity has changed, although others are in
the result too: their changes are not told."""

QUERIES = [
    "SELECT * FROM users",
    "SELECT * FROM notes",
    "SELECT * FROM users WHERE team = 1",
    "SELECT * FROM notes WHERE author = :sender",
    "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity",
    "SELECT u.* FROM notes n JOIN users u ON n.author = u.identity",
    "SELECT u.* FROM users u JOIN notes n ON u.identity = n.author",
    "SELECT n.* FROM users u JOIN notes n ON u.identity = n.author WHERE u.team = 1",
    "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity WHERE u.team = 1 AND n.id > 1",
    "SELECT a.* FROM users a JOIN users b ON a.team = b.team",
    "SELECT n.* FROM notes n JOIN users u ON n.author = u.identity WHERE n.text = u.ok",
    "SELECT * FROM *",
]

CHANGES = [
    "INSERT INTO notes (id, author, text) VALUES (1, {me}, 'mine'), (2, {owner}, 'all'), (3, {owner}, 'theirs')",
    "INSERT INTO users (identity, team, ok) VALUES ({me}, 1, true)",
    "INSERT INTO users (identity, team, ok) VALUES ({owner}, 1, false)",
    "INSERT INTO users (identity, team, ok) VALUES (0x{zeros}, 2, true)",
    "INSERT INTO notes (id, author, text) VALUES (4, 0x{zeros}, 'nobody''s')",
    "UPDATE users SET team = 2 WHERE ok = true",
    "UPDATE notes SET text = 'all' WHERE id >= 3",
    "UPDATE users SET ok = true WHERE team = 1",
    "UPDATE notes SET author = {me} WHERE id = 3",
    "UPDATE users SET team = 1",
    "DELETE FROM users WHERE identity = {me}",
    "DELETE FROM notes WHERE id < 3",
    "INSERT INTO users (identity, team, ok) VALUES ({me}, 3, false)",
    "DELETE FROM users",
    "DELETE FROM notes",
]


class Visitor:
    """Somebody who is connected to one of the servers, and what the owner does there meanwhile."""

    def __init__(self, server: Subject, rules: list[str], stack: ExitStack) -> None:
        filters = "".join(f"client_visibility_filter({json.dumps(rule)})\n" for rule in rules)
        database = fresh_name("subscribed-rules")
        answer = server.ask("PUT", f"/v1/database/{database}", content=program(server, f"{TABLES}\n{filters}"))
        assert answer.status_code == 200, answer.text
        self._identity, token = server.new_token()
        self._server = server
        wire = stack.enter_context(connected(server, database, V2, token=token))
        self.client = Client(server, database, wire, "mark", self._plain)

    def _plain(self, row: bytes) -> bytes:
        me, owner = (bytes.fromhex(identity)[::-1] for identity in (self._identity, self._server.identity))
        return row.replace(me, b"me").replace(owner, b"owner")

    def change(self, statement: str) -> bool:
        identities = {"me": f"0x{self._identity}", "owner": f"0x{self._server.identity}", "zeros": "00" * 32}
        return self.client.change(statement.format(**identities))


@pytest.mark.parametrize("subscribed_after", [0, 5], ids=["while empty", "with rows"])
@pytest.mark.parametrize("rules", RULES)
def test_a_client_is_told_the_same(both: Both, rules: str, subscribed_after: int):
    with ExitStack() as stack:
        embedded, real = (Visitor(server, RULES[rules], stack) for server in both)
        for statement in CHANGES[:subscribed_after]:
            assert embedded.change(statement) == real.change(statement)
        for number, query in enumerate(QUERIES):
            assert embedded.client.subscribe(number, query) == real.client.subscribe(number, query), query
            assert embedded.client.query(number, query) == real.client.query(number, query), query
        for statement in CHANGES[subscribed_after:]:
            assert embedded.change(statement) == real.change(statement)
            assert embedded.client.told() == real.client.told(), statement


@pytest.mark.difference(
    "several rules for a table, of which one compares a column with `:sender`",
    "a rule that joins a table with itself, and compares one side with `:sender`",
)
@pytest.mark.parametrize("rules", NOT_TOLD)
def test_what_the_real_server_forgets_to_tell(both: Both, rules: str):
    """A known difference: a client of ours has the rows that it may see."""
    with ExitStack() as stack:
        embedded, real = (Visitor(server, NOT_TOLD[rules], stack) for server in both)
        assert embedded.client.subscribe(1, QUERIES[0]) == real.client.subscribe(1, QUERIES[0])
        is_different = False
        for statement in CHANGES:
            assert embedded.change(statement) == real.change(statement)
            ours, theirs = embedded.client.told(), real.client.told()
            assert theirs <= ours
            is_different |= theirs != ours
            assert embedded.client.query(1, QUERIES[0]) == real.client.query(1, QUERIES[0])
        assert is_different, "the real server tells all by now"
