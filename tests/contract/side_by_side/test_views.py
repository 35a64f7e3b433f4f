"""Views on both servers: random players come, go and move while clients are subscribed, ask and leave."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from stdbpy.sats.values import Identity
from tests import real_servers
from tests.contract.side_by_side.conftest import Both
from tests.contract.subject import Subject, fresh_name
from tests.contract.websocket import V1, V2, V3, Wire, connected, rows_of

pytestmark = pytest.mark.real

EVERYTHING = "SELECT * FROM *"
QUERIES = [
    "SELECT * FROM my_player",
    "SELECT * FROM my_player_and_level",
    "SELECT * FROM players_at_level_0",
    "SELECT * FROM nearby_players",
    "SELECT * FROM nearby_players WHERE x > 1",
    "SELECT * FROM my_player_and_level WHERE level = 1",
    "SELECT p.* FROM my_player m JOIN player p ON m.entity_id = p.entity_id",
    "SELECT m.* FROM players_at_level_0 m JOIN player p ON m.entity_id = p.entity_id",
    "SELECT m.* FROM players_at_level_0 m JOIN player_level l ON m.entity_id = l.entity_id WHERE l.level = 0",
    "SELECT * FROM player_level",
    EVERYTHING,
]
REFUSED = [
    "SELECT * FROM my_players",
    "SELECT level FROM my_player_and_level",
    "SELECT a.* FROM my_player a JOIN players_at_level_0 b ON a.entity_id = b.entity_id",
    "SELECT p.* FROM player p JOIN my_player m ON m.entity_id = p.entity_id",
    "SELECT * FROM my_player LIMIT 1",
]
STATEMENTS = [
    *(query for query in QUERIES if query != EVERYTHING),
    "SELECT COUNT(*) AS n FROM players_at_level_0",
    "SELECT a.* FROM my_player a JOIN players_at_level_0 b ON a.entity_id = b.entity_id",
    "SELECT level FROM my_player_and_level",
    "SELECT arg_hash FROM my_player",
    "SELECT * FROM player_location",
    "DELETE FROM my_player",
    "UPDATE my_player SET entity_id = 3",
    "INSERT INTO my_player (entity_id, identity) VALUES (1, 0x01)",
]

MARK = Identity.from_int(0x3A47)
MARK_SET = 1_000_000

Changes = Counter[tuple[int, str, str, bytes]]
"""Of each set and table, the rows that came and went."""


@dataclass
class Person:
    """Somebody who has an identity on one of the servers, and perhaps a connection."""

    server: Subject
    database: str
    identity: str
    token: str
    stack: ExitStack
    wire: Wire | None = None
    single: set[int] = field(default_factory=set)
    """The sets that were made by naming one query."""

    def connect(self, protocol: str) -> None:
        self.stack = ExitStack()
        opened = connected(self.server, self.database, protocol, token=self.token, query="compression=None")
        self.wire = self.stack.enter_context(opened)
        self.wire.next()
        self.subscribe(MARK_SET, [f"SELECT * FROM player WHERE identity = 0x{MARK.hex()}"])

    def leave(self) -> None:
        self.stack.close()
        self.wire = None

    def subscribe(self, number: int, queries: list[str]) -> object:
        """The tables with the rows at first; or that it is refused."""
        assert self.wire is not None
        if self.wire.subprotocol == V1 and len(queries) == 1 and queries[0] != EVERYTHING:
            applied = self.wire.ask(m1.SubscribeSingle(queries[0], number, m1.QueryId(number)))
            if not isinstance(applied, m1.SubscribeApplied):
                return "refused"
            self.single.add(number)
            return [(applied.rows.table_name, *v1_rows(applied.rows.table_rows))]
        if self.wire.subprotocol == V1:
            applied = self.wire.ask(m1.SubscribeMulti(queries, number, m1.QueryId(number)))
            if not isinstance(applied, m1.SubscribeMultiApplied):
                return "refused"
            return [(table.table_name, *v1_rows(table)) for table in applied.update.tables]
        applied = self.wire.ask(m2.Subscribe(number, number, queries))
        if not isinstance(applied, m2.SubscribeApplied):
            return "refused"
        return [(table.table, rows_of(table.rows)) for table in applied.rows.tables]

    def unsubscribe(self, number: int) -> object:
        assert self.wire is not None
        if number in self.single:
            applied = self.wire.ask(m1.Unsubscribe(number, m1.QueryId(number)))
            if not isinstance(applied, m1.UnsubscribeApplied):
                return "refused"
            return [(applied.rows.table_name, *v1_rows(applied.rows.table_rows))]
        if self.wire.subprotocol == V1:
            applied = self.wire.ask(m1.UnsubscribeMulti(number, m1.QueryId(number)))
            return [(table.table_name, *v1_rows(table)) for table in applied.update.tables]
        applied = self.wire.ask(m2.Unsubscribe(number, number, m2.UnsubscribeFlags.SendDroppedRows))
        return [(table.table, rows_of(table.rows)) for table in applied.rows.tables]

    def query(self, text: str) -> object:
        assert self.wire is not None
        if self.wire.subprotocol == V1:
            answer = self.wire.ask(m1.OneOffQuery(b"1", text))
            found = [(table.table_name, rows_of(table.rows)) for table in answer.tables]
            return "refused" if answer.error is not None else found
        result = self.wire.ask(m2.OneOffQuery(1, text)).result
        if not hasattr(result, "value"):
            return "refused"
        return [(table.table, rows_of(table.rows)) for table in result.value.tables]

    def told(self, until: str) -> Changes:
        """What it was told since the last time, up to when the mark ``came`` or ``went``."""
        assert self.wire is not None
        told: Changes = Counter()
        mark = bytes(MARK)[::-1]
        while True:
            update = self.wire.next()
            found = list(v1_changes(update) if self.wire.subprotocol == V1 else v2_changes(update))
            told.update(change for change in found if change[3][8:] != mark)
            if any(verb == until and row[8:] == mark for _, _, verb, row in found):
                return told

    def sql(self, text: str) -> object:
        answer = self.server.sql(self.database, text, token=self.token)
        return list(map(json.dumps, answer.json()[0]["rows"])) if answer.is_success else answer.status_code

    def call(self, reducer: str, *args: object) -> int:
        return self.server.call(self.database, reducer, json.dumps(args), token=self.token).status_code


def identity(hex: str) -> dict[str, str]:
    """As an argument in JSON."""
    return {"__identity__": f"0x{hex}"}


def v1_rows(table: m1.TableUpdate) -> tuple[list[bytes], list[bytes]]:
    values: list[Any] = [getattr(update, "value", update) for update in table.updates]
    came = [row for value in values for row in rows_of(value.inserts)]
    went = [row for value in values for row in rows_of(value.deletes)]
    return came, went


def v1_changes(update: Any) -> Iterator[tuple[int, str, str, bytes]]:
    tables = update.update.tables if isinstance(update, m1.TransactionUpdateLight) else update.status.value.tables
    for table in tables:
        for verb, rows in zip(("came", "went"), v1_rows(table), strict=True):
            yield from ((0, table.table_name, verb, row) for row in rows)


def v2_changes(update: Any) -> Iterator[tuple[int, str, str, bytes]]:
    assert isinstance(update, m2.TransactionUpdate), update
    for of_set in update.query_sets:
        for table in of_set.tables:
            for rows in table.rows:
                assert isinstance(rows, m2.PersistentTable)
                for verb, found in (("came", rows.value.inserts), ("went", rows.value.deletes)):
                    yield from ((of_set.query_set_id, table.table_name, verb, row) for row in rows_of(found))


class Side:
    """One of the servers with its people. Identities in what it gives are replaced by who they are."""

    def __init__(self, server: Subject, program: bytes, name: str) -> None:
        answer = server.ask("PUT", f"/v1/database/{name}", content=program)
        assert answer.status_code == 200, answer.text
        # None of them is the owner: whose queries are the same as others' depends on who came first there.
        made = [server.new_token() for _ in range(3)]
        self.people = [Person(server, name, identity, token, ExitStack()) for identity, token in made]

    def named(self, found: object) -> object:
        """With who they are in place of identities, and lists in order."""
        match found:
            case list():
                return sorted(map(self.named, found), key=repr)
            case tuple():
                return tuple(map(self.named, found))
            case bytes():
                return self.named(found.hex())
            case str():
                for number, person in enumerate(self.people):
                    in_rows = bytes.fromhex(person.identity)[::-1].hex()
                    found = found.replace(person.identity, f"person {number}").replace(in_rows, f"person {number}")
        return found

    def told(self) -> list[object]:
        somebody, connected = self.people[0], [person for person in self.people if person.wire is not None]
        assert somebody.call("insert_player", identity(MARK.hex()), 99) == 200
        told = [person.told("came") for person in connected]
        assert somebody.call("delete_player", identity(MARK.hex())) == 200
        return [
            self.named(list((before + person.told("went")).items()))
            for before, person in zip(told, connected, strict=True)
        ]


def steps(seed: int) -> Iterator[tuple[str, int, Any]]:
    """What to do, and who."""
    chosen = random.Random(seed)
    sets = itertools.count(1)
    open_sets: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for _ in range(90):
        who = chosen.randrange(3)
        match chosen.choices(
            ["call", "move", "subscribe", "unsubscribe", "sql", "query", "reconnect"], [8, 6, 4, 2, 3, 3, 1]
        )[0]:
            case "call":
                yield "call", who, (chosen.choice(["insert_player", "delete_player"]), chosen.randrange(3))
            case "move":
                yield "move", who, (chosen.randint(-3, 3), chosen.randint(-3, 3))
            case "subscribe":
                number = next(sets)
                queries = chosen.sample(QUERIES, chosen.choice([1, 1, 2, 3]))
                if chosen.random() < 0.15:
                    queries.append(chosen.choice(REFUSED))
                else:
                    open_sets[who].append(number)
                yield "subscribe", who, (number, queries)
            case "unsubscribe" if open_sets[who]:
                number = open_sets[who].pop(chosen.randrange(len(open_sets[who])))
                yield "unsubscribe", who, number
            case "sql":
                yield "sql", who, chosen.choice(STATEMENTS)
            case "query":
                yield "query", who, chosen.choice(QUERIES[:-1] + REFUSED)
            case "reconnect":
                open_sets[who].clear()
                yield "reconnect", who, None


def do(side: Side, what: str, who: int, how: Any, protocol: str) -> object:
    person = side.people[who]
    match what:
        case "call":
            reducer, whom = how
            level = [] if reducer == "delete_player" else [how[1] % 2]
            return str(person.call(reducer, identity(side.people[whom].identity), *level))
        case "move":
            return str(person.call("move_player", *how))
        case "subscribe":
            return side.named(person.subscribe(*how))
        case "unsubscribe":
            return side.named(person.unsubscribe(how))
        case "sql":
            return side.named(person.sql(how))
        case "query":
            return side.named(person.query(how))
        case _:
            person.leave()
            person.connect(protocol)
            return ""


@pytest.mark.parametrize(
    ("language", "protocol"),
    [
        *(("wasm", V1), ("python", V2), ("wasm", V3)),
        *(pytest.param(*way, marks=pytest.mark.long) for way in (("python", V1), ("wasm", V2), ("python", V3))),
    ],
)
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_players(both: Both, protocol: str, seed: int, language: str):
    name = fresh_name("views")
    compiled = real_servers.wasm("sdk_test_view-2.8.3")
    ours = compiled if language == "wasm" else both.embedded.program("sdk_test_view")
    sides = [Side(both.embedded, ours, name), Side(both.real, compiled, name)]
    with ExitStack() as stack:
        for side in sides:
            for person in side.people:
                stack.callback(person.leave)
                person.connect(protocol)
        happened = 0
        for number, (what, who, how) in enumerate(steps(seed)):
            embedded, real = (do(side, what, who, how, protocol) for side in sides)
            assert embedded == real, (number, what, who, how)
            if what in ("call", "move"):
                told = [side.told() for side in sides]
                assert told[0] == told[1], (number, what, who, how)
                happened += any(told[1])
        assert happened > 15, "enough to look at"
