"""A generated client whose names are all hard, live: mounted modules, renamed columns, clashes, both styles of rows."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from stdbpy.sats import Ok, Some, Timestamp
from stdbpy.sats.ranges import between
from stdbpy.testing.in_memory import InMemoryDatabase
from tests.client.generated import golden


@pytest.fixture(params=["awkward_client", "awkward_pydantic_client"])
def package(request: pytest.FixtureRequest) -> ModuleType:
    return golden(request.param)


@pytest.fixture
def database(package: ModuleType) -> Iterator[InMemoryDatabase]:
    with InMemoryDatabase(package.MODULE) as database:
        yield database


def row(types: Any, number: int) -> Any:
    leaf = types.TreeLeaf()
    tree = types.TreeNode(types.Node(leaf, leaf))
    return types.Row(
        number, "x", 1, number, True, False, 0.5, Some(None), Ok(b""), Timestamp(0), types.Kind.LAST, tree, [3], -1
    )


def test_names_of_tables_columns_and_indexes(package: ModuleType, database: InMemoryDatabase):
    types, tables = package.types, package.tables
    rows = [row(types, number) for number in range(3)]
    with database.connect(package.DbConnection) as db, db.subscribe(tables.import_, tables.close__):
        told = []
        db.import_.on_insert(lambda ctx, row: told.append(ctx.db.import_.class_.find(row.class_)))
        database.insert(tables.import_, *rows)
        database.insert(tables.close__, types.Identity_("n", (1, types.TreeLeaf())))
        assert told == rows
        assert db.import_.class_.find(1) == rows[1]
        assert db.import_.changes_.find(1, 2) == rows[2]
        assert db.import_.str_.filter("x") == rows
        assert db.import_.by_foo_and_str.filter(1, between("w", "y")) == rows
        assert [one.name for one in db.close__] == ["n"]
        assert db.db.close__ is db.close__


def test_mounted_modules(package: ModuleType, database: InMemoryDatabase):
    types, tables = package.types, package.tables
    calls: list[Any] = []

    @database.reducer("auth.login")
    def login(transaction: Any, which: Any) -> None:
        calls.append(which)
        transaction.insert(tables.auth.session, types.AuthSession("t", 7))

    @database.procedure("auth.current")
    def current() -> Any:
        return types.AuthSession("now", 1)

    with database.connect(package.DbConnection) as db, db.subscribe(tables.auth.session):
        db.reducers.auth.login(types.AuthDirectionOut(3))
        assert calls == [types.AuthDirectionOut(3)]
        assert db.auth.session.id.find(7) == types.AuthSession("t", 7)
        assert db.procedures.auth.current() == types.AuthSession("now", 1)
        assert db.send_procedures.auth.current().result() == types.AuthSession("now", 1)
