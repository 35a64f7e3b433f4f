"""What the builder builds, the real servers accept in subscriptions, and mean what Python means by it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from stdbpy.api import ApiClient
from stdbpy.client.query import SENDER
from stdbpy.client.query.of_layout import query_table
from stdbpy.protocol.catalog import Catalog, catalog_of
from stdbpy.protocol.dialect import Dialect, dialect_for
from stdbpy.protocol.incoming import (
    IdentityReceived,
    ReducerResult,
    SubscribeApplied,
    SubscriptionError,
    UnsubscribeApplied,
)
from stdbpy.protocol.requests import Subscribe, Unsubscribe
from stdbpy.protocol.row_list import RowList
from stdbpy.sats import Identity
from stdbpy.schema import write_module_def
from stdbpy.wasm.definition_module import definition_module
from tests.client import game
from tests.client.random_queries import RandomQueries, random_row
from tests.real_servers import RealServer, wasm

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SEED = 20_240_817
JOINED = ("unique_i32", "pk_i32"), ("pk_i32", "unique_i32"), ("pk_string", "unique_string"), ("btree_u32", "pk_u32")


class Asker:
    """Subscribes and calls, one request after the other."""

    def __init__(self, socket: ClientConnection, dialect: Dialect, catalog: Catalog) -> None:
        self.socket = socket
        self.dialect = dialect
        self.catalog = catalog
        self.number = 0
        self.identity: Identity | None = None

    def tell(self, request: Any) -> Any:
        return self.answer(request.request_id, self.dialect.encode(request))

    def answer(self, number: int, frame: bytes | str) -> Any:
        """What the server answers to the request of that number."""
        self.socket.send(frame)
        while True:
            for told in self.dialect.decode(self.socket.recv()):
                if isinstance(told, IdentityReceived):
                    self.identity = told.identity
                elif getattr(told, "request_id", None) == number or getattr(told, "call", None):
                    return told

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a subscription; an ``AssertionError`` with what the server said if it refuses."""
        self.number += 1
        told = self.tell(Subscribe(self.number, self.number, (sql,)))
        assert not isinstance(told, SubscriptionError), f"{told.error}: {sql}"
        assert isinstance(told, SubscribeApplied)
        # v1 does not tell the rows of a query again that the client subscribes to twice.
        self.number += 1
        ended = self.tell(Unsubscribe(self.number, told.query_set_id))
        assert isinstance(ended, UnsubscribeApplied)
        found: list[tuple[Any, ...]] = []
        for table in told.tables:
            if table.inserts is not None:
                assert isinstance(table.inserts, RowList)
                found += self.catalog.tables[table.table].codec.decode_rows(table.inserts.data)
        return found

    def insert(self, table: str, row: tuple[Any, ...]) -> bool:
        layout = self.catalog.reducers.get(f"insert_{table}") or self.catalog.reducers[f"insert_into_{table}"]
        args = row if len(layout.params.elements) == len(row) else ([row],)
        self.number += 1
        told = self.answer(self.number, self.dialect.call_writer("reducer", layout)(self.number, args))
        outcome = told.outcome if isinstance(told, ReducerResult) else told.call.outcome
        return type(outcome).__name__ == "Committed"


@contextmanager
def asker(server: RealServer, module: bytes, database: str, subprotocol: str) -> Iterator[Asker]:
    api = ApiClient(server.url, None)
    token = api.create_identity().token
    api.close()
    api = ApiClient(server.url, token)
    api.publish(module, database)
    catalog = catalog_of(api.schema(database))
    api.close()
    url = server.url.replace("http", "ws") + f"/v1/database/{database}/subscribe?compression=None"
    headers = {"Authorization": f"Bearer {token}"}
    with connect(url, subprotocols=[subprotocol], additional_headers=headers, max_size=None) as socket:
        yield Asker(socket, dialect_for(subprotocol), catalog)


def named(catalog: Catalog, name: str) -> str:
    """2.8.3 writes ``pk_i32`` as ``pk_i_32``."""
    return next(table for table in catalog.tables if table.replace("_", "") == name.replace("_", ""))


@pytest.mark.parametrize("old", [False, True], ids=["2.8.3", "1.2.0"])
def test_random_queries_mean_what_python_means(old, request):
    server: RealServer = request.getfixturevalue("old_real_server" if old else "real_server")
    module, subprotocol = (
        ("sdk_test-1.2.0", "v1.bsatn.spacetimedb") if old else ("sdk_test-2.8.3", "v2.bsatn.spacetimedb")
    )
    with asker(server, wasm(module), "random-queries", subprotocol) as asking:
        names = {name: named(asking.catalog, name) for pair in JOINED for name in pair}
        single = ["large_table", "vec_u8", "one_identity", "one_connection_id", "one_timestamp"]
        single += [] if old else ["one_uuid"]
        names |= {name: named(asking.catalog, name) for name in single}
        chance = random.Random(SEED)
        layouts = [asking.catalog.tables[name] for name in names.values()]
        for layout in layouts:
            for _ in range(40 if layout.name == "large_table" else 12):
                asking.insert(layout.name, random_row(layout, chance))
        rows = {layout.name: asking.rows(f'SELECT * FROM "{layout.name}"') for layout in layouts}
        assert all(len(found) > 3 for found in rows.values()), str({name: len(found) for name, found in rows.items()})
        queries = RandomQueries(layouts, rows, SEED)
        asked = [queries.of_table(names["large_table"]) for _ in range(250)]
        asked += [queries.of_table(names[name], depth=1) for name in single for _ in range(15)]
        for left, right in JOINED:
            on = asking.catalog.tables[names[left]].columns[0]
            # 1.2.0 refuses joins with conditions on both tables.
            asked += [queries.join(names[left], names[right], on, conditions_on_both=not old) for _ in range(20)]
        # Of a join, servers tell a row once for each row that it goes with.
        wrong = [
            (case.query.sql, len(found - rows_asked), len(rows_asked - found))
            for case in asked
            if (found := set(map(repr, asking.rows(case.query.sql)))) != (rows_asked := set(map(repr, case.rows)))
        ]
        assert not wrong, f"{len(wrong)} of {len(asked)}, such as {wrong[:5]}"
        assert sum(0 < len(case.rows) < len(rows[case.query.table]) for case in asked) > len(asked) / 3


@pytest.mark.parametrize("old", [False, True], ids=["2.8.3", "1.2.0"])
def test_the_sender_long_chains_and_self_joins(old, request):
    server: RealServer = request.getfixturevalue("old_real_server" if old else "real_server")
    module, subprotocol = (
        ("sdk_test-1.2.0", "v1.bsatn.spacetimedb") if old else ("sdk_test-2.8.3", "v2.bsatn.spacetimedb")
    )
    with asker(server, wasm(module), "other-queries", subprotocol) as asking:
        identities = query_table(asking.catalog.tables["unique_identity"])
        pk = query_table(asking.catalog.tables[named(asking.catalog, "pk_u32")])
        assert asking.rows(identities.where(lambda it: it.i == SENDER).sql) == []
        assert asking.identity is not None
        asking.insert(identities.name, (asking.identity, 7))
        asking.insert(identities.name, (Identity.from_int(5), 8))
        assert asking.rows(identities.where(lambda it: it.i == SENDER).sql) == [(asking.identity, 7)]
        assert asking.rows(identities.where(lambda it: it.i != SENDER).sql) == [(Identity.from_int(5), 8)]
        for number in range(20):
            asking.insert(pk.name, (number, number % 3))
        assert len(asking.rows(pk.where(lambda it: it.n.is_in(*range(1, 1000))).sql)) == 19
        other = pk.left_semijoin(pk, lambda one, other: one.n == other.n).where(lambda it: it.data == 1)
        assert {row[0] for row in asking.rows(other.sql)} == {1, 4, 7, 10, 13, 16, 19}

        def nested(columns: Any) -> Any:
            condition = columns.n > 1000
            for number in range(9):
                condition = (condition | (columns.n == number)) & (columns.data < 3)
            return condition

        assert len(asking.rows(pk.where(nested).sql)) == 9


def test_joins_with_event_tables_with_itself_and_with_conditions(real_server):
    """Of a module that does nothing but say what its schema is."""
    module = definition_module(write_module_def(game.SCHEMA))
    with asker(real_server, module, "joined-queries", "v2.bsatn.spacetimedb") as asking:
        for query in (
            game.scored,
            game.scored.where(lambda e: (e.player_id == 3) | (e.player_id > 7)),
            game.scored.left_semijoin(game.player, lambda e, p: e.player_id == p.id),
            game.scored.where(lambda e: e.player_id == 3).left_semijoin(game.player, lambda e, p: p.id == e.player_id),
            game.player.right_semijoin(game.scored, lambda p, e: p.id == e.player_id).where(lambda e: e.player_id > 3),
            game.player.left_semijoin(game.player, lambda pupil, mentor: pupil.level == mentor.id),
            game.player.where(lambda p: p.online)
            .right_semijoin(game.player, lambda pupil, mentor: pupil.level == mentor.id)
            .where(lambda mentor: mentor.name == "Ada"),
            game.player.where(lambda p: p.id == 3).left_semijoin(
                game.score.where(lambda s: (s.points > 3) & (s.player_id == 3)), lambda p, s: p.id == s.player_id
            ),
            game.player.where(lambda p: (p.owner == SENDER) & (p.id == p.level)),
        ):
            assert asking.rows(query.sql) == []
        for refused in (
            'SELECT "player".* FROM "player" JOIN "scored" ON "player"."id" = "scored"."player_id"',
            (
                'SELECT "scored".* FROM "scored" JOIN "player" ON "scored"."player_id" = "player"."id" '
                'WHERE "player"."id" = 3'
            ),
            'SELECT "player".* FROM "player" JOIN "score" ON "player"."id" = "score"."level"',
            'SELECT * FROM "player" WHERE NOT "player"."online" = TRUE',
            'SELECT * FROM "player" WHERE "player"."guild" = 3',
            'SELECT * FROM "player" WHERE "player"."guild" IS NULL',
        ):
            with pytest.raises(AssertionError, match="SELECT"):
                asking.rows(refused)
